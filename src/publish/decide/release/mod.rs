//! The new packages against what the Store holds: whether they may be submitted, and who would get none.

use crate::api::submissions::AppIdentity;
use crate::model::application_submission::ApplicationSubmission;
use crate::model::package::ApplicationPackage;
use crate::package::{PackageInfo, PackageKind, Version, distinct};
use crate::publish::decide::limits::Advice;
use crate::publish::decide::new_package::{Audience, Found, NewPackage, Part, WINDOWS_8, version};

/// Whether the last published submission holds all of these packages in these very versions.
pub(crate) fn is_published(new: &[NewPackage], held: &[ApplicationPackage]) -> bool {
    !new.is_empty() && new.iter().all(|package| package.is_held(held))
}

/// A package is what its name says, and nothing lies where the service does not look for it.
pub(crate) fn kind_problem(new: &[NewPackage], held: &[ApplicationPackage]) -> Option<String> {
    new.iter().find_map(|package| {
        let name = &package.name;
        match &package.found {
            Found::Broken(problem) => Some(format!("{name} cannot be submitted as a package: {problem}")),
            Found::Unreadable(_) => None,
            Found::Read(info) => misplaced(name, info).or_else(|| after_a_bundle(package, info, held)),
        }
    })
}

fn misplaced(name: &str, info: &PackageInfo) -> Option<String> {
    let kind = info.kind;
    let Some(named) = PackageKind::by_name(name) else {
        return Some(format!(
            "{name} is a {kind} by what it holds, but not by its name, and the Store goes by that: name it with the extension that is due, .msix, .msixbundle or .msixupload"
        ));
    };
    if named != kind {
        return Some(format!(
            "{name} is a {named} by its name and a {kind} by what it holds: give it the extension that is due"
        ));
    }
    let held: Vec<&str> = info.packages.iter().map(|held| held.file_name.as_str()).collect();
    (kind == PackageKind::Upload && held.len() > 1).then(|| {
        format!(
            "{name} holds more than one package, {}, and the Store drops such a container after it was accepted: make one bundle of them, or submit each by itself",
            held.join(" and ")
        )
    })
}

/// Whether it is a package of its own, also in an upload container.
fn is_single(info: &PackageInfo) -> bool {
    match (info.kind, &info.packages[..]) {
        (PackageKind::Upload, [one]) => is_single(one),
        (kind, _) => kind == PackageKind::Package,
    }
}

/// Once a bundle was published, customers who have it get no update from a package of its own.
fn after_a_bundle(package: &NewPackage, info: &PackageInfo, held: &[ApplicationPackage]) -> Option<String> {
    let is_bundle = |held: &&ApplicationPackage| {
        let (name, audience) = (held.file_name.to_ascii_lowercase(), Audience::of(held));
        // One that came in an upload container may have the name of that.
        let is_bundle = name.ends_with("bundle") || audience.architectures.len() > 1;
        is_bundle && package.parts.iter().any(|part| package.meets(&part.runs_on, held))
    };
    let bundle = held.iter().filter(|_| is_single(info)).find(is_bundle)?;
    Some(format!(
        "{} is a single package, and the Store holds a bundle for the same devices, {}: after a bundle it takes bundles only",
        package.name, bundle.file_name
    ))
}

/// The packages are of the app that they are submitted to.
pub(crate) fn identity_problem(new: &[NewPackage], app: &AppIdentity) -> Option<String> {
    new.iter().find_map(|package| {
        let name = &package.name;
        let info = package.info()?;
        let Some(found) = &info.identity else {
            return Some(format!("{name} holds packages of different apps: submit each by itself"));
        };
        // Windows compares names without regard to case, and publishers exactly.
        let is_other_name = !app.name.is_empty() && !found.name.eq_ignore_ascii_case(&app.name);
        let is_other_publisher = !app.publisher.is_empty() && found.publisher != app.publisher;
        let wrong: Vec<_> = [
            (is_other_name, "identity", &found.name, &app.name),
            (is_other_publisher, "publisher", &found.publisher, &app.publisher),
        ]
        .into_iter()
        .filter(|(is_wrong, ..)| *is_wrong)
        .map(|(_, what, found, wanted)| (format!("the {what} {found}"), wanted.as_str()))
        .collect();
        let (found, wanted): (Vec<_>, Vec<_>) = wrong.into_iter().unzip();
        (!found.is_empty()).then(|| {
            format!(
                "{name} has {}, and the app in the Store has {}: set it in the manifest (Package/Identity), or submit to the app that the package is of",
                found.join(" and "),
                wanted.join(" and ")
            )
        })
    })
}

/// The Store takes a version of which the fourth number is 0, and gives customers only one that is higher than what they have.
/// `again` insists on one that is there already.
pub(crate) fn version_problem(new: &[NewPackage], held: &[ApplicationPackage], again: bool) -> Option<String> {
    new.iter().enumerate().find_map(|(index, package)| {
        let name = &package.name;
        let version = package.version?;
        let is_twin = |other: &&NewPackage| other.version == Some(version) && meet(other, package);
        if let Some(twin) = new[..index].iter().find(is_twin) {
            let twin = &twin.name;
            return Some(format!("{twin} and {name} are of the same version for the same devices: submit one of them"));
        }
        let is_wrong = |version: &Version| version.numbers()[3] != 0;
        if let Some(version) = package.parts.iter().filter_map(|part| part.version).find(is_wrong) {
            let [major, minor, build, _] = version.numbers();
            return Some(format!(
                "{name} has the version {version}, and the fourth number must be 0: build it as {major}.{minor}.{build}.0, and put a build number third"
            ));
        }
        package.parts.iter().find_map(|part| part_problem(package, part, held)).or_else(|| {
            let is_held = package.is_held(held);
            let holds = |part: &Part| is_held || package.rivals(part, held).any(|held| self::version(held) == Some(version));
            let holding: Vec<&Part> = package.parts.iter().filter(|part| holds(part)).collect();
            let devices = joined(holding.iter().flat_map(|part| &part.runs_on.architectures));
            (!holding.is_empty() && !again).then(|| format!(
                "{name} has the version {version}, which the Store holds for {devices} already: leave it out, raise its version, or insist with .again()"
            ))
        })
    })
}

