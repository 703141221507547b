//! PUT: the body replaces the whole submission, after the checks the service makes.
//!
//! Member names are read in any case, values exactly. What the service sets itself is kept; what the body lacks goes
//! back to its default, which is how clients that drop members destroy data. Members unknown to the fake are stored
//! as sent.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::answer::{Answer, Answered};
use super::body::{body_object, member};
use super::rules::Rule;
use super::state::{Call, Kind, State, Submission, parent_of, refuse_portal};
use super::{names, rollouts, sample};

const MAX_PACKAGES: usize = 30;

const DEVICE_FAMILIES: [&str; 4] = ["Desktop", "Mobile", "Xbox", "Holographic"];

pub(super) fn put(state: &mut State, call: &Call, parent_id: &str, id: &str) -> Answered {
    let parent = parent_of(state, parent_id)?;
    let current = state.model.submission(&parent, id)?.clone();
    refuse_portal(&current)?;
    if !current.is_open() {
        return Err(Answer::invalid_state(
            "submission",
            "The submission in its current state cannot be updated",
        ));
    }
    let mut body = names::canonical(Value::Object(body_object(call)?));
    check_values(&body)?;
    if let Some(members) = body.as_object() {
        check_listings(current.kind, members)?;
    }
    if state.enforces(Rule::Languages) {
        check_languages(current.kind, &body)?;
    }
    if current.kind == Kind::Application && state.enforces(Rule::DeviceFamilies) {
        check_device_families(&body)?;
    }
    let mut next = replaced(&current, &mut body, &sample::empty_submission(&parent))?;
    if let (Some(price), Some(pricing)) = (&call.new_price, next.get_mut("pricing")) {
        pricing["priceId"] = price.as_str().into();
    }
    next["status"] = "PendingCommit".into();
    if let Some(submission) = state.model.submissions.get_mut(id) {
        submission.document = next.clone();
    }
    Ok(Answer::json(200, &next))
}

fn replaced(current: &Submission, body: &mut Value, empty: &Value) -> Result<Value, Answer> {
    let before = &current.document;
    let sent_pricing = body["pricing"].clone();
    let mut next = Map::new();
    for (name, value) in empty.as_object().into_iter().flatten() {
        next.insert(name.clone(), value.clone());
    }
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        if !value.is_null() {
            next.insert(name.clone(), value.take());
        }
    }
    for name in ["id", "flightId", "status", "statusDetails", "fileUploadUrl", "friendlyName"] {
        next.remove(name);
        if let Some(value) = before.get(name) {
            next.insert(name.to_owned(), value.clone());
        }
    }
    let mut next = Value::Object(next);
    if current.kind != Kind::InAppProduct {
        let member = current.packages_member();
        next[member] = packages(&before[member], &next[member])?;
        next["packageDeliveryOptions"] = delivery(before, &next["packageDeliveryOptions"])?;
    }
    if current.kind != Kind::Flight {
        next["pricing"] = pricing(&sent_pricing, current.kind)?;
    }
    if current.kind == Kind::Application {
        keep_images(&before["listings"], &mut next["listings"]);
    }
    Ok(next)
}

pub(super) fn check_listings(kind: Kind, body: &Map<String, Value>) -> Result<(), Answer> {
    let (target, what) = match kind {
        Kind::Application => ("appListings", "AppListings"),
        Kind::InAppProduct => ("listings", "Listings"),
        Kind::Flight => return Ok(()),
    };
    let some = member(body, "listings")
        .and_then(Value::as_object)
        .is_some_and(|listings| !listings.is_empty());
    if some {
        return Ok(());
    }
    Err(Answer::invalid_value(target, format!("The size of {what} must be 1 or more")))
}

fn check_languages(kind: Kind, body: &Value) -> Result<(), Answer> {
    let target = match kind {
        Kind::Application => "appListings",
        _ => "listings",
    };
    let mut seen = HashSet::new();
    let mut languages = body["listings"].as_object().into_iter().flat_map(Map::keys);
    match languages.find(|language| !seen.insert(language.to_ascii_lowercase())) {
        None => Ok(()),
        Some(language) => Err(Answer::invalid_value(
            target,
            format!("The language '{language}' is there more than once"),
        )),
    }
}

