//! An edit changes what was edited and nothing else.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{document, fixture, fixtures, inside, with, with_model};
use crate::document::Document;
use crate::document::merge::MAPS;
use crate::model::application::Application;
use crate::model::application_submission::ApplicationSubmission;
use crate::model::in_app_product_submission::InAppProductSubmission;
use crate::model::listing::{BaseListing, Listing};

/// Each single edit of an encoded view: another text, number or boolean, one element or entry more or less.
fn single_edits(view: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (pointer, value) in inside(view) {
        // Another key makes another element.
        let is_key = ["id", "fileName", "videoFileName"].iter().any(|key| {
            let parent = pointer.strip_suffix(&format!("/{key}"));
            parent.is_some_and(|parent| parent.ends_with(|last: char| last.is_ascii_digit()))
        });
        if is_key {
            continue;
        }
        let candidates = match value {
            Value::Null => vec![json!(true), json!(7), json!({"id": "7"})],
            Value::Bool(value) => vec![json!(!value)],
            Value::Number(number) => match number.as_u64() {
                Some(whole) => vec![json!(whole + 1)],
                None => vec![json!(number.as_f64().unwrap() + 0.25)],
            },
            Value::String(text) => vec![json!(format!("{text}x"))],
            Value::Array(values) => {
                let mut edits: Vec<Value> = [json!("x"), json!({"fileName": "new"}), json!({"title": "new"})]
                    .iter()
                    .map(|new| [values.as_slice(), std::slice::from_ref(new)].concat().into())
                    .collect();
                edits.extend((0..values.len()).map(|gone| [&values[..gone], &values[gone + 1..]].concat().into()));
                edits
            }
            Value::Object(map) => {
                let insert = |value: Value| {
                    let mut map = map.clone();
                    map.insert("zz".to_owned(), value);
                    Value::Object(map)
                };
                let mut edits = vec![insert(json!("x")), insert(json!(true)), insert(json!({}))];
                let without = |gone: &String| {
                    map.iter()
                        .filter(|(key, _)| *key != gone)
                        .map(|(k, v)| (k.clone(), v.clone()))
                        .collect()
                };
                edits.extend(map.keys().map(without));
                edits
            }
        };
        found.extend(
            candidates
                .into_iter()
                .map(|candidate| (pointer.clone(), with(view, &pointer, candidate))),
        );
    }
    found
}

/// Tokens without indices, which a single value in place of a list does not have, in one case.
fn plain(pointer: &str) -> String {
    let tokens = pointer.split('/').filter(|token| token.parse::<usize>().is_err());
    tokens.collect::<Vec<_>>().join("/").to_lowercase()
}

fn edit_alone<T: DeserializeOwned + Serialize>(name: &str, received: &Value) -> usize {
    let original = document::<T>(received.clone());
    let view = serde_json::to_value(&*original).unwrap();
    let mut count = 0;
    for (pointer, edited) in single_edits(&view) {
        // An edit that the model cannot hold is no edit.
        let Ok(model) = serde_json::from_value::<T>(edited.clone()) else {
            continue;
        };
        if serde_json::to_value(&model).unwrap() != edited {
            continue;
        }
        count += 1;
        let mut document = document::<T>(received.clone());
        *document = model;
        let changes = document.changes().unwrap();
        assert_eq!(changes.len(), 1, "{name} {pointer}: {changes:?}");
        let place = &changes[0].pointer;
        let related = plain(&pointer).starts_with(&plain(place)) || plain(place).starts_with(&plain(&pointer));
        assert!(related, "{name} {pointer}: {place}");

        let body = document.body().unwrap();
        let again = serde_json::to_value(&*self::document::<T>(body)).unwrap();
        assert_eq!(again, edited, "{name} {pointer}");
    }
    count
}

#[test]
fn one_edit_is_one_difference() {
    let mut count = 0;
    for (name, kind, received) in fixtures() {
        count += with_model!(*kind, T => edit_alone::<T>(name, received));
    }
    assert!(count > 1000, "{count}");
}

#[test]
fn a_member_is_written_in_the_spelling_it_came_in() {
    let mut application: Document<Application> = document(fixture("application"));
    application.package_family_name = "Other".to_owned();
    let body = application.body().unwrap();
    assert_eq!(body["PackageFamilyName"], "Other");
    assert_eq!(body.get("packageFamilyName"), None);
}

#[test]
fn a_cleared_list_is_sent_empty_and_a_cleared_number_is_not_sent() {
    let mut submission: Document<ApplicationSubmission> = document(fixture("application-submission"));
    submission.listing_mut("en-us").unwrap().base_listing.keywords.clear();
    submission.listing_mut("en-us").unwrap().base_listing.title.clear();
    submission.pricing.market_specific_pricings.clear();
    submission.is_game_dvr_enabled = None;
    let body = submission.body().unwrap();
    assert_eq!(body.pointer("/listings/en-us/baseListing/keywords"), Some(&json!([])));
    assert_eq!(body.pointer("/listings/en-us/baseListing/title"), Some(&json!("")));
    assert_eq!(body.pointer("/pricing/marketSpecificPricings"), Some(&json!({})));
    assert_eq!(body.get("isGameDvrEnabled"), None);
    assert_eq!(submission.changes().unwrap().len(), 2 + 1 + 3 + 1);
}

