//! The product that a fake begins with, and the defaults of what an update leaves out.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use super::model::{Image, Listing, MsiStatus, Product};

pub(crate) fn default_package() -> Value {
    json!({
        "packageId": "",
        "packageUrl": "",
        "languages": [],
        "architectures": [],
        "isSilentInstall": false,
        "installerParameters": null,
        "genericDocUrl": null,
        "errorDetails": [],
        "packageType": "exe",
    })
}

pub(crate) fn default_availability() -> Value {
    json!({
        "markets": [],
        "discoverability": "DISCOVERABLE",
        "enableInFutureMarkets": false,
        "pricing": "FREE",
        "freeTrial": "NO_FREE_TRIAL",
    })
}

pub(crate) fn default_properties() -> Value {
    json!({
        "isPrivacyPolicyRequired": false,
        "privacyPolicyUrl": "",
        "website": "",
        "supportContactInfo": "",
        "certificationNotes": "",
        "category": "",
        "subcategory": "",
        "productDeclarations": {
            "dependsOnDriversOrNT": false,
            "accessibilitySupport": false,
            "penAndInkSupport": false,
        },
        "isSystemFeatureRequired": [],
        "systemRequirementDetails": [],
    })
}

pub(crate) fn default_listing() -> Map<String, Value> {
    let texts = [
        "language",
        "description",
        "whatsNew",
        "shortDescription",
        "additionalLicenseTerms",
        "copyright",
        "developedBy",
        "sortTitle",
        "contactInfo",
    ];
    let lists = ["productFeatures", "searchTerms", "requirements"];
    let texts = texts.map(|name| (name.to_owned(), Value::from("")));
    let lists = lists.map(|name| (name.to_owned(), json!([])));
    texts.into_iter().chain(lists).collect()
}

/// A product of which all is filled in, whose packages were fetched, and of which nothing is under way.
pub(crate) fn product(id: &str, mut new_id: impl FnMut() -> String) -> Product {
    let packages = vec![
        package(
            &new_id(),
            json!({
                "packageUrl": "https://downloads.lanternworks.example/2.4.0/lantern-2.4.0-x64-setup.exe",
                "languages": ["en-us", "de-de"],
                "architectures": ["X64"],
                "installerParameters": "/S",
                "genericDocUrl": "https://lanternworks.example/exit-codes",
                "errorDetails": [
                    {
                        "errorScenario": "rebootRequired",
                        "errorScenarioDetails": [{ "errorValue": "3010", "errorUrl": "" }],
                    },
                ],
                "unknownToDocumentation": { "keep": [1, "two"] },
            }),
        ),
        package(
            &new_id(),
            json!({
                "packageUrl": "https://downloads.lanternworks.example/2.4.0/lantern-2.4.0-arm64.msi",
                "languages": ["en-us", "de-de"],
                "architectures": ["Arm64"],
                "isSilentInstall": true,
                "packageType": "msi",
            }),
        ),
    ];
    let mut listing = |language: &str, description: &str, short: &str| {
        let mut members = default_listing();
        for (name, value) in [
            ("language", Value::from(language)),
            ("description", description.into()),
            ("shortDescription", short.into()),
            ("whatsNew", "Opens faster.".into()),
            ("productFeatures", json!(["Folds paper", "Lights it"])),
            ("searchTerms", json!(["lantern", "paper"])),
            ("additionalLicenseTerms", "MIT".into()),
            ("copyright", "© Lantern Works".into()),
            ("developedBy", "Lantern Works".into()),
            (
                "requirements",
                json!([{ "minimumHardware": "A match", "recommendedHardware": "" }]),
            ),
            ("contactInfo", "https://lanternworks.example/help".into()),
        ] {
            members.insert(name.to_owned(), value);
        }
        Listing {
            members,
            logos: vec![image(new_id(), 1080, 1080)],
            screenshots: vec![image(new_id(), 1366, 768)],
        }
    };
    let listings = vec![
        listing("en-us", "Paper lanterns for the desktop.", "Paper lanterns."),
        listing("de-de", "Papierlaternen für den Schreibtisch.", "Papierlaternen."),
    ];
    let mut properties = default_properties();
    properties["isPrivacyPolicyRequired"] = true.into();
    properties["privacyPolicyUrl"] = "https://lanternworks.example/privacy".into();
    properties["website"] = "https://lanternworks.example".into();
    properties["supportContactInfo"] = "help@lanternworks.example".into();
    properties["category"] = "Productivity".into();
    properties["isSystemFeatureRequired"] =
        json!([{ "isRequired": true, "isRecommended": false, "hardwareItemType": "Keyboard" }]);
    properties["systemRequirementDetails"] =
        json!([{ "minimumRequirement": "2GB", "recommendedRequirement": "", "hardwareItemType": "Memory" }]);
    let mut availability = default_availability();
    availability["markets"] = json!(["AT", "CH", "DE", "US"]);
    availability["enableInFutureMarkets"] = true.into();
    Product {
        id: id.to_owned(),
        fetched: packages.clone(),
        packages,
        availability,
        properties,
        listings,
        slots: Vec::new(),
        status: MsiStatus::Ready,
        steps: VecDeque::new(),
        is_scripted: false,
        lag: None,
        submissions: Vec::new(),
        script: None,
    }
}

fn image(id: String, width: u32, height: u32) -> Image {
    Image {
        url: format!("https://assets.lanternworks.example/{id}.png"),
        id,
        width,
        height,
    }
}

fn package(id: &str, members: Value) -> Value {
    let mut package = default_package();
    package["packageId"] = id.into();
    if let (Value::Object(package), Value::Object(members)) = (&mut package, members) {
        package.extend(members);
    }
    package
}
