//! The packages of a draft: addresses that the Store is told to fetch from.

use serde_json::{Map, Value, json};

use super::super::answer::{Answer, Answered};
use super::super::body::member;
use super::super::state::{Call, State};
use super::envelope::{bad_request, refuse_active, success, updated};
use super::members::{list, merge, object, text};
use super::model::Product;
use super::sample;

pub(crate) fn answer(packages: &[Value]) -> Answer {
    success(Vec::new(), &json!({ "packages": packages }))
}

pub(crate) fn get(product: &Product, id: &str) -> Answered {
    let at = position(product, id)?;
    Ok(answer(product.packages.get(at..=at).unwrap_or_default()))
}

/// Where a package of this id is.
fn position(product: &Product, id: &str) -> Result<usize, Answer> {
    let is_it = |package: &Value| package["packageId"].as_str().is_some_and(|it| it.eq_ignore_ascii_case(id));
    product.packages.iter().position(is_it).ok_or_else(|| Answer::empty(404))
}

pub(crate) fn put(state: &mut State, product: &mut Product, call: &Call) -> Answered {
    refuse_active(product)?;
    let body = object(call, "packages")?;
    let sent = list(&body, "packages", "packages")?;
    if sent.is_empty() {
        return Err(bad_request("packages", "Packages, at least one is needed."));
    }
    let mut packages = Vec::new();
    for package in sent {
        let Value::Object(sent) = package.clone() else {
            return Err(bad_request("packages", "Packages, one is no object."));
        };
        let package = changed(sample::default_package(), sent, state.numbers.guid().into())?;
        packages.push(package);
    }
    product.packages = packages;
    Ok(updated(product, Value::Null))
}

pub(crate) fn patch(product: &mut Product, call: &Call, id: &str) -> Answered {
    refuse_active(product)?;
    let at = position(product, id)?;
    let sent = object(call, "packages")?;
    if let Some(package) = product.packages.get_mut(at) {
        let id = package["packageId"].clone();
        *package = changed(package.clone(), sent, id)?;
    }
    Ok(updated(product, Value::Null))
}

/// A package with what was sent over it; its id is what it is, whichever was sent. Only parameters that are sent are measured:
/// Partner Center takes longer ones.
fn changed(mut package: Value, sent: Map<String, Value>, id: Value) -> Result<Value, Answer> {
    let refused = |message: &str| Err(bad_request("packages", format!("Packages, {message}")));
    if text(&sent, "installerParameters").chars().count() > 40 {
        return refused("maximum length allowed for InstallerParameters is 40.");
    }
    if let Some(members) = package.as_object_mut() {
        merge(members, sent);
        members.insert("packageId".to_owned(), id);
        let count = |name: &str| member(members, name).and_then(Value::as_array).map_or(0, Vec::len);
        if count("architectures") != 1 {
            return refused("exactly one architecture is needed.");
        }
        if count("languages") == 0 {
            return refused("at least one language is needed.");
        }
        if !is_address(text(members, "packageUrl")) {
            return refused("Package URL should begin with https:// and should point to a versioned, downloadable package.");
        }
    }
    Ok(package)
}

/// A file of a fake is on the loopback, where there is no TLS.
fn is_address(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    ["https://", "http://127.0.0.1", "http://localhost"]
        .iter()
        .any(|beginning| url.starts_with(beginning))
}
