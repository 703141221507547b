//! What the service has against a package, by its manifest.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::manifests::{Looks, identities, name_of};
use super::rules::Rule;
use crate::package::{PackageInfo, PackageKind, Version};

/// Those that the service accepts and forgets: it expects a bundle in the container.
pub(super) fn lost(looks: &Looks) -> BTreeSet<String> {
    let is_lost = |info: &PackageInfo| info.kind == PackageKind::Upload && info.packages.len() > 1;
    let lost = looks.iter().filter(|(_, look)| look.as_ref().is_ok_and(is_lost));
    lost.map(|(name, _)| name.clone()).collect()
}

fn is_single(info: &PackageInfo) -> bool {
    match (info.kind, &info.packages[..]) {
        (PackageKind::Upload, [one]) => is_single(one),
        (kind, _) => kind == PackageKind::Package,
    }
}

/// Whether it is a bundle, as far as the service tells.
fn is_bundle(package: &Value) -> bool {
    let name = name_of(package).to_ascii_lowercase();
    name.ends_with("bundle") || package["architecture"].as_str().is_some_and(|text| text.contains(','))
}

/// What a package must fit.
pub(super) struct Store<'a> {
    /// The members of the app.
    pub(super) app: Option<&'a Map<String, Value>>,
    /// The packages of the published submission.
    pub(super) published: &'a [Value],
}

impl Store<'_> {
    /// What is wrong with a file, as codes and details of errors.
    pub(super) fn refusals(
        &self,
        name: &str,
        look: &Result<PackageInfo, String>,
        enforced: impl Fn(Rule) -> bool,
    ) -> Vec<(&'static str, String)> {
        let info = match look {
            Ok(info) => info,
            Err(problem) if enforced(Rule::PackageKind) => {
                let details = format!("Package acceptance validation error: The package {name} cannot be opened: {problem}.");
                return vec![("PackageValidationFailed", details)];
            }
            Err(_) => return Vec::new(),
        };
        let mut details = Vec::new();
        if enforced(Rule::PackageIdentity) {
            self.check_identity(info, &mut details);
        }
        if enforced(Rule::PackageVersion) {
            self.check_version(name, info, &mut details);
        }
        let mut seen = BTreeSet::new();
        details.retain(|it| seen.insert(it.clone()));
        details.into_iter().map(|it| ("InvalidParameterValue", it)).collect()
    }

    /// Whether the published submission has a bundle and the next one, with these packages, would have none. What cannot be read
    /// may be one.
    pub(super) fn lacks_bundle(&self, packages: &[Value], looks: &Looks) -> bool {
        let stays = |package: &&Value| package["fileStatus"] != "PendingDelete";
        let is_single = |package: &Value| match (package["fileStatus"].as_str(), looks.get(&name_of(package))) {
            (Some("PendingUpload"), Some(Ok(info))) => is_single(info),
            (Some("PendingUpload"), _) => false,
            _ => !is_bundle(package),
        };
        self.published.iter().any(is_bundle) && packages.iter().filter(stays).all(is_single)
    }

    fn check_identity(&self, info: &PackageInfo, details: &mut Vec<String>) {
        for identity in identities(info) {
            for (member, what, found) in [
                ("packageIdentityName", "identity name", &identity.name),
                ("publisherName", "publisher name", &identity.publisher),
            ] {
                if let Some(expected) = self.app.and_then(|app| app.get(member)?.as_str()).filter(|it| it != found) {
                    details.push(format!("The package {what} is not valid: {found} (expected: {expected})"));
                }
            }
        }
    }

    fn check_version(&self, name: &str, info: &PackageInfo, details: &mut Vec<String>) {
        for version in identities(info).into_iter().map(|identity| identity.version) {
            if version.numbers()[3] != 0 {
                details.push(format!(
                    "Package acceptance validation error: The revision, the fourth number of a version, has to be zero in the \
                     manifest of an app. The package {name} has the version {version}."
                ));
            }
        }
        let Some(version) = identities(info).first().map(|identity| identity.version) else {
            return;
        };
        for published in self.published {
            let Some(held) = published["version"].as_str().and_then(|text| text.parse::<Version>().ok()) else {
                continue;
            };
            if is_in_the_way(info, published, held == version) && held >= version {
                details.push(format!(
                    "Package acceptance validation error: The package {name} has the version {version}, which has to be higher than \
                     {held} of the package {} that is in the Store already.",
                    name_of(published)
                ));
            }
        }
    }
}

/// Whether a published package serves an architecture and a device family of a new one; and if it is not `the_same`, whether it
/// runs on all versions of Windows that the new one runs on.
fn is_in_the_way(info: &PackageInfo, published: &Value, the_same: bool) -> bool {
    let architectures = published["architecture"].as_str().unwrap_or_default().to_ascii_lowercase();
    let mut served = architectures.split([',', ';', ' ']).filter(|it| !it.is_empty());
    if !served.any(|served| info.architectures.iter().any(|architecture| architecture == served)) {
        return false;
    }
    // A flight's do not tell their device families.
    let Some(families) = published["targetDeviceFamilies"].as_array() else {
        return true;
    };
    let mut families = families
        .iter()
        .filter_map(|family| family.as_str()?.split_once(" min version "));
    families.any(|(name, lowest)| {
        let lowest = lowest.trim().parse::<Version>().ok();
        let mut new = info
            .device_families
            .iter()
            .filter(|family| family.name.eq_ignore_ascii_case(name));
        new.any(|family| the_same || lowest.is_none_or(|lowest| lowest <= family.min_version))
    })
}
