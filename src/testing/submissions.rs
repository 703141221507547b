//! Submissions of the three kinds: clone on create, the one pending slot, reads, deletion.
//!
//! A draft that was made in Partner Center has no upload link, and the API may neither change, commit nor delete it.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

use super::answer::{Answer, Answered};
use super::body::body_object;
use super::manifests::Looks;
use super::sample;
use super::state::{Call, Kind, State, Submission, parent_of, refuse_portal, status_details};
use super::{commit, rollouts, update};

/// A request below `…/submissions`.
pub(super) fn route(state: &mut State, call: &Call, kind: Kind, parent: &str, rest: &[&str]) -> Answered {
    let parent = state.model.find(kind, parent)?.id.clone();
    let last = rest.last().map(|it| it.to_ascii_lowercase());
    match (call.method.as_str(), rest, last.as_deref()) {
        ("POST", [], _) => create(state, call, &parent),
        ("GET", [id], _) => get(state, &parent, id),
        ("PUT", [id], _) => update::put(state, call, &parent, id),
        ("DELETE", [id], _) => delete(state, &parent, id),
        ("POST", [id, _], Some("commit")) => commit::commit(state, call, &parent, id),
        ("GET", [id, _], Some("status")) => commit::status(state, &parent, id),
        (method, [id, _], Some(operation)) if kind != Kind::InAppProduct => {
            rollouts::route(state, call, method, &parent, id, operation)
        }
        _ => Err(Answer::gateway(404, "Resource not found")),
    }
}

/// Starts a submission: a copy of the last published one, or the empty one of its kind.
pub(super) fn start(state: &mut State, parent_id: &str) -> Result<String, Answer> {
    let conflict = || Answer::invalid_state("submission", "Create submission failed, status code Conflict");
    let parent = parent_of(state, parent_id)?;
    if parent.pending.is_some() || parent.orphaned {
        return Err(conflict());
    }
    let mut document = match parent.published.as_ref().and_then(|id| state.model.submissions.get(id)) {
        Some(published) if rollouts::in_progress(&published.document) => return Err(conflict()),
        Some(published) => published.document.clone(),
        None => sample::empty_submission(&parent),
    };
    let id = state.numbers.submission();
    let (link, blob) = state.new_link();
    let made = parent.made + 1;
    document["id"] = id.as_str().into();
    document["status"] = "PendingCommit".into();
    document["statusDetails"] = status_details(parent.kind);
    document["fileUploadUrl"] = link.into();
    if parent.kind != Kind::Flight {
        document["friendlyName"] = format!("Submission {made}").into();
    }
    rollouts::inherit(&mut document);
    let submission = Submission {
        id: id.clone(),
        kind: parent.kind,
        parent: parent.id.clone(),
        document,
        script: VecDeque::new(),
        portal: false,
        drop_packages: false,
        to_ingest: false,
        looks: Looks::new(),
        lost: BTreeSet::new(),
        blob: Some(blob),
    };
    state.model.submissions.insert(id.clone(), submission);
    if let Some(parent) = state.model.parent_mut(parent_id) {
        parent.pending = Some(id.clone());
        parent.made = made;
    }
    Ok(id)
}

fn create(state: &mut State, call: &Call, parent_id: &str) -> Answered {
    // Whatever is in the body is read as a submission: `{}` is one without listings.
    let kind = parent_of(state, parent_id)?.kind;
    if !call.body.is_empty() && kind != Kind::Flight {
        update::check_listings(kind, &body_object(call)?)?;
    }
    let id = start(state, parent_id)?;
    if !call.body.is_empty() {
        update::put(state, call, parent_id, &id).inspect_err(|_| discard(state, parent_id, &id))?;
    }
    let mut document = state.model.submissions.get(&id).map_or(Value::Null, |it| it.document.clone());
    let minimal = call
        .parameter("isMinimalResponse")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if let (true, Some(members)) = (minimal && kind != Kind::InAppProduct, document.as_object_mut()) {
        for name in [
            "listings",
            "applicationPackages",
            "flightPackages",
            "trailers",
            "gamingOptions",
        ] {
            members.remove(name);
        }
    }
    Ok(Answer::json(201, &document))
}

fn get(state: &mut State, parent: &str, id: &str) -> Answered {
    let parent = parent_of(state, parent)?;
    let now = state.clock.system_now();
    let submission = state.model.submission(&parent, id)?;
    let blob = submission
        .blob
        .clone()
        .filter(|blob| submission.is_open() && state.blobs.has_ended(blob, now));
    if let Some(blob) = blob.filter(|_| state.renews_links) {
        let link = state.link_to(&blob);
        if let Some(submission) = state.model.submissions.get_mut(id) {
            submission.document["fileUploadUrl"] = link.into();
        }
    }
    Ok(Answer::json(200, &state.model.submission(&parent, id)?.document))
}

fn delete(state: &mut State, parent_id: &str, id: &str) -> Answered {
    let parent = parent_of(state, parent_id)?;
    let submission = state.model.submission(&parent, id)?;
    refuse_portal(submission)?;
    if !submission.is_open() || parent.pending.as_deref() != Some(id) {
        return Err(Answer::invalid_state(
            "submissionId",
            "Submission in its current state cannot be deleted",
        ));
    }
    discard(state, parent_id, id);
    Ok(Answer::empty(204))
}

/// Takes the pending submission away.
pub(super) fn discard(state: &mut State, parent_id: &str, id: &str) {
    if let Some(submission) = state.model.submissions.remove(id)
        && let Some(blob) = submission.blob
    {
        state.blobs.remove(&blob);
    }
    if let Some(parent) = state.model.parent_mut(parent_id) {
        parent.pending = None;
        parent.orphaned = parent.kind == Kind::Flight && parent.published.is_none();
    }
}
