//! The envelope in which this API answers, and what it refuses with.

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::model::Product;

/// An entry of `errors`.
pub(crate) fn problem(code: &str, message: impl Into<String>, target: &str) -> Value {
    json!({ "code": code, "message": message.into(), "target": target })
}

/// Success, as far as HTTP and `isSuccess` go; `errors` is absent when there are none.
pub(crate) fn success(problems: Vec<Value>, data: &Value) -> Answer {
    let mut body = json!({ "isSuccess": true, "responseData": data });
    if !problems.is_empty() {
        body["errors"] = problems.into();
    }
    Answer::json(200, &body)
}

pub(crate) fn failure(status: u16, problems: &[Value], data: &Value) -> Answer {
    Answer::json(
        status,
        &json!({ "isSuccess": false, "errors": problems, "responseData": data }),
    )
}

/// A request that makes no sense.
pub(crate) fn bad_request(target: &str, message: impl Into<String>) -> Answer {
    failure(400, &[problem("badrequest", message, target)], &Value::Null)
}

/// What a write is answered with. What stands for no submission is null or empty, both of which are seen.
pub(crate) fn updated(product: &Product, none: impl Into<Value>) -> Answer {
    let polling = format!("{}/status", product.path());
    success(
        Vec::new(),
        &json!({ "pollingUrl": polling, "ongoingSubmissionId": none.into() }),
    )
}

/// Refuses while a submission is under way, with 200.
pub(crate) fn refuse_active(product: &Product) -> Result<(), Answer> {
    match product.active() {
        None => Ok(()),
        Some(active) => Err(failure(200, &[one_active(&active.id)], &Value::Null)),
    }
}

pub(crate) fn one_active(id: &str) -> Value {
    let message = format!("Product already has One Active Submission In-Progress. SubmissionId: {id}");
    problem("error", message, "submission")
}