/// No device gets an application of a lower version than it may have.
fn part_problem(package: &NewPackage, part: &Part, held: &[ApplicationPackage]) -> Option<String> {
    let version = part.version.max(package.version)?;
    let highest = package.highest_of(part, held).filter(|highest| version < *highest)?;
    Some(format!(
        "{} has the version {version}, and the Store holds {highest} for {}: customers would not get it; raise the version",
        package.name,
        joined(part.runs_on.architectures.iter()),
    ))
}

fn meet(one: &NewPackage, other: &NewPackage) -> bool {
    let meets = |part: &Part| other.parts.iter().any(|other| other.runs_on.meets(&part.runs_on));
    one.parts.iter().any(meets)
}

/// Each once, in a row.
fn joined<'n>(names: impl Iterator<Item = &'n String>) -> String {
    distinct(names).join(" and ")
}

/// The packages that were there before, and stay.
fn kept(after: &[ApplicationPackage]) -> impl Iterator<Item = &ApplicationPackage> {
    after
        .iter()
        .filter(|package| !package.is_awaited() && package.file_status.stays())
}

/// Who gets a package today and would get none: advice, and the first that a reader has to know.
pub(crate) fn left_without(new: &[NewPackage], held: &[ApplicationPackage], after: &[ApplicationPackage]) -> Vec<String> {
    let new = new.iter().flat_map(|package| match &package.parts[..] {
        [] => vec![Audience::default()],
        parts => parts.iter().map(|part| part.runs_on.clone()).collect(),
    });
    let stays: Vec<Audience> = kept(after).map(Audience::of).chain(new).collect();
    // Nothing can be said where one that stays does not tell.
    if stays.is_empty() || stays.iter().any(|audience| audience.architectures.is_empty()) {
        return Vec::new();
    }
    let runs =
        |audience: &Audience, architecture: &str| audience.has_architecture(architecture) || audience.has_architecture("neutral");
    let mut lost: Vec<String> = Vec::new();
    for today in held.iter().map(Audience::of) {
        for architecture in &today.architectures {
            let serving: Vec<&Audience> = stays.iter().filter(|stays| runs(stays, architecture)).collect();
            let is_lost = |family: &str| !serving.iter().any(|serving| serving.may_have_family(family));
            let families = today
                .families
                .iter()
                .map(|(family, _)| family)
                .filter(|family| is_lost(family));
            let names = match serving.is_empty() {
                true => vec![architecture.clone()],
                false => {
                    let families = families.map(|family| if family == WINDOWS_8 { "Windows 8" } else { family });
                    families.map(|family| format!("{architecture} on {family}")).collect()
                }
            };
            lost.extend(names.into_iter().filter(|name| !lost.contains(name)).collect::<Vec<_>>());
        }
    }
    let problem =
        |lost| format!("the Store serves {lost} today, and no package of this release does: keep the old one, or add one for it");
    lost.into_iter().map(problem).collect()
}

/// The languages of the packages that stay and of the new ones; nothing if one of them does not tell.
fn languages(new: &[NewPackage], after: &[ApplicationPackage]) -> Option<Vec<String>> {
    let stay = kept(after).map(|package| &package.languages[..]);
    let new = new
        .iter()
        .map(|package| package.info().map_or(&[][..], |info| &info.languages));
    let all: Vec<&[String]> = stay.chain(new).collect();
    let do_tell = !all.is_empty() && all.iter().all(|languages| !languages.is_empty());
    do_tell.then(|| all.concat())
}

/// The languages of the listings, with a title or without, that no package has.
fn foreign_listings(submission: &ApplicationSubmission, new: &[NewPackage], are_titled: bool) -> Option<String> {
    let languages = languages(new, &submission.application_packages)?;
    let mut foreign = Vec::new();
    for (language, listing) in &submission.listings {
        let is_foreign = !languages.iter().any(|known| known.eq_ignore_ascii_case(language));
        if is_foreign && are_titled != listing.base_listing.title.is_empty() {
            foreign.push(language.as_str());
        }
    }
    (!foreign.is_empty()).then(|| foreign.join(" and "))
}

/// Customers see a listing whose language the app does not have.
pub(crate) fn foreign_advice(submission: &ApplicationSubmission, new: &[NewPackage]) -> Option<Advice> {
    let foreign = foreign_listings(submission, new, true)?;
    let problem = format!("no package has the language of the listing in {foreign}");
    Some(Advice::new("/listings", problem))
}

/// The Store takes the title of a listing from the package of its language.
pub(crate) fn title_problem(submission: &ApplicationSubmission, new: &[NewPackage]) -> Option<String> {
    let foreign = foreign_listings(submission, new, false)?;
    Some(format!(
        "the listing in {foreign} has no title, and no package has exactly this language to take it from, so that the whole submission would fail at the commit: set baseListing.title"
    ))
}

#[cfg(test)]
mod tests;
