//! The variables of an environment.

use crate::error::Error;
use crate::http::server_url;

/// Looks variables up, in the environment or in a map.
pub(super) struct Variables<'v>(pub(super) &'v dyn Fn(&str) -> Option<String>);

impl Variables<'static> {
    /// Those of this process.
    pub(super) fn of_env() -> Self {
        // What is no Unicode counts as set, so that nothing else is taken in its place.
        Self(&|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))
    }
}

impl Variables<'_> {
    /// Returns the value. An empty one counts as not set, because pipelines set a variable to nothing where they mean not to set it.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let value = (self.0)(name)?.trim().to_owned();
        Some(value).filter(|value| !value.is_empty())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns the address of a server that gets secrets.
    pub(super) fn url(&self, name: &str) -> Result<Option<String>, String> {
        let Some(url) = self.get(name) else { return Ok(None) };
        server_url(&url).map_err(|why| format!("{name} cannot be used: {why}"))?;
        Ok(Some(url))
    }
}

/// The name of a variable, in errors.
pub(super) fn named(variable: &str) -> String {
    format!("the environment variable {variable}")
}

/// What a CI system offers to its jobs, or why it does not.
pub(super) fn in_job<S>(offered: Result<Option<S>, String>, of: &str) -> Result<S, Error> {
    let found = offered.and_then(|found| found.ok_or_else(|| format!("this is no job of {of}")));
    found.map_err(|problem| Error::invalid("the environment", problem))
}
