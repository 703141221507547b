//! The gateway of this API and its 15 methods.

use super::super::account::SELLER_ID;
use super::super::answer::{Answer, Answered};
use super::super::request::Request;
use super::super::state::{Audience, Call, State};
use super::super::token;
use super::model::Product;
use super::{assets, metadata, packages, submit};

/// What is refused before anything is looked up.
pub(crate) fn front_checks(state: &State, request: &Request<'_>) -> Result<(), Answer> {
    if ["POST", "PUT", "PATCH"].contains(&request.method) && !request.is_framed() {
        return Err(Answer::length_required());
    }
    token::check(state, request, Audience::Msi)?;
    match request.header("x-seller-account-id").map(str::trim) {
        None | Some("") => Err(Answer::gateway(401, "The header X-Seller-Account-Id is missing.")),
        Some(SELLER_ID) => Ok(()),
        Some(_) => Err(Answer::gateway(403, "The app has no access to this seller account.")),
    }?;
    let is_json = request.header("content-type").is_some_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/json")
    });
    if !request.body.is_empty() && !is_json {
        return Err(Answer::empty(415));
    }
    Ok(())
}

/// Answers a call whose segments begin with `product`. A write that is refused leaves nothing behind.
pub(crate) fn route(state: &mut State, call: &Call) -> Answered {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let [first, id, rest @ ..] = segments.as_slice() else {
        return Err(unknown());
    };
    if !first.eq_ignore_ascii_case("product") {
        return Err(unknown());
    }
    let mut product = state.model.msi.find(id).cloned().ok_or_else(|| Answer::empty(404))?;
    let answer = operation(state, call, &mut product, rest)?;
    state.model.msi.put(product);
    Ok(answer)
}

fn unknown() -> Answer {
    Answer::gateway(404, "Resource not found")
}

fn operation(state: &mut State, call: &Call, product: &mut Product, rest: &[&str]) -> Answered {
    let names: Vec<String> = rest.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match (call.method.as_str(), names.as_slice()) {
        ("GET", ["metadata"]) => metadata::get(product, call),
        ("GET", ["metadata", module]) => metadata::get_module(product, call, module),
        ("PUT", ["metadata"]) => metadata::put(product, call),
        ("PATCH", ["metadata"]) => metadata::patch(product, call),
        ("GET", ["packages"]) => Ok(packages::answer(&product.packages)),
        ("GET", ["packages", id]) => packages::get(product, id),
        ("PUT", ["packages"]) => packages::put(state, product, call),
        ("PATCH", ["packages", id]) => packages::patch(product, call, id),
        ("POST", ["packages", "commit"]) => submit::commit_packages(state, product),
        ("GET", ["listings", "assets"]) => assets::get(product, call),
        ("POST", ["listings", "assets", "create"]) => assets::create(state, product, call),
        ("PUT", ["listings", "assets", "commit"]) => assets::commit(state, product, call),
        ("GET", ["status"]) => Ok(submit::status(state, product)),
        ("POST", ["submit"]) => submit::submit(state, product),
        ("GET", ["submission", id, "status"]) => submit::submission_status(product, id),
        _ => Err(unknown()),
    }
}
