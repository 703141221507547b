//! `package::inspect` on any file. `cargo +nightly fuzz run inspect` in the root of the repository.
//!
//! The first byte says what the others are: a whole file, a manifest in a sound package, or what lies in a sound container. A
//! checksum keeps changes away from the reader of manifests otherwise.

#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use msstore::package::inspect_bytes;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const BUNDLE: &str = r#"<Bundle xmlns="http://schemas.microsoft.com/appx/2013/bundle"><Identity Name="n" Publisher="p" Version="1.0.0.0"/></Bundle>"#;

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    packed(CompressionMethod::Stored, files)
}

fn packed(method: CompressionMethod, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::DEFAULT.compression_method(method);
    for (name, content) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let told = match how % 8 {
        0 => inspect_bytes("a.msix", data),
        1 => inspect_bytes("a.msixbundle", data),
        2 => inspect_bytes("a.msixupload", data),
        3 => inspect_bytes("a.msix", &archive(&[("AppxManifest.xml", data)])),
        4 => inspect_bytes(
            "a.msixbundle",
            &archive(&[("a.msix", b"EXPH"), ("AppxMetadata/AppxBundleManifest.xml", data)]),
        ),
        5 => inspect_bytes(
            "a.msixbundle",
            &archive(&[("a.msix", data), ("AppxMetadata/AppxBundleManifest.xml", BUNDLE.as_bytes())]),
        ),
        6 => inspect_bytes("a.msixupload", &archive(&[("a.msixbundle", data), ("a.appxsym", b"")])),
        _ => inspect_bytes("a.msixupload", &packed(CompressionMethod::Deflated, &[("a.msix", data)])),
    };
    if let Ok(info) = told {
        // Who is known can be read, or was listed by a bundle.
        assert!(info.identity.is_none() || info.unreadable.is_none());
    }
});
