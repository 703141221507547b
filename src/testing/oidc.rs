//! The endpoints at which a job of GitHub Actions or Azure Pipelines gets assertions.

use serde_json::json;

use super::answer::{Answer, Answered};
use super::assertions::{AUDIENCE, Source};
use super::query;
use super::request::Request;
use super::state::State;

/// Where a job of GitHub Actions asks; the query is in the URL that the job is given.
pub(super) const GITHUB_PATH: &str = "/github/_apis/distributedtask/hubs/Actions/plans/3c9e7a15-8b20-4d6f-b1a4-e05d2c7f9836\
                                      /jobs/6b1d4f82-0e57-4c39-9a7b-d2f8c3e01a45/idtoken";
pub(super) const GITHUB_QUERY: &str = "api-version=2.0";
pub(super) const GITHUB_TOKEN: &str = "fake-request-token.of-the-job-at-github";

/// Where a job of Azure Pipelines asks.
pub(super) const DEVOPS_PATH: &str = "/devops/9a4b7c61-2d3e-4f85-8c06-b7e1f2a3d490/_apis/distributedtask/hubs/build\
                                      /plans/e8f0a1b2-c3d4-4e5f-9061-728394a5b6c7/jobs/\
                                      12f1170f-54f2-53f3-20dd-22fc7dff55f9/oidctoken";
pub(super) const DEVOPS_TOKEN: &str = "fake-access-token.of-the-job-at-azure-devops";
pub(super) const DEVOPS_CONNECTION: &str = "4e7f1b29-6a3c-4d80-95e2-c8b0a7d6f513";

/// The audience of an assertion for which none was asked: the owner of the repository.
const GITHUB_AUDIENCE: &str = "https://github.com/example";

/// The answer of the endpoint with the request's path; none if it is neither's.
pub(super) fn handle(state: &mut State, request: &Request<'_>) -> Option<Answer> {
    if request.path.eq_ignore_ascii_case(GITHUB_PATH) {
        return Some(github(state, request).unwrap_or_else(|refusal| refusal));
    }
    if request.path.eq_ignore_ascii_case(DEVOPS_PATH) {
        return Some(devops(state, request).unwrap_or_else(|refusal| refusal.with("x-vss-e2eid", state.numbers.guid())));
    }
    None
}

fn github(state: &mut State, request: &Request<'_>) -> Answered {
    let refuse = |status, message: &str| Err(Answer::json(status, &json!({ "message": message })));
    if request.method != "GET" {
        return refuse(405, "The requested resource does not support this method.");
    }
    if request.bearer() != Some(GITHUB_TOKEN) {
        return refuse(401, "The request token is missing or not valid.");
    }
    let parameters = query::decode(request.query);
    if value(&parameters, "api-version").is_none() {
        return refuse(400, "No api-version was supplied.");
    }
    if parameters.iter().filter(|(name, _)| name == "audience").count() > 1 {
        return refuse(400, "The audience was given more than once.");
    }
    let audience = value(&parameters, "audience").unwrap_or(GITHUB_AUDIENCE);
    let assertion = state.new_assertion(Source::GitHub, audience);
    Ok(Answer::json(200, &json!({ "count": assertion.len(), "value": assertion })))
}

fn devops(state: &mut State, request: &Request<'_>) -> Answered {
    let refuse = |status, key: &str, message: &str| Err(Answer::json(status, &json!({ "message": message, "typeKey": key })));
    if request.method != "POST" {
        let message = "The requested resource does not support this method.";
        return refuse(405, "MethodNotAllowedException", message);
    }
    if !request.is_framed() {
        return Err(Answer::length_required());
    }
    if request.bearer() != Some(DEVOPS_TOKEN) {
        let redirects = request
            .header("x-tfs-fedauthredirect")
            .is_none_or(|value| !value.eq_ignore_ascii_case("suppress"));
        if redirects {
            let sign_in = format!("{}/devops/_signin?realm=devops", state.origin);
            return Err(Answer::empty(302).with("Location", sign_in));
        }
        return refuse(
            401,
            "UnauthorizedRequestException",
            "The access token is missing or not valid.",
        );
    }
    let parameters = query::decode(request.query);
    if value(&parameters, "api-version").is_none() {
        return refuse(400, "VssVersionNotSpecifiedException", "No api-version was supplied.");
    }
    let connection = value(&parameters, "serviceConnectionId").unwrap_or_default();
    if !connection.eq_ignore_ascii_case(DEVOPS_CONNECTION) {
        let message = format!("No service connection found with identifier {connection}.");
        return refuse(404, "ServiceConnectionNotFoundException", &message);
    }
    let assertion = state.new_assertion(Source::AzureDevOps, AUDIENCE);
    Ok(Answer::json(200, &json!({ "oidcToken": assertion })))
}

/// The value of a parameter that is there and not empty.
fn value<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}
