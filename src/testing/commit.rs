//! Commit and what follows: the archive is checked, statuses go on with each status read, files are taken when the
//! commit is accepted, and `Published` frees the slot.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::answer::{Answer, Answered};
use super::blob::Archive;
use super::dates::{self, Numbers};
use super::manifests::{self, Looks};
use super::refusals::{self, Store};
use super::rollouts;
use super::rules::Rule;
use super::state::{Call, Kind, State, Submission, failed, parent_of, refuse_portal, status_details};
use crate::package::look_within;

pub(super) fn commit(state: &mut State, call: &Call, parent_id: &str, id: &str) -> Answered {
    let parent = parent_of(state, parent_id)?;
    let submission = state.model.submission(&parent, id)?.clone();
    refuse_portal(&submission)?;
    if !submission.is_open() || parent.pending.as_deref() != Some(id) {
        return Err(Answer::invalid_state(
            "submissionId",
            "Submission in its current state cannot be committed",
        ));
    }
    let checked = check(state, &submission);
    let drop_packages = call.drop_packages || matches!(checked, Ok(Taken::Ignored));
    let (script, looks) = match checked {
        Err(report) => (VecDeque::from(["CommitStarted".into(), report]), Looks::new()),
        Ok(taken) => {
            let script = state.model.parent_mut(parent_id).and_then(|parent| parent.script.take());
            let looks = match taken {
                Taken::Yes(looks) => looks,
                Taken::Ignored => Looks::new(),
            };
            (script.unwrap_or_else(|| usual(&submission)), looks)
        }
    };
    let forgets = state.enforces(Rule::PackageKind);
    if let Some(submission) = state.model.submissions.get_mut(id) {
        submission.script = script;
        submission.to_ingest = true;
        submission.lost = if forgets { refusals::lost(&looks) } else { BTreeSet::new() };
        submission.looks = looks;
        submission.drop_packages = drop_packages;
        submission.document["status"] = "CommitStarted".into();
        submission.document["statusDetails"] = status_details(submission.kind);
    }
    Ok(Answer::json(202, &json!({ "status": "CommitStarted" })))
}

fn usual(submission: &Submission) -> VecDeque<Value> {
    let held = ["Manual", "SpecificDate"]
        .iter()
        .any(|mode| submission.document["targetPublishMode"] == *mode);
    let mut steps = vec!["CommitStarted", "PreProcessing", "Certification", "Release"];
    if !held {
        steps.extend(["Publishing", "Published"]);
    }
    steps.into_iter().map(Value::from).collect()
}

pub(super) fn status(state: &mut State, parent_id: &str, id: &str) -> Answered {
    let parent = parent_of(state, parent_id)?;
    state.model.submission(&parent, id)?;
    step(state, id);
    let document = state.model.submissions.get(id).map_or(&Value::Null, |it| &it.document);
    let report = json!({ "status": document["status"], "statusDetails": document["statusDetails"] });
    Ok(Answer::json(200, &report))
}

/// Goes one step on in the script; at its end nothing happens.
fn step(state: &mut State, id: &str) {
    let next = state.model.submissions.get_mut(id).and_then(|it| it.script.pop_front());
    if let Some(next) = next {
        arrive(state, id, &next);
    }
}

/// Makes a submission have this status (a text, or a whole report) with all that goes with it.
pub(super) fn arrive(state: &mut State, id: &str, report: &Value) {
    let now = state.clock.system_now();
    let Some(submission) = state.model.submissions.get_mut(id) else {
        return;
    };
    let status = report.as_str().or(report["status"].as_str()).unwrap_or("None").to_owned();
    submission.document["status"] = status.as_str().into();
    submission.document["statusDetails"] = match report.get("statusDetails") {
        Some(details) => details.clone(),
        None => status_details(submission.kind),
    };
    let accepted = !["None", "PendingCommit", "CommitStarted", "CommitFailed", "Canceled"].contains(&status.as_str());
    if accepted && std::mem::take(&mut submission.to_ingest) {
        ingest(submission, &mut state.numbers);
    }
    if accepted && !status.starts_with("PreProcessing") {
        forget(submission);
    }
    if status == "Published" {
        let (id, parent_id) = (submission.id.clone(), submission.parent.clone());
        let Some(parent) = state.model.parents.iter_mut().find(|parent| parent.id == parent_id) else {
            return;
        };
        rollouts_begin(submission, parent.published.as_deref());
        parent.published = Some(id);
        parent.pending = None;
        if parent
            .members
            .get("firstPublishedDate")
            .is_some_and(|date| date == dates::UNSET)
        {
            parent
                .members
                .insert("firstPublishedDate".to_owned(), dates::ticks(now).into());
        }
    }
}

fn rollouts_begin(submission: &mut Submission, fallback: Option<&str>) {
    if submission.kind != Kind::InAppProduct {
        rollouts::begin(&mut submission.document, fallback);
    }
}

enum Taken {
    Yes(Looks),
    /// A package was uploaded instead of an archive of packages: observed to be ignored without a word.
    Ignored,
}

