//! What to do about an error: tables of the answers that are known.

use crate::error::body::{BodyShape, ErrorBody};
use crate::error::kind::{ErrorKind, TransportKind, UploadKind};
use crate::model::status::{StatusCode, StatusDetail};

/// Returns what to do about an answer with this status to this call.
pub(crate) type Advise = fn(status: u16, method: &str, path: &str, body: &ErrorBody) -> Option<&'static str>;

/// Returns what to do about an error that is not an error answer.
pub(super) fn of_kind(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Transport(TransportKind::Connect) => "check the network, the proxy and the endpoint",
        ErrorKind::Transport(TransportKind::Certificate) => {
            "if a proxy looks into TLS, let the system trust its root certificate or add that with http_client_builder(); if none \
             does, check the endpoint and the clock"
        }
        ErrorKind::WaitTimedOut => "it goes on at the service: attach to it again with watch()",
        ErrorKind::DeletionTimedOut => "look again later",
        ErrorKind::NotVerified => "look at its packages later",
        ErrorKind::Upload(UploadKind::LinkExpired) => {
            "it lives about 24 hours; delete the draft and create a new submission, as publish() does with PendingPolicy::Replace"
        }
        ErrorKind::Upload(UploadKind::LinkRefused) => "read the submission again and use the link that it has now",
        ErrorKind::Upload(UploadKind::SourceChanged) => "upload it again",
        ErrorKind::Upload(UploadKind::Send) => "run it again, what is there already is not sent again",
        _ => return None,
    })
}

/// Returns what to do about a submission that failed, if the service's reasons do not say where to look.
pub(super) fn of_reasons(reasons: &[StatusDetail]) -> Option<&'static str> {
    reasons.iter().find_map(|reason| {
        let says = |part: &str| reason.details.to_ascii_lowercase().contains(part);
        Some(match reason.code {
            StatusCode::MissingTitle => {
                "a listing in a language that no package has exactly (de is not de-de) needs a title of its own: set one, or take the listing out"
            }
            StatusCode::MultipleInstancesOfGamingOptions => "keep one element of gamingOptions",
            StatusCode::InvalidMicrosoftAgeRating => "answer the age rating questionnaire in Partner Center",
            StatusCode::InvalidState if says("cannot be exposed") => "the reasons show in Partner Center only",
            StatusCode::InvalidParameterValue if says("not ingestionweb") => {
                "it is a fault of the service: commit again later; if it stays, give support the correlation id"
            }
            StatusCode::ServiceError | StatusCode::IsInternalError => {
                "it is a fault of the service: commit again; if it stays, give support the correlation id"
            }
            _ => return None,
        })
    })
}

/// Returns whether the body is not the service's own but the gateway's, a page, or anything else. An empty body does not tell.
pub(super) fn answered_by_another(body: &ErrorBody) -> bool {
    !matches!(body.shape, BodyShape::Service | BodyShape::AuthFilter | BodyShape::Empty)
}

/// Returns whether the service says that it cannot go on with a draft. Its status may be `PendingCommit` all the same.
pub(super) fn is_dead(body: &ErrorBody) -> bool {
    let message = body.message.as_deref().unwrap_or_default();
    message.to_ascii_lowercase().contains("in the state 'none'")
}

/// Returns what to do about an answer of the blob store, or of something in front of it.
pub(crate) fn of_the_blob_store(status: u16, _: &str, _: &str, body: &ErrorBody) -> Option<&'static str> {
    let answered_itself = body.shape == BodyShape::Blob;
    let advice = match status {
        401 | 403 if answered_itself => "the upload link is not valid for this: read the submission again for its link",
        404 if answered_itself => "the upload link leads nowhere: read the submission again for its link",
        408 | 429 | 500..=599 => "try again later",
        300..=407 if !answered_itself => {
            "read the submission again for its upload link, and check any proxy on the way to the blob store"
        }
        _ => return None,
    };
    Some(advice)
}

