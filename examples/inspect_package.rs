//! Shows what lies in packages, bundles and upload containers. Without a file it looks into a built-in bundle.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use clap::Parser;
use msstore::package::{PackageInfo, inspect, inspect_bytes};
use msstore::testing::SamplePackage;

/// Shows what lies in packages, bundles and upload containers.
#[derive(Debug, Parser)]
struct Arguments {
    /// The files; without one, a built-in bundle
    files: Vec<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { files } = Arguments::parse();
    if files.is_empty() {
        println!("No file is given: this looks into a built-in bundle.");
        let package = SamplePackage::new("2.1.0.0");
        let bundle = SamplePackage::bundle(&[package.clone(), package.architecture("arm64")]);
        show(&inspect_bytes("PaperLantern_2.1.0.0.msixbundle", &bundle)?, "");
    }
    for file in files {
        show(&inspect(file).await?, "");
    }
    Ok(())
}

fn show(info: &PackageInfo, indent: &str) {
    println!("{indent}{}: {}, {:?}", info.file_name, info.kind, info.role);
    match (&info.identity, &info.unreadable) {
        (_, Some(reason)) => println!("{indent}  cannot be read: {reason}"),
        (Some(of), None) => println!("{indent}  {} {} of {}", of.name, of.version, of.publisher),
        (None, None) => println!("{indent}  packages of different identities"),
    }
    for family in &info.device_families {
        println!("{indent}  {} from {} on", family.name, family.min_version);
    }
    let lists = [
        ("architectures", &info.architectures),
        ("languages", &info.languages),
        ("restricted capabilities", &info.restricted_capabilities),
        ("symbols", &info.symbols),
    ];
    for (what, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        println!("{indent}  {what}: {}", list.join(", "));
    }
    for package in &info.packages {
        show(package, &format!("{indent}  "));
    }
}
