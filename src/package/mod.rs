//! What lies in a package: [`inspect`] reads the manifests of `.msix`, `.appx`, bundles of both and `.msixupload` or
//! `.appxupload` containers.
//!
//! It reads the directories and the manifests of a file and no content, so that it takes milliseconds for any size; only a package
//! that is compressed once more in its container is read through. Nothing is extracted, written or sent.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let info = msstore::package::inspect("dist/App_1.4.0.0_x64_arm64.msixbundle").await?;
//! match &info.identity {
//!     Some(identity) => println!("{} {}, {}", identity.name, identity.version, info.architectures.join(" and ")),
//!     None => println!("{}", info.unreadable.as_deref().unwrap_or("it holds different apps")),
//! }
//! # Ok(())
//! # }
//! ```

mod archive;
mod fault;
mod info;
mod look;
mod manifest;
mod source;
#[cfg(test)]
mod tests;
mod version;

pub use self::info::{DeviceFamily, PackageIdentity, PackageInfo, PackageKind, PackageRole};
pub use self::look::{inspect, inspect_bytes};
pub use self::version::Version;
