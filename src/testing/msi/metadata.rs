//! Availability, properties and listings: PUT replaces a module or the one listing, PATCH changes members.

use serde_json::{Map, Value, json};

use super::super::answer::{Answer, Answered};
use super::super::body::member;
use super::super::state::Call;
use super::envelope::{bad_request, refuse_active, success, updated};
use super::members::{list, merge, object, of_languages, text};
use super::model::{Listing, Product};
use super::sample;

pub(crate) fn get(product: &Product, call: &Call) -> Answered {
    let mut data = product.metadata();
    data["listings"] = listings(product, call)?;
    let with_languages = call
        .parameter("includelanguagelist")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if let (false, Some(members)) = (with_languages, data.as_object_mut()) {
        members.remove("listingLanguages");
    }
    Ok(success(Vec::new(), &data))
}

pub(crate) fn get_module(product: &Product, call: &Call, module: &str) -> Answered {
    let data = match module {
        "availability" => product.availability.clone(),
        "properties" => product.properties.clone(),
        "listings" => listings(product, call)?,
        _ => return Err(Answer::empty(404)),
    };
    Ok(success(Vec::new(), &json!({ module: data })))
}

fn listings(product: &Product, call: &Call) -> Result<Value, Answer> {
    let items = product
        .listings
        .iter()
        .map(|listing| (listing.language(), Value::from(listing.members.clone())));
    Ok(of_languages(call, items)?.into())
}

pub(crate) fn put(product: &mut Product, call: &Call) -> Answered {
    change(product, call, true)
}

pub(crate) fn patch(product: &mut Product, call: &Call) -> Answered {
    change(product, call, false)
}

fn change(product: &mut Product, call: &Call, replaces: bool) -> Answered {
    refuse_active(product)?;
    let body = object(call, "metadata")?;
    for language in list(&body, "listingsToAdd", "listings")? {
        let language = language.as_str().unwrap_or_default();
        if language.is_empty() {
            return Err(bad_request("listings", "A language to add is no text."));
        }
        if product.listing(language).is_none() {
            product.listings.push(Listing {
                members: empty_listing(language),
                logos: Vec::new(),
                screenshots: Vec::new(),
            });
        }
    }
    for language in list(&body, "listingsToRemove", "listings")? {
        let language = language.as_str().unwrap_or_default();
        product
            .listings
            .retain(|listing| !listing.language().eq_ignore_ascii_case(language));
    }
    let module = |name: &str| match member(&body, name) {
        None => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members.clone())),
        Some(_) => Err(bad_request(name, format!("{name} is no object."))),
    };
    if let Some(sent) = module("availability")? {
        change_module(&mut product.availability, sent, replaces.then(sample::default_availability));
    }
    if let Some(sent) = module("properties")? {
        change_module(&mut product.properties, sent, replaces.then(sample::default_properties));
    }
    if let Some(sent) = module("listings")? {
        let language = text(&sent, "language").to_owned();
        let Some(listing) = product.listing_mut(&language) else {
            return Err(bad_request(
                "listings",
                format!("There is no listing of the language '{language}'."),
            ));
        };
        // As it was added, in whichever case it is sent.
        let language = listing.language().to_owned();
        if replaces {
            listing.members = empty_listing(&language);
        }
        merge(&mut listing.members, sent);
        listing.members.insert("language".to_owned(), language.into());
    }
    Ok(updated(product, ""))
}

fn change_module(module: &mut Value, sent: Map<String, Value>, default: Option<Value>) {
    if let Some(default) = default {
        *module = default;
    }
    if let Value::Object(members) = module {
        merge(members, sent);
    }
}

fn empty_listing(language: &str) -> Map<String, Value> {
    let mut members = sample::default_listing();
    members.insert("language".to_owned(), language.into());
    members
}
