//! The guards: each is a pure function that finds one harm, and says why it is one and how to go on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use serde::Serialize;

use crate::api::kinds::{Kind, Submission, Whole};
use crate::api::submissions::AppIdentity;
use crate::api::update::{check_languages, price_problem};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::model::guard::Guard;
use crate::model::package::{ApplicationPackage, FileStatus};
use crate::model::pricing::{PriceTier, Pricing, TrialPeriod};
use crate::publish::decide::image_rules;
use crate::publish::decide::new_package::{Found, NewPackage};
use crate::publish::decide::release::{identity_problem, kind_problem, title_problem, version_problem};
use crate::publish::files::ArchiveFile;
use crate::secret::UploadUrl;
use crate::upload::expired;

/// The most packages that a submission may have.
const MOST_PACKAGES: usize = 30;

/// A guard and its finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedGuard {
    /// The guard.
    pub guard: Guard,
    /// Its finding.
    pub finding: Finding,
}

/// The finding of a guard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Finding {
    /// Nothing is wrong.
    Passed,
    /// What is wrong; it would stop the run.
    Failed(String),
    /// What is wrong; it would not stop the run, because the guard is lifted.
    Lifted(String),
    /// The guard can be checked only when there is a draft, or not at all, because the packages cannot be read.
    NotChecked,
}

/// The findings of the guards, and the first of them that stops the run.
#[derive(Debug)]
pub(crate) struct Guards {
    lifted: Vec<Guard>,
    pub(crate) found: Vec<PlannedGuard>,
    pub(crate) stop: Result<()>,
}

impl Guards {
    pub(crate) fn new(lifted: &[Guard]) -> Self {
        Self {
            lifted: lifted.to_vec(),
            found: Vec::new(),
            stop: Ok(()),
        }
    }

    pub(crate) fn add(&mut self, guard: Guard, problem: Option<String>) {
        self.add_error(guard, problem.map(|problem| Error::guard(guard, problem)));
    }

    /// Adds a guard; `None` if it cannot be checked now.
    fn add_checked(&mut self, guard: Guard, checked: Option<Option<String>>) {
        match checked {
            Some(problem) => self.add(guard, problem),
            None => self.add_later(guard),
        }
    }

    fn add_error(&mut self, guard: Guard, error: Option<Error>) {
        let finding = match error {
            None => Finding::Passed,
            Some(error) if self.lifted.contains(&guard) => Finding::Lifted(error.to_string()),
            Some(error) => {
                let problem = error.to_string();
                self.stop = std::mem::replace(&mut self.stop, Ok(())).and(Err(error));
                Finding::Failed(problem)
            }
        };
        self.found.push(PlannedGuard { guard, finding });
    }

    /// Adds a guard that cannot be checked now.
    fn add_later(&mut self, guard: Guard) {
        let finding = Finding::NotChecked;
        self.found.push(PlannedGuard { guard, finding });
    }
}

/// The document that the guards look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The draft that is going to be updated, now.
    Draft(SystemTime),
    /// The submission that a new draft will be a copy of.
    Copied,
    /// An empty one, for the first draft of all, in which the service sets more.
    Empty,
}

impl Guards {
    /// Adds what can be said of the new packages, by what lies in them, what the Store holds and the identity of the app. It is
    /// not checked if none of them can be read.
    pub(crate) fn check_packages(
        &mut self,
        new: &[NewPackage],
        held: &[ApplicationPackage],
        app: Option<&AppIdentity>,
        again: bool,
    ) {
        if new.is_empty() {
            return;
        }
        let is_broken = |package: &NewPackage| matches!(package.found, Found::Broken(_));
        let are_read = new.iter().any(|package| package.info().is_some());
        let kind = (are_read || new.iter().any(is_broken)).then(|| kind_problem(new, held));
        self.add_checked(Guard::PackageKind, kind);
        let identity = app.filter(|_| are_read).map(|app| (identity_problem(new, app), app));
        // The publisher alone tells no app from another.
        let identity = identity.filter(|(problem, app)| problem.is_some() || !app.name.is_empty());
        let identity = identity.map(|(problem, _)| problem);
        self.add_checked(Guard::PackageIdentity, identity);
        let version = are_read.then(|| version_problem(new, held, again));
        self.add_checked(Guard::PackageVersion, version);
    }

