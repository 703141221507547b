//! What a document promises, tried on every fixture, at every level.

mod arbitrary;
mod edits;
mod lists;
mod unedited;
mod views;

use std::path::PathBuf;
use std::sync::LazyLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::document::Document;
use crate::model::receipt::Receipt;

/// What a fixture is an example of, by its file name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Application,
    Applications,
    ApplicationSubmission,
    InAppProduct,
    InAppProducts,
    InAppProductRefs,
    InAppProductSubmission,
    Flight,
    Flights,
    FlightSubmission,
    Rollout,
    Status,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        // A longer prefix stands before a shorter one.
        let prefixes = [
            ("application-in-app-products-page", Self::InAppProductRefs),
            ("application-submission", Self::ApplicationSubmission),
            ("applications-page", Self::Applications),
            ("application", Self::Application),
            ("in-app-product-submission", Self::InAppProductSubmission),
            ("in-app-products-page", Self::InAppProducts),
            ("in-app-product", Self::InAppProduct),
            ("flight-submission", Self::FlightSubmission),
            ("flights-page", Self::Flights),
            ("flight", Self::Flight),
            ("package-rollout", Self::Rollout),
            ("status", Self::Status),
            ("commit", Self::Status),
        ];
        prefixes
            .iter()
            .find(|(prefix, _)| name.starts_with(prefix))
            .map(|(_, kind)| *kind)
    }
}

/// Runs a block with the model of a kind.
macro_rules! with_model {
    ($kind:expr, $model:ident => $body:expr) => {{
        use crate::document::tests::Kind;
        use crate::model;
        match $kind {
            Kind::Application => {
                type $model = model::application::Application;
                $body
            }
            Kind::Applications => {
                type $model = model::page::Page<model::application::Application>;
                $body
            }
            Kind::ApplicationSubmission => {
                type $model = model::application_submission::ApplicationSubmission;
                $body
            }
            Kind::InAppProduct => {
                type $model = model::in_app_product::InAppProduct;
                $body
            }
            Kind::InAppProducts => {
                type $model = model::page::Page<model::in_app_product::InAppProduct>;
                $body
            }
            Kind::InAppProductRefs => {
                type $model = model::page::Page<model::in_app_product::InAppProductRef>;
                $body
            }
            Kind::InAppProductSubmission => {
                type $model = model::in_app_product_submission::InAppProductSubmission;
                $body
            }
            Kind::Flight => {
                type $model = model::flight::Flight;
                $body
            }
            Kind::Flights => {
                type $model = model::page::Page<model::flight::Flight>;
                $body
            }
            Kind::FlightSubmission => {
                type $model = model::flight_submission::FlightSubmission;
                $body
            }
            Kind::Rollout => {
                type $model = model::package::PackageRollout;
                $body
            }
            Kind::Status => {
                type $model = model::status::StatusReport;
                $body
            }
        }
    }};
}
use with_model;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn fixture(name: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Every fixture but the error bodies.
fn fixtures() -> &'static [(String, Kind, Value)] {
    static FIXTURES: LazyLock<Vec<(String, Kind, Value)>> = LazyLock::new(read_fixtures);
    &FIXTURES
}

fn read_fixtures() -> Vec<(String, Kind, Value)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with("error-") {
            let kind = Kind::of(&name).unwrap_or_else(|| panic!("what is {name}?"));
            let value = fixture(&name);
            found.push((name, kind, value));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(found.len() > 25, "the fixtures are not found");
    found
}

fn document<T: DeserializeOwned + Serialize>(received: Value) -> Document<T> {
    let receipt = Receipt::new(200, None, None, ());
    Document::decode(received, receipt, "here".to_owned()).unwrap_or_else(|error| panic!("{error}"))
}

/// Every value inside, with its pointer; the root first.
fn inside(value: &Value) -> Vec<(String, &Value)> {
    let mut found = vec![(String::new(), value)];
    let mut next = 0;
    while let Some((pointer, value)) = found.get(next).cloned() {
        match value {
            Value::Object(map) => found.extend(map.iter().map(|(name, value)| (format!("{pointer}/{name}"), value))),
            Value::Array(values) => {
                found.extend(
                    values
                        .iter()
                        .enumerate()
                        .map(|(index, value)| (format!("{pointer}/{index}"), value)),
                );
            }
            _ => {}
        }
        next += 1;
    }
    found
}

/// A copy in which the value at the pointer is another.
fn with(root: &Value, pointer: &str, value: Value) -> Value {
    let mut copy = root.clone();
    *copy.pointer_mut(pointer).unwrap() = value;
    copy
}
