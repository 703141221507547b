//! What was not edited goes back as it came, whatever it looks like.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value, json};

use super::{fixtures, inside, with, with_model};
use crate::document::Document;
use crate::model::application_submission::ApplicationSubmission;
use crate::model::receipt::Receipt;
use crate::model::status::StatusCode;

fn goes_back<T: DeserializeOwned + Serialize>(place: &str, received: &Value) {
    let receipt = Receipt::new(200, None, None, ());
    let decoded = Document::<T>::decode(received.clone(), receipt, String::new());
    let mut document = decoded.unwrap_or_else(|error| panic!("{place}: {error}: {received}"));
    let text = serde_json::to_vec(received).unwrap();
    for touched in [false, true] {
        if touched {
            // Borrowed mutably, and left alone.
            let _: &mut T = &mut document;
        }
        assert_eq!(&document.body().unwrap(), received, "{place}");
        assert_eq!(document.body_bytes().unwrap(), text, "{place}");
        assert_eq!(document.changes().unwrap(), [], "{place}");
    }
}

/// The same body with one thing written in another way that the service has, or that a later one may have.
fn variants(root: &Value) -> Vec<(String, Value)> {
    let mut found = vec![(String::new(), root.clone())];
    let unknown = json!({"a": [null, 0, 0.0, "", {}, [], 1e300, -0.0, 18_446_744_073_709_551_615_u64], "B": null});
    for (pointer, value) in inside(root) {
        let mut add = |value: Value| found.push((pointer.clone(), with(root, &pointer, value)));
        match value {
            Value::Object(map) => {
                let mut more = map.clone();
                more.insert("notKnownYet".to_owned(), unknown.clone());
                // An entry of another kind, where this is a map.
                more.insert("Zz".to_owned(), json!([[1]]));
                add(more.into());
                for (name, value) in map {
                    add(map.iter().filter(|(key, _)| *key != name).map(pair).collect());
                    for spelled in [name.to_uppercase(), name[..1].to_uppercase() + &name[1..]] {
                        let mut respelled: Map<String, Value> = map.iter().filter(|(key, _)| *key != name).map(pair).collect();
                        respelled.insert(spelled.clone(), value.clone());
                        add(respelled.clone().into());
                        respelled.insert(name.clone(), Value::Null);
                        add(respelled.clone().into());
                        respelled.insert(name.clone(), value.clone());
                        respelled.insert(spelled, Value::Null);
                        add(respelled.into());
                    }
                }
            }
            Value::Array(values) => {
                let null = [Value::Null];
                add([&null, values.as_slice(), &null].concat().into());
                add(json!([]));
                if let [single] = values.as_slice() {
                    add(single.clone());
                }
            }
            Value::Number(number) => {
                add(number.to_string().into());
                let other = match number.as_u64() {
                    Some(whole) => Number::from_f64(whole as f64),
                    None => number
                        .as_f64()
                        .filter(|float| float.fract() == 0.0)
                        .map(|float| Number::from(float as u64)),
                };
                other.into_iter().for_each(|other| add(other.into()));
            }
            Value::String(text) => {
                text.parse::<u64>().into_iter().for_each(|number| add(number.into()));
                add("".into());
            }
            Value::Bool(value) => add(value.to_string().into()),
            Value::Null => {}
        }
        if !pointer.is_empty() {
            found.push((pointer.clone(), with(root, &pointer, Value::Null)));
        }
    }
    found
}

fn pair((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

#[test]
fn an_unedited_document_goes_back_as_it_came() {
    let mut count = 0;
    for (name, kind, root) in fixtures() {
        for (pointer, received) in variants(root) {
            count += 1;
            let place = format!("{name} at {pointer:?}");
            with_model!(*kind, T => goes_back::<T>(&place, &received));
        }
    }
    assert!(count > 3000, "{count}");
}

/// Status details hide signatures wherever they are written, and a document writes none of them.
#[test]
fn signatures_in_status_details_go_back_as_they_came() {
    let link = |sig: &str| format!("https://h/b?sv=1&sig={sig}&sp=r");
    let received = json!({
        "notesForCertification": "old",
        "statusDetails": {
            "errors": [{ "code": "Other", "details": link("a") }, { "code": "Other", "details": link("b") }],
            "warnings": [],
            "certificationReports": [{ "date": "2026-02-10T07:00:00Z", "reportUrl": link("c") }],
        },
    });
    goes_back::<ApplicationSubmission>("status details", &received);
    let receipt = Receipt::new(200, None, None, ());
    let mut document = Document::<ApplicationSubmission>::decode(received.clone(), receipt, String::new()).unwrap();
    document.notes_for_certification = "new".to_owned();
    document.status_details.errors[1].code = StatusCode::InvalidState;
    let mut expected = received;
    expected["notesForCertification"] = "new".into();
    expected["statusDetails"]["errors"][1]["code"] = "InvalidState".into();
    assert_eq!(document.body().unwrap(), expected);
}