fn check_device_families(body: &Value) -> Result<(), Answer> {
    let target = "allowTargetFutureDeviceFamilies";
    let families = body[target].as_object();
    let has = |name: &str| families.is_some_and(|families| families.keys().any(|key| key.eq_ignore_ascii_case(name)));
    if has("Core") {
        return Err(Answer::invalid_value(
            target,
            "Error converting value \"Core\" of a device family",
        ));
    }
    if DEVICE_FAMILIES.iter().all(|name| has(name)) {
        return Ok(());
    }
    let message = format!(
        "AllowTargetFutureDeviceFamilies must have a value for all supported platforms, [{}]",
        DEVICE_FAMILIES.join(", ")
    );
    Err(Answer::invalid_value(target, message))
}

fn pricing(sent: &Value, kind: Kind) -> Result<Value, Answer> {
    if !sent.is_object() {
        return Err(Answer::invalid_value("pricing", "Pricing is missing"));
    }
    let mut pricing = sent.clone();
    match pricing.get("priceId") {
        // Without a word: this is how paid apps become free.
        None | Some(Value::Null) => pricing["priceId"] = "Free".into(),
        Some(Value::String(tier)) if tier == "Base" || !is_tier(tier) => {
            return Err(Answer::invalid_value(
                "pricing",
                format!("'{tier}' is not a valid PriceId for base price."),
            ));
        }
        Some(Value::String(_)) => {}
        Some(_) => return Err(Answer::invalid_value("pricing", "PriceId must be a text")),
    }
    let markets = &mut pricing["marketSpecificPricings"];
    if !markets.is_object() {
        *markets = json!({});
    }
    let wrong = markets
        .as_object()
        .into_iter()
        .flatten()
        .find(|(_, tier)| !tier.as_str().is_some_and(is_tier));
    if let Some((market, _)) = wrong {
        return Err(Answer::invalid_value(
            "pricing",
            format!("The price of market '{market}' is not valid"),
        ));
    }
    if kind == Kind::Application {
        for market in ["LB", "EH"] {
            markets[market] = "NotAvailable".into();
        }
        if pricing["trialPeriod"].is_null() {
            pricing["trialPeriod"] = "NoFreeTrial".into();
        }
    }
    pricing["sales"] = json!([]);
    // Observed: any update, even a verbatim echo, turns it off.
    pricing["isAdvancedPricingModel"] = false.into();
    Ok(pricing)
}

fn is_tier(text: &str) -> bool {
    let number = text.strip_prefix("Tier").is_some_and(|it| it.parse::<u32>().is_ok());
    number || ["Free", "NotAvailable", "Base"].contains(&text)
}

/// The new list of packages: existing ones keep what the service knows of them.
fn packages(before: &Value, next: &Value) -> Result<Value, Answer> {
    let before = before.as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(next) = next.as_array() else {
        return Err(Answer::invalid_value("packages", "A list of packages is expected"));
    };
    if next.len() > MAX_PACKAGES {
        return Err(Answer::invalid_value(
            "packages",
            format!("The size of packages must be {MAX_PACKAGES} or less"),
        ));
    }
    let existing = |package: &&Value| package["fileStatus"] != "PendingUpload";
    let kept = |package: &Value| {
        next.iter()
            .any(|it| it["id"] == package["id"] && ["Uploaded", "PendingDelete"].iter().any(|status| it["fileStatus"] == *status))
    };
    let missing: Vec<_> = before
        .iter()
        .filter(existing)
        .filter(|package| !kept(package))
        .filter_map(|package| package["id"].as_str())
        .collect();
    if !missing.is_empty() {
        return Err(Answer::invalid_value(
            "packages",
            format!(
                "Please keep all file entries for existing packages. To remove a package, mark it as PendingDelete. \
                 The following packages are missing in your update: {}",
                missing.join(", ")
            ),
        ));
    }
    next.iter().map(|entry| package(before, entry)).collect()
}

fn package(before: &[Value], entry: &Value) -> Result<Value, Answer> {
    let name = entry["fileName"].as_str().unwrap_or_default();
    if name.is_empty() {
        return Err(Answer::invalid_value("packages", "The file name of a package is missing"));
    }
    let known = before
        .iter()
        .find(|it| it["id"].as_str().is_some_and(|id| !id.is_empty()) && it["id"] == entry["id"]);
    let mut package = match (known, entry["fileStatus"].as_str()) {
        (Some(known), _) => known.clone(),
        (None, Some("PendingUpload")) => json!({ "fileName": name, "id": "" }),
        (None, _) => {
            return Err(Answer::invalid_value(
                "packages",
                format!("The package '{name}' is not known; a new one must be PendingUpload"),
            ));
        }
    };
    package["fileStatus"] = entry["fileStatus"].clone();
    for name in ["minimumDirectXVersion", "minimumSystemRam"] {
        let value = entry.get(name).filter(|value| !value.is_null());
        package[name] = value.cloned().unwrap_or_else(|| "None".into());
    }
    Ok(package)
}

