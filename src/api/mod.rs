//! The calls of the packaged-app API, by handle: [`Applications`], [`InAppProducts`], [`Flights`], and [`Submissions`] of each.
//!
//! A handle is owned, costs no I/O to make, and is cheap to clone. Raw calls never guess: what became of an ambiguous call is
//! found out by the `ensure_…` and `…_or_find` methods, by [`Submissions::commit_and_wait`] and by [`Rollout`].

pub(crate) mod applications;
pub(crate) mod commit;
pub(crate) mod ensure;
pub(crate) mod flights;
pub(crate) mod in_app_products;
pub(crate) mod kinds;
pub(crate) mod list;
pub(crate) mod raw;
pub(crate) mod rollout;
pub(crate) mod submissions;
pub(crate) mod update;
pub(crate) mod wait;

pub use self::applications::Applications;
pub use self::ensure::Ensured;
pub use self::flights::Flights;
pub use self::in_app_products::InAppProducts;
pub use self::kinds::Submission;
pub use self::list::{List, Pages};
pub use self::raw::RawRequest;
pub use self::rollout::{HasRollout, Rollout};
pub use self::submissions::Submissions;
pub use self::wait::{Milestone, Wait, WaitReport};
pub use crate::http::request::{Method, Replay};

use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::document::{Document, decode_value, member};
use crate::error::{Error, Outcome, Result};
use crate::http::request::Path;
use crate::http::request::Request;
use crate::model::receipt::Receipt;
use crate::service::{Json, Service};

/// Decodes an answer that is a resource. `path` is where it can be read again.
fn document<T: DeserializeOwned + Serialize>(mut json: Json, path: String) -> Result<Document<T>> {
    let document = Document::decode(std::mem::take(&mut json.body), json.receipt(), path);
    document.map_err(|error| json.unexpected(error.path, error.expected))
}

/// Decodes an answer that is read and not written back.
fn value<T: DeserializeOwned>(json: Json) -> Result<Receipt<T>> {
    match decode_value(&json.body) {
        Ok(value) => Ok(json.receipt().map(|()| value)),
        Err(error) => Err(json.unexpected(error.path, error.expected)),
    }
}

/// Reads a resource at its own path.
async fn get<T: DeserializeOwned + Serialize>(service: &Service, path: Path) -> Result<Document<T>> {
    let text = path.text();
    document(service.json(Request::get(path)).await?, text)
}

/// Turns 404 into `None`.
fn optional<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes; a 404 after an attempt that may have deleted it means that it did. The answer has no body, or JSON; a page is not the
/// service's answer.
async fn delete(service: &Service, path: Path) -> Result<Receipt> {
    match service.json_or_empty(Request::delete(path)).await {
        Ok(json) => Ok(json.receipt()),
        Err(error) if error.is_not_found() && error.outcome() > Outcome::NotApplied => Ok(error.receipt()),
        Err(error) => Err(error),
    }
}

/// The id that the service gave to what was created. Without it nothing can be done with it.
fn received_id<I: FromStr>(json: &Json, name: &str, what: &str) -> Result<I> {
    let id = member(&json.body, name).and_then(Value::as_str).unwrap_or_default();
    id.parse().map_err(|_| json.unexpected(name, what))
}

/// Encodes the body of a create.
fn encode<T: Serialize>(what: &str, new: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(new).map_err(|_| Error::invalid(what, "it holds something that JSON cannot say"))
}
