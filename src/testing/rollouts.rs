//! Gradual rollouts of apps and flights. They begin when a submission with a rollout is published, and must be halted
//! or finalised before the next submission.

use serde_json::{Value, json};

use super::answer::{Answer, Answered};
use super::state::{Call, State, parent_of};

pub(super) fn none() -> Value {
    json!({
        "isPackageRollout": false,
        "packageRolloutPercentage": 0.0,
        "packageRolloutStatus": "PackageRolloutNotStarted",
        "fallbackSubmissionId": "0",
    })
}

pub(super) fn in_progress(document: &Value) -> bool {
    document["packageDeliveryOptions"]["packageRollout"]["packageRolloutStatus"] == "PackageRolloutInProgress"
}

/// A draft is rolled out as the published submission was, but its own rollout has not begun.
pub(super) fn inherit(draft: &mut Value) {
    let Some(delivery) = draft.get_mut("packageDeliveryOptions").and_then(Value::as_object_mut) else {
        return;
    };
    match delivery.get_mut("packageRollout").and_then(Value::as_object_mut) {
        Some(rollout) => {
            for name in ["packageRolloutStatus", "fallbackSubmissionId"] {
                rollout.insert(name.to_owned(), none()[name].clone());
            }
        }
        None => drop(delivery.insert("packageRollout".to_owned(), none())),
    }
}

/// Begins the rollout of a submission that is just published, if it wants one.
pub(super) fn begin(document: &mut Value, fallback: Option<&str>) {
    let rollout = &mut document["packageDeliveryOptions"]["packageRollout"];
    if rollout["isPackageRollout"] == true {
        rollout["packageRolloutStatus"] = "PackageRolloutInProgress".into();
        rollout["fallbackSubmissionId"] = fallback.unwrap_or("0").into();
    }
}

pub(super) fn route(state: &mut State, call: &Call, method: &str, parent_id: &str, id: &str, operation: &str) -> Answered {
    let parent = parent_of(state, parent_id)?;
    let submission = state.model.submission(&parent, id)?;
    let mut rollout = submission.document["packageDeliveryOptions"]["packageRollout"].clone();
    let running = submission.status() == "Published" && in_progress(&submission.document);
    match (method, operation) {
        ("GET", "packagerollout") => return Ok(Answer::json(200, &rollout)),
        ("POST", "updatepackagerolloutpercentage" | "haltpackagerollout" | "finalizepackagerollout") => {}
        _ => return Err(Answer::gateway(404, "Resource not found")),
    }
    if !running {
        return Err(Answer::invalid_state(
            "packageRollout",
            "The package rollout is not in a state that allows this operation",
        ));
    }
    match operation {
        "haltpackagerollout" => {
            rollout["packageRolloutPercentage"] = 0.0.into();
            rollout["packageRolloutStatus"] = "PackageRolloutStopped".into();
        }
        "finalizepackagerollout" => {
            rollout["packageRolloutPercentage"] = 100.0.into();
            rollout["packageRolloutStatus"] = "PackageRolloutComplete".into();
        }
        // 100 % is not the end of it.
        _ => rollout["packageRolloutPercentage"] = percentage(call)?.into(),
    }
    if let Some(submission) = state.model.submissions.get_mut(id) {
        submission.document["packageDeliveryOptions"]["packageRollout"] = rollout.clone();
    }
    Ok(Answer::json(200, &rollout))
}

fn percentage(call: &Call) -> Result<f64, Answer> {
    call.parameter("percentage")
        .and_then(|text| text.parse::<f64>().ok())
        .filter(|number| (0.0..=100.0).contains(number))
        .ok_or_else(|| Answer::invalid_value("percentage", "The percentage must be a number from 0 to 100"))
}
