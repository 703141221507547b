//! Shows what lies in packages, bundles and upload containers.
//!
//! `inspect_package [FILE]...`
//!
//! Without a file it looks into a built-in package. Exit codes: 0 done, 1 a file is no package, 64 usage.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use msstore::archive::ArchiveBuilder;
use msstore::package::{PackageInfo, inspect};

const MANIFEST: &str = r#"<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10">
  <Identity Name="4242Kestrel.PaperLantern" Publisher="CN=Kestrel" Version="2.1.0.0" ProcessorArchitecture="x64"/>
  <Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.26100.0"/></Dependencies>
  <Resources><Resource Language="en-us"/></Resources>
</Package>"#;

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
    let (languages, restricted) = (info.languages.join(", "), info.restricted_capabilities.join(", "));
    println!(
        "{indent}  architectures: {}; languages: {languages}",
        info.architectures.join(", ")
    );
    println!(
        "{indent}  restricted capabilities: {restricted}; symbols: {}",
        info.symbols.join(", ")
    );
    info.packages.iter().for_each(|package| show(package, &format!("{indent}  ")));
}

async fn built_in() -> Result<PackageInfo, Box<dyn std::error::Error>> {
    println!("No file is given: this looks into a built-in package.");
    let manifest = std::env::temp_dir().join(format!("inspect_package-{}.xml", std::process::id()));
    std::fs::write(&manifest, MANIFEST)?;
    let package = ArchiveBuilder::new().file("AppxManifest.xml", &manifest).build().await;
    std::fs::remove_file(&manifest)?;
    Ok(inspect(package?.path()).await?)
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if let Some(missing) = files.iter().find(|file| !std::path::Path::new(file).is_file()) {
        eprintln!("usage: inspect_package [FILE]...\nerror: {missing} is not a file");
        return Ok(ExitCode::from(64));
    }
    if files.is_empty() {
        show(&built_in().await?, "");
    }
    let mut code = ExitCode::SUCCESS;
    for file in &files {
        match inspect(file).await {
            Ok(info) => show(&info, ""),
            Err(error) => {
                eprintln!("error: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}
