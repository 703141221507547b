//! What would do harm: each guard is a pure function that says what is wrong, why, and how to go on.

use std::collections::BTreeSet;
use std::time::SystemTime;

use serde_json::Value;

use crate::api::kinds::Kind;
use crate::api::update::price_problem;
use crate::document::member;
use crate::error::{Error, GuardError, UploadError, UploadErrorKind};
use crate::model::guard::Guard;
use crate::publish::packages::{Entry, entries, is_id};
use crate::secret::UploadUrl;

/// The most packages that a submission may have.
const MOST_PACKAGES: usize = 30;

/// What the guards look at before an update.
pub(crate) struct Look<'a> {
    pub(crate) received: &'a Value,
    pub(crate) body: &'a Value,
    /// The names in the archive.
    pub(crate) archive: &'a [String],
}

/// The guards of a kind of submission that can be checked before anything is sent, with what each found.
pub(crate) fn check<S: Kind>(look: &Look<'_>) -> Vec<(Guard, Option<String>)> {
    let mut found = Vec::new();
    if let Some(list) = S::PACKAGES {
        let (before, after) = (entries(look.received, list), entries(look.body, list));
        found.push((Guard::ExistingPackages, existing_packages(&before, &after)));
        found.push((Guard::PackageCount, package_count(&after)));
        found.push((Guard::NewPackages, new_packages(&before, look.body, list)));
    }
    if S::PRICED {
        found.push((Guard::Price, price_problem(look.body).map(str::to_owned)));
    }
    if S::LISTED {
        found.push((Guard::Listings, listings(look.body)));
    }
    found.push((Guard::Files, files(look.body, look.archive)));
    found
}

/// The service refuses an update in which a package that was there is missing or marked as new.
fn existing_packages(before: &[Entry], after: &[Entry]) -> Option<String> {
    let kept = |old: &&Entry| {
        after
            .iter()
            .filter(|new| old.is_same(new))
            .any(|new| new.is("Uploaded") || new.is("PendingDelete") || new.status == old.status)
    };
    let lost: Vec<&str> = before
        .iter()
        .filter(|old| !old.is("PendingUpload"))
        .filter(|old| !kept(old))
        .map(|old| old.file_name.as_str())
        .collect();
    (!lost.is_empty()).then(|| {
        let lost = lost.join(", ");
        format!("the update must keep every package that is there, but lacks {lost}: keep the entry, and set its file_status to PendingDelete to remove the package")
    })
}

fn package_count(after: &[Entry]) -> Option<String> {
    (after.len() > MOST_PACKAGES).then(|| {
        let count = after.len();
        format!("{count} packages are more than the {MOST_PACKAGES} that a submission may have: remove old ones, for example with ExistingPackages::ReplaceMatching, in a submission of its own")
    })
}

/// New entries carry nothing that only the service knows.
fn new_packages(before: &[Entry], body: &Value, list: &str) -> Option<String> {
    const SERVICE_ONLY: [&str; 9] = [
        "version",
        "architecture",
        "targetPlatform",
        "languages",
        "capabilities",
        "targetDeviceFamilies",
        "targetDeviceFamiliesEx",
        "minOSVersion",
        "innerPackages",
    ];
    let packages = member(body, list).and_then(Value::as_array)?;
    let is_new = |entry: &Entry| !before.iter().any(|old| entry.is_same(old));
    packages
        .iter()
        .zip(entries(body, list))
        .filter(|(_, entry)| is_new(entry))
        .find_map(|(package, entry)| {
            let name = &entry.file_name;
            if !entry.is("PendingUpload") {
                return Some(format!(
                    "the new package {name} has the status {:?}: a new one is PendingUpload",
                    entry.status
                ));
            }
            let set = SERVICE_ONLY
                .iter()
                .find(|name| member(package, name).is_some_and(|value| !is_empty(value)))?;
            Some(format!(
                "the new package {name} has {set}, which only the service sets: make it with pending_upload()"
            ))
        })
}

fn listings(body: &Value) -> Option<String> {
    let count = member(body, "listings")
        .and_then(Value::as_object)
        .map_or(0, serde_json::Map::len);
    (count == 0).then(|| "the update has no listing, and the service needs at least one: add one for a language".to_owned())
}

/// What is to be uploaded is in the archive, and nothing else.
fn files(body: &Value, archive: &[String]) -> Option<String> {
    let mut named = BTreeSet::new();
    pending_files(body, &mut named);
    let archive: BTreeSet<String> = archive.iter().cloned().collect();
    let list = |names: Vec<&String>| names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let missing: Vec<&String> = named.difference(&archive).collect();
    if !missing.is_empty() {
        let missing = list(missing);
        return Some(format!(
            "the submission names files that are not given: {missing}; add them with .package(), .image(), .icon() or .file(), or take their entries out, as ExistingPackages::ReplaceAll does with packages of an earlier run"
        ));
    }
    let unnamed: Vec<&String> = archive.difference(&named).collect();
    (!unnamed.is_empty()).then(|| {
        let unnamed = list(unnamed);
        format!("files are given that the submission does not name as PendingUpload: {unnamed}; name them in .edit(), or leave them out")
    })
}

