//! Refusals of Entra ID by their numbers: the status, the `error` and the words that go with each, and the body.

use serde_json::json;

use super::answer::Answer;

/// What makes a refusal one of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids<'a> {
    pub(super) trace: &'a str,
    pub(super) correlation: &'a str,
    /// As in `2026-01-31 12:00:00Z`.
    pub(super) timestamp: &'a str,
}

/// The refusal with this number; `about` is what it quotes, if it quotes anything.
pub(super) fn refusal(number: u32, about: &str, ids: Ids<'_>) -> Answer {
    let (status, error) = kind(number);
    let Ids {
        trace,
        correlation,
        timestamp,
    } = ids;
    let words = words(number, about);
    let description = format!("AADSTS{number}: {words} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}");
    Answer::json(
        status,
        &json!({
            "error": error,
            "error_description": description,
            "error_codes": [number],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
        }),
    )
}

/// The refusal with this number, with made-up ids and something to quote.
pub(super) fn sample(number: u32) -> Answer {
    let about = match number {
        700_211 => "https://token.actions.githubusercontent.com/",
        700_212 => "https://github.com/example",
        700_213 => "repo:example/paper-lantern:ref:refs/heads/main",
        7_002_138 => "repo:Example/Paper-Lantern:environment:store",
        _ => "sample",
    };
    let ids = Ids {
        trace: "2f6d8c1a-9b3e-4d75-a0c2-51e7f8b9d300",
        correlation: "c47a1e90-6f2b-4b18-8d3c-7a95e2014f6b",
        timestamp: "2026-01-31 12:00:00Z",
    };
    refusal(number, about, ids)
}

fn kind(number: u32) -> (u16, &'static str) {
    match number {
        50_012
        | 50_013
        | 500_133
        | 50_027
        | 70_021
        | 70_025
        | 700_024
        | 700_025
        | 700_027
        | 700_030
        | 700_222
        | 700_226
        | 700_229
        | 700_210..=700_219
        | 7_000_200..=7_000_299
        | 7_002_100..=7_002_199 => (401, "invalid_client"),
        700_016 | 70_001 | 7_000_112 => (400, "unauthorized_client"),
        50_001 | 500_011 => (400, "invalid_resource"),
        65_001 | 65_002 | 53_003 | 530_032 | 50_034 => (400, "invalid_grant"),
        70_003 => (400, "unsupported_grant_type"),
        70_011 => (400, "invalid_scope"),
        90_006 | 90_024 | 90_033 | 90_055 => (400, "temporarily_unavailable"),
        50_000 => (400, "server_error"),
        _ => (400, "invalid_request"),
    }
}

fn words(number: u32, about: &str) -> String {
    let unmatched = |what: &str| format!("No matching federated identity record found for presented assertion {what} '{about}'.");
    match number {
        50_027 => "JWT token is invalid or malformed.".to_owned(),
        70_003 => "The grant type is not supported.".to_owned(),
        70_011 => format!("The scope '{about}' is not valid."),
        70_025 => format!("The client '{about}' has no configured federated identity credentials."),
        90_002 => "The tenant was not found.".to_owned(),
        500_011 => "The resource principal was not found in the tenant.".to_owned(),
        700_016 => "The application was not found in the directory.".to_owned(),
        700_024 => "Client assertion is not within its valid time range.".to_owned(),
        700_027 => "Client assertion failed signature validation.".to_owned(),
        700_211 => unmatched("issuer"),
        700_212 => unmatched("audience"),
        700_213 => unmatched("subject"),
        900_144 => format!("The request body must contain the following parameter: '{about}'."),
        901_002 => "The 'resource' request parameter is not supported.".to_owned(),
        7_000_215 => "Invalid client secret provided.".to_owned(),
        7_000_218 => "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.".to_owned(),
        7_000_222 => "The provided client secret keys are expired.".to_owned(),
        7_002_138 => unmatched("subject") + " The subject of a record differs only in upper and lower case.",
        _ => "The request was refused.".to_owned(),
    }
}