#[test]
fn a_new_value_keeps_the_entries_of_its_maps_and_nothing_else_that_is_empty() {
    let mut submission: Document<ApplicationSubmission> = document(json!({}));
    let mut listing = Listing::default();
    // One of the keys is the name of a map too.
    for key in ["Windows81", "listings"] {
        listing.platform_overrides.insert(key.to_owned(), BaseListing::default());
    }
    submission.listings.insert("en-us".to_owned(), listing);
    let expected = json!({"listings": {"en-us": {"platformOverrides": {"Windows81": {}, "listings": {}}}}});
    assert_eq!(submission.body().unwrap(), expected);
}

/// The names of the maps in a view: of the objects that keep whatever key they get.
fn maps<T: DeserializeOwned + Serialize>(received: &Value, found: &mut BTreeSet<String>) {
    let view = serde_json::to_value(&*document::<T>(received.clone())).unwrap();
    for (pointer, object) in inside(&view).into_iter().filter(|(_, value)| value.is_object()) {
        let keeps = |new: Value| {
            let mut more = object.clone();
            more["zz"] = new;
            let read = serde_json::from_value::<T>(with(&view, &pointer, more));
            read.is_ok_and(|read| {
                serde_json::to_value(read)
                    .unwrap()
                    .pointer(&format!("{pointer}/zz"))
                    .is_some()
            })
        };
        if [json!("x"), json!(true), json!({})].into_iter().any(keeps) {
            found.extend(pointer.rsplit('/').next().map(str::to_owned));
        }
    }
}

#[test]
fn every_map_of_the_models_is_known_as_one() {
    let mut found = BTreeSet::new();
    for (_, kind, received) in fixtures() {
        with_model!(*kind, T => maps::<T>(received, &mut found));
    }
    assert_eq!(found.iter().collect::<Vec<_>>(), MAPS);
}

#[test]
fn a_renamed_entry_takes_along_what_the_view_does_not_know() {
    let received = json!({"listings": {
        "en": {"title": "A", "unknown": 1},
        "de": {"title": "B", "unknown": 2, "icon": null},
        "fr": {"title": "C", "unknown": 3},
    }});
    let rename = |from: &str, to: &str, title: Option<&str>| {
        let mut document: Document<InAppProductSubmission> = document(received.clone());
        let mut listing = document.listings.remove(from).unwrap();
        if let Some(title) = title {
            listing.title = title.to_owned();
        }
        document.listings.insert(to.to_owned(), listing);
        document.body().unwrap()["listings"].clone()
    };
    let all = received["listings"].clone();
    for from in ["en", "de", "fr"] {
        for to in ["es", "EN", "aa"] {
            let mut expected = all.clone();
            let entry = expected.as_object_mut().unwrap().remove(from).unwrap();
            expected[to] = entry;
            assert_eq!(rename(from, to, None), expected);
        }
    }
    // Renamed and edited in one go is new.
    assert_eq!(rename("en", "es", Some("D"))["es"], json!({"title": "D"}));
}

#[test]
fn a_renamed_entry_that_could_be_either_of_two_is_new() {
    let received = json!({"listings": {"en": {"title": "A", "x": 1}, "de": {"title": "A", "x": 2}}});
    let mut document: Document<InAppProductSubmission> = document(received);
    let listing = document.listings.remove("en").unwrap();
    document.listings.clear();
    document.listings.insert("fr".to_owned(), listing);
    assert_eq!(document.body().unwrap()["listings"], json!({"fr": {"title": "A"}}));
}

#[test]
fn what_json_cannot_say_is_an_error() {
    let mut submission: Document<ApplicationSubmission> = document(fixture("application-submission"));
    for number in [f64::NAN, f64::INFINITY] {
        submission.package_delivery_options.package_rollout.package_rollout_percentage = Some(number);
        for error in [
            submission.body().unwrap_err(),
            submission.changes().unwrap_err(),
            submission.body_bytes().unwrap_err(),
        ] {
            let path = "packageDeliveryOptions.packageRollout.packageRolloutPercentage";
            assert!(error.to_string().contains(path), "{error}");
        }
    }
}

