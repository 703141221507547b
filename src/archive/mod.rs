//! The ZIP that goes with a submission: an [`Archive`], built by [`ArchiveBuilder`] from names and files, and removed when it is
//! dropped.
//!
//! It knows names and paths and nothing of submissions. Everything that can be wrong with the input is found before
//! anything is written, but for a file that changes meanwhile or a disk that fills up.

mod builder;
mod finished;
mod names;
mod pack;
#[cfg(test)]
mod tests;

pub use self::builder::ArchiveBuilder;
pub use self::finished::Archive;
pub(crate) use self::names::normalised;
