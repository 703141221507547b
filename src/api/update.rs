//! An update of a submission: checked when it is made, sent when it is awaited.

use std::fmt;
use std::future::IntoFuture;

use serde_json::Value;

use crate::api::document;
use crate::api::kinds::Submission;
use crate::api::submissions::Submissions;
use crate::auth::BoxFuture;
use crate::document::{Document, member, written};
use crate::error::{Error, Result};
use crate::id::SubmissionId;
use crate::model::guard::Guard;
use crate::rest::Call;
use crate::transport::request::Path;

/// What is wrong with the price in the body of an update, if anything.
pub(crate) fn price_problem(body: &Value) -> Option<&'static str> {
    let price = member(body, "pricing").and_then(|pricing| member(pricing, "priceId"));
    match price {
        None | Some(Value::Null) => Some(
            "pricing.priceId is missing, which makes a paid product free: set a price tier, or allow Guard::Price for this update",
        ),
        Some(Value::String(price)) if price.is_empty() => Some(
            "pricing.priceId is empty, which may make a paid product free: set a price tier, or allow Guard::Price for this update",
        ),
        Some(Value::String(price)) if price.eq_ignore_ascii_case("Base") => Some(
            "pricing.priceId is Base, which the service sends for a product that is priced per market and refuses to take back: set a price tier, knowing that it replaces those prices, or submit in Partner Center",
        ),
        Some(_) => None,
    }
}

struct Prepared {
    path: Path,
    body: Vec<u8>,
    price: Option<&'static str>,
}

/// An update that is ready to be sent. Await it to send it. `Debug` does not show the body.
#[must_use = "nothing is sent before it is awaited"]
pub struct Update<S> {
    submissions: Submissions<S>,
    prepared: Result<Prepared>,
    lifted: Vec<Guard>,
}

impl<S> fmt::Debug for Update<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.prepared.as_ref().map(|prepared| prepared.path.text());
        f.debug_struct("Update")
            .field("path", &path)
            .field("lifted", &self.lifted)
            .finish_non_exhaustive()
    }
}

impl<S: Submission> Update<S> {
    /// Lifts a guard for this update. [`Guard::Price`] is the only one that a raw update has.
    pub fn allow(mut self, guard: Guard) -> Self {
        self.lifted.push(guard);
        self
    }

    pub(crate) fn new(submissions: &Submissions<S>, document: &Document<S>) -> Self {
        Self {
            prepared: prepare(submissions, document),
            submissions: submissions.clone(),
            lifted: Vec::new(),
        }
    }

    async fn send(self) -> Result<Document<S>> {
        let prepared = self.prepared?;
        match prepared.price {
            Some(problem) if !self.lifted.contains(&Guard::Price) => {
                return Err(Error::guard(Guard::Price, problem));
            }
            _ => {}
        }
        let path = prepared.path.text();
        let json = self.submissions.core().json(Call::put(prepared.path, prepared.body)).await?;
        document(json, path)
    }
}

/// The path comes from what was received, never from the view.
fn prepare<S: Submission>(submissions: &Submissions<S>, document: &Document<S>) -> Result<Prepared> {
    let parent = submissions.collection()?.text();
    let origin = document.origin();
    let id = origin.strip_prefix(&parent).and_then(|rest| rest.strip_prefix('/'));
    let id: SubmissionId = match id {
        Some(id) if !id.contains('/') => id.parse()?,
        _ => {
            let it = if origin.is_empty() { "a detached one" } else { origin };
            return Err(Error::invalid(
                "the document",
                format!("it is {it}, which does not belong to {parent}"),
            ));
        }
    };
    let body = document.current()?;
    Ok(Prepared {
        path: submissions.path(&id)?,
        price: if S::PRICED { price_problem(&body) } else { None },
        body: written(&body)?,
    })
}

/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the document belongs to another parent; `Guard` if the price of an app or add-on is missing, null or
/// `Base`; 400 if a member is not valid; 409 if the submission is committed already.
///
/// # Cancel safety
///
/// An update replaces the whole and may be sent again; dropping the future may leave it applied.
impl<S: Submission> IntoFuture for Update<S> {
    type Output = Result<Document<S>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_price_that_does_harm_is_seen() {
        let table = [
            (json!({"pricing": {"priceId": "Free"}}), false),
            (json!({"pricing": {"priceId": "Tier1012"}}), false),
            (json!({"Pricing": {"PriceId": "NotAvailable"}}), false),
            (json!({"pricing": {"priceId": "Base"}}), true),
            (json!({"pricing": {"priceId": "base"}}), true),
            (json!({"pricing": {"priceId": null}}), true),
            (json!({"pricing": {"priceId": ""}}), true),
            (json!({"pricing": {}}), true),
            (json!({"pricing": null}), true),
            (json!({}), true),
        ];
        for (body, bad) in table {
            assert_eq!(price_problem(&body).is_some(), bad, "{body}");
        }
    }
}
