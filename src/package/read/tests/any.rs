//! Whatever the bytes are: an answer, and no panic.

use proptest::prelude::*;

use super::*;

fn layouts() -> Vec<(&'static str, Vec<u8>)> {
    let bundle = bundle([("a.msix", &x64()[..])]);
    vec![
        ("a.msix", x64()),
        ("a.msix", stored([("AppxManifest.xml", manifest("x64", "").as_bytes())])),
        ("a.msixbundle", bundle.clone()),
        (
            "a.msixupload",
            stored([("a.msixbundle", &bundle[..]), ("a.appxsym", b"symbols")]),
        ),
        ("a.msixupload", deflated([("a.msixbundle", &bundle[..])])),
    ]
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        for name in ["a.msix", "a.msixbundle", "a.msixupload", "a.emsix", ""] {
            let _ = inspect_bytes(name, &bytes);
        }
        let _ = inspect_bytes("a.msix", &with_manifest(&bytes));
    }

    #[test]
    fn mutated_packages_never_panic(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        near_the_end in any::<bool>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let layouts = layouts();
        let (name, mut bytes) = which.get(&layouts).clone();
        // The directories stand at the end.
        let from = if near_the_end { bytes.len().saturating_sub(300) } else { 0 };
        for (place, value) in &changes {
            *place.get_mut(&mut bytes[from..]) = *value;
        }
        let _ = inspect_bytes(name, &bytes);
        bytes.truncate(cut.index(bytes.len()));
        let _ = inspect_bytes(name, &bytes);
    }

    #[test]
    fn mutated_manifests_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = manifest("x64", "<Resources><Resource Language='en'/></Resources>").into_bytes();
        for (place, value) in &changes {
            *place.get_mut(&mut bytes) = *value;
        }
        let _ = inspect_bytes("a.msix", &with_manifest(&bytes));
    }
}
