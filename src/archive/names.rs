//! Names within an archive: normalised, and refused if they would leave it or meet another. Pure.

use std::collections::HashMap;

use crate::error::Error;

/// The name with forward slashes, if it stays within the archive.
pub(crate) fn normalised(name: &str) -> Result<String, Error> {
    let refused = |problem: &str| Err(Error::invalid(format!("the name {name:?} in the archive"), problem));
    let slashed = name.replace('\\', "/");
    if slashed.is_empty() {
        return refused("it is empty");
    }
    if slashed.starts_with('/') {
        return refused("it must be relative");
    }
    if slashed.as_bytes().get(1) == Some(&b':') {
        return refused("it must not have a drive letter");
    }
    if slashed.chars().any(char::is_control) {
        return refused("it has a control character");
    }
    if slashed.len() > usize::from(u16::MAX) {
        return refused("it is longer than 65,535 bytes");
    }
    match slashed.split('/').find(|part| matches!(*part, "" | "." | "..")) {
        Some("") => refused("it has an empty part: name a file, without a slash at the end"),
        Some(_) => refused("it must not have . or .. in it"),
        None => Ok(slashed),
    }
}

/// Refuses names that are equal when case is ignored, because to Windows they are one.
pub(super) fn check_distinct<'n>(names: impl Iterator<Item = &'n str>) -> Result<(), Error> {
    let mut seen = HashMap::new();
    for name in names {
        if let Some(other) = seen.insert(name.to_lowercase(), name) {
            let problem = match other == name {
                true => "it is there twice".to_owned(),
                false => format!("it differs from {other:?} by case only"),
            };
            return Err(Error::invalid(format!("the name {name:?} in the archive"), problem));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_the_archive() {
        let table = [
            ("App.msix", Some("App.msix")),
            ("en-us\\1.png", Some("en-us/1.png")),
            ("en-us/1.png", Some("en-us/1.png")),
            ("..app.msix", Some("..app.msix")),
            ("a b/ü.png", Some("a b/ü.png")),
            ("", None),
            ("/etc/passwd", None),
            ("\\\\server\\share", None),
            ("C:\\App.msix", None),
            ("c:App.msix", None),
            ("../App.msix", None),
            ("a/../../App.msix", None),
            ("a\\..\\b", None),
            ("./App.msix", None),
            ("a//b", None),
            ("a/", None),
            ("a\0b", None),
            ("a\nb", None),
        ];
        for (name, expected) in table {
            assert_eq!(normalised(name).ok().as_deref(), expected, "{name:?}");
        }
        assert!(normalised(&"n".repeat(65_536)).is_err());
    }

    #[test]
    fn names_are_distinct_also_but_for_case() {
        let table: [(&[&str], bool); 4] = [
            (&["a", "b", "a/b"], true),
            (&["a", "b", "a"], false),
            (&["App.msix", "app.MSIX"], false),
            (&["Ü.png", "ü.png"], false),
        ];
        for (names, good) in table {
            assert_eq!(check_distinct(names.iter().copied()).is_ok(), good, "{names:?}");
        }
    }
}
