//! Shows what lies in packages, bundles and upload containers.
//!
//! `inspect_package [FILE]...`
//!
//! Without a file it looks into a sample bundle. Exit codes: 0 done, 1 a file is not a package.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use msstore::package::{PackageInfo, inspect, inspect_bytes};
use msstore::testing::SamplePackage;

fn show(info: &PackageInfo, indent: &str) {
    println!("{indent}{}: {}, {:?}", info.file_name, info.kind, info.role);
    match (&info.unreadable, &info.identity) {
        (Some(reason), _) => println!("{indent}  cannot be read: {reason}"),
        (None, Some(identity)) => println!("{indent}  {} {} of {}", identity.name, identity.version, identity.publisher),
        (None, None) => println!("{indent}  packages of different identities"),
    }
    for family in &info.device_families {
        println!("{indent}  {} {} and later", family.name, family.min_version);
    }
    for (what, values) in [
        ("architectures", &info.architectures),
        ("languages", &info.languages),
        ("restricted capabilities", &info.restricted_capabilities),
        ("symbols", &info.symbols),
    ] {
        if !values.is_empty() {
            println!("{indent}  {what}: {}", values.join(", "));
        }
    }
    info.packages.iter().for_each(|package| show(package, &format!("{indent}  ")));
}

#[tokio::main]
async fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let mut found = Vec::new();
    if files.is_empty() {
        let x64 = SamplePackage::new("2.1.0.0");
        let bundle = SamplePackage::bundle(&[x64.clone(), x64.architecture("arm64")]);
        found.push(inspect_bytes("PaperLantern_2.1.0.0.msixbundle", &bundle));
    }
    for file in &files {
        found.push(inspect(file).await);
    }
    for result in &found {
        match result {
            Ok(info) => show(info, ""),
            Err(error) => eprintln!("error: {error}"),
        }
    }
    ExitCode::from(u8::from(found.iter().any(Result::is_err)))
}
