//! Packages in the archive of a submission.

use super::*;
use crate::package::look_within;

#[test]
fn those_that_are_asked_for_are_looked_into_where_they_lie() {
    let package = x64();
    let files = || {
        [
            ("sub/a.msix", &package[..]),
            ("other.msix", &package[..]),
            ("text.msix", b"no ZIP"),
            ("empty.msix", b""),
            ("wrong.appx", b"PK, but no ZIP"),
            ("secret.emsix", b"EXPH"),
            ("one.png", &package[..]),
        ]
    };
    let names = files().map(|(name, _)| name.to_owned()).into_iter();
    let names = names
        .filter(|name| name != "other.msix")
        .chain(["missing.msix".to_owned()])
        .collect();
    for archive in [stored(files()), deflated(files())] {
        let looks = look_within(Cursor::new(archive), &names);
        assert_eq!(looks.keys().collect::<Vec<_>>(), ["sub/a.msix", "wrong.appx"]);
        let info = looks["sub/a.msix"].as_ref().unwrap();
        assert_eq!(
            (&*info.file_name, &info.architectures[..]),
            ("sub/a.msix", &["x64".to_owned()][..])
        );
        assert!(looks["wrong.appx"].as_ref().unwrap_err().contains("it is not a package"));
    }
    assert!(look_within(Cursor::new(b"no archive"), &names).is_empty());
}
