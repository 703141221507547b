//! Apps, add-ons and flights: reads, lists with paging, and what can be created and deleted.
//!
//! The quirks of the wire are kept: `PackageFamilyName`, references that are absent rather than null, the flight's
//! incomplete `resourceLocation`, an empty list that is a 404, and four spellings of `@nextLink`.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Answered};
use super::body::{body_object, member};
use super::state::{Call, Kind, Model, Parent, State};
use super::submissions;

/// What a product id may not contain.
const REFUSED: [char; 10] = ['<', '>', '*', '%', '&', ':', '\\', '?', '+', ','];

pub(super) fn parent_json(parent: &Parent, in_list: bool) -> Value {
    let mut members = parent.members.clone();
    if in_list {
        members.remove("hasAdvancedListingPermission");
    }
    let (name, location) = match parent.kind {
        Kind::Application => ("ApplicationSubmission", format!("applications/{}", parent.id)),
        Kind::InAppProduct => ("InAppProductSubmission", format!("inappproducts/{}", parent.id)),
        // Relative to the app, against what the documentation says of it.
        Kind::Flight => ("FlightSubmission", format!("flights/{}", parent.id)),
    };
    for (which, id) in [("lastPublished", &parent.published), ("pending", &parent.pending)] {
        if let Some(id) = id {
            let reference = json!({ "id": id, "resourceLocation": format!("{location}/submissions/{id}") });
            members.insert(format!("{which}{name}"), reference);
        }
    }
    Value::Object(members)
}

/// A resource with its submissions, as the API shows it.
pub(super) fn describe(state: &State, parent: &str) -> Option<Value> {
    state.model.parent(parent).map(|it| parent_json(it, false))
}

pub(super) fn list_applications(model: &Model, call: &Call) -> Answered {
    let items: Vec<_> = model.of_kind(Kind::Application).map(|app| parent_json(app, true)).collect();
    page(call, items, "applications", Some(10), "No applications were found")
}

pub(super) fn list_in_app_products(model: &Model, call: &Call) -> Answered {
    let items: Vec<_> = model.of_kind(Kind::InAppProduct).map(|it| parent_json(it, true)).collect();
    page(call, items, "inappproducts/", None, "No in-app products were found")
}

pub(super) fn list_in_app_products_of(model: &Model, call: &Call, app: &str) -> Answered {
    let app = model.find(Kind::Application, app)?;
    let items: Vec<_> = model
        .of_kind(Kind::InAppProduct)
        .filter(|it| it.application == app.id)
        .map(|it| json!({ "inAppProductId": it.id }))
        .collect();
    let path = format!("applications/{}/listinappproducts/", app.id);
    page(call, items, &path, None, "No in-app products were found")
}

pub(super) fn list_flights(model: &Model, call: &Call, app: &str) -> Answered {
    let app = model.find(Kind::Application, app)?;
    let items: Vec<_> = model
        .of_kind(Kind::Flight)
        .filter(|it| it.application == app.id)
        .map(|it| parent_json(it, true))
        .collect();
    let path = format!("applications/{}/listflights/", app.id);
    page(call, items, &path, None, "No flights were found")
}

fn page(call: &Call, items: Vec<Value>, path: &str, default_top: Option<usize>, none: &str) -> Answered {
    let total = items.len();
    if total == 0 {
        return Err(Answer::not_found("", none));
    }
    let skip = number(call, "skip")?.unwrap_or(0);
    let top = number(call, "top")?.or(default_top).unwrap_or(total);
    if top == 0 {
        return Err(Answer::invalid_value("top", "top must be 1 or more"));
    }
    let value: Vec<_> = items.into_iter().skip(skip).take(top).collect();
    let next = skip.saturating_add(top);
    let mut body = json!({ "value": value, "totalCount": total });
    if next < total {
        body["@nextLink"] = format!("{path}?skip={next}&top={top}").into();
    }
    Ok(Answer::json(200, &body))
}

fn number(call: &Call, name: &str) -> Result<Option<usize>, Answer> {
    call.parameter(name)
        .map(|text| {
            text.parse()
                .map_err(|_| Answer::invalid_value(name, format!("'{name}' is not a valid number")))
        })
        .transpose()
}