#[test]
fn set_and_remove_come_on_top_of_the_edits() {
    let received = fixture("application-submission");
    let mut submission: Document<ApplicationSubmission> = document(received.clone());
    submission.notes_for_certification = "edited".to_owned();
    submission.set("/newMember", json!({"a": 1})).unwrap();
    submission.set("/pricing/priceId", json!("Tier1020")).unwrap();
    submission.remove("/friendlyName").unwrap();
    submission.set("/newMember/a", json!(2)).unwrap();
    assert_eq!(submission.pricing.price_id.to_string(), "Tier1020");
    assert_eq!(submission.friendly_name, "");
    submission.visibility = "Hidden".into();

    let mut expected = received.clone();
    expected["notesForCertification"] = json!("edited");
    expected["newMember"] = json!({"a": 2});
    expected["pricing"]["priceId"] = json!("Tier1020");
    expected.as_object_mut().unwrap().remove("friendlyName");
    expected["visibility"] = json!("Hidden");
    assert_eq!(submission.body().unwrap(), expected);
    assert_eq!(submission.as_received(), &received);
    let mut pointers: Vec<String> = submission
        .changes()
        .unwrap()
        .into_iter()
        .map(|change| change.pointer)
        .collect();
    pointers.sort();
    assert_eq!(
        pointers,
        [
            "/friendlyName",
            "/newMember",
            "/notesForCertification",
            "/pricing/priceId",
            "/visibility"
        ]
    );
}

#[test]
fn a_failed_set_changes_nothing() {
    let mut submission: Document<ApplicationSubmission> = document(fixture("application-submission"));
    submission.notes_for_certification = "edited".to_owned();
    let before = submission.body().unwrap();
    let long = "secret".repeat(10);
    for (pointer, value) in [
        ("/pricing", json!(long)),
        ("/listings/en-us/baseListing", json!([long])),
        ("/nothing/here", json!(1)),
        ("pricing", json!(1)),
        ("", json!({})),
    ] {
        let error = submission.set(pointer, value).unwrap_err().to_string();
        assert!(
            error.contains(&format!("{pointer:?}")) && !error.contains("secret"),
            "{error}"
        );
        assert_eq!(submission.body().unwrap(), before);
        assert_eq!(submission.notes_for_certification, "edited");
    }
    assert!(submission.remove("/nothing").is_err());
    assert_eq!(submission.body().unwrap(), before);
}

#[test]
fn a_merge_comes_on_top_of_the_edits() {
    let received = fixture("application-submission");
    let mut submission: Document<ApplicationSubmission> = document(received.clone());
    submission.notes_for_certification = "edited".to_owned();
    let patch = json!({
        "Visibility": "Hidden",
        "friendlyName": null,
        "newMember": {"a": 1},
        "listings": {"EN-US": {"baseListing": {"title": "Merged"}}, "fr-fr": {"baseListing": {"title": "Nouveau"}}},
    });
    submission.merge(&patch).unwrap();
    submission.pricing.price_id = "Tier1020".into();
    assert_eq!(submission.listing_mut("fr-FR").unwrap().base_listing.title, "Nouveau");

    let mut expected = received.clone();
    expected["notesForCertification"] = json!("edited");
    expected["visibility"] = json!("Hidden");
    expected["newMember"] = json!({"a": 1});
    expected["listings"]["en-us"]["baseListing"]["title"] = json!("Merged");
    expected["listings"]["fr-fr"] = json!({"baseListing": {"title": "Nouveau"}});
    expected["pricing"]["priceId"] = json!("Tier1020");
    expected.as_object_mut().unwrap().remove("friendlyName");
    assert_eq!(submission.body().unwrap(), expected);
    assert_eq!(submission.as_received(), &received);
    submission.merge(&patch).unwrap();
    assert_eq!(submission.body().unwrap(), expected);
    assert_eq!(submission.friendly_name, "");
}

#[test]
fn a_failed_merge_changes_nothing() {
    let mut submission: Document<ApplicationSubmission> = document(fixture("application-submission"));
    submission.notes_for_certification = "edited".to_owned();
    let before = submission.body().unwrap();
    let long = "secret".repeat(10);
    for patch in [
        json!({"visibility": "Hidden", "pricing": long}),
        json!({"visibility": "Hidden", "listings": {"en-us": {"baseListing": [long]}}}),
        json!([{"visibility": "Hidden"}]),
        json!(long),
        json!(null),
    ] {
        let error = submission.merge(&patch).unwrap_err().to_string();
        assert!(error.contains("the merge patch") && !error.contains("secret"), "{error}");
        assert_eq!(submission.body().unwrap(), before);
        assert_eq!(submission.notes_for_certification, "edited");
    }
}

#[test]
fn the_upload_link_shows_in_neither_debug_nor_changes() {
    let mut submission: Document<ApplicationSubmission> = document(fixture("application-submission"));
    submission.file_upload_url = crate::secret::UploadUrl::new("https://h/b?sig=hushhush");
    let shown = format!("{submission:?} {:?}", submission.changes().unwrap());
    assert!(!shown.contains("hushhush") && !shown.contains("c2FtcGxl"), "{shown}");
    assert_eq!(submission.changes().unwrap().len(), 1);
}
