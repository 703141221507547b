//! Fetching of packages, readiness, and submissions.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::super::answer::{Answer, Answered};
use super::super::state::State;
use super::envelope::{failure, one_active, problem, refuse_active, success, updated};
use super::model::{Listing, MsiStatus, Product};

pub(crate) fn commit_packages(state: &State, product: &mut Product) -> Answered {
    refuse_active(product)?;
    lag(state, product);
    product.fetched = product.packages.clone();
    if !product.is_scripted || product.steps.is_empty() {
        product.is_scripted = false;
        product.steps = VecDeque::from([MsiStatus::Fetching, MsiStatus::Fetching, MsiStatus::Ready]);
    }
    product.status = MsiStatus::Fetching;
    Ok(updated(product, Value::Null))
}

/// Keeps what the status says now for the next read of it.
fn lag(state: &State, product: &mut Product) {
    if state.model.msi.lags {
        product.lag = Some(json!(readiness(state, product)));
    }
}

/// A read, which goes one step on.
pub(crate) fn status(state: &State, product: &mut Product) -> Answer {
    let shown = match product.lag.take() {
        Some(lag) => lag,
        None => {
            if product.active().is_none()
                && let Some(next) = product.steps.pop_front()
            {
                product.status = next;
            }
            json!(readiness(state, product))
        }
    };
    let problems = shown[0].as_array().cloned().unwrap_or_default();
    success(problems, &shown[1])
}

/// What the status says: the problems, and the data.
fn readiness(state: &State, product: &Product) -> (Vec<Value>, Value) {
    if let Some(active) = product.active() {
        return (Vec::new(), json!({ "isReady": false, "ongoingSubmissionId": active.id }));
    }
    let (is_ready, problems) = draft(product);
    let ended = product.submissions.last().filter(|_| state.model.msi.names_ended);
    let none = if problems.is_empty() { Value::from("") } else { Value::Null };
    let ongoing = ended.map_or(none, |submission| submission.id.as_str().into());
    (problems, json!({ "isReady": is_ready, "ongoingSubmissionId": ongoing }))
}

/// Whether the draft is ready, and what stands in the way.
fn draft(product: &Product) -> (bool, Vec<Value>) {
    let not_ready = |module: &str| problem("modulenotready", "Module is not ready", module);
    let mut problems = Vec::new();
    match &product.status {
        MsiStatus::Ready => {
            if product.packages.is_empty() {
                problems.push(not_ready("packages"));
            }
        }
        MsiStatus::Busy => return (false, problems),
        MsiStatus::Fetching => problems.push(not_ready("packages")),
        MsiStatus::UploadFailed => {
            let message = "Package Upload Status for Current Request - ProcessFailed";
            problems.push(not_ready("packages"));
            problems.push(problem("packageuploaderror", message, "packages"));
        }
        MsiStatus::Incomplete(module) => problems.push(not_ready(module)),
    }
    let is_empty = |value: &Value| value.as_array().is_none_or(Vec::is_empty);
    let modules = [
        ("availability", is_empty(&product.availability["markets"])),
        ("properties", product.properties["category"] == ""),
        (
            "listings",
            product.listings.is_empty() || !product.listings.iter().all(Listing::is_complete),
        ),
    ];
    let incomplete = modules.into_iter().filter(|(_, is_incomplete)| *is_incomplete);
    problems.extend(incomplete.map(|(module, _)| not_ready(module)));
    (problems.is_empty(), problems)
}

pub(crate) fn submit(state: &mut State, product: &mut Product) -> Answered {
    if let Some(active) = product.active() {
        let data = json!({
            "submissionId": null,
            "pollingUrl": format!("{}/submission/{}/status", product.path(), active.id),
            "ongoingSubmissionId": active.id,
        });
        return Err(failure(200, &[one_active(&active.id)], &data));
    }
    if let (false, problems) = draft(product) {
        return Err(failure(400, &problems, &Value::Null));
    }
    lag(state, product);
    let id = state.numbers.submission();
    product.start_submission(&id);
    let data = json!({
        "submissionId": id,
        "pollingUrl": format!("{}/submission/{id}/status", product.path()),
        "ongoingSubmissionId": "",
    });
    Ok(success(Vec::new(), &data))
}

/// A read, which goes one step on.
pub(crate) fn submission_status(product: &mut Product, id: &str) -> Answered {
    let found = product.submissions.iter_mut().find(|submission| submission.id == id);
    let submission = found.ok_or_else(|| Answer::empty(404))?;
    if let Some(next) = submission.steps.pop_front() {
        submission.report = next;
    }
    let report = &submission.report;
    let problems = report["errors"].as_array().cloned().unwrap_or_default();
    let data = json!({ "publishingStatus": report["publishingStatus"], "hasFailed": report["hasFailed"] });
    Ok(success(problems, &data))
}
