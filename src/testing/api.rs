//! From a request's path to the operation it means: the gateway's checks, then the 37 endpoints, or those for MSI
//! and EXE apps.

use super::answer::{Answer, Answered};
use super::catalog;
use super::msi;
use super::oidc;
use super::query;
use super::recorded::{AppliedWrite, without_signature};
use super::request::Request;
use super::state::{Audience, Call, Kind, State};
use super::submissions;
use super::token;

pub(super) fn handle(state: &mut State, request: &Request<'_>) -> Answer {
    let path: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    if request.method == "POST"
        && let Some((tenant, version)) = token::endpoint(&path)
    {
        return token::issue(state, tenant, version, request).unwrap_or_else(|refusal| refusal);
    }
    if let Some(answer) = oidc::handle(state, request).or_else(|| msi::files::handle(state, request)) {
        return answer;
    }
    if let [submission, v1, rest @ ..] = path.as_slice()
        && submission.eq_ignore_ascii_case("submission")
        && v1.eq_ignore_ascii_case("v1")
    {
        let checked = msi::route::front_checks(state, request);
        let answer = checked.map_or_else(|refusal| refusal, |()| call(state, request, rest, msi::route::route));
        return answer.with("X-Correlation-ID", state.numbers.guid());
    }
    let answer = match path.as_slice() {
        [version, my, rest @ ..] if version.eq_ignore_ascii_case("v1.0") && my.eq_ignore_ascii_case("my") => {
            let checked = front_checks(state, request);
            checked.map_or_else(|refusal| refusal, |()| call(state, request, rest, route))
        }
        _ => Answer::gateway(404, "Resource not found"),
    };
    let correlation = match request.header("ms-correlationid") {
        Some(sent) => sent.to_owned(),
        None => state.numbers.guid(),
    };
    let request_id = state.numbers.guid();
    answer.with("MS-CorrelationId", correlation).with("MS-RequestId", request_id)
}

fn call(state: &mut State, request: &Request<'_>, segments: &[&str], route: fn(&mut State, &Call) -> Answered) -> Answer {
    let call = Call {
        method: request.method.to_owned(),
        segments: segments.iter().map(|segment| query::segment(segment)).collect(),
        query: query::decode(request.query),
        body: request.body.clone(),
        drop_packages: request.drop_packages,
        new_price: request.new_price.clone(),
    };
    if call.method == "GET" {
        let past = state.past.clone().filter(|_| request.stale);
        let present = past.map(|past| std::mem::replace(&mut state.model, past));
        let answer = route(state, &call).unwrap_or_else(|refusal| refusal);
        if let Some(present) = present {
            state.model = present;
        }
        return answer;
    }
    let needs_past = state.faults.iter().any(super::faults::Armed::needs_past);
    let before = needs_past.then(|| state.model.clone());
    let answer = match route(state, &call) {
        Ok(answer) => answer,
        Err(refusal) => return refusal,
    };
    if answer.is_success() {
        state.past = before;
        state.applied.push(AppliedWrite {
            method: request.method.to_owned(),
            path: request.path.to_owned(),
            query: without_signature(request.query),
        });
    }
    answer
}

/// What is refused before anything is looked up.
fn front_checks(state: &State, request: &Request<'_>) -> Result<(), Answer> {
    let has_body = request.method == "POST" || request.method == "PUT";
    if has_body && !request.is_framed() {
        return Err(Answer::length_required());
    }
    token::check(state, request, Audience::Submissions)?;
    let is_json = request.header("content-type").is_some_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/json")
    });
    if has_body && !is_json {
        return Err(Answer::json(
            400,
            &serde_json::json!({
                "message": "Only JSON content is accepted",
                "source": "Ingestion Api",
                "target": "mediaType",
            }),
        ));
    }
    Ok(())
}

fn route(state: &mut State, call: &Call) -> Answered {
    let mut segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    // `listflights/` is what `@nextLink` says.
    if segments.len() > 1 && segments.last() == Some(&"") {
        segments.pop();
    }
    if segments.iter().any(|segment| segment.trim().is_empty()) {
        return Err(Answer::empty(403));
    }
    let is_id = |text: &&str| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !segments.iter().all(is_id) {
        // A package name instead of a Store ID.
        return Err(Answer::unknown_failure());
    }
    let names: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let name = |at: usize| names.get(at).map_or("", String::as_str);
    let unknown = || Err(Answer::gateway(404, "Resource not found"));
    match (call.method.as_str(), name(0), segments.as_slice()) {
        ("GET", "applications", [_]) => catalog::list_applications(&state.model, call),
        ("GET", "inappproducts", [_]) => catalog::list_in_app_products(&state.model, call),
        ("POST", "inappproducts", [_]) => catalog::create_in_app_product(state, call),
        ("GET", "applications", [_, app]) => read(state, Kind::Application, app),
        ("GET", "inappproducts", [_, id]) => read(state, Kind::InAppProduct, id),
        ("DELETE", "inappproducts", [_, id]) => catalog::delete(state, Kind::InAppProduct, id),
        (_, "inappproducts", [_, id, _, rest @ ..]) if name(2) == "submissions" => {
            submissions::route(state, call, Kind::InAppProduct, id, rest)
        }
        (method, "applications", [_, app, _, rest @ ..]) => match (method, name(2), rest) {
            ("GET", "listinappproducts", []) => catalog::list_in_app_products_of(&state.model, call, app),
            ("GET", "listflights", []) => catalog::list_flights(&state.model, call, app),
            (_, "submissions", rest) => submissions::route(state, call, Kind::Application, app, rest),
            ("POST", "flights", []) => catalog::create_flight(state, call, app),
            (_, "flights", [flight, rest @ ..]) => {
                let app = &state.model.find(Kind::Application, app)?.id;
                let found = state.model.find(Kind::Flight, flight)?;
                if found.application != *app {
                    return Err(Answer::not_found("flightId", "Flight not found"));
                }
                match (method, name(4), rest) {
                    ("GET", _, []) => read(state, Kind::Flight, flight),
                    ("DELETE", _, []) => catalog::delete(state, Kind::Flight, flight),
                    (_, "submissions", [_, rest @ ..]) => submissions::route(state, call, Kind::Flight, flight, rest),
                    _ => unknown(),
                }
            }
            _ => unknown(),
        },
        _ => unknown(),
    }
}

fn read(state: &State, kind: Kind, id: &str) -> Answered {
    let parent = state.model.find(kind, id)?;
    Ok(Answer::json(200, &catalog::parent_json(parent, false)))
}
