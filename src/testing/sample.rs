//! The submissions a fake begins with, in the shapes of the wire.

use serde_json::{Value, json};

use super::dates::{Numbers, UNSET};
use super::rollouts;
use super::state::{Kind, Parent, status_details};

/// A submission of which nothing is set yet: what a product without a published submission starts from, and the
/// defaults of an update.
pub(super) fn empty_submission(parent: &Parent) -> Value {
    match parent.kind {
        Kind::Application => json!({
            "applicationCategory": "NotSet",
            "pricing": {
                "trialPeriod": "NoFreeTrial",
                "marketSpecificPricings": { "LB": "NotAvailable", "EH": "NotAvailable" },
                "sales": [],
                "priceId": "Free",
                "isAdvancedPricingModel": true,
            },
            "visibility": "Public",
            "targetPublishMode": "Immediate",
            "targetPublishDate": UNSET,
            "listings": {},
            "hardwarePreferences": [],
            "automaticBackupEnabled": false,
            "canInstallOnRemovableMedia": false,
            "isGameDvrEnabled": false,
            "gamingOptions": [],
            "hasExternalInAppProducts": false,
            "meetAccessibilityGuidelines": false,
            "notesForCertification": "",
            "applicationPackages": [],
            "packageDeliveryOptions": delivery(),
            "enterpriseLicensing": "None",
            "allowMicrosoftDecideAppAvailabilityToFutureDeviceFamilies": false,
            "allowTargetFutureDeviceFamilies": {},
            "trailers": [],
        }),
        Kind::InAppProduct => json!({
            "contentType": "NotSet",
            "keywords": [],
            "lifetime": "Forever",
            "listings": {},
            "pricing": {
                "marketSpecificPricings": {},
                "sales": [],
                "priceId": "Free",
                "isAdvancedPricingModel": true,
            },
            "targetPublishDate": UNSET,
            "targetPublishMode": "Immediate",
            "tag": "",
            "visibility": "Public",
        }),
        Kind::Flight => json!({
            "flightId": parent.id,
            "flightPackages": [],
            "packageDeliveryOptions": delivery(),
            "targetPublishMode": "Immediate",
            "targetPublishDate": "",
            "notesForCertification": "",
        }),
    }
}

fn delivery() -> Value {
    json!({
        "packageRollout": rollouts::none(),
        "isMandatoryUpdate": false,
        "mandatoryUpdateEffectiveDate": UNSET,
    })
}

/// A published submission with all that a user would have filled in.
pub(super) fn published_submission(parent: &Parent, numbers: &mut Numbers) -> Value {
    let mut document = empty_submission(parent);
    document["status"] = "Published".into();
    document["statusDetails"] = status_details(parent.kind);
    document["fileUploadUrl"] = Value::Null;
    match parent.kind {
        Kind::Application => {
            document["friendlyName"] = "Submission 1".into();
            document["applicationCategory"] = "Productivity".into();
            document["pricing"]["priceId"] = "Tier1012".into();
            document["listings"] = json!({
                "en-us": listing("Paper Lantern", "Folds notes into lanterns.", "First release.", numbers),
                "de-de": listing("Papierlaterne", "Faltet Notizen zu Laternen.", "Erste Ausgabe – schön!", numbers),
            });
            document["gamingOptions"] = json!([{
                "genres": [],
                "isLocalMultiplayer": false,
                "isLocalCooperative": false,
                "isOnlineMultiplayer": false,
                "isOnlineCooperative": false,
                "isBroadcastingPrivilegeGranted": false,
                "isCrossPlayEnabled": false,
                "kinectDataForExternal": "Disabled",
            }]);
            document["applicationPackages"] = json!([
                package("PaperLantern_1.0.0.0_x64.msix", "x64", numbers),
                package("PaperLantern_1.0.0.0_arm64.msix", "arm64", numbers),
            ]);
            document["allowTargetFutureDeviceFamilies"] =
                json!({ "Desktop": true, "Mobile": false, "Xbox": false, "Holographic": false, "7": true });
            // Wire oddities that a client must carry: a percentage as an integer, members no documentation knows.
            document["packageDeliveryOptions"]["packageRollout"]["packageRolloutPercentage"] = 0.into();
            document["internalFlags"] = json!({ "origin": "portal", "weights": [1, 2.0, null] });
        }
        Kind::InAppProduct => {
            document["friendlyName"] = "Submission 1".into();
            document["contentType"] = "OnlineDownload".into();
            document["keywords"] = json!(["lantern"]);
            document["tag"] = "season-1".into();
            document["pricing"]["priceId"] = "Tier3".into();
            document["listings"] = json!({
                "en": {
                    "description": "Ten more lanterns.",
                    "icon": { "fileName": "icons/lanterns.png", "fileStatus": "Uploaded" },
                    "title": "Lantern pack",
                },
            });
        }
        Kind::Flight => {
            let mut flown = package("PaperLantern_1.1.0.0_x64.msix", "x64", numbers);
            if let Some(members) = flown.as_object_mut() {
                members.remove("targetDeviceFamilies");
                members.remove("targetPlatform");
            }
            document["flightPackages"] = json!([flown]);
        }
    }
    document
}

fn listing(title: &str, description: &str, notes: &str, numbers: &mut Numbers) -> Value {
    json!({
        "baseListing": {
            "copyrightAndTrademarkInfo": "",
            "keywords": ["notes", "paper"],
            "licenseTerms": "",
            "privacyPolicy": "",
            "supportContact": "",
            "websiteUrl": "",
            "description": description,
            "features": ["Folds", "Glows"],
            "releaseNotes": notes,
            "images": [{
                "fileName": "screens/one.png",
                "fileStatus": "Uploaded",
                "id": numbers.submission(),
                "imageType": "Screenshot",
            }],
            "recommendedHardware": [],
            "minimumHardware": [],
            "title": title,
            "shortDescription": "",
        },
        "platformOverrides": {},
    })
}

fn package(name: &str, architecture: &str, numbers: &mut Numbers) -> Value {
    json!({
        "fileName": name,
        "fileStatus": "Uploaded",
        "id": numbers.package(),
        "version": "1.0.0.0",
        "architecture": architecture,
        "targetPlatform": "Windows10",
        "languages": ["en-US", "de-DE"],
        "capabilities": ["runFullTrust", "Microsoft.storeFilter.core.notSupported_8wekyb3d8bbwe"],
        "minimumDirectXVersion": "None",
        "minimumSystemRam": "None",
        "targetDeviceFamilies": ["Windows.Desktop min version 10.0.17763.0"],
    })
}
