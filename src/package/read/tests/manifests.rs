//! Encodings, namespaces, and manifests that cannot be right.

use super::*;
use crate::package::PackageKind;

fn wide(text: &str, mark: bool, number: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    mark.into_iter().chain(text.encode_utf16()).flat_map(number).collect()
}

#[test]
fn a_manifest_is_read_in_each_encoding() {
    let text = manifest("x64", "<Properties><DisplayName>Lampião 🏮</DisplayName></Properties>");
    let without_declaration = text.replace(r#"<?xml version="1.0" encoding="utf-8"?>"#, "");
    let declared_wide = text.replace("utf-8", "utf-16");
    let encodings = [
        text.as_bytes().to_vec(),
        without_declaration.as_bytes().to_vec(),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        wide(&declared_wide, true, u16::to_le_bytes),
        wide(&declared_wide, true, u16::to_be_bytes),
        wide(&declared_wide, false, u16::to_le_bytes),
        wide(&declared_wide, false, u16::to_be_bytes),
    ];
    let plain = inspect_bytes("a.msix", &with_manifest(text.as_bytes())).unwrap();
    for (number, bytes) in encodings.iter().enumerate() {
        assert_eq!(inspect_bytes("a.msix", &with_manifest(bytes)).unwrap(), plain, "{number}");
    }
    let cut = wide(&text, true, u16::to_le_bytes);
    for bytes in [
        &cut[..cut.len() - 1],
        b"\xff\xfe<\0\0\xd8",
        b"<\xff>",
        &text.as_bytes().iter().map(|byte| byte | 0x80).collect::<Vec<_>>(),
    ] {
        let refusal = refusal("a.msix", &with_manifest(bytes));
        assert!(refusal.contains("neither UTF-8 nor UTF-16"), "{refusal}");
    }
}

#[test]
fn manifests_of_windows_8_and_8_1_state_a_version_and_no_family() {
    for (namespace, oldest, version) in [
        (
            "http://schemas.microsoft.com/appx/2010/manifest",
            "6.2.1",
            Some(Version::new(6, 2, 1, 0)),
        ),
        (
            "http://schemas.microsoft.com/appx/2013/manifest",
            "6.3.0",
            Some(Version::new(6, 3, 0, 0)),
        ),
        ("http://schemas.microsoft.com/appx/2013/manifest", "soon", None),
    ] {
        let manifest = format!(
            r#"<m:Package xmlns:m="{namespace}" xmlns:p="http://schemas.microsoft.com/appx/2014/phone/manifest">
            <m:Identity Name="4242Kestrel.PaperLantern" Publisher="CN=Kestrel" Version="1.0.0.7"/><p:PhoneIdentity PhoneProductId="x"/>
            <m:Prerequisites><m:OSMinVersion>{oldest}</m:OSMinVersion></m:Prerequisites></m:Package>"#
        );
        let info = inspect_bytes("a.appx", &with_manifest(manifest.as_bytes())).unwrap();
        assert_eq!((info.min_os, info.device_families.len()), (version, 0), "{namespace}");
        assert_eq!(info.architectures, ["neutral"]);
        assert_eq!(info.identity.unwrap().version, Version::new(1, 0, 0, 7));
    }
}

#[test]
fn a_bundle_is_read_in_each_namespace_and_encoding() {
    let x64 = x64();
    for year in ["2013", "2016", "2017", "2018", "2019"] {
        let text = BUNDLE.replace("2013", year);
        for bytes in [text.as_bytes().to_vec(), wide(&text, true, u16::to_le_bytes)] {
            let files = [("x64.appx", &x64[..]), ("appxmetadata/appxbundlemanifest.xml", &bytes)];
            let info = inspect_bytes("a.appxbundle", &stored(files)).unwrap();
            assert_eq!((info.kind, info.architectures), (PackageKind::Bundle, vec!["x64".to_owned()]));
        }
    }
}

#[test]
fn a_manifest_that_cannot_be_right_is_refused_with_the_reason() {
    let good = manifest("x64", "");
    for (from, to, reason) in [
        ("2.1.0.0", "2.1.0", "is \"2.1.0\" and not four numbers"),
        ("2.1.0.0", "2.1.0.70000", "the Version of the Identity"),
        ("Name=\"4242Kestrel.PaperLantern\"", "", "no Name in Identity"),
        ("CN=Kestrel", "", "no Publisher in Identity"),
        ("<Identity", "<Identification", "no Identity"),
        ("10.0.17763.0", "10", "the MinVersion of the TargetDeviceFamily"),
        (WINDOWS_10, "http://example.com/manifest", "not that of a package"),
        ("Package", "Bundle", "not that of a package"),
        ("<Package", "<!DOCTYPE Package><Package", "DTD"),
        (
            "<Package",
            "<!DOCTYPE a [<!ENTITY a 'a'><!ENTITY b '&a;&a;'>]><Package",
            "DTD",
        ),
        ("x64", "&lol;", "cannot be read as XML"),
        ("</Package>", "", "cannot be read as XML"),
    ] {
        let refusal = refusal("a.msix", &with_manifest(good.replace(from, to).as_bytes()));
        assert!(
            refusal.starts_with("a.msix cannot be used: ") && refusal.contains(reason),
            "{to}: {refusal}"
        );
    }
}