    /// Adds all that can be checked before an update. `before` are the packages before the edits. What no update is sent
    /// with, whatever guard is lifted, is an error.
    pub(crate) fn check<S: Submission>(
        &mut self,
        draft: &Document<S>,
        before: &[ApplicationPackage],
        files: &[ArchiveFile],
        new: &[NewPackage],
        standing: Standing,
    ) -> Result<()> {
        // Without a change there is no update.
        if !draft.changes()?.is_empty() {
            check_languages(draft.current()?.as_ref())?;
        }
        if S::ROLLED_OUT {
            let after = draft.packages();
            self.add(Guard::ExistingPackages, existing_packages(before, after));
            self.add(Guard::PackageCount, package_count(after));
            self.add(Guard::NewPackages, new_packages(before, after));
        }
        if draft.parts().pricing.is_some() {
            match standing {
                Standing::Empty => self.add_later(Guard::Price),
                _ => self.add(Guard::Price, price_problem(draft.current()?.as_ref()).map(str::to_owned)),
            }
        }
        if let Some(count) = draft.parts().listings {
            let problem = "the update has no listing, and the service needs at least one: add one for a language";
            self.add(Guard::Listings, (count == 0).then(|| problem.to_owned()));
        }
        if let Some(problem) = image_rules::problem(&draft.named_images(), files) {
            self.add(Guard::Images, problem);
        }
        if let Whole::Application(submission) = draft.whole() {
            self.add(Guard::ListingTitles, title_problem(submission, new));
        }
        self.add(Guard::Files, unmatched_files(&**draft, files));
        match standing {
            _ if files.is_empty() => {}
            Standing::Draft(now) => self.add_error(Guard::UploadLink, upload_link(draft.upload_url(), now)),
            Standing::Copied | Standing::Empty => self.add_later(Guard::UploadLink),
        }
        Ok(())
    }

    /// Adds the guards that compare the answer to an update with the document that was sent.
    pub(crate) fn compare<S: Kind>(&mut self, sent: &S, has: &S) {
        if let (Some(sent), Some(has)) = (sent.parts().pricing, has.parts().pricing) {
            self.add(Guard::PriceChanged, price_changed(sent, has));
        }
        self.add(Guard::PackagesChanged, packages_changed(sent.packages(), has.packages()));
    }
}

/// The service refuses an update in which a package that was there is missing or marked as new.
fn existing_packages(before: &[ApplicationPackage], after: &[ApplicationPackage]) -> Option<String> {
    let kept = |old: &ApplicationPackage| {
        let fits = |status: &FileStatus| {
            [FileStatus::Uploaded, FileStatus::PendingDelete].contains(status) || *status == old.file_status
        };
        after.iter().any(|new| old.is_same(new) && fits(&new.file_status))
    };
    let lost = before.iter().filter(|old| !old.is_awaited() && !kept(old));
    let lost = joined(lost.map(|old| old.file_name.as_str()))?;
    Some(format!(
        "the update must keep every package that is there, but lacks {lost}: keep the entry, and set its file_status to PendingDelete to remove the package"
    ))
}

fn package_count(after: &[ApplicationPackage]) -> Option<String> {
    (after.len() > MOST_PACKAGES).then(|| {
        let count = after.len();
        format!("{count} packages are more than the {MOST_PACKAGES} that a submission may have: remove old ones, for example with ExistingPackages::ReplaceMatching, in a submission of its own")
    })
}

/// New entries carry nothing that only the service knows.
fn new_packages(before: &[ApplicationPackage], after: &[ApplicationPackage]) -> Option<String> {
    let new = after.iter().filter(|package| !before.iter().any(|old| package.is_same(old)));
    new.into_iter().find_map(|package| {
        let name = &package.file_name;
        if !package.is_awaited() {
            let status = &package.file_status;
            return Some(format!(
                "the new package {name} has the status \"{status}\": a new one is PendingUpload"
            ));
        }
        let service_only = [
            ("version", package.version.is_empty()),
            ("architecture", package.architecture.is_empty()),
            ("targetPlatform", package.target_platform.is_empty()),
            ("languages", package.languages.is_empty()),
            ("capabilities", package.capabilities.is_empty()),
            ("targetDeviceFamilies", package.target_device_families.is_empty()),
        ];
        let (set, _) = service_only.into_iter().find(|(_, is_empty)| !is_empty)?;
        Some(format!(
            "the new package {name} has {set}, which only the service sets: make it with pending_upload()"
        ))
    })
}

