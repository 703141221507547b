//! The API for MSI and EXE apps: a product with a draft that is always there, in an envelope of its own.

pub(super) mod assets;
pub(super) mod envelope;
pub(super) mod files;
pub(super) mod hold;
pub(super) mod members;
pub(super) mod metadata;
pub(super) mod model;
pub(super) mod packages;
pub(super) mod route;
pub(super) mod sample;
pub(super) mod submit;
