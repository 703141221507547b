//! stub
use super::*;
use crate::error::Error;
/// stub
#[derive(Debug, Clone, Default)]
pub struct AzureCli;
impl AzureCli {
    /// stub
    pub fn new() -> Self {
        Self
    }
    /// stub
    pub fn tenant_id(self, _: impl Into<String>) -> Self {
        self
    }
    pub(super) fn check_as(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }
}
impl TokenProvider for AzureCli {
    fn token<'a>(&'a self, _: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        todo!()
    }
}
