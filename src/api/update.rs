//! Updates of a submission: refused before anything is sent where they would do harm.

use serde_json::Value;

use crate::api::document as document_of;
use crate::api::kinds::Submission;
use crate::api::submissions::Submissions;
use crate::document::{Document, member, written};
use crate::error::{Error, Result};
use crate::http::request::Request;
use crate::id::SubmissionId;
use crate::model::guard::Guard;

/// What is wrong with the price in the body of an update, if anything.
pub(crate) fn price_problem(body: &Value) -> Option<&'static str> {
    let price = member(body, "pricing").and_then(|pricing| member(pricing, "priceId"));
    match price {
        None | Some(Value::Null) => Some(
            "pricing.priceId is missing, which makes a paid product free: set a price tier, or use update_at_any_price(), or allow Guard::Price in publish()",
        ),
        Some(Value::String(price)) if price.is_empty() => Some(
            "pricing.priceId is empty, which may make a paid product free: set a price tier, or use update_at_any_price(), or allow Guard::Price in publish()",
        ),
        Some(Value::String(price)) if price.eq_ignore_ascii_case("Base") => Some(
            "pricing.priceId is Base, which the service sends for a product that is priced per market and refuses to take back: set a price tier, knowing that it replaces those prices, or submit in Partner Center",
        ),
        Some(_) => None,
    }
}

/// What is wrong with the languages in the body of an update, if anything: to the service, two that differ by case alone are one.
pub(crate) fn language_problem(body: &Value) -> Option<String> {
    let listings = member(body, "listings")?.as_object()?;
    let keys: Vec<&String> = listings
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, _)| key)
        .collect();
    let twins = keys.iter().enumerate().find_map(|(index, key)| {
        let twin = keys[index + 1..].iter().find(|other| other.eq_ignore_ascii_case(key))?;
        Some((key, twin))
    });
    let (one, other) = twins?;
    Some(format!(
        "{one:?} and {other:?} are one language to the service, which refuses both in one update: take one of them out; listing_mut() and listing_or_insert() find a language in any case"
    ))
}

/// Refuses languages that differ by case alone.
pub(crate) fn check_languages(body: &Value) -> Result<()> {
    language_problem(body).map_or(Ok(()), |problem| Err(Error::invalid("the listings", problem)))
}

impl<S: Submission> Submissions<S> {
    /// Replaces a submission by the document as it was received with your edits: `PUT …/submissions/{submissionId}`. The answer
    /// is the submission as it is now.
    ///
    /// A draft can be changed until it is committed.
    ///
    /// Documented for [apps](https://learn.microsoft.com/windows/uwp/monetize/update-an-app-submission), [add-ons](https://learn.microsoft.com/windows/uwp/monetize/update-an-add-on-submission)
    /// and [flights](https://learn.microsoft.com/windows/uwp/monetize/update-a-flight-submission).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the document belongs to another parent, or has a listing twice, in two
    /// spellings of one language; [`Guard::Price`] if the
    /// price of an app or add-on is missing, null, empty or `Base`; 400 if a member is not valid; 409 if the submission is committed
    /// already.
    ///
    /// # Cancel safety
    ///
    /// An update replaces the whole and may be sent again; dropping the future may leave it applied.
    pub async fn update(&self, document: &Document<S>) -> Result<Document<S>> {
        let body = document.current()?;
        match price_problem(&body) {
            Some(problem) if document.parts().pricing.is_some() => Err(Error::guard(Guard::Price, problem)),
            _ => self.put(document, &body).await,
        }
    }

    /// As [`update`](Self::update), without [`Guard::Price`].
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update), but for the price.
    ///
    /// # Cancel safety
    ///
    /// As [`update`](Self::update).
    pub async fn update_at_any_price(&self, document: &Document<S>) -> Result<Document<S>> {
        self.put(document, document.current()?.as_ref()).await
    }

    /// The path comes from what was received, never from the view.
    async fn put(&self, document: &Document<S>, body: &Value) -> Result<Document<S>> {
        let parent = self.collection().text();
        let origin = document.origin();
        let id = origin.strip_prefix(&parent).and_then(|rest| rest.strip_prefix('/'));
        let Some(id) = id.and_then(|id| id.parse::<SubmissionId>().ok()) else {
            let it = if origin.is_empty() { "a detached one" } else { origin };
            let why = format!("it is {it}, which does not belong to {parent}");
            return Err(Error::invalid("the document", why));
        };
        check_languages(body)?;
        let path = self.path(&id);
        let text = path.text();
        document_of(self.service().json(Request::put(path, written(body)?)).await?, text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn two_spellings_of_a_language_are_seen() {
        let table = [
            (json!({"listings": {"en-us": {}, "en-gb": {}, "en": {}}}), None),
            (
                json!({"listings": {"en-us": {}, "EN-us": {}}}),
                Some(["\"EN-us\"", "\"en-us\""]),
            ),
            (
                json!({"Listings": {"de": {}, "fr-FR": {}, "fr-fr": {}}}),
                Some(["\"fr-FR\"", "\"fr-fr\""]),
            ),
            // A null counts as absent.
            (json!({"listings": {"en-us": {}, "EN-us": null}}), None),
            // Only languages have one spelling.
            (
                json!({"listings": {"en-us": {"platformOverrides": {"Windows81": {}, "windows81": {}}}}}),
                None,
            ),
            (json!({"listings": null}), None),
            (json!({}), None),
        ];
        for (body, expected) in table {
            let found = language_problem(&body);
            assert_eq!(found.is_some(), expected.is_some(), "{body}: {found:?}");
            let found = found.unwrap_or_default();
            assert!(expected.iter().flatten().all(|key| found.contains(key)), "{found}");
        }
    }

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
