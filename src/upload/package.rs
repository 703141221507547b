//! Is this file a package itself? The blob store takes a bare package with a 201, and the service then ignores it.

use std::path::Path;

/// Packages, bundles of them, and what Visual Studio packs around them for Partner Center.
const EXTENSIONS: [&str; 6] = ["msix", "appx", "msixbundle", "appxbundle", "msixupload", "appxupload"];

/// What each of them begins with, as a ZIP.
pub(super) const MAGIC: [u8; 2] = *b"PK";

/// Judged by its name and its first bytes.
pub(super) fn is_package(path: &Path, begins: &[u8]) -> bool {
    let extension = path.extension().unwrap_or_default();
    begins.starts_with(&MAGIC) && EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_known_by_extension_and_magic() {
        let table = [
            ("dist/App.msix", "PK\x03\x04", true),
            ("App.MsixBundle", "PK\x03\x04", true),
            ("App.appx", "PK\x03\x04", true),
            ("App.appxbundle", "PK\x03\x04", true),
            ("App.msixupload", "PK\x03\x04", true),
            ("App.appxupload", "PK\x03\x04", true),
            ("App.msix", "P", false),
            ("App.msix", "<html>", false),
            ("App.msix.zip", "PK\x03\x04", false),
            ("msix", "PK\x03\x04", false),
            (".msix", "PK\x03\x04", false),
        ];
        for (path, begins, expected) in table {
            assert_eq!(is_package(Path::new(path), begins.as_bytes()), expected, "{path} {begins}");
        }
    }
}
