//! The layouts of `MakeAppx`, Visual Studio and of people with a ZIP program.

use serde_json::json;

use super::*;
use crate::package::{PackageKind, PackageRole};

/// As `MakeAppx` ends an archive: all is said by the ZIP64 record, nothing by the old one.
fn ended_by_zip64(mut zip: Vec<u8>) -> Vec<u8> {
    let old = zip.split_off(zip.len() - 22);
    let number = |at: usize, len: usize| {
        old[at..at + len]
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    let (count, size, offset) = (number(10, 2), number(12, 4), number(16, 4));
    let place = zip.len() as u64;
    zip.extend(b"PK\x06\x06");
    zip.extend(44_u64.to_le_bytes());
    zip.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for value in [count, count, size, offset] {
        zip.extend(value.to_le_bytes());
    }
    zip.extend(b"PK\x06\x07\0\0\0\0");
    zip.extend(place.to_le_bytes());
    zip.extend([1, 0, 0, 0]);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend([0xff; 12]);
    zip.extend([0, 0]);
    zip
}

/// As `MakeAppx` writes an archive: sizes come after the content, and entries say theirs in 64 bits.
fn streamed<'a>(files: impl IntoIterator<Item = Named<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut zip = ZipWriter::new_stream(&mut bytes);
    let options = SimpleFileOptions::DEFAULT
        .compression_method(CompressionMethod::Deflated)
        .large_file(true);
    for (name, content) in files {
        zip.start_file(name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap();
    bytes
}

#[test]
fn a_package_is_told_in_every_layout() {
    let more = r#"<Properties><DisplayName>Paper Lantern</DisplayName></Properties>
        <Resources><Resource Language="en-us"/><Resource Language="de-DE"/><Resource uap:Scale="200" xmlns:uap="u"/></Resources>
        <Capabilities><Capability Name="internetClient"/><rescap:Capability Name="runFullTrust"/></Capabilities>"#;
    let manifest = manifest("x64", more);
    let files = [("AppxManifest.xml", manifest.as_bytes()), ("Assets/Logo.png", &[1; 99])];
    let mut with_comment = deflated(files);
    let end = with_comment.len() - 2;
    with_comment[end] = 30;
    with_comment.extend(b"a comment with PK\x05\x06 and so on.");
    let layouts = [
        package(&manifest),
        stored(files),
        streamed(files),
        ended_by_zip64(package(&manifest)),
        ended_by_zip64(streamed(files)),
        with_comment,
    ];
    for (number, layout) in layouts.iter().enumerate() {
        let info = inspect_bytes("PaperLantern_2.1.0.0_x64.msix", layout).unwrap();
        let identity = info.identity.as_ref().unwrap();
        assert_eq!(
            (info.kind, info.role),
            (PackageKind::Package, PackageRole::Application),
            "{number}"
        );
        assert_eq!(
            (&*identity.name, &*identity.publisher),
            ("4242Kestrel.PaperLantern", "CN=Kestrel")
        );
        assert_eq!(identity.version, Version::new(2, 1, 0, 0));
        assert_eq!(info.architectures, ["x64"]);
        assert_eq!(info.languages, ["en-us", "de-DE"]);
        assert_eq!(info.restricted_capabilities, ["runFullTrust"]);
        let [family] = &info.device_families[..] else {
            panic!("{info:?}")
        };
        assert_eq!(
            (&*family.name, family.min_version),
            ("Windows.Desktop", Version::new(10, 0, 17763, 0))
        );
        assert_eq!(family.max_version_tested, Some(Version::new(10, 0, 26100, 0)));
        assert_eq!(info.min_os, Some(family.min_version));
        assert_eq!((info.packages.len(), info.symbols.len(), &info.unreadable), (0, 0, &None));
    }
}

#[test]
fn what_a_package_is_for_is_told() {
    for (property, role) in [
        ("<ResourcePackage>true</ResourcePackage>", PackageRole::Resource),
        ("<Framework> true </Framework>", PackageRole::Framework),
        (
            "<Framework>false</Framework><ResourcePackage>0</ResourcePackage>",
            PackageRole::Application,
        ),
    ] {
        let manifest = manifest("neutral", &format!("<Properties>{property}</Properties>"));
        assert_eq!(inspect_bytes("a.appx", &package(&manifest)).unwrap().role, role, "{property}");
    }
}

fn whole_bundle() -> Vec<u8> {
    let application = |architecture, family| {
        let more = "<Resources><Resource Language='en-us'/></Resources><Capabilities><rescap:Capability Name='runFullTrust'/></Capabilities>";
        package(&manifest(architecture, more).replace("Windows.Desktop", family))
    };
    let resource = |more: &str| {
        let more = format!("<Properties><ResourcePackage>true</ResourcePackage></Properties><Resources>{more}</Resources>");
        package(&manifest("neutral", &more))
    };
    let listing = BUNDLE.replace("/2013/", "/2017/").replace("2.1.0.0", "2.1.7.0").replace(
        "</Bundle>",
        r#"<Packages>
        <Package Type="application" Version="2.1.0.0" Architecture="x64" FileName="PaperLantern_x64.msix" Offset="60" Size="9"/>
        <Package Type="application" Version="2.1.0.0" Architecture="arm64" FileName="PaperLantern_ARM64.msix" Offset="60" Size="9"/>
        <Package Version="2.1.0.0" ResourceId="split.scale-200" FileName="PaperLantern scale-200.msix" Offset="60" Size="9"/>
        <Package Type="resource" Version="2.1.0.0" FileName="PaperLantern_language-de.msix" Offset="60" Size="9"/>
        <Package Type="application" Version="2.1.0.0" Architecture="x86" FileName="Far\PaperLantern_x86.msix">
          <Resources><Resource Language="fr"/></Resources>
          <b4:Dependencies xmlns:b4="http://schemas.microsoft.com/appx/2018/bundle"><b4:TargetDeviceFamily Name="Windows.Desktop"
            MinVersion="10.0.16299.0" MaxVersionTested="10.0.19041.0"/></b4:Dependencies>
        </Package></Packages></Bundle>"#,
    );
    stored([
        ("PaperLantern_x64.msix", &application("x64", "Windows.Desktop")[..]),
        ("PaperLantern_arm64.msix", &application("arm64", "windows.xbox")[..]),
        ("PaperLantern%20scale-200.msix", &resource("<Resource Scale='200'/>")[..]),
        ("PaperLantern_language-de.msix", &resource("<Resource Language='de-de'/>")[..]),
        ("AppxMetadata/AppxBundleManifest.xml", listing.as_bytes()),
        ("AppxBlockMap.xml", b"<BlockMap/>"),
        ("AppxSignature.p7x", b"PKCX"),
        ("[Content_Types].xml", b"<Types/>"),
    ])
}

#[test]
fn a_bundle_tells_about_all_that_it_holds() {
    let info = inspect_bytes("PaperLantern.msixbundle", &whole_bundle()).unwrap();
    assert_eq!((info.kind, info.role), (PackageKind::Bundle, PackageRole::Application));
    assert_eq!(info.identity.as_ref().unwrap().version, Version::new(2, 1, 7, 0));
    assert_eq!(info.architectures, ["x64", "arm64", "x86"]);
    assert_eq!(info.languages, ["en-us", "fr", "de-de"]);
    assert_eq!(info.restricted_capabilities, ["runFullTrust"]);
    let families: Vec<_> = info
        .device_families
        .iter()
        .map(|family| (&*family.name, family.min_version.numbers()[2]))
        .collect();
    assert_eq!(families, [("Windows.Desktop", 16299), ("windows.xbox", 17763)]);
    assert_eq!(info.min_os, Some(Version::new(10, 0, 16299, 0)));
    let roles: Vec<_> = info
        .packages
        .iter()
        .map(|package| (&*package.file_name, package.role))
        .collect();
    let expected = [
        ("PaperLantern_x64.msix", PackageRole::Application),
        ("PaperLantern_arm64.msix", PackageRole::Application),
        ("PaperLantern scale-200.msix", PackageRole::Resource),
        ("PaperLantern_language-de.msix", PackageRole::Resource),
        ("Far/PaperLantern_x86.msix", PackageRole::Application),
    ];
    assert_eq!(roles, expected);
    let (last, others) = info.packages.split_last().unwrap();
    assert!(others.iter().all(|package| package.unreadable.is_none()));
    assert_eq!(last.unreadable.as_deref(), Some("it is not in the bundle"));
}

#[test]
fn an_upload_container_tells_its_bundle_and_symbols() {
    let bundle = whole_bundle();
    let symbols = ("PaperLantern_2.1.0.0_x64.appxsym", &b"symbols"[..]);
    let files = [
        ("PaperLantern%20%28Package%29_2.1.0.0_x64_arm64.msixbundle", &bundle[..]),
        symbols,
    ];
    let told: Vec<_> = [stored(files), deflated(files)]
        .iter()
        .map(|container| inspect_bytes("PaperLantern (Package)_2.1.0.0_x64_arm64_bundle.msixupload", container).unwrap())
        .collect();
    assert_eq!(told[0], told[1]);
    let [info, _] = &told[..] else { unreachable!() };
    assert_eq!(info.kind, PackageKind::Upload);
    assert_eq!(names(&info.packages), ["PaperLantern (Package)_2.1.0.0_x64_arm64.msixbundle"]);
    assert_eq!(info.symbols, ["PaperLantern_2.1.0.0_x64.appxsym"]);
    let [held] = &info.packages[..] else { unreachable!() };
    assert_eq!((held.kind, held.packages.len()), (PackageKind::Bundle, 5));
    assert_eq!(
        (&info.identity, &info.architectures, info.min_os),
        (&held.identity, &held.architectures, held.min_os)
    );
}

#[test]
fn what_is_found_is_serialized_in_camel_case_and_versions_as_text() {
    let info = inspect_bytes("a.msixupload", &stored([("PaperLantern_x64.msix", &x64()[..])])).unwrap();
    let value = serde_json::to_value(&info).unwrap();
    assert_eq!(
        (&value["fileName"], &value["kind"]),
        (&json!("a.msixupload"), &json!("upload"))
    );
    let package = &value["packages"][0];
    assert_eq!(
        (&package["kind"], &package["role"]),
        (&json!("package"), &json!("application"))
    );
    let identity = json!({ "name": "4242Kestrel.PaperLantern", "publisher": "CN=Kestrel", "version": "2.1.0.0" });
    assert_eq!((&package["identity"], &package["minOs"]), (&identity, &json!("10.0.17763.0")));
    let family = json!({ "name": "Windows.Desktop", "minVersion": "10.0.17763.0", "maxVersionTested": "10.0.26100.0" });
    assert_eq!(package["deviceFamilies"], json!([family]));
}

#[test]
fn loose_packages_in_a_container_are_told_one_by_one() {
    let (x64, other) = (x64(), package(&manifest("arm64", "").replace("2.1.0.0", "2.0.0.0")));
    let one = inspect_bytes("a.appxupload", &stored([("x64.appx", &x64[..])])).unwrap();
    assert_eq!(
        (one.identity, one.kind),
        (one.packages[0].identity.clone(), PackageKind::Upload)
    );
    let two = inspect_bytes("a.appxupload", &stored([("x64.appx", &x64[..]), ("arm64.appx", &other)])).unwrap();
    assert_eq!((names(&two.packages), two.identity), (vec!["x64.appx", "arm64.appx"], None));
    assert_eq!(two.architectures, ["x64", "arm64"]);
}

#[test]
fn a_large_package_that_is_compressed_once_more_is_read_from_anywhere() {
    // Not all the same, so that a wrong place would show.
    let payload: Vec<u8> = (0..(10 << 20))
        .map(|place: u32| (place.wrapping_mul(place >> 9) >> 20) as u8 & 3)
        .collect();
    let large = |architecture| {
        let manifest = manifest(architecture, "");
        stored([("AppxManifest.xml", manifest.as_bytes()), ("data.bin", &payload[..])])
    };
    let (x64, arm64) = (large("x64"), large("arm64"));
    let bundle = bundle([("x64.msix", &x64[..]), ("arm64.msix", &arm64)]);
    let info = inspect_bytes("a.msixupload", &deflated([("a.msixbundle", &bundle[..])])).unwrap();
    assert_eq!(
        info.packages,
        inspect_bytes("a.msixupload", &stored([("a.msixbundle", &bundle[..])]))
            .unwrap()
            .packages
    );
    assert_eq!(info.architectures, ["x64", "arm64"]);
}

#[test]
fn what_is_encrypted_is_no_error() {
    let magic = |magic: &[u8; 4]| [&magic[..], &[0; 60]].concat();
    let container = stored([("a.emsixbundle", &magic(b"EXBH")[..]), ("a.appxsym", b"symbols")]);
    let mut locked = stored([("AppxManifest.xml", manifest("x64", "").as_bytes())]);
    let directory = locked.len() - 22 - 46 - "AppxManifest.xml".len();
    locked[directory + 8] |= 1;
    for (name, bytes, kind) in [
        ("a.emsix", magic(b"EXPH"), PackageKind::Package),
        ("a.msix", magic(b"EXSH"), PackageKind::Package),
        ("a.EAppxBundle", magic(b"EXBH"), PackageKind::Bundle),
        ("a.eappx", x64(), PackageKind::Package),
        ("a.msix", locked, PackageKind::Package),
    ] {
        let info = inspect_bytes(name, &bytes).unwrap();
        assert_eq!(
            (info.kind, info.unreadable.as_deref()),
            (kind, Some("it is encrypted")),
            "{name}"
        );
        assert_eq!((info.identity, info.file_name.as_str()), (None, name));
    }
    let info = inspect_bytes("a.msixupload", &container).unwrap();
    assert_eq!(
        (info.packages[0].unreadable.as_deref(), info.identity),
        (Some("it is encrypted"), None)
    );
    let listing = BUNDLE.replace(
        "</Bundle>",
        r#"<Packages><Package Type="application" Version="2.1.0.0" Architecture="arm" FileName="a.msix"/></Packages></Bundle>"#,
    );
    let bundle = stored([
        ("A.msix", &magic(b"EXPH")[..]),
        ("AppxMetadata/AppxBundleManifest.xml", listing.as_bytes()),
    ]);
    let info = inspect_bytes("a.msixbundle", &bundle).unwrap();
    assert_eq!((info.packages.len(), info.architectures), (1, vec!["arm".to_owned()]));
    assert_eq!(info.packages[0].unreadable.as_deref(), Some("it is encrypted"));
}

#[tokio::test]
async fn a_file_is_inspected_by_its_path() {
    let folder = std::env::temp_dir().join(format!("msstore-package-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("PaperLantern.msix");
    std::fs::write(&path, x64()).unwrap();
    let info = crate::package::inspect(&path).await.unwrap();
    let missing = crate::package::inspect(folder.join("missing.msix"))
        .await
        .unwrap_err()
        .to_string();
    let no_file = crate::package::inspect(&folder).await.unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(
        (&*info.file_name, &info.architectures[..]),
        ("PaperLantern.msix", &["x64".to_owned()][..])
    );
    assert!(
        missing.contains("missing.msix cannot be used: it cannot be read"),
        "{missing}"
    );
    assert!(no_file.contains(&folder.display().to_string()), "{no_file}");
}