/// Returns what to do about an answer of the API. Specific rows come before general ones.
pub(crate) fn of_the_api(status: u16, method: &str, path: &str, body: &ErrorBody) -> Option<&'static str> {
    let message = body.message.as_deref().unwrap_or_default();
    let target = body.target.as_deref().unwrap_or_default();
    let is_target = |name: &str| target.eq_ignore_ascii_case(name);
    let says = |part: &str| message.to_ascii_lowercase().contains(&part.to_ascii_lowercase());
    let is_unknown = says("unknown internal") || body.inner_code.as_deref() == Some("UnknownInternalFailure");
    let creates_submission = method == "POST" && path.ends_with("/submissions");
    let advice = match status {
        400 if says("keep all file entries") => {
            "list every existing package with its id and fileStatus Uploaded, or PendingDelete to remove it"
        }
        400 if says("not a valid PriceId") || says("valid base price") => {
            "the product is priced per market, which the API cannot write: set a price tier in pricing.priceId, knowing that it replaces the prices, or submit in Partner Center"
        }
        400 if says("size of AppListings") || says("size of Listings") => {
            "send at least one listing; they are part of every update"
        }
        400 if says("KeywordsTotalCount") => {
            "use at most 21 separate words over all search terms of a listing, and search terms in at most 21 languages"
        }
        400 if says("AllowTargetFutureDeviceFamilies") || is_target("allowTargetFutureDeviceFamilies") => {
            "allowTargetFutureDeviceFamilies needs a value for each of Desktop, Mobile, Xbox and Holographic: add those that it lacks, as false, and take out what the service does not name"
        }
        400 if says("Language code") => {
            "each language of the listings must be one that the Store supports, in the service's spelling (en-us): rename it or take it out"
        }
        400 if is_target("appListings") || is_target("listings") => {
            "look at the listings: each language once, in the service's spelling (en-us), and with a title of its own where no package has exactly that language"
        }
        400 if says("created through the API") || target == "applicationSubmission" => {
            "the draft was made or changed in Partner Center: delete it there and create one with the API"
        }
        400 if target == "mediaType" => "send Content-Type: application/json, also without a body",
        401 if says("Identity cannot be authorized") || says("not allowed to access") => {
            "signed in, but Partner Center does not know this app: add the Entra app there, under User management, with the Manager role, and check that the product belongs to that account"
        }
        401 => {
            "check that the Entra app is added in Partner Center with the Manager role and that the token is for https://manage.devcenter.microsoft.com"
        }
        403 => "check the id, and that the Entra app has the Manager role in Partner Center",
        404 if answered_by_another(body) => {
            "it was not the service that answered: check the endpoint, whose path is /v1.0/my/ with the service"
        }
        404 => {
            "check the id, and that it belongs to this account and to this parent; what was created or deleted a moment ago may not be visible yet"
        }
        408 if method == "GET" => "the service gave up waiting: try again later",
        408 => "the service gave up waiting; what was asked may have been done all the same",
        409 if creates_submission => {
            "a pending submission or a rollout in progress holds the only slot: finish, delete, finalize or halt it first"
        }
        409 if is_dead(body) && method == "DELETE" => {
            "the API cannot go on with this draft, whatever its status says: delete it in Partner Center"
        }
        409 if is_dead(body) => {
            "the API cannot go on with this draft, whatever its status says: delete it and create another, as publish() does with PendingPolicy::Replace"
        }
        409 if says("cannot be deleted") => {
            "it is being processed: wait until it fails or is published, or cancel it in Partner Center"
        }
        409 if says("not supported by the submission API") || says("features that are not supported") => {
            "the product uses a feature that the API does not support: submit it in Partner Center"
        }
        409 if path.contains("rollout") => {
            "a rollout can be changed only while the submission is published and its rollout is in progress"
        }
        409 if method == "PUT" => "it is committed already, or in another state that cannot be changed: look at its status",
        409 if path.ends_with("/commit") => {
            "it is committed already, or in another state that cannot be committed: look at its status"
        }
        409 => "its state does not allow this now: read it and look at what is pending",
        411 => "send Content-Length, also without a body",
        413 => "the body is too large for the service",
        429 => "the service allows about 20 requests a minute: wait, then try again",
        300..=399 => "redirects are not followed: check the endpoint",
        503 if says("Account service") => {
            "try again later; if it stays, check that the Entra app is added in Partner Center with the Manager role"
        }
        500 if is_unknown && method == "PUT" => {
            "check that the Store supports each language of the listings; otherwise try again later, and give support the correlation id"
        }
        500 if is_unknown => {
            "check that the id is a Store ID and not a package name; otherwise try again later, and give support the correlation id"
        }
        500..=599 if creates_submission => "the submission may have been created: read the parent before trying again",
        500..=599 if method == "POST" => "it may have been done all the same: read before trying again",
        500..=599 => "try again later; if it stays, give support the correlation id",
        _ => return None,
    };
    Some(advice)
}

