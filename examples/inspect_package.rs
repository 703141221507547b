//! Shows what lies in packages, bundles and upload containers.
//!
//! `inspect_package [FILE]...`
//!
//! Without a file it looks into a built-in bundle. Exit codes: 0 done, 1 a file is not a package, 64 usage.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::Path;
use std::process::ExitCode;

use msstore::package::{PackageInfo, inspect, inspect_bytes};
use msstore::testing::SamplePackage;

fn show(info: &PackageInfo, indent: &str) {
    println!("{indent}{}: {}, {:?}", info.file_name, info.kind, info.role);
    match (&info.unreadable, &info.identity) {
        (Some(reason), _) => println!("{indent}  cannot be read: {reason}"),
        (None, Some(identity)) => println!("{indent}  {} {} of {}", identity.name, identity.version, identity.publisher),
        (None, None) => println!("{indent}  packages without a common identity"),
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
    if let Some(missing) = files.iter().find(|file| !Path::new(file).is_file()) {
        eprintln!("usage: inspect_package [FILE]...\nerror: {missing} is not a file");
        return ExitCode::from(64);
    }
    let mut found = Vec::new();
    if files.is_empty() {
        println!("No file is given: this looks into a built-in bundle.");
        let x64 = SamplePackage::new("2.1.0.0");
        let bundle = SamplePackage::bundle(&[x64.clone(), x64.architecture("arm64")]);
        found.push(inspect_bytes("PaperLantern_2.1.0.0.msixbundle", &bundle));
    }
    for file in &files {
        found.push(inspect(file).await);
    }
    for info in found.iter().flatten() {
        show(info, "");
    }
    let errors = found.iter().filter_map(|found| found.as_ref().err());
    let failed = errors.inspect(|error| eprintln!("error: {error}")).count() > 0;
    ExitCode::from(u8::from(failed))
}
