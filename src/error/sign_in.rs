//! What to do about a refusal of whoever gives tokens or assertions.
//!
//! Entra numbers its refusals, and says that the numbers may change: so they choose the advice and, only for the Azure CLI, which
//! tells no status, whether to try again. They are compared whole, because one is often the beginning of another.

use crate::error::body::{BodyShape, ErrorBody};

/// Returns what to do about an answer of Entra, or of something in front of it.
pub(crate) fn of_entra(status: u16, _: &str, _: &str, body: &ErrorBody) -> Option<&'static str> {
    let known = body.entra_numbers.iter().copied().find_map(of_number);
    let otherwise = match body.code.as_deref() {
        _ if body.shape != BodyShape::Entra => "check the authority, the tenant id, and any proxy on the way to it",
        Some("temporarily_unavailable") => "try again later",
        Some("unauthorized_client") => "check the client id and the tenant id",
        _ => "check the tenant id, the client id and the app's credential",
    };
    known.or_else(|| of_another(status, otherwise))
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

/// Whether Entra numbers so what passes by itself.
pub(crate) fn passes(number: u32) -> bool {
    matches!(number, 90033 | 90024 | 90055 | 90006 | 50000)
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
        number if passes(number) => "it is a fault at Entra that passes: try again later",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(number: u32) -> ErrorBody {
        let text = format!(
            r#"{{"error":"invalid_client","error_description":"AADSTS{number}: No, 'a subject'. Trace ID: x","error_codes":[{number}]}}"#
        );
        ErrorBody::parse(text.as_bytes(), &[])
    }

    /// The numbers of each row, and a part of what is told.
    const ROWS: [(&[u32], &str); 29] = [
        (&[7000215], "its value is needed"),
        (&[7000222], "has expired"),
        (&[7000218, 901002], "report it"),
        (&[700016], "application id"),
        (&[7000229], "no service principal"),
        (&[7000112, 70001], "is disabled"),
        (&[700025], "public client"),
        (&[90002, 900023], "check the tenant id; another cloud"),
        (&[50034], "az login --tenant"),
        (&[70021], "no federated credential of the app fits"),
        (&[70025], "has no federated credential"),
        (&[700211], "the issuer does not fit"),
        (&[700212], "the audience does not fit"),
        (&[700213], "the subject does not fit"),
        (&[7002138], "capital letters"),
        (&[7002137], "issuer and subject of the service connection"),
        (&[700222, 700226, 700229], "managed identity"),
        (&[700024], "too old"),
        (&[700027, 50012, 700030], "upload the certificate"),
        (&[50013, 500133, 50027], "without quotes"),
        (&[500011, 50001], "does not know the resource"),
        (&[7000118, 700020], "no fault of yours"),
        (&[65001, 65002], "az login --service-principal"),
        (&[53003, 530032], "Conditional Access"),
        (&[5000225], "nobody used it"),
        (&[90033, 90024, 90055, 90006, 50000], "a fault at Entra that passes"),
        (&[90072], ""),
        (&[7], ""),
        (&[70002139], ""),
    ];

    #[test]
    fn each_number_has_its_advice_and_its_neighbours_have_not() {
        for (row, (numbers, words)) in ROWS.iter().enumerate() {
            for number in *numbers {
                let told = of_number(*number);
                assert_eq!(told.is_some(), !words.is_empty(), "{number}");
                assert!(told.unwrap_or_default().contains(words), "{number}: {told:?}");
                // A number of which it is the beginning, or that is its beginning, or the next one, is another refusal.
                let longer = (0..10).map(|digit| number * 10 + digit);
                for neighbour in longer.chain([number / 10, number - 1, number + 1]) {
                    let is_known = ROWS.iter().position(|(numbers, _)| numbers.contains(&neighbour));
                    let told_there = of_entra(401, "POST", "t/oauth2/v2.0/token", &refused(neighbour));
                    assert!(
                        is_known == Some(row) || told_there != told,
                        "{neighbour} is told what {number} is"
                    );
                }
            }
        }
    }

    #[test]
    fn the_numbers_of_the_message_come_first_and_then_those_of_the_list() {
        let body = |text: &str| ErrorBody::parse(text.as_bytes(), &[]);
        for (text, words) in [
            (
                r#"{"error":"invalid_client","error_description":"AADSTS700213: no. See also AADSTS7000215"}"#,
                "the subject",
            ),
            (
                r#"{"error":"invalid_client","error_description":"AADSTS1: no. AADSTS700211: no"}"#,
                "the issuer",
            ),
            (
                r#"{"error":"invalid_client","error_description":"no","error_codes":[700024]}"#,
                "too old",
            ),
            (
                r#"{"error":"invalid_client","error_description":"AADSTS: no","error_codes":["x", -1, 99999999999]}"#,
                "the app's credential",
            ),
            (
                r#"{"error":"unauthorized_client","error_description":"AADSTS123456: no"}"#,
                "the client id and the tenant id",
            ),
            (
                r#"{"error":"temporarily_unavailable","error_description":"no"}"#,
                "try again later",
            ),
            ("<html></html>", "any proxy"),
        ] {
            let told = of_entra(401, "POST", "t/oauth2/v2.0/token", &body(text)).unwrap();
            assert!(told.contains(words) && !told.contains("secret"), "{text}: {told}");
        }
        let unknown = r#"{"error":"server_error","error_description":"AADSTS123456: no"}"#;
        for (status, text) in [(503, "<html></html>"), (429, unknown), (500, unknown)] {
            assert_eq!(
                of_entra(status, "POST", "t", &body(text)),
                Some("try again later"),
                "{status} {text}"
            );
        }
    }

    #[test]
    fn ci_systems_have_their_own_advice() {
        let body = |message: &str| ErrorBody::parse(format!(r#"{{"message":"{message}"}}"#).as_bytes(), &[]);
        let none = body("");
        for (told, words) in [
            (of_github(401, "", "", &none), "id-token: write"),
            (of_github(403, "", "", &none), "id-token: write"),
            (of_github(503, "", "", &none), "try again later"),
            (of_azure_devops(203, "", "", &none), "SYSTEM_ACCESSTOKEN"),
            (of_azure_devops(302, "", "", &none), "SYSTEM_ACCESSTOKEN"),
            (of_azure_devops(401, "", "", &none), "SYSTEM_ACCESSTOKEN"),
            (of_azure_devops(404, "", "", &none), "service connection"),
            (
                of_azure_devops(400, "", "", &body("No service connection found with identifier x")),
                "this pipeline may use it",
            ),
            (of_azure_devops(405, "", "", &none), "SYSTEM_OIDCREQUESTURI"),
            (of_azure_devops(500, "", "", &none), "try again later"),
            (of_a_token_endpoint(401, "", "", &refused(700213)), "the subject"),
            (of_a_token_endpoint(403, "", "", &none), "its address"),
        ] {
            assert!(told.unwrap().contains(words), "{told:?} without {words}");
        }
    }
}