/// The status and the fallback of a rollout are the service's.
fn delivery(before: &Value, next: &Value) -> Result<Value, Answer> {
    let mut next = next.clone();
    let before = &before["packageDeliveryOptions"]["packageRollout"];
    if !next["packageRollout"].is_object() {
        next["packageRollout"] = rollouts::none();
    }
    let rollout = &mut next["packageRollout"];
    let percentage = rollout["packageRolloutPercentage"].as_f64().unwrap_or(0.0);
    if !(0.0..=100.0).contains(&percentage) {
        return Err(Answer::invalid_value(
            "packageRolloutPercentage",
            "The percentage must be a number from 0 to 100",
        ));
    }
    for name in ["packageRolloutStatus", "fallbackSubmissionId"] {
        rollout[name] = before[name].clone();
    }
    Ok(next)
}

/// Images that an update leaves out stay; they go only when they are marked.
fn keep_images(before: &Value, next: &mut Value) {
    for (language, listing) in next.as_object_mut().into_iter().flatten() {
        let Some(old) = before[language.as_str()]["baseListing"]["images"].as_array() else {
            continue;
        };
        let listing = &mut listing["baseListing"];
        if !listing.is_object() {
            continue;
        }
        if !listing["images"].is_array() {
            listing["images"] = json!([]);
        }
        let Some(images) = listing["images"].as_array_mut() else {
            continue;
        };
        for image in old {
            if image["fileStatus"] == "Uploaded" && !images.iter().any(|it| it["id"] == image["id"]) {
                images.push(image.clone());
            }
        }
    }
}

const VALUES: [(&str, &[&str]); 11] = [
    ("visibility", &["NotSet", "Public", "Private", "Hidden"]),
    ("targetPublishMode", &["NotSet", "Immediate", "Manual", "SpecificDate"]),
    ("fileStatus", &["None", "PendingUpload", "Uploaded", "PendingDelete"]),
    ("enterpriseLicensing", &["None", "Online", "OnlineAndOffline"]),
    (
        "trialPeriod",
        &[
            "NoFreeTrial",
            "OneDay",
            "SevenDays",
            "FifteenDays",
            "ThirtyDays",
            "TrialNeverExpires",
        ],
    ),
    ("minimumDirectXVersion", &["None", "DirectX93", "DirectX100"]),
    ("minimumSystemRam", &["None", "Memory2GB"]),
    ("kinectDataForExternal", &["NotSet", "Unknown", "Enabled", "Disabled"]),
    (
        "lifetime",
        &[
            "Forever",
            "OneDay",
            "ThreeDays",
            "FiveDays",
            "OneWeek",
            "TwoWeeks",
            "OneMonth",
            "TwoMonths",
            "ThreeMonths",
            "SixMonths",
            "OneYear",
        ],
    ),
    (
        "contentType",
        &[
            "NotSet",
            "BookDownload",
            "EMagazine",
            "ENewspaper",
            "MusicDownload",
            "MusicStream",
            "OnlineDataStorage",
            "VideoDownload",
            "VideoStream",
            "Asp",
            "OnlineDownload",
        ],
    ),
    (
        "packageRolloutStatus",
        &[
            "PackageRolloutNotStarted",
            "PackageRolloutInProgress",
            "PackageRolloutComplete",
            "PackageRolloutStopped",
        ],
    ),
];

/// Values of enumerations are matched with regard to case.
fn check_values(value: &Value) -> Result<(), Answer> {
    match value {
        Value::Array(items) => items.iter().try_for_each(check_values),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| {
            let allowed = VALUES.iter().find(|(known, _)| known == name).map(|(_, allowed)| allowed);
            match (allowed, value) {
                (Some(allowed), Value::String(text)) if !allowed.contains(&text.as_str()) => Err(Answer::invalid_value(
                    name,
                    format!("Error converting value \"{text}\" of '{name}'"),
                )),
                _ => check_values(value),
            }
        }),
        _ => Ok(()),
    }
}
