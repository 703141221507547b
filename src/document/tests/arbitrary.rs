//! Any JSON: decoding never panics, and what decodes keeps the promises.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Kind, document, fixtures, inside, with, with_model};
use crate::document::{Document, decode_value};

/// JSON out of the names and texts of the fixtures, so that it often comes near to what the models read.
fn any_json() -> impl Strategy<Value = Value> {
    let mut names: Vec<String> = Vec::new();
    let mut texts: Vec<String> = vec![
        String::new(),
        "true".to_owned(),
        "2.5".to_owned(),
        "NaN".to_owned(),
        "é".to_owned(),
    ];
    for (_, _, root) in fixtures() {
        for (pointer, value) in inside(root) {
            names.extend(pointer.rsplit('/').next().map(str::to_owned));
            texts.extend(value.as_str().map(str::to_owned));
        }
    }
    names.extend(names.clone().iter().map(|name| name.to_uppercase()));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0..9_u8).prop_map(Value::from),
        select(texts).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((select(names.clone()), inner), 0..8).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn keeps_its_promises<T: DeserializeOwned + Serialize + Clone>(received: &Value, other: &Value) {
    if decode_value::<T>(received).is_err() {
        return;
    }
    let mut document = document::<T>(received.clone());
    let _: &mut T = &mut document;
    assert_eq!(&document.body().unwrap(), received);

    merges(document.clone(), other);

    // The view of another body as the edit: the body that is sent reads as that view.
    let Ok(view) = decode_value::<T>(other) else { return };
    let wanted = serde_json::to_value(&view).unwrap();
    *document = view;
    let body = document.body().unwrap();
    let sent = decode_value::<T>(&body).map(|view| serde_json::to_value(view).unwrap());
    assert_eq!(sent.unwrap(), wanted);
    assert_eq!(document.changes().unwrap().is_empty(), body == *received);
}

/// A patch without members changes nothing, and one that was merged changes nothing when it is merged again.
fn merges<T: DeserializeOwned + Serialize>(mut document: Document<T>, patch: &Value) {
    let before = document.body().unwrap();
    if !before.is_object() {
        // An object takes its place.
        return;
    }
    document.merge(&json!({})).unwrap();
    assert_eq!(document.body().unwrap(), before);
    let merged = document.merge(patch);
    let once = document.body().unwrap();
    if merged.is_err() {
        assert_eq!(once, before);
        return;
    }
    document.merge(patch).unwrap();
    assert_eq!(document.body().unwrap(), once, "{patch}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_read_or_refused(value in any_json(), other in any_json()) {
        // The kinds with the most members.
        for kind in [Kind::InAppProducts, Kind::Flights, Kind::ApplicationSubmission, Kind::InAppProductSubmission, Kind::FlightSubmission] {
            with_model!(kind, T => keeps_its_promises::<T>(&value, &other));
        }
    }

    #[test]
    fn any_value_in_any_place_is_read_or_refused(which: Index, place: Index, value in any_json()) {
        let (_, kind, root) = which.get(fixtures());
        let places = inside(root);
        let (pointer, _) = place.get(&places);
        let received = with(root, pointer, value);
        with_model!(*kind, T => keeps_its_promises::<T>(&received, root));
        with_model!(*kind, T => keeps_its_promises::<T>(root, &received));
    }
}
