//! What is sent: changes as plain data, checked before.

use serde::Serialize;
use serde_json::{Map, Value, json};
use url::Url;

use crate::document::{Document, member, written};
use crate::error::{Error, Result};
use crate::http::{is_loopback, server_url};
use crate::model::msi::{Metadata, PackageType};
use crate::secret::redact_url;

/// The API takes no longer parameters, although Partner Center does.
pub(crate) const MOST_PARAMETERS: usize = 40;

/// A change of metadata: the body of one call.
///
/// A PATCH changes the members that it has. A PUT replaces each module that it has, and a member that is missing there gets its
/// default. A call has one listing at most, so a change of several languages is several calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct MetadataChange {
    body: Map<String, Value>,
}

impl MetadataChange {
    /// Creates a change of some members of the listing of a language, an object such as `{"whatsNew": "Faster."}`. It is for a
    /// PATCH: in a PUT the others would be lost.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if `members` is not an object.
    pub fn listing(language: &str, members: Value) -> Result<Self> {
        let Value::Object(mut listing) = members else {
            return Err(Error::invalid("the listing", "it must be a JSON object"));
        };
        listing.insert("language".to_owned(), language.into());
        Ok(Self::of("listings", listing.into()))
    }

    /// Creates a change of what is new in a language.
    #[must_use]
    pub fn whats_new(language: &str, text: &str) -> Self {
        Self::of("listings", json!({ "language": language, "whatsNew": text }))
    }

    /// Creates a change that adds listings in these languages.
    #[must_use]
    pub fn add_listings<'l>(languages: impl IntoIterator<Item = &'l str>) -> Self {
        Self::of("listingsToAdd", languages.into_iter().collect())
    }

    /// Creates a change that removes the listings in these languages, with their images. It cannot be undone.
    #[must_use]
    pub fn remove_listings<'l>(languages: impl IntoIterator<Item = &'l str>) -> Self {
        Self::of("listingsToRemove", languages.into_iter().collect())
    }

    fn of(module: &str, value: Value) -> Self {
        let body = [(module.to_owned(), without_nulls(value))].into_iter().collect();
        Self { body }
    }

    /// Returns the changes, for a PATCH each, that make the draft what the document is: the members that were edited, and nothing else.
    /// There are none if nothing was.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the document cannot be written, or a language was added or taken
    /// out, which [`add_listings`](Self::add_listings) and [`remove_listings`](Self::remove_listings) do.
    pub fn of_edits(document: &Document<Metadata>) -> Result<Vec<Self>> {
        Self::between(document.as_received(), &document.body()?)
    }

    /// The changes that make the metadata what it is to be.
    pub(crate) fn between(was: &Value, is: &Value) -> Result<Vec<Self>> {
        Self::each(was, is, |was, is| {
            let changed = is.iter().filter(|(name, value)| was.get(*name) != Some(*value));
            changed.map(|(name, value)| (name.clone(), value.clone())).collect()
        })
    }

    /// Returns the changes, for a PUT each, that make the draft what the document is: the modules in which something was edited, whole, with
    /// all that was received.
    ///
    /// # Errors
    ///
    /// Those of [`of_edits`](Self::of_edits).
    pub fn of_modules(document: &Document<Metadata>) -> Result<Vec<Self>> {
        Self::each(document.as_received(), &document.body()?, |_, is| is.clone())
    }

    /// A change for each module, and each listing, that was edited: what `take` takes of it.
    fn each(
        was: &Value,
        is: &Value,
        take: impl Fn(&Map<String, Value>, &Map<String, Value>) -> Map<String, Value>,
    ) -> Result<Vec<Self>> {
        let mut changes = Vec::new();
        for module in ["availability", "properties"] {
            if let (was, Some(Value::Object(is))) = (member(was, module), member(is, module))
                && was.and_then(Value::as_object) != Some(is)
            {
                let was = was.and_then(Value::as_object).cloned().unwrap_or_default();
                changes.push(Self::of(module, take(&was, is).into()));
            }
        }
        let (was, is) = (listings(was), listings(is));
        let languages = |listings: &[Map<String, Value>]| listings.iter().map(language).collect::<Vec<_>>();
        if languages(&was) != languages(&is) {
            let why = "its languages are not those that were received: add and remove them with MetadataChange::add_listings and remove_listings";
            return Err(Error::invalid("the metadata", why));
        }
        for (was, is) in was.iter().zip(&is).filter(|(was, is)| was != is) {
            let mut taken = take(was, is);
            taken.insert("language".to_owned(), language(is).into());
            changes.push(Self::of("listings", taken.into()));
        }
        Ok(changes)
    }

    pub(crate) fn body(&self) -> Result<Vec<u8>> {
        written(&self.body.clone().into())
    }
}