/// The names of all files that are to be uploaded: entries that say `PendingUpload`, and trailers, which have no status, as long as
/// the service has given them no id.
pub(crate) fn pending_files(value: &Value, names: &mut BTreeSet<String>) {
    collect_files(value, false, names);
}

fn collect_files(value: &Value, in_trailer: bool, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect_files(element, in_trailer, names)),
        Value::Object(members) => {
            let text = |name: &str| member(value, name).and_then(Value::as_str).unwrap_or_default();
            let name = text("fileName");
            let is_new = text("fileStatus").eq_ignore_ascii_case("PendingUpload") || (in_trailer && !is_id(text("id")));
            if is_new && !name.is_empty() {
                names.insert(name.replace('\\', "/"));
            }
            let video = text("videoFileName");
            if !video.is_empty() && !is_id(text("id")) {
                names.insert(video.replace('\\', "/"));
            }
            for (name, inner) in members {
                collect_files(inner, in_trailer || name.eq_ignore_ascii_case("trailers"), names);
            }
        }
        _ => {}
    }
}

/// Something to be uploaded needs a link that is alive. One that ended is the same error as in the midst of an upload.
pub(crate) fn upload_link(link: &UploadUrl, now: SystemTime) -> Option<Error> {
    if !link.is_set() {
        let problem = "the draft has no upload link, as if it was made in Partner Center: delete it there and submit again";
        return Some(GuardError::new(Guard::UploadLink, problem).into());
    }
    let end = link.expires_at().filter(|end| *end <= now)?;
    let what = format!("its time ended at {}", crate::date::format(end));
    Some(UploadError::new(UploadErrorKind::LinkExpired, what).into())
}

/// What the service has after the update, compared with what was sent.
pub(crate) fn compare<S: Kind>(sent: &Value, has: &Value) -> Vec<(Guard, String)> {
    let mut found = Vec::new();
    if S::PRICED {
        found.extend(price_changed(sent, has).map(|problem| (Guard::PriceChanged, problem)));
    }
    if let Some(list) = S::PACKAGES {
        found
            .extend(packages_changed(&entries(sent, list), &entries(has, list)).map(|problem| (Guard::PackagesChanged, problem)));
    }
    found
}

fn price_changed(sent: &Value, has: &Value) -> Option<String> {
    let pricing = |body| member(body, "pricing").cloned().unwrap_or_default();
    let (sent, has) = (pricing(sent), pricing(has));
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("nothing").to_owned();
    let differs = |what: &str, sent: String, has: String| {
        (!sent.eq_ignore_ascii_case(&has)).then(|| {
            format!("the service has {has} for {what} where {sent} was sent: look at the draft in Partner Center before anything is committed")
        })
    };
    // No trial and none set are the same.
    let trial = |pricing| match text(member(pricing, "trialPeriod")) {
        unset if unset == "nothing" || unset.is_empty() => "NoFreeTrial".to_owned(),
        trial => trial,
    };
    let plain = [
        differs("priceId", text(member(&sent, "priceId")), text(member(&has, "priceId"))),
        differs("trialPeriod", trial(&sent), trial(&has)),
    ];
    let markets = |pricing: &Value| match member(pricing, "marketSpecificPricings") {
        Some(Value::Object(markets)) => markets.clone(),
        _ => serde_json::Map::new(),
    };
    let (sent, has) = (markets(&sent), markets(&has));
    let names: BTreeSet<&String> = sent.keys().chain(has.keys()).collect();
    // The service adds these two to every app, whatever is sent.
    let added = |name: &str| {
        ["LB", "EH"].contains(&name) && !sent.contains_key(name) && has.get(name).is_some_and(|tier| tier == "NotAvailable")
    };
    let by_market = names
        .into_iter()
        .filter(|name| !added(name))
        .map(|name| differs(&format!("the market {name}"), text(sent.get(name)), text(has.get(name))));
    plain.into_iter().chain(by_market).flatten().next()
}

fn packages_changed(sent: &[Entry], has: &[Entry]) -> Option<String> {
    let set = |entries: &[Entry]| {
        let mut set: Vec<(String, String)> = entries
            .iter()
            .map(|entry| (entry.file_name.clone(), entry.status.to_ascii_lowercase()))
            .collect();
        set.sort();
        set
    };
    let (sent, has) = (set(sent), set(has));
    let odd = sent
        .iter()
        .find(|entry| !has.contains(entry))
        .or_else(|| has.iter().find(|entry| !sent.contains(entry)))?;
    Some(format!(
        "the service does not have the packages that were sent, see {}: look at the draft before anything is committed",
        odd.0
    ))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
