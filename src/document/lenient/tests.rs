use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::document::lenient::decode_value;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct View {
    text: String,
    flag: Option<bool>,
    count: Option<u32>,
    share: Option<f64>,
    list: Vec<String>,
    inner: Vec<Inner>,
    map: BTreeMap<String, Inner>,
    flags: BTreeMap<String, bool>,
    page: Envelope,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Inner {
    name: String,
    numbers: BTreeMap<String, u8>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Envelope {
    value: Vec<Inner>,
}

fn inner(name: &str) -> Inner {
    Inner {
        name: name.to_owned(),
        ..Inner::default()
    }
}

#[test]
fn reads_what_can_be_meant() {
    let empty = View::default;
    let text = |text: &str| View {
        text: text.to_owned(),
        ..empty()
    };
    let list = |list: &[&str]| View {
        list: list.iter().map(ToString::to_string).collect(),
        ..empty()
    };
    let named = |name: &str| View {
        inner: vec![inner(name)],
        ..empty()
    };
    let table = [
        (json!({}), empty()),
        (
            json!({"text": null, "flag": null, "list": null, "map": null, "inner": [null], "x": {}}),
            empty(),
        ),
        (json!({"TEXT": "a"}), text("a")),
        (json!({"Text": "a", "text": "b", "TEXT": "c"}), text("b")),
        (json!({"Text": "a", "text": null}), text("a")),
        (json!({"text": 7}), text("7")),
        (json!({"text": 0.5}), text("0.5")),
        (
            json!({"flag": "True"}),
            View {
                flag: Some(true),
                ..empty()
            },
        ),
        (
            json!({"flag": false}),
            View {
                flag: Some(false),
                ..empty()
            },
        ),
        (
            json!({"count": 2.0}),
            View {
                count: Some(2),
                ..empty()
            },
        ),
        (
            json!({"count": " 2 "}),
            View {
                count: Some(2),
                ..empty()
            },
        ),
        (
            json!({"share": 0}),
            View {
                share: Some(0.0),
                ..empty()
            },
        ),
        (
            json!({"share": "12.5"}),
            View {
                share: Some(12.5),
                ..empty()
            },
        ),
        (json!({"list": ["a", null, 1]}), list(&["a", "1"])),
        (json!({"list": "a"}), list(&["a"])),
        (json!({"list": ""}), empty()),
        (json!({"inner": {"NAME": "a"}}), named("a")),
        (json!({"flags": true}), empty()),
        (
            json!({"flags": {"a": {}, "7": true, "b": null, "c": "false", "d": []}}),
            View {
                flags: BTreeMap::from([("7".to_owned(), true), ("c".to_owned(), false)]),
                ..empty()
            },
        ),
        (
            json!({"map": {"a": 1, "b": {"name": "b", "numbers": {"x": []}}, "c": [], "d": "x"}}),
            View {
                map: BTreeMap::from([("b".to_owned(), inner("b"))]),
                ..empty()
            },
        ),
        (
            json!({"page": [{"name": "a"}]}),
            View {
                page: Envelope { value: vec![inner("a")] },
                ..empty()
            },
        ),
        (
            json!({"page": {"Value": {"name": "a"}}}),
            View {
                page: Envelope { value: vec![inner("a")] },
                ..empty()
            },
        ),
    ];
    for (value, expected) in table {
        assert_eq!(decode_value::<View>(&value).unwrap(), expected, "{value}");
    }
}

#[test]
fn an_error_has_its_path_and_no_value() {
    let table = [
        (json!("secret"), "", "an object"),
        (json!(null), "", "an object"),
        (json!({"text": ["secret"]}), "text", "a text"),
        (json!({"TEXT": {}}), "TEXT", "a text"),
        (json!({"flag": "secret"}), "flag", "true or false"),
        (json!({"count": "secret"}), "count", "a number"),
        (json!({"count": -3}), "count", "u32"),
        (json!({"count": 2.5}), "count", "u32"),
        (json!({"map": 3}), "map", "an object"),
        (json!({"inner": [{}, null, {"name": ["secret"]}]}), "inner[2].name", "a text"),
        (json!({"inner": {"name": ["secret"]}}), "inner.name", "a text"),
        (json!({"map": {"en-us": {"name": []}}}), "map.en-us.name", "a text"),
        (
            json!({"map": {"a": 1, "b": {"numbers": {"x": [], "y": 999}}}}),
            "map.b.numbers.y",
            "u8",
        ),
    ];
    for (value, path, expected) in table {
        let error = decode_value::<View>(&value).unwrap_err();
        assert_eq!((error.path.as_str(), error.expected.as_str()), (path, expected), "{value}");
    }
}

#[test]
fn a_view_of_anything_is_the_value() {
    let value = json!({"a": [null, 1, -1, 0.5, "x", {"b": null}], "A": true});
    assert_eq!(decode_value::<Value>(&value).unwrap(), value);
}