/// Returns what to do about the URL of an installer that is answered so.
pub(crate) fn of_a_download(status: u16, _: &str, _: &str, _: &ErrorBody) -> Option<&'static str> {
    Some(match status {
        300..=399 => {
            "the Store follows no redirect: put the installer where its URL answers with 200 itself, which links to releases on GitHub do not"
        }
        401 | 403 => "the Store signs in nowhere: make the installer public",
        404 | 410 => "upload the installer before it is released",
        408 | 429 | 500..=599 => "try again later",
        _ => return None,
    })
}

/// Returns what to do about an answer of the API for MSI and EXE apps.
pub(crate) fn of_msi(status: u16, method: &str, path: &str, body: &ErrorBody) -> Option<&'static str> {
    let message = body.message.as_deref().unwrap_or_default().to_ascii_lowercase();
    let says = |part: &str| message.contains(part);
    let advice = match status {
        429 => "the service limits how often it is called: wait, then try again",
        _ if says("one active submission") => {
            "a submission is under way, perhaps somebody else's: wait until it has ended, or choose Cancel review in Partner Center"
        }
        _ if says("installerparameters") => {
            "shorten installerParameters to 40 characters, which is the API's limit although Partner Center takes more"
        }
        401 => {
            "check that the Entra app is added in Partner Center with the Manager role, that the seller id is that of its account, and that the token is for https://api.store.microsoft.com"
        }
        403 => "check the seller id and the product id, and that the Entra app has the Manager role in Partner Center",
        404 => "check the product id, which is the GUID in the address of its page in Partner Center, and the seller id",
        300..=399 => "redirects are not followed: check the endpoint",
        500..=599 if method == "POST" && path.ends_with("/submit") => {
            "it may have been submitted all the same: look at the status before trying again"
        }
        408 | 500..=599 => "try again later; if it stays, give support the correlation id",
        _ => return None,
    };
    Some(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_known_answer_says_what_to_do() {
        let service = |message: &str, target: &str| {
            format!(r#"{{"code":"X","message":"{message}","source":"Ingestion Api","target":"{target}"}}"#)
        };
        let table = [
            (
                400,
                "PUT",
                "applications/9N/submissions/1",
                service("Please keep all file entries for existing packages.", "packages"),
                "PendingDelete",
            ),
            (
                400,
                "PUT",
                "applications/9N/submissions/1",
                service("'Base' is not a valid PriceId for base price.", "pricing"),
                "price tier",
            ),
            (
                400,
                "PUT",
                "applications/9N/submissions/1",
                service("You must select a valid base price", "pricing"),
                "price tier",
            ),
            (
                400,
                "PUT",
                "applications/9N/submissions/1",
                service("The size of AppListings must be 1 or more", "appListings"),
                "one listing",
            ),
            (
                400,
                "PUT",
                "inappproducts/9P/submissions/1",
                service("The size of Listings must be 1 or more", "listings"),
                "one listing",
            ),
            (
                400,
                "PUT",
                "applications/9N/submissions/1",
                service("size of KeywordsTotalCount must be 21 or less", ""),
                "21 separate words",
            ),
            (
                400,
                "DELETE",
                "applications/9N/submissions/1",
                service("Ingestion API can only update", "applicationSubmission"),
                "Partner Center",
            ),
            (
                400,
                "POST",
                "applications/9N/submissions/1/commit",
                service("Only JSON content is accepted", "mediaType"),
                "Content-Type",
            ),
            (
                401,
                "GET",
                "applications",
                r#"{"code":"Unauthorized","message":"Identity cannot be authorized."}"#.to_owned(),
                "Manager role",
            ),
            (
                401,
                "GET",
                "applications",
                r#"{"statusCode":401,"message":"APIM: Unauthorized."}"#.to_owned(),
                "Manager role",
            ),
            (403, "GET", "applications/9N", String::new(), "Manager role"),
            (404, "GET", "applications/9N", String::new(), "check the id"),
            (
                404,
                "GET",
                "applications/9N",
                service("Application not found", "applicationId"),
                "check the id",
            ),
            (
                404,
                "GET",
                "applications",
                "<html><title>404 Not Found</title></html>".to_owned(),
                "check the endpoint",
            ),
            (
                404,
                "GET",
                "applications",
                r#"{"statusCode":404,"message":"Resource not found"}"#.to_owned(),
                "check the endpoint",
            ),
            (404, "GET", "applications", "Not Found".to_owned(), "check the endpoint"),
            (
                409,
                "POST",
                "applications/9N/submissions",
                service("Create submission failed", "submission"),
                "only slot",
            ),
            (
                409,
                "DELETE",
                "applications/9N/submissions/1",
                service("Submission in its current state cannot be deleted", "submissionId"),
                "Partner Center",
            ),
            (
                409,
                "PUT",
                "applications/9N/submissions/1",
                service("no", "submission"),
                "committed already",
            ),
            (
                409,
                "GET",
                "applications/9N",
                service(
                    "This application uses features that are not supported by the submission API",
                    "",
                ),
                "does not support",
            ),
            (
                409,
                "POST",
                "applications/9N/submissions/1/haltpackagerollout",
                service("no", ""),
                "rollout is in progress",
            ),
            (
                429,
                "GET",
                "applications",
                r#"{"statusCode":429,"message":"x"}"#.to_owned(),
                "20 requests",
            ),
            (
                500,
                "GET",
                "applications/A.B",
                r#"{"code":"InternalServerError","innererror":{"code":"UnknownInternalFailure"}}"#.to_owned(),
                "Store ID",
            ),
            (
                503,
                "GET",
                "applications/9N",
                service("Account service is experiencing issue", ""),
                "Manager role",
            ),
            (
                503,
                "POST",
                "applications/9N/submissions",
                service("Retry your operation", ""),
                "may have been created",
            ),
            (
                504,
                "POST",
                "applications/9N/submissions/1/commit",
                "<html></html>".to_owned(),
                "read before",
            ),
            (502, "GET", "applications", "<html></html>".to_owned(), "try again later"),
            (408, "GET", "applications", String::new(), "try again later"),
            (
                408,
                "PUT",
                "applications/9N/submissions/1",
                String::new(),
                "may have been done all the same",
            ),
        ];
        for (status, method, path, body, part) in table {
            let found = of_the_api(status, method, path, &ErrorBody::parse(body.as_bytes(), &[]));
            assert!(
                found.is_some_and(|found| found.contains(part)),
                "{status} {method} {path} {body}: {found:?}"
            );
        }
        assert_eq!(of_the_api(418, "GET", "x", &ErrorBody::parse(b"", &[])), None);
    }

    /// Refusals that name no place, and their neighbours, which are others.
    #[test]
    fn a_refusal_without_a_place_says_where_to_look() {
        let put = ("PUT", "applications/9N/submissions/1");
        let families = "needs a value for each of Desktop, Mobile, Xbox and Holographic";
        let none = "Cannot update the submission because it is in the state 'None'.";
        let unknown = "The service has encountered an unknown internal server error";
        let table = [
            (
                400,
                put,
                "AllowTargetFutureDeviceFamilies was not updated with all supported platform(s): [Desktop, Mobile]",
                "",
                families,
            ),
            (
                400,
                put,
                "AllowTargetFutureDeviceFamilies needs to be initialized for all supported platform, [Desktop]",
                "allowTargetFutureDeviceFamilies",
                families,
            ),
            (400, put, "Core is not valid", "AllowTargetFutureDeviceFamilies", families),
            (400, put, "TargetDeviceFamilies is not valid", "targetDeviceFamilies", ""),
            (
                400,
                put,
                "The size of KeywordsTotalCount must be 21 or less",
                "",
                "in at most 21 languages",
            ),
            (400, put, "The size of Keywords must be 7 or less", "", ""),
            (
                400,
                put,
                "Language codes: en-XX not supported",
                "appListings",
                "one that the Store supports",
            ),
            (400, put, "Programming languages are not supported", "", ""),
            (400, put, "The listing is not valid", "appListings", "each language once"),
            (
                400,
                ("PUT", "inappproducts/9P/submissions/1"),
                "The listing is not valid",
                "listings",
                "each language once",
            ),
            (
                400,
                put,
                "The size of AppListings must be 1 or more",
                "appListings",
                "one listing",
            ),
            (400, put, "The listing is not valid", "listing", ""),
            (409, put, none, "submission", "PendingPolicy::Replace"),
            (
                409,
                ("POST", "applications/9N/submissions/1/commit"),
                none,
                "submission",
                "PendingPolicy::Replace",
            ),
            (
                409,
                ("DELETE", "applications/9N/submissions/1"),
                none,
                "submission",
                "delete it in Partner Center",
            ),
            (409, ("POST", "applications/9N/submissions"), none, "submission", "only slot"),
            (
                409,
                put,
                "Cannot update the submission because it is in the state 'PreProcessing'.",
                "submission",
                "committed already",
            ),
            (500, put, unknown, "", "supports each language"),
            (500, ("GET", "applications/A.B"), unknown, "", "Store ID"),
            (500, put, "try again", "", "try again later"),
        ];
        for (status, (method, path), message, target, part) in table {
            let body = format!(r#"{{"code":"X","message":"{message}","source":"Ingestion Api","target":"{target}"}}"#);
            let found = of_the_api(status, method, path, &ErrorBody::parse(body.as_bytes(), &[]));
            let is_there = found.is_some_and(|found| !part.is_empty() && found.contains(part));
            assert!(
                is_there || (part.is_empty() && found.is_none()),
                "{method} {message}: {found:?}"
            );
        }
    }

    #[test]
    fn the_reasons_of_a_failure_say_what_to_do_where_they_name_no_place() {
        let hidden = "The submission has active validation errors which cannot be exposed via API, please visit the dashboard";
        let outage = "Error. Request it is not IngestionWeb or IngestionApi.";
        let table = [
            ("MissingTitle", "", "title of its own"),
            ("MissingFiles", "", ""),
            ("MultipleInstancesOfGamingOptions", "", "one element"),
            ("InvalidMicrosoftAgeRating", "", "questionnaire"),
            ("InvalidState", hidden, "Partner Center"),
            ("InvalidState", "The rollout is in progress", ""),
            ("InvalidParameterValue", outage, "commit again later"),
            ("InvalidParameterValue", "The size is not valid", ""),
            ("IsInternalError", "Commit workflow is cancelled.", "commit again;"),
            ("ServiceError", "", "commit again;"),
            ("None", "", ""),
        ];
        for (code, details, part) in table {
            let reason = StatusDetail {
                code: code.into(),
                details: details.to_owned(),
            };
            let first = StatusDetail {
                code: "PackageValidationFailed".into(),
                details: "a.msix".to_owned(),
            };
            let found = of_reasons(&[first, reason]);
            assert_eq!(found.is_some(), !part.is_empty(), "{code} {details}: {found:?}");
            assert!(found.unwrap_or_default().contains(part), "{code} {details}: {found:?}");
        }
        assert_eq!(of_reasons(&[]), None);
    }

    #[test]
    fn what_is_not_the_api_gets_none_of_its_advice() {
        let xml = "<Error><Code>AuthenticationFailed</Code></Error>";
        let page = "<html><title>Blocked</title></html>";
        let table = [
            (of_the_blob_store as Advise, 403, xml, Some("upload link is not valid")),
            (of_the_blob_store as Advise, 404, xml, Some("upload link leads nowhere")),
            (of_the_blob_store as Advise, 403, page, Some("any proxy")),
            (of_the_blob_store as Advise, 403, "", Some("any proxy")),
            (of_the_blob_store as Advise, 404, "", Some("any proxy")),
            (of_the_blob_store as Advise, 302, page, Some("any proxy")),
            (of_the_blob_store as Advise, 503, page, Some("try again later")),
            (of_the_blob_store as Advise, 500, "", Some("try again later")),
            (of_the_blob_store as Advise, 409, xml, None),
            (crate::error::sign_in::of_entra, 403, page, Some("any proxy")),
            (crate::error::sign_in::of_entra, 404, "", Some("tenant id")),
            (crate::error::sign_in::of_entra, 429, page, Some("try again later")),
            (crate::error::sign_in::of_entra, 503, "", Some("try again later")),
        ];
        for (advise, status, body, part) in table {
            let found = advise(status, "PUT", "x", &ErrorBody::parse(body.as_bytes(), &[]));
            let what = format!("{status} {body}: {found:?}");
            assert_eq!(found.is_some(), part.is_some(), "{what}");
            let found = found.unwrap_or_default();
            assert!(found.contains(part.unwrap_or_default()), "{what}");
            let of_the_api = ["Manager", "20 requests", "correlation id", "parent", "Store ID"];
            assert!(!of_the_api.iter().any(|part| found.contains(part)), "{what}");
        }
    }
}