pub(super) fn create_in_app_product(state: &mut State, call: &Call) -> Answered {
    let body = body_object(call)?;
    let applications = member(&body, "applicationIds").and_then(Value::as_array);
    let Some([Value::String(app)]) = applications.map(Vec::as_slice) else {
        return Err(Answer::invalid_value(
            "applicationIds",
            "Exactly one application id is expected",
        ));
    };
    let app = state.model.find(Kind::Application, app)?.id.clone();
    let product_id = member(&body, "productId").and_then(Value::as_str).unwrap_or_default();
    let refused = product_id.is_empty() || product_id.chars().count() > 100 || product_id.contains(REFUSED);
    if refused {
        return Err(Answer::invalid_value("productId", "The product id is missing or not valid"));
    }
    let product_type = member(&body, "productType").and_then(Value::as_str).unwrap_or_default();
    if !["Durable", "Consumable"].contains(&product_type) {
        return Err(Answer::invalid_value(
            "productType",
            "The product type is missing or not valid",
        ));
    }
    let taken = state
        .model
        .of_kind(Kind::InAppProduct)
        .any(|it| it.application == app && it.members["productId"] == product_id);
    if taken {
        return Err(Answer::invalid_state(
            "productId",
            "The product id is already in use in this application",
        ));
    }
    let id = state.numbers.store_id();
    let parent = new_in_app_product(&id, &app, product_id, product_type);
    let answer = Answer::json(201, &parent_json(&parent, false));
    state.model.parents.push(parent);
    Ok(answer)
}

pub(super) fn new_parent(kind: Kind, id: &str, application: &str, members: Value) -> Parent {
    let members = match members {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    Parent {
        kind,
        id: id.to_owned(),
        application: application.to_owned(),
        members,
        pending: None,
        published: None,
        script: None,
        made: 0,
        orphaned: false,
    }
}

pub(super) fn new_in_app_product(id: &str, app: &str, product_id: &str, product_type: &str) -> Parent {
    let members = json!({
        "applications": {
            "value": [{ "id": app, "resourceLocation": format!("applications/{app}") }],
            "totalCount": 1,
        },
        "id": id,
        "productId": product_id,
        "productType": product_type,
    });
    new_parent(Kind::InAppProduct, id, app, members)
}

pub(super) fn delete(state: &mut State, kind: Kind, id: &str) -> Answered {
    let parent = state.model.find(kind, id)?.clone();
    let busy = parent
        .pending
        .as_ref()
        .and_then(|pending| state.model.submissions.get(pending))
        .is_some_and(|pending| !pending.is_open());
    // A flight may be taken away at any time, an add-on only before its first publication.
    if busy || (kind == Kind::InAppProduct && parent.published.is_some()) {
        return Err(Answer::invalid_state(
            "",
            "The resource in its current state cannot be deleted",
        ));
    }
    state.model.parents.retain(|it| it.id != parent.id);
    state.model.submissions.retain(|_, it| it.parent != parent.id);
    Ok(Answer::empty(204))
}

pub(super) fn create_flight(state: &mut State, call: &Call, app: &str) -> Answered {
    let app = state.model.find(Kind::Application, app)?.id.clone();
    let body = body_object(call)?;
    let name = member(&body, "friendlyName")
        .and_then(Value::as_str)
        .unwrap_or("Package flight");
    let groups: Vec<String> = match member(&body, "groupIds") {
        None => Vec::new(),
        Some(Value::Array(groups)) => groups.iter().map(text).collect(),
        Some(_) => return Err(Answer::invalid_value("groupIds", "A list of group ids is expected")),
    };
    let rank = member(&body, "rankHigherThan").and_then(Value::as_str).map(str::to_owned);
    let id = state.numbers.guid();
    let parent = new_flight(&state.model, &id, &app, name, &groups, rank);
    state.model.parents.push(parent);
    // Observed: a flight comes with a first submission.
    submissions::start(state, &id)?;
    Ok(Answer::json(201, &parent_json(state.model.find(Kind::Flight, &id)?, false)))
}

pub(super) fn new_flight(model: &Model, id: &str, app: &str, name: &str, groups: &[String], rank: Option<String>) -> Parent {
    let highest = model.of_kind(Kind::Flight).filter(|it| it.application == app).last();
    let rank = rank
        .or_else(|| highest.map(|it| it.id.clone()))
        .unwrap_or_else(|| "Non-flighted submission".to_owned());
    let members = json!({ "flightId": id, "friendlyName": name, "groupIds": groups, "rankHigherThan": rank });
    new_parent(Kind::Flight, id, app, members)
}

/// A number where a text is expected is read as one: the documentation's own sample sends group ids so.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
