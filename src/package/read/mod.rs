//! Reads packages, within limits.

mod archive;
mod fault;
mod look;
mod manifest;
mod source;
#[cfg(test)]
mod tests;
#[cfg(feature = "testing")]
mod within;

pub(crate) use self::look::inspected;
pub use self::look::{inspect, inspect_bytes};
#[cfg(feature = "testing")]
pub(crate) use self::within::look_within;
