//! Member names in the spelling of the service: it reads them in any case, as clients that write them in capitals prove.
//!
//! Maps whose keys are data (markets, languages, device families) are left alone: the market `ID` is no `id`.

use serde_json::{Map, Value};

const MAPS: [&str; 5] = [
    "marketSpecificPricings",
    "allowTargetFutureDeviceFamilies",
    "listings",
    "platformOverrides",
    "trailerAssets",
];

const NAMES: [&str; 87] = [
    "allowMicrosoftDecideAppAvailabilityToFutureDeviceFamilies",
    "allowTargetFutureDeviceFamilies",
    "applicationCategory",
    "applicationPackages",
    "architecture",
    "automaticBackupEnabled",
    "baseListing",
    "canInstallOnRemovableMedia",
    "capabilities",
    "contentType",
    "copyrightAndTrademarkInfo",
    "description",
    "devStudio",
    "enterpriseLicensing",
    "fallbackSubmissionId",
    "features",
    "fileName",
    "fileStatus",
    "fileUploadUrl",
    "flightId",
    "flightPackages",
    "friendlyName",
    "gamingOptions",
    "genres",
    "hardwarePreferences",
    "hasExternalInAppProducts",
    "icon",
    "id",
    "imageList",
    "images",
    "imageType",
    "isAdvancedPricingModel",
    "isBroadcastingPrivilegeGranted",
    "isCrossPlayEnabled",
    "isGameDvrEnabled",
    "isLocalCooperative",
    "isLocalMultiplayer",
    "isMandatoryUpdate",
    "isOnlineCooperative",
    "isOnlineMultiplayer",
    "isPackageRollout",
    "isSeekEnabled",
    "keywords",
    "kinectDataForExternal",
    "languages",
    "licenseTerms",
    "lifetime",
    "listings",
    "localCooperativeMaxPlayers",
    "localCooperativeMinPlayers",
    "localMultiplayerMaxPlayers",
    "localMultiplayerMinPlayers",
    "mandatoryUpdateEffectiveDate",
    "marketSpecificPricings",
    "meetAccessibilityGuidelines",
    "minimumDirectXVersion",
    "minimumHardware",
    "minimumSystemRam",
    "notesForCertification",
    "packageDeliveryOptions",
    "packageRollout",
    "packageRolloutPercentage",
    "packageRolloutStatus",
    "platformOverrides",
    "priceId",
    "pricing",
    "privacyPolicy",
    "recommendedHardware",
    "releaseNotes",
    "sales",
    "shortDescription",
    "shortTitle",
    "sortTitle",
    "status",
    "statusDetails",
    "supportContact",
    "tag",
    "targetDeviceFamilies",
    "targetPublishDate",
    "targetPublishMode",
    "title",
    "trailerAssets",
    "trailers",
    "trialPeriod",
    "version",
    "videoFileName",
    "visibility",
];

pub(super) fn canonical(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        Value::Object(members) => {
            let mut named = Map::new();
            for (name, value) in members {
                let name = NAMES
                    .iter()
                    .find(|known| known.eq_ignore_ascii_case(&name))
                    .map_or(name, |known| (*known).to_owned());
                let value = if MAPS.contains(&name.as_str()) {
                    entries(value)
                } else {
                    canonical(value)
                };
                named.insert(name, value);
            }
            Value::Object(named)
        }
        other => other,
    }
}

fn entries(value: Value) -> Value {
    match value {
        Value::Object(members) => members.into_iter().map(|(key, value)| (key, canonical(value))).collect(),
        other => canonical(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_keys_are_not() {
        let body = json!({
            "Pricing": { "PRICEID": "Free", "MarketSpecificPricings": { "ID": "Tier2" } },
            "Listings": { "en-US": { "BaseListing": { "Title": "A" } } },
            "unknownThing": { "FileName": 1 },
        });
        let expected = json!({
            "pricing": { "priceId": "Free", "marketSpecificPricings": { "ID": "Tier2" } },
            "listings": { "en-US": { "baseListing": { "title": "A" } } },
            "unknownThing": { "fileName": 1 },
        });
        assert_eq!(canonical(body), expected);
    }
}
