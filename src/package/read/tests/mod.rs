//! Packages as the real tools lay them out, and as nobody should.

#![allow(clippy::unwrap_used)]

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::package::{PackageInfo, Version, inspect_bytes};

mod any;
mod hostile;
mod layouts;
mod manifests;
#[cfg(feature = "testing")]
mod within;

const WINDOWS_10: &str = "http://schemas.microsoft.com/appx/manifest/foundation/windows10";

type Named<'a> = (&'a str, &'a [u8]);

fn archive<'a>(method: CompressionMethod, files: impl IntoIterator<Item = Named<'a>>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::DEFAULT.compression_method(method);
    for (name, content) in files {
        zip.start_file(name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn stored<'a>(files: impl IntoIterator<Item = Named<'a>>) -> Vec<u8> {
    archive(CompressionMethod::Stored, files)
}

fn deflated<'a>(files: impl IntoIterator<Item = Named<'a>>) -> Vec<u8> {
    archive(CompressionMethod::Deflated, files)
}

/// A manifest of version 2.1.0.0, with more below its root.
fn manifest(architecture: &str, more: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><Package xmlns="{WINDOWS_10}"
        xmlns:rescap="http://schemas.microsoft.com/appx/manifest/foundation/windows10/restrictedcapabilities">
        <Identity Name="4242Kestrel.PaperLantern" Publisher="CN=Kestrel" Version="2.1.0.0" ProcessorArchitecture="{architecture}"/>
        <Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.26100.0"/></Dependencies>
        {more}</Package>"#
    )
}

/// A package as `MakeAppx` lays it out.
fn package(manifest: &str) -> Vec<u8> {
    deflated([
        ("PaperLantern.exe", &[7; 300][..]),
        ("AppxManifest.xml", manifest.as_bytes()),
        ("AppxBlockMap.xml", b"<BlockMap/>"),
        ("[Content_Types].xml", b"<Types/>"),
        ("AppxSignature.p7x", b"PKCX"),
    ])
}

/// A package with nothing but its manifest.
fn with_manifest(manifest: &[u8]) -> Vec<u8> {
    deflated([("AppxManifest.xml", manifest)])
}

fn x64() -> Vec<u8> {
    package(&manifest("x64", ""))
}

const BUNDLE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="no"?>
    <Bundle xmlns="http://schemas.microsoft.com/appx/2013/bundle" SchemaVersion="6.0">
    <Identity Name="4242Kestrel.PaperLantern" Publisher="CN=Kestrel" Version="2.1.0.0"/></Bundle>"#;

/// A bundle of packages whose manifest says nothing of them.
fn bundle<'a>(packages: impl IntoIterator<Item = Named<'a>>) -> Vec<u8> {
    stored(
        packages
            .into_iter()
            .chain([("AppxMetadata/AppxBundleManifest.xml", BUNDLE.as_bytes())]),
    )
}

fn names(packages: &[PackageInfo]) -> Vec<&str> {
    packages.iter().map(|package| package.file_name.as_str()).collect()
}

fn refusal(name: &str, bytes: &[u8]) -> String {
    inspect_bytes(name, bytes).unwrap_err().to_string()
}