/// The list in this member.
pub(crate) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    member(value, name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn listings(metadata: &Value) -> Vec<Map<String, Value>> {
    list(metadata, "listings")
        .iter()
        .filter_map(Value::as_object)
        .cloned()
        .collect()
}

fn language(listing: &Map<String, Value>) -> String {
    let language = listing.iter().find(|(name, _)| name.eq_ignore_ascii_case("language"));
    language
        .and_then(|(_, value)| value.as_str())
        .unwrap_or_default()
        .to_ascii_lowercase()
}

/// What a null means to the service is not documented, so none is sent.
pub(crate) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name, without_nulls(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// The packages without their ids, which the service gives anew.
pub(crate) fn without_ids(packages: &Value) -> Value {
    let mut packages = without_nulls(packages.clone());
    let items = packages.get_mut("packages").and_then(Value::as_array_mut);
    for package in items.into_iter().flatten().filter_map(Value::as_object_mut) {
        package.retain(|name, _| !name.eq_ignore_ascii_case("packageId"));
    }
    packages
}

/// A change of one package, for a PATCH: the members that are set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackageChange {
    body: Map<String, Value>,
}

impl PackageChange {
    /// Creates a change of the URL.
    #[must_use]
    pub fn url(url: impl Into<String>) -> Self {
        Self::default().with("packageUrl", url.into())
    }

    /// Creates a change of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what it is.
    #[must_use]
    pub fn package_type(self, package_type: &PackageType) -> Self {
        self.with("packageType", package_type.as_str())
    }

    /// Sets the parameters of a silent installation, 40 characters at most.
    #[must_use]
    pub fn installer_parameters(self, parameters: impl Into<String>) -> Self {
        self.with("installerParameters", parameters.into())
    }

    /// Sets any member of [`Package`](crate::msi::Package), by its name on the wire.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn members(&self) -> &Map<String, Value> {
        &self.body
    }

    pub(crate) fn body(&self, is_local: bool) -> Result<Vec<u8>> {
        let body = without_nulls(self.body.clone().into());
        check_package(&body, is_local)?;
        written(&body)
    }
}

/// Refuses what the API refuses, or what breaks an app once it is accepted.
pub(crate) fn check_package(package: &Value, is_local: bool) -> Result<()> {
    let text = |name| member(package, name).and_then(Value::as_str);
    let refused = |what: &str, why: String| Err(Error::invalid(format!("{what} of a package"), why));
    let count = text("installerParameters").unwrap_or_default().chars().count();
    if count > MOST_PARAMETERS {
        let why =
            format!("it has {count} characters, and the API takes {MOST_PARAMETERS} at most, although Partner Center takes more");
        return refused("installerParameters", why);
    }
    if let Some(architectures) = member(package, "architectures").and_then(Value::as_array)
        && architectures.len() != 1
    {
        return refused(
            "architectures",
            format!("there must be exactly one, and there are {}", architectures.len()),
        );
    }
    if member(package, "languages")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty)
    {
        return refused("languages", "there must be one at least".to_owned());
    }
    if let Some(url) = text("packageUrl") {
        installer_url(url, is_local)?;
    }
    Ok(())
}

/// Reads the URL of an installer. On this machine the Store cannot reach it, but a fake of it can.
pub(crate) fn installer_url(text: &str, is_local: bool) -> Result<Url> {
    let refused = |why: &str| Error::invalid(format!("the package URL {}", redact_url(text)), why);
    let url = server_url(text).map_err(refused)?;
    if is_loopback(&url) && !is_local {
        return Err(refused("it leads to this machine, where the Store cannot fetch it"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it must not hold a user name or password: everybody can see it"));
    }
    Ok(url)
}