/// Whether the uploaded archive has every file that is to be uploaded; the error is the report of the failure.
fn check(state: &State, submission: &Submission) -> Result<Taken, Value> {
    let wanted = wanted_files(&submission.document);
    if wanted.is_empty() {
        return Ok(Taken::Yes(Looks::new()));
    }
    let report = |errors: &[(&str, String)]| failed(submission.kind, "CommitFailed", errors);
    let archive = submission
        .blob
        .as_deref()
        .map_or(Archive::Missing, |blob| state.blobs.archive(blob));
    match archive {
        Archive::Unknown => Ok(Taken::Yes(Looks::new())),
        Archive::Missing => Err(report(&[("MissingFiles", "No archive was uploaded".to_owned())])),
        Archive::Broken => Err(report(&[("InvalidArchive", "The archive cannot be opened".to_owned())])),
        Archive::Entries(entries, _) if is_package(&entries) => Ok(Taken::Ignored),
        Archive::Entries(entries, content) => match wanted.iter().find(|name| !entries.contains(*name)) {
            None => {
                let looks = look_within(content, &wanted);
                let errors = refused(state, submission, &looks);
                if errors.is_empty() {
                    Ok(Taken::Yes(looks))
                } else {
                    Err(report(&errors))
                }
            }
            Some(name) => Err(report(&[("MissingFiles", format!("File '{name}' not found in archive"))])),
        },
    }
}

/// What the rules have against the packages.
fn refused(state: &State, submission: &Submission, looks: &Looks) -> Vec<(&'static str, String)> {
    let model = &state.model;
    let parent = model.parent(&submission.parent);
    let app = parent.and_then(|parent| model.parent(&parent.application));
    let published = parent.and_then(|parent| model.submissions.get(parent.published.as_ref()?));
    let published = published.and_then(|published| published.document[published.packages_member()].as_array());
    let store = Store {
        app: app.map(|app| &app.members),
        published: published.map(Vec::as_slice).unwrap_or_default(),
    };
    let errors = looks
        .iter()
        .map(|(name, look)| store.refusals(name, look, |rule| state.enforces(rule)));
    let mut errors: Vec<_> = errors.flatten().collect();
    let packages = submission.document[submission.packages_member()].as_array();
    let packages = packages.map(Vec::as_slice).unwrap_or_default();
    if !looks.is_empty() && state.enforces(Rule::PackageKind) && store.lacks_bundle(packages, looks) {
        let details = "A bundle was published before: a submission has to have one from then on";
        errors.push(("InvalidParameterValue", details.to_owned()));
    }
    errors
}

fn is_package(entries: &BTreeSet<String>) -> bool {
    entries
        .iter()
        .any(|name| name == "AppxManifest.xml" || name.starts_with("AppxMetadata/"))
}

/// The names that the archive must have. Trailers have no status: a new one has no id yet.
fn wanted_files(value: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(value, &mut names);
    names
}

fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(members) => {
            let text = |name: &str| value[name].as_str().filter(|text| !text.is_empty());
            let new_trailer_file = text("videoFileId").is_none() && text("videoFileName").is_some();
            let name = match value["fileStatus"].as_str() {
                Some("PendingUpload") => text("fileName"),
                _ if new_trailer_file => text("videoFileName"),
                _ => None,
            };
            names.extend(name.map(|name| name.replace('\\', "/")));
            members.values().for_each(|member| collect(member, names));
        }
        _ => {}
    }
}

/// Takes the new files and drops what was marked.
fn ingest(submission: &mut Submission, numbers: &mut Numbers) {
    let looks = std::mem::take(&mut submission.looks);
    let member = submission.packages_member();
    let dropped = submission.drop_packages;
    let mut lost = Vec::new();
    let is_app = submission.kind == Kind::Application;
    if let Some(packages) = submission.document.get_mut(member).and_then(Value::as_array_mut) {
        if dropped {
            packages.retain(|package| package["fileStatus"] != "PendingUpload");
            packages
                .iter_mut()
                .for_each(|package| package["fileStatus"] = "Uploaded".into());
        }
        lost.extend(packages.extract_if(.., |package| is_lost(&submission.lost, package)));
        for package in packages.iter_mut().filter(|package| package["fileStatus"] == "PendingUpload") {
            let info = looks.get(&manifests::name_of(package)).and_then(|look| look.as_ref().ok());
            manifests::describe(package, info, is_app, numbers);
        }
    }
    files(&mut submission.document, numbers);
    if let Some(packages) = submission.document.get_mut(member).and_then(Value::as_array_mut) {
        packages.append(&mut lost);
    }
}

/// Lets go of the packages that were accepted and are not to be had.
fn forget(submission: &mut Submission) {
    let lost = std::mem::take(&mut submission.lost);
    let member = submission.packages_member();
    if let Some(packages) = submission.document.get_mut(member).and_then(Value::as_array_mut) {
        packages.retain(|package| !is_lost(&lost, package));
    }
}

fn is_lost(lost: &BTreeSet<String>, package: &Value) -> bool {
    package["fileStatus"] == "PendingUpload" && lost.contains(&manifests::name_of(package))
}

/// Images, icons and trailers, wherever they are.
fn files(value: &mut Value, numbers: &mut Numbers) {
    let marked = |item: &Value| item["fileStatus"] == "PendingDelete";
    match value {
        Value::Array(items) => {
            items.retain(|item| !marked(item));
            items.iter_mut().for_each(|item| files(item, numbers));
        }
        Value::Object(members) => {
            members.retain(|_, member| !marked(member));
            let is_image = members.contains_key("imageType");
            if members.get("fileStatus").is_some_and(|status| status == "PendingUpload") {
                members.insert("fileStatus".to_owned(), "Uploaded".into());
                if is_image {
                    members.insert("id".to_owned(), numbers.submission().into());
                }
            }
            if members.contains_key("videoFileName") && !members.get("videoFileId").is_some_and(Value::is_string) {
                members.insert("videoFileId".to_owned(), numbers.submission().into());
                members.insert("id".to_owned(), numbers.submission().into());
            }
            members.values_mut().for_each(|member| files(member, numbers));
        }
        _ => {}
    }
}
