//! The token endpoints of Entra ID (v1 and v2) and the check of tokens at the gateway.

use std::time::UNIX_EPOCH;

use serde_json::json;

use super::aadsts::{self, Ids};
use super::account::{CLIENT_ID, CLIENT_SECRET, TENANT_ID};
use super::answer::{Answer, Answered};
use super::dates;
use super::query;
use super::request::Request;
use super::state::{Audience, State};

const RESOURCE: &str = "https://manage.devcenter.microsoft.com";
const SCOPE: &str = "https://manage.devcenter.microsoft.com/.default";
/// Of the API for MSI and EXE apps.
const MSI_SCOPE: &str = "https://api.store.microsoft.com/.default";

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// `/{tenant}/oauth2/token`, for a `resource`.
    V1,
    /// `/{tenant}/oauth2/v2.0/token`, for a `scope`.
    V2,
}

/// The number of a refusal and what it quotes.
type Refused<'a> = (u32, &'a str);

/// The fields of a form; empty is absent.
struct Form(Vec<(String, String)>);

impl Form {
    fn field(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// The tenant and the endpoint that a path names.
pub(super) fn endpoint<'a>(path: &[&'a str]) -> Option<(&'a str, Version)> {
    let (tenant, rest) = path.split_first()?;
    match rest.join("/").to_ascii_lowercase().as_str() {
        "oauth2/token" => Some((tenant, Version::V1)),
        "oauth2/v2.0/token" => Some((tenant, Version::V2)),
        _ => None,
    }
}

/// Answers a request for a token for `tenant`.
pub(super) fn issue(state: &mut State, tenant: &str, version: Version, request: &Request<'_>) -> Answered {
    let content_type = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let is_form = content_type.starts_with("application/x-www-form-urlencoded");
    let body = String::from_utf8_lossy(&request.body);
    let form = Form(if is_form { query::decode(&body) } else { Vec::new() });
    let audience = match granted(state, tenant, version, &form) {
        Ok(audience) => audience,
        Err((number, about)) => {
            let about = about.to_owned();
            return Err(refusal(state, number, &about));
        }
    };
    let token = format!("fake-token.{}", state.numbers.guid());
    let end = state.clock.now() + state.token_life;
    state.tokens.insert(token.clone(), (audience, end));
    let now = state
        .clock
        .system_now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let life = state.token_life.as_secs();
    let body = match version {
        Version::V1 => json!({
            "token_type": "Bearer",
            "expires_in": life.to_string(),
            "ext_expires_in": life.to_string(),
            "expires_on": (now + life).to_string(),
            "not_before": now.saturating_sub(300).to_string(),
            "resource": form.field("resource"),
            "access_token": token,
        }),
        Version::V2 => json!({
            "token_type": "Bearer",
            "expires_in": life,
            "ext_expires_in": life,
            "access_token": token,
        }),
    };
    Ok(Answer::json(200, &body))
}

/// The API that accepts the token that is to be issued.
fn granted<'a>(state: &'a State, tenant: &str, version: Version, form: &'a Form) -> Result<Audience, Refused<'a>> {
    let required: &[&str] = match version {
        Version::V1 => &["grant_type", "client_id", "client_secret", "resource"],
        Version::V2 if !form.field("resource").is_empty() => return Err((901_002, "")),
        Version::V2 => &["grant_type", "client_id", "scope"],
    };
    if let Some(&missing) = required.iter().find(|name| form.field(name).is_empty()) {
        return Err((900_144, missing));
    }
    if tenant != TENANT_ID {
        return Err((90_002, ""));
    }
    if form.field("grant_type") != "client_credentials" {
        return Err((70_003, ""));
    }
    if form.field("client_id") != CLIENT_ID {
        return Err((700_016, ""));
    }
    let is_assertion = version == Version::V2 && form.field("client_assertion_type") == ASSERTION_TYPE;
    match (form.field("client_secret"), form.field("client_assertion")) {
        ("", assertion) if is_assertion && !assertion.is_empty() => {
            state.assertions.check(assertion, state.clock.now())?;
        }
        ("", _) => return Err((7_000_218, "")),
        (CLIENT_SECRET, _) => {}
        _ => return Err((7_000_215, "")),
    }
    match version {
        Version::V1 => match form.field("resource") {
            RESOURCE => Ok(Audience::Submissions),
            // With a slash at its end a token is issued, but the API does not accept it.
            other if other.strip_suffix('/') == Some(RESOURCE) => Ok(Audience::Nobody),
            _ => Err((500_011, "")),
        },
        Version::V2 => match form.field("scope") {
            SCOPE => Ok(Audience::Submissions),
            MSI_SCOPE => Ok(Audience::Msi),
            other if other.ends_with("/.default") => Err((500_011, "")),
            other => Err((70_011, other)),
        },
    }
}

fn refusal(state: &mut State, number: u32, about: &str) -> Answer {
    let ids = Ids {
        trace: &state.numbers.guid(),
        correlation: &state.numbers.guid(),
        timestamp: &dates::seconds(state.clock.system_now()).replace('T', " "),
    };
    aadsts::refusal(number, about, ids)
}

/// Whether a call may pass the gateway of an API.
pub(super) fn check(state: &State, request: &Request<'_>, audience: Audience) -> Result<(), Answer> {
    let live = request
        .bearer()
        .and_then(|token| state.tokens.get(token).copied())
        .is_some_and(|(known, end)| known == audience && state.clock.now() < end);
    if live {
        return Ok(());
    }
    Err(Answer::gateway(
        401,
        "APIM: Unauthorized. Access token is missing or invalid.",
    ))
}
