//! Reads the manifests of packages: `.msix` and `.appx`, bundles of both, and `.msixupload` and `.appxupload` containers.
//!
//! [`inspect`] reads the directories and the manifests in a file and no other content, so that it takes milliseconds for a file of any
//! size. The exception is a bundle or package that is compressed in its upload container: it is unpacked first, and one of more than
//! 16 MiB goes to a temporary file without a name.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let info = msstore::package::inspect("dist/App_1.4.0.0_x64_arm64.msixbundle").await?;
//! match &info.identity {
//!     Some(identity) => println!("{} {}, {}", identity.name, identity.version, info.architectures.join(" and ")),
//!     None => println!("{}", info.unreadable.as_deref().unwrap_or("packages of different identities")),
//! }
//! # Ok(())
//! # }
//! ```

mod info;
#[cfg(feature = "package")]
mod read;
mod version;

pub(crate) use self::info::distinct;
pub use self::info::{DeviceFamily, PackageIdentity, PackageInfo, PackageKind, PackageRole};
#[cfg(feature = "package")]
pub(crate) use self::read::inspected;
#[cfg(feature = "testing")]
pub(crate) use self::read::look_within;
#[cfg(feature = "package")]
pub use self::read::{inspect, inspect_bytes};
pub use self::version::Version;