/// The archive has the files that are to be uploaded, and no others.
fn unmatched_files(draft: &impl Kind, files: &[ArchiveFile]) -> Option<String> {
    let named = draft.named_files().into_iter();
    let awaited = named.filter(|(name, status)| !name.is_empty() && status.is_awaited());
    let awaited: BTreeSet<String> = awaited.map(|(name, _)| name.replace('\\', "/")).collect();
    let given: BTreeSet<String> = files.iter().map(|file| file.name.clone()).collect();
    if let Some(missing) = joined(awaited.difference(&given).map(String::as_str)) {
        let replaced = match given.is_empty() {
            true => "",
            false => ", and a new archive takes the place of one that was uploaded before",
        };
        return Some(format!(
            "the submission names files that are not given: {missing}{replaced}; add them with .package(), .image(), .icon() or .file(), or take their entries out: those of an earlier run go with PendingPolicy::Replace, and those of packages also with ExistingPackages::ReplaceAll, which removes all old packages"
        ));
    }
    joined(given.difference(&awaited).map(String::as_str)).map(|unnamed| {
        format!("files are given that the submission does not name as PendingUpload: {unnamed}; name them in .edit(), or leave them out")
    })
}

/// The names in a row, if there are any.
fn joined<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let names: Vec<&str> = names.collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Something to be uploaded needs a link that is alive. One that ended is the same error as in the midst of an upload.
fn upload_link(link: &UploadUrl, now: SystemTime) -> Option<Error> {
    if !link.is_set() {
        let problem = "the draft has no upload link, as if it was made in Partner Center: delete it there and submit again";
        return Some(Error::guard(Guard::UploadLink, problem));
    }
    expired(link, now)
}

fn price_changed(sent: &Pricing, has: &Pricing) -> Option<String> {
    let differs = |what: &str, sent: &str, has: &str| {
        (!sent.eq_ignore_ascii_case(has)).then(|| {
            let [sent, has] = [sent, has].map(|text| if text.is_empty() { "nothing" } else { text });
            format!("the service has {has} for {what} where {sent} was sent: look at the draft in Partner Center before anything is committed")
        })
    };
    // No trial and none set are the same.
    let trial = |pricing: &Pricing| match &pricing.trial_period {
        trial if trial.is_set() => trial.clone(),
        _ => TrialPeriod::NoFreeTrial,
    };
    differs("priceId", &sent.price_id.as_str(), &has.price_id.as_str())
        .or_else(|| differs("trialPeriod", trial(sent).as_str(), trial(has).as_str()))
        .or_else(|| {
            let (sent, has) = (&sent.market_specific_pricings, &has.market_specific_pricings);
            let tier = |prices: &BTreeMap<String, PriceTier>, market: &str| prices.get(market).cloned().unwrap_or_default();
            // The service adds these two to every app, whatever is sent.
            let is_added = |market: &str| ["LB", "EH"].contains(&market) && !sent.contains_key(market);
            let markets: BTreeSet<&String> = sent.keys().chain(has.keys()).collect();
            markets.into_iter().find_map(|market| {
                let (sent, has) = (tier(sent, market), tier(has, market));
                if is_added(market) && has == PriceTier::NotAvailable {
                    return None;
                }
                differs(&format!("the market {market}"), &sent.as_str(), &has.as_str())
            })
        })
}

fn packages_changed(sent: &[ApplicationPackage], has: &[ApplicationPackage]) -> Option<String> {
    let entry = |package: &ApplicationPackage| (package.file_name.replace('\\', "/"), package.file_status.to_string());
    let set = |packages: &[ApplicationPackage]| packages.iter().map(entry).collect::<BTreeSet<_>>();
    let (sent, has) = (set(sent), set(has));
    let (name, _) = sent.difference(&has).chain(has.difference(&sent)).next()?;
    Some(format!(
        "the service does not have the packages that were sent, see {name}: look at the draft before anything is committed"
    ))
}

#[cfg(test)]
mod tests;
