//! What the service tells of a package once it has taken it.
//!
//! A file that is no ZIP archive has no manifest to read: it is described from its name, so that tests can submit any text.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::dates::Numbers;
use crate::package::{PackageIdentity, PackageInfo, Version};

/// What was found in files, by the names that they have in the archive.
pub(super) type Looks = BTreeMap<String, Result<PackageInfo, String>>;

/// The name of a package's file, as archives write it.
pub(super) fn name_of(package: &Value) -> String {
    package["fileName"].as_str().unwrap_or_default().replace('\\', "/")
}

/// Fills in what the service tells of a package that it has taken.
pub(super) fn describe(package: &mut Value, info: Option<&PackageInfo>, is_app: bool, numbers: &mut Numbers) {
    let name = name_of(package);
    let info = info.filter(|info| info.unreadable.is_none());
    package["id"] = numbers.package().into();
    package["fileStatus"] = "Uploaded".into();
    package["version"] = match info.and_then(|info| identities(info).first().copied()) {
        Some(identity) => identity.version.to_string().into(),
        None => version_in(&name).into(),
    };
    package["architecture"] = match info {
        Some(info) => info.architectures.join(",").into(),
        None => architecture_in(&name).into(),
    };
    package["languages"] = info.map_or_else(|| json!(["en-US"]), |info| json!(info.languages));
    let restricted = info.map_or_else(
        || vec!["runFullTrust".to_owned()],
        |info| info.restricted_capabilities.clone(),
    );
    let noise = ["Microsoft.storeFilter.core.notSupported_8wekyb3d8bbwe".to_owned()];
    package["capabilities"] = restricted.into_iter().chain(noise).collect();
    if is_app {
        let families = info.map(|info| {
            let families = info.device_families.iter();
            families
                .map(|family| format!("{} min version {}", family.name, family.min_version))
                .collect::<Vec<_>>()
        });
        package["targetPlatform"] = "Windows10".into();
        package["targetDeviceFamilies"] =
            json!(families.unwrap_or_else(|| vec!["Windows.Desktop min version 10.0.17763.0".to_owned()]));
    }
}

fn version_in(name: &str) -> &str {
    name.split(['_', '-', '/'])
        .find(|part| part.parse::<Version>().is_ok())
        .unwrap_or("1.0.0.0")
}

fn architecture_in(name: &str) -> &'static str {
    let lower = name.to_ascii_lowercase();
    let known = ["x64", "x86", "arm64", "arm"].into_iter();
    known.clone().find(|it| lower.contains(it)).unwrap_or("neutral")
}

/// Who it is, and who all is that lies in it.
pub(super) fn identities(info: &PackageInfo) -> Vec<&PackageIdentity> {
    let inner = info.packages.iter().flat_map(identities);
    info.identity.iter().chain(inner).collect()
}
