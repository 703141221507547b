//! The app whose credentials the fake knows, its tenant and its seller.

pub(super) const TENANT_ID: &str = "5c0b2f6e-71d4-4b7e-9f57-0f6a1de0c0de";
pub(super) const CLIENT_ID: &str = "b3a1f9d2-0c58-4a37-8e1c-2f4d6a8c0eaf";
pub(super) const CLIENT_SECRET: &str = "fake~secret+of/the=store";
pub(super) const SELLER_ID: &str = "80417263";
