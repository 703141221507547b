//! The resources of the service as plain data, one file a resource: serde derive, no I/O.
//!
//! Texts, lists, maps and enumerations are plain, and empty means "not set"; booleans and numbers are `Option`. A
//! model writes every member: what goes over the wire is the difference that `Document` computes.

pub(crate) mod application;
pub(crate) mod application_submission;
pub(crate) mod change;
pub(crate) mod flight;
pub(crate) mod flight_submission;
pub(crate) mod gaming;
pub(crate) mod guard;
pub(crate) mod in_app_product;
pub(crate) mod in_app_product_submission;
pub(crate) mod listing;
pub(crate) mod member;
pub(crate) mod open_enum;
pub(crate) mod package;
pub(crate) mod page;
pub(crate) mod pricing;
pub(crate) mod receipt;
pub(crate) mod resource;
pub(crate) mod status;
pub(crate) mod timestamp;
pub(crate) mod trailer;
