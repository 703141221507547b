//! What to do about a refusal of whoever gives tokens or assertions.
//!
//! Entra numbers its refusals, and says that the numbers may change: so they choose the advice and nothing else. They are compared
//! whole, because one is often the beginning of another.

use crate::error::body::{BodyShape, ErrorBody};

/// Returns what to do about an answer of Entra, or of something in front of it.
pub(crate) fn of_entra(status: u16, _: &str, _: &str, body: &ErrorBody) -> Option<&'static str> {
    let numbers = body.entra_numbers.iter().copied();
    Some(match body.code.as_deref() {
        _ if body.shape != BodyShape::Entra => {
            return of_another(status, "check the authority, the tenant id, and any proxy on the way to it");
        }
        code => numbers.into_iter().find_map(of_number).unwrap_or(match code {
            Some("temporarily_unavailable") => "try again later",
            Some("unauthorized_client") => "check the client id and the tenant id",
            _ => "check the tenant id, the client id and the app's credential",
        }),
    })
}

/// Returns what to do about an answer of a token endpoint that is not known to be Entra's.
pub(crate) fn of_a_token_endpoint(status: u16, _: &str, _: &str, body: &ErrorBody) -> Option<&'static str> {
    let known = body.entra_numbers.iter().copied().find_map(of_number);
    known.or_else(|| {
        of_another(
            status,
            "check its address, what was sent to it, and any proxy on the way to it",
        )
    })
}

/// Returns what to do about an answer of the OIDC endpoint of GitHub Actions.
pub(crate) fn of_github(status: u16, _: &str, _: &str, _: &ErrorBody) -> Option<&'static str> {
    of_another(
        status,
        "the job's request token lives about six hours and ends with the job: run the job again; if it stays, check `permissions: id-token: write` and the audience",
    )
}

/// Returns what to do about an answer of the OIDC endpoint of Azure Pipelines.
pub(crate) fn of_azure_devops(status: u16, _: &str, _: &str, body: &ErrorBody) -> Option<&'static str> {
    let message = body.message.as_deref().unwrap_or_default().to_ascii_lowercase();
    match status {
        404 => Some("check the id of the service connection, and that this pipeline may use it"),
        _ if message.contains("service connection") => {
            Some("check the id of the service connection, and that this pipeline may use it")
        }
        203 | 300..=399 | 401 => Some("map the job's token into the step: `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`"),
        _ => of_another(
            status,
            "check SYSTEM_OIDCREQUESTURI, the service connection, and any proxy on the way to it",
        ),
    }
}

fn of_another(status: u16, otherwise: &'static str) -> Option<&'static str> {
    Some(match status {
        408 | 429 | 500..=599 => "try again later",
        _ => otherwise,
    })
}

/// Returns what to do about a refusal that Entra numbers so.
///
/// See <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
pub(crate) fn of_number(number: u32) -> Option<&'static str> {
    Some(match number {
        7000215 => "check the client secret: its value is needed, not its id",
        7000222 => {
            "the client secret has expired: make a new one, which lives 24 months at most, or use a federated credential, which does not expire"
        }
        7000218 | 901002 => "the request is not what Entra expects: if this crate made it, please report it",
        700016 => {
            "check the client id, which is the application id and not an object or secret id, and that the app is registered in this tenant"
        }
        7000229 => {
            "the app has no service principal in this tenant: create its enterprise application there, or use the app's home tenant"
        }
        7000112 | 70001 => "the app is disabled: enable it in Entra, under Enterprise applications, Properties",
        700025 => "the app is registered as a public client: register it as a confidential one, with public client flows off",
        90002 | 900023 => "check the tenant id; another cloud has another authority",
        50034 => "the account is not in this tenant: sign in to the right one with `az login --tenant`",
        70021 => {
            "no federated credential of the app fits: compare its issuer, subject and audience, letter by letter; if it was just added, wait some minutes"
        }
        70025 => {
            "the app has no federated credential: check the client id, and add one to this app; if it was just added, wait some minutes"
        }
        700211 => {
            "the issuer does not fit: set that of the app's federated credential to the quoted one, to the slash; if it was just added, wait some minutes"
        }
        700212 => {
            "the audience does not fit: that of the app's federated credential must be the quoted one, usually api://AzureADTokenExchange"
        }
        700213 => {
            "the subject does not fit: copy the quoted one into a federated credential of the app; branch, tag, environment and pull request differ, and so do the forms with and without ids (repo:OWNER@ID/NAME@ID); if it was just added, wait some minutes"
        }
        7002138 => {
            "the subject fits but for capital letters: copy the quoted one into the app's federated credential, letter by letter"
        }
        7002137 => "copy issuer and subject of the service connection into the app's federated credential again",
        700222 | 700226 | 700229 => {
            "a token of Entra is an assertion only if it is that of a user-assigned managed identity for api://AzureADTokenExchange"
        }
        700024 => {
            "the assertion was too old, or the clock is wrong: GitHub's live 5 minutes and those of Azure DevOps 10, so get a new one for each token, as the sources of this crate do"
        }
        700027 | 50012 | 700030 => {
            "upload the certificate to this app registration, and sign with the key that belongs to it; an assertion of another issuer needs a federated credential"
        }
        50013 | 500133 | 50027 => {
            "the assertion is malformed or has ended: give the JWT itself, without quotes, `Bearer` or line ends"
        }
        500011 | 50001 => {
            "the tenant does not know the resource: associate it with the Partner Center account, or check the tenant id if it is another one"
        }
        7000118 | 700020 => {
            "it is no fault of yours: the Store's own application in Entra refuses; try again later, and give support the correlation id"
        }
        65001 | 65002 => {
            "a person cannot get a token for the Store with az: sign in as the app, with `az login --service-principal`"
        }
        53003 | 530032 => {
            "Conditional Access for workload identities stops it: an administrator must allow the app, or the addresses of the runner"
        }
        5000225 => "the tenant is blocked because nobody used it: reactivate it, or associate another one with Partner Center",
        90033 | 90024 | 90055 | 90006 | 50000 => "it is a fault at Entra that passes: try again later",
        _ => return None,
    })
}
