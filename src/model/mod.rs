//! The resources of the service as plain data, one file a resource: serde derive, no I/O.
//!
//! Texts, lists, maps and enumerations are plain, and empty means "not set"; booleans and numbers are `Option`. A
//! model writes every member: what goes over the wire is the difference that `Document` computes.

pub(crate) mod guard;
pub(crate) mod open_enum;
pub(crate) mod receipt;
pub(crate) mod status;
pub(crate) mod timestamp;
