//! The token endpoint of Entra ID (v1) and the check of tokens at the gateway.

use std::time::UNIX_EPOCH;

use serde_json::json;

use super::answer::{Answer, Answered};
use super::dates;
use super::query;
use super::state::State;

pub(super) const TENANT_ID: &str = "5c0b2f6e-71d4-4b7e-9f57-0f6a1de0c0de";
pub(super) const CLIENT_ID: &str = "b3a1f9d2-0c58-4a37-8e1c-2f4d6a8c0eaf";
pub(super) const CLIENT_SECRET: &str = "fake~secret+of/the=store";

const RESOURCE: &str = "https://manage.devcenter.microsoft.com";

/// A request for a token for `tenant`.
pub(super) fn issue(state: &mut State, tenant: &str, content_type: &str, body: &[u8]) -> Answered {
    let mut refuse = |status, error: &str, code: u32, what: &str| Err(refusal(state, status, error, code, what));
    if !content_type
        .to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded")
    {
        return refuse(400, "invalid_request", 900_144, "The request body must be a form.");
    }
    let form = query::decode(&String::from_utf8_lossy(body));
    let field = |name: &str| {
        form.iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.as_str())
    };
    for name in ["grant_type", "client_id", "client_secret", "resource"] {
        if field(name).is_empty() {
            let what = format!("The request body must contain the following parameter: '{name}'.");
            return refuse(400, "invalid_request", 900_144, &what);
        }
    }
    if tenant != TENANT_ID {
        return refuse(400, "invalid_request", 90_002, "The tenant was not found.");
    }
    if field("grant_type") != "client_credentials" {
        return refuse(400, "unsupported_grant_type", 70_003, "The grant type is not supported.");
    }
    if field("client_id") != CLIENT_ID {
        return refuse(
            400,
            "unauthorized_client",
            700_016,
            "The application was not found in the directory.",
        );
    }
    if field("client_secret") != CLIENT_SECRET {
        return refuse(401, "invalid_client", 7_000_215, "Invalid client secret provided.");
    }
    // With a slash at its end a token is issued, but the API does not accept it.
    let accepted = match field("resource") {
        RESOURCE => true,
        other if other.strip_suffix('/') == Some(RESOURCE) => false,
        _ => {
            return refuse(
                400,
                "invalid_resource",
                500_011,
                "The resource principal was not found in the tenant.",
            );
        }
    };
    let token = format!("fake-token.{}", state.numbers.guid());
    let end = state.clock.now() + state.token_life;
    state.tokens.insert(token.clone(), accepted.then_some(end));
    let now = state
        .clock
        .system_now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let life = state.token_life.as_secs();
    Ok(Answer::json(
        200,
        &json!({
            "token_type": "Bearer",
            "expires_in": life.to_string(),
            "ext_expires_in": life.to_string(),
            "expires_on": (now + life).to_string(),
            "not_before": now.saturating_sub(300).to_string(),
            "resource": field("resource"),
            "access_token": token,
        }),
    ))
}

fn refusal(state: &mut State, status: u16, error: &str, code: u32, what: &str) -> Answer {
    let (trace, correlation) = (state.numbers.guid(), state.numbers.guid());
    let now = dates::seconds(state.clock.system_now()).replace('T', " ");
    let description = format!("AADSTS{code}: {what} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}");
    Answer::json(
        status,
        &json!({
            "error": error,
            "error_description": description,
            "error_codes": [code],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
        }),
    )
}

/// Whether a call may pass the gateway.
pub(super) fn check(state: &State, authorization: Option<&str>) -> Result<(), Answer> {
    let live = authorization
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| state.tokens.get(token.trim()).copied().flatten())
        .is_some_and(|end| state.clock.now() < end);
    if live {
        return Ok(());
    }
    Err(Answer::gateway(
        401,
        "APIM: Unauthorized. Access token is missing or invalid.",
    ))
}
