//! What a run would do: a decision as data, made of the draft and of what was found at the URLs, and as a text.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::id::SubmissionId;
use crate::model::guard::Guard;
use crate::model::msi::{Architecture, Listing, Package, PackageType};
use crate::msi::change::{MOST_PARAMETERS, PackageChange};
use crate::msi::preflight::Installer;

/// The most characters of release notes.
const MOST_NOTES: usize = 1500;

/// The new installer of an architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInstaller {
    pub(crate) architecture: Architecture,
    pub(crate) url: String,
    pub(crate) file: Option<PathBuf>,
    parameters: Option<String>,
    package_type: Option<PackageType>,
}

impl NewInstaller {
    /// Creates it from the architecture whose package it replaces, and the URL where the Store fetches it.
    #[must_use]
    pub fn new(architecture: Architecture, url: impl Into<String>) -> Self {
        Self {
            architecture,
            url: url.into(),
            file: None,
            parameters: None,
            package_type: None,
        }
    }

    /// Sets the local file whose very bytes the URL must serve.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Sets the parameters of a silent installation, 40 characters at most. By default they stay as they are.
    #[must_use]
    pub fn parameters(mut self, parameters: impl Into<String>) -> Self {
        self.parameters = Some(parameters.into());
        self
    }

    /// States what it is. By default its first bytes tell.
    #[must_use]
    pub fn package_type(mut self, package_type: PackageType) -> Self {
        self.package_type = Some(package_type);
        self
    }
}

/// What to do if the draft has all that the run would change. The API shows the draft and not what is live, so nothing tells whether an
/// earlier run has submitted it or has died before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnUnchanged {
    /// Stop with [`Guard::Unchanged`].
    #[default]
    Stop,
    /// Submit it all the same.
    Submit,
    /// End well: it is known to be submitted.
    Accept,
}

/// The plan of a run. `Display` is a text for people; it can be serialised for programs.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Plan {
    /// The submission under way, perhaps somebody else's, which locks the draft.
    pub busy: Option<SubmissionId>,
    /// The packages that were named.
    pub packages: Vec<PlannedPackage>,
    /// The languages whose release notes would change.
    pub notes: Vec<PlannedNotes>,
    /// The number of new images by language.
    pub images: BTreeMap<String, usize>,
    /// Whether the draft has all of it already.
    pub unchanged: bool,
    /// The URLs of all packages, once they are changed.
    pub urls: Vec<String>,
    /// Advice; it does not stop the run.
    pub findings: Vec<String>,
    /// What would stop the run, and the guards that do.
    pub problems: Vec<(Guard, String)>,
}

impl Plan {
    /// Whether the run would go on, as far as can be seen.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.busy.is_none() && self.problems.is_empty()
    }

    /// Takes down what a guard has found.
    pub(crate) fn judge(&mut self, guard: Guard, problem: String, allowed: &[Guard]) {
        match allowed.contains(&guard) {
            true => self.findings.push(problem),
            false => self.problems.push((guard, problem)),
        }
    }

    /// Takes down an error that is a guard's; any other is one.
    pub(crate) fn judge_error(&mut self, error: Error, allowed: &[Guard]) -> Result<()> {
        match error.kind() {
            ErrorKind::Guard(guard) => self.judge(guard, error.to_string(), allowed),
            _ => return Err(error),
        }
        Ok(())
    }

    /// Decides what follows from all of it.
    pub(crate) fn finish(&mut self, packages: &[Package], choice: OnUnchanged, allowed: &[Guard]) {
        let after = |id: &str| {
            self.packages
                .iter()
                .find(|planned| planned.package_id == id)
                .map(|planned| planned.after.clone())
        };
        let urls = packages
            .iter()
            .map(|package| after(&package.package_id).unwrap_or_else(|| package.package_url.clone()));
        self.urls = urls.collect();
        let has_packages = self.packages.iter().all(|package| package.changes.is_empty());
        self.unchanged = has_packages && self.notes.is_empty() && self.images.is_empty();
        if self.unchanged && self.busy.is_none() && choice == OnUnchanged::Stop {
            let problem = "the draft has all of it already, and the API does not tell whether it was ever submitted: choose OnUnchanged::Submit, or OnUnchanged::Accept if it was";
            self.judge(Guard::Unchanged, problem.to_owned(), allowed);
        }
    }
}

/// A package, and what would change.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedPackage {
    /// Its architecture.
    pub architecture: Architecture,
    /// Its id.
    pub package_id: String,
    /// The URL that it has.
    pub before: String,
    /// The URL that it gets.
    pub after: String,
    /// The names of the members that would change.
    pub changes: Vec<String>,
    /// What was found at the URL.
    pub installer: Option<Installer>,
    #[serde(skip)]
    pub(crate) change: PackageChange,
}

/// The release notes of a language.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlannedNotes {
    /// The language, as the draft spells it.
    pub language: String,
    /// What it has.
    pub before: String,
    /// What it gets.
    pub after: String,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "packages: {}", self.packages.len())?;
        for PlannedPackage {
            architecture,
            before,
            after,
            changes,
            ..
        } in &self.packages
        {
            match changes.as_slice() {
                [] => writeln!(f, "  {architecture}: has {after} already")?,
                changes => writeln!(f, "  {architecture}: {before} -> {after} (changes {})", changes.join(", "))?,
            }
        }
        writeln!(f, "release notes: {}", self.notes.len())?;
        for PlannedNotes { language, before, after } in &self.notes {
            writeln!(f, "  {language}: {before:?} -> {after:?}")?;
        }
        for (language, count) in &self.images {
            writeln!(f, "images: {count} for {language}")?;
        }
        for finding in &self.findings {
            writeln!(f, "advice: {finding}")?;
        }
        match (&self.busy, self.problems.first()) {
            (Some(id), _) => write!(f, "busy: submission {id} is under way and locks the draft"),
            (None, Some((_, problem))) => write!(f, "would stop: {problem}"),
            (None, None) if self.unchanged => f.write_str("unchanged: the draft has all of it"),
            (None, None) => f.write_str("would go on"),
        }
    }
}

/// The one package of this architecture.
pub(crate) fn package_of<'p>(packages: &'p [Package], architecture: &Architecture) -> Result<&'p Package> {
    let is_its = |package: &&Package| package.architectures.as_slice() == std::slice::from_ref(architecture);
    let found: Vec<&Package> = packages.iter().filter(is_its).collect();
    let why = match found.as_slice() {
        [package] => return Ok(package),
        [] => {
            let there = packages.iter().flat_map(|package| &package.architectures);
            let there: Vec<&str> = there.map(Architecture::as_str).collect();
            format!(
                "the draft has {} only: add it in Partner Center, or with replace_packages()",
                there.join(", ")
            )
        }
        several => format!("the draft has {} of them: change them with patch_package()", several.len()),
    };
    Err(Error::invalid(format!("the package for {architecture}"), why))
}

/// What would change of a package, and what stops that.
pub(crate) fn plan_package(
    new: &NewInstaller,
    package: &Package,
    found: Option<Installer>,
) -> (PlannedPackage, Vec<(Guard, String)>) {
    let (of, was) = (&new.architecture, &package.package_type);
    let sniffed = found.as_ref().and_then(|found| found.package_type.as_ref());
    let kind = new.package_type.as_ref().or(sniffed).unwrap_or(was);
    let parameters = new.parameters.as_ref().unwrap_or(&package.installer_parameters);
    let mut problems = Vec::new();
    if found.as_ref().is_some_and(|found| found.ranges) && sniffed != Some(kind) {
        let is = sniffed.map_or("neither a program nor a Windows Installer package", PackageType::as_str);
        let why = format!("{} is to be {kind}, and its first bytes say that it is {is}", new.url);
        problems.push((Guard::PackageKind, why));
    }
    let mut refuse = |why: String| problems.push((Guard::InstallerParameters, why));
    if kind != was && new.parameters.is_none() && !parameters.is_empty() {
        refuse(format!(
            "the parameters {parameters:?} are those of {was}, and the package becomes {kind}: state its own"
        ));
    }
    // The Store runs msiexec with /qn itself.
    let of_programs = ["/s", "/silent", "/verysilent"];
    if *kind == PackageType::Msi && of_programs.contains(&parameters.trim().to_ascii_lowercase().as_str()) {
        refuse(format!("{parameters:?} is for programs, and the package is msi"));
    }
    let count = parameters.chars().count();
    if count > MOST_PARAMETERS {
        let limit =
            format!("and the API takes {MOST_PARAMETERS} at most, although Partner Center takes more: state shorter ones");
        refuse(format!(
            "the parameters of the package for {of} have {count} characters, {limit}"
        ));
    }
    let mut change = PackageChange::new();
    if package.package_url != new.url {
        change = change.with("packageUrl", new.url.as_str());
    }
    if kind != was {
        change = change.package_type(kind);
    }
    if *parameters != package.installer_parameters {
        change = change.installer_parameters(parameters);
    }
    let planned = PlannedPackage {
        architecture: of.clone(),
        package_id: package.package_id.clone(),
        before: package.package_url.clone(),
        after: new.url.clone(),
        changes: change.members().keys().cloned().collect(),
        installer: found,
        change,
    };
    (planned, problems)
}

/// The release notes that would change, and advice. A language that the draft does not have is an error.
pub(crate) fn plan_notes(
    everywhere: Option<&str>,
    by_language: &BTreeMap<String, String>,
    listings: &[Listing],
) -> Result<(Vec<PlannedNotes>, Vec<String>)> {
    let is = |listing: &Listing, language: &str| listing.language.eq_ignore_ascii_case(language);
    let is_unknown = |language: &&String| !listings.iter().any(|listing| is(listing, language));
    if let Some(unknown) = by_language.keys().find(is_unknown) {
        let there: Vec<&str> = listings.iter().map(|listing| listing.language.as_str()).collect();
        let why = format!("there is no listing in {unknown}: the draft has {}", there.join(", "));
        return Err(Error::invalid("the release notes", why));
    }
    let (mut notes, mut findings) = (Vec::new(), Vec::new());
    for listing in listings {
        let (language, own) = (
            &listing.language,
            by_language.iter().find(|(language, _)| is(listing, language)),
        );
        let text = own.map(|(_, text)| text.as_str()).or(everywhere);
        match text {
            Some(text) if *text != listing.whats_new => notes.push(PlannedNotes {
                language: language.clone(),
                before: listing.whats_new.clone(),
                after: text.to_owned(),
            }),
            Some(_) => {}
            None if by_language.is_empty() => {}
            None => findings.push(format!("the release notes in {language} stay as they are")),
        }
        let count = text.unwrap_or_default().chars().count();
        if count > MOST_NOTES {
            findings.push(format!(
                "the release notes in {language} have {count} characters, and {MOST_NOTES} are documented"
            ));
        }
    }
    Ok((notes, findings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(architecture: &str, kind: &str, parameters: &str) -> Package {
        Package {
            package_id: format!("p-{architecture}"),
            package_url: "https://dl.example/1".to_owned(),
            architectures: vec![architecture.into()],
            installer_parameters: parameters.to_owned(),
            package_type: kind.into(),
            ..Package::default()
        }
    }

    fn found(kind: Option<&str>) -> Option<Installer> {
        let package_type = kind.map(PackageType::from);
        Some(Installer {
            length: 7,
            package_type,
            ranges: true,
        })
    }

    #[test]
    fn a_package_is_found_by_its_architecture() {
        let packages = [
            package("X64", "exe", "/S"),
            package("x86", "exe", "/S"),
            package("X86", "exe", "/S"),
        ];
        assert_eq!(package_of(&packages, &"x64".into()).unwrap().package_id, "p-X64");
        for (architecture, words) in [("Arm64", "has X64, X86, X86 only"), ("X86", "2 of them")] {
            let error = package_of(&packages, &architecture.into()).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("the package for {architecture} cannot be used: ")) && error.contains(words),
                "{error}"
            );
        }
    }

    #[test]
    fn only_what_differs_changes_and_the_first_bytes_decide_what_it_is() {
        let new = || NewInstaller::new(Architecture::X64, "https://dl.example/2");
        let long = "/quiet /norestart /log C:\\install.log ALLUSERS=1";
        let changed = ["packageUrl"].as_slice();
        type Row<'r> = (
            NewInstaller,
            Package,
            Option<Installer>,
            &'r [&'r str],
            &'r [(Guard, &'r str)],
        );
        let table: [Row<'_>; 11] = [
            (new(), package("X64", "exe", "/S"), found(Some("exe")), changed, &[]),
            (
                NewInstaller::new(Architecture::X64, "https://dl.example/1"),
                package("X64", "exe", "/S"),
                found(Some("exe")),
                &[],
                &[],
            ),
            (
                new().parameters("/quiet"),
                package("X64", "exe", "/S"),
                found(Some("exe")),
                &["installerParameters", "packageUrl"],
                &[],
            ),
            // It was a program and becomes an MSI: its parameters are not those of an MSI.
            (
                new(),
                package("X64", "exe", "/S"),
                found(Some("msi")),
                &["packageType", "packageUrl"],
                &[
                    (Guard::InstallerParameters, "are those of exe"),
                    (Guard::InstallerParameters, "is for programs"),
                ],
            ),
            (
                new().parameters(""),
                package("X64", "exe", "/S"),
                found(Some("msi")),
                &["installerParameters", "packageType", "packageUrl"],
                &[],
            ),
            (
                new(),
                package("X64", "exe", ""),
                found(Some("msi")),
                &["packageType", "packageUrl"],
                &[],
            ),
            (
                new().parameters("/verysilent"),
                package("X64", "msi", ""),
                found(Some("msi")),
                &["installerParameters", "packageUrl"],
                &[(Guard::InstallerParameters, "is for programs")],
            ),
            (
                new().package_type(PackageType::Msi),
                package("X64", "msi", ""),
                found(Some("exe")),
                changed,
                &[(Guard::PackageKind, "first bytes say that it is exe")],
            ),
            (
                new(),
                package("X64", "exe", ""),
                found(None),
                changed,
                &[(Guard::PackageKind, "neither a program")],
            ),
            // What Partner Center let through.
            (
                new(),
                package("X64", "exe", long),
                found(Some("exe")),
                changed,
                &[(Guard::InstallerParameters, "have 48 characters")],
            ),
            // Nothing was found there, or its server sends no parts.
            (new(), package("X64", "exe", "/S"), None, changed, &[]),
        ];
        for (new, package, found, changes, guards) in table {
            let (planned, problems) = plan_package(&new, &package, found.clone());
            assert_eq!(planned.changes, changes, "{new:?} {found:?}");
            assert_eq!(problems.len(), guards.len(), "{problems:?}");
            for ((guard, problem), (expected, words)) in problems.iter().zip(guards) {
                assert!(guard == expected && problem.contains(words), "{problems:?}");
            }
        }
    }

    #[test]
    fn release_notes_change_where_they_differ() {
        let listing = |language: &str, text: &str| Listing {
            language: language.to_owned(),
            whats_new: text.to_owned(),
            ..Listing::default()
        };
        let listings = [listing("en-us", "New."), listing("de-DE", "Alt."), listing("fr-fr", "Vieux.")];
        let by = |texts: &[(&str, &str)]| {
            texts
                .iter()
                .map(|(language, text)| ((*language).to_owned(), (*text).to_owned()))
                .collect()
        };
        let languages = |everywhere, texts: &[(&str, &str)]| {
            let (notes, findings) = plan_notes(everywhere, &by(texts), &listings).unwrap();
            (notes.into_iter().map(|notes| notes.language).collect::<Vec<_>>(), findings)
        };
        assert_eq!(languages(None, &[]), (vec![], vec![]));
        assert_eq!(languages(Some("New."), &[]).0, ["de-DE", "fr-fr"]);
        assert_eq!(
            languages(Some("New."), &[("DE-de", "Neu.")]),
            (vec!["de-DE".to_owned(), "fr-fr".to_owned()], vec![])
        );
        let (changed, findings) = languages(None, &[("de-de", "Neu."), ("en-US", "New.")]);
        assert_eq!(
            (changed, findings),
            (
                vec!["de-DE".to_owned()],
                vec!["the release notes in fr-fr stay as they are".to_owned()]
            )
        );
        let (_, findings) = languages(None, &[("de-de", &"x".repeat(1501))]);
        assert!(findings[1].contains("have 1501 characters"), "{findings:?}");
        let error = plan_notes(None, &by(&[("es-es", "Nuevo.")]), &listings)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("no listing in es-es: the draft has en-us, de-DE, fr-fr"),
            "{error}"
        );
    }

    #[test]
    fn a_draft_that_has_it_all_stops_unless_told_otherwise() {
        let packages = [package("X64", "exe", "/S"), package("Arm64", "msi", "")];
        for (url, choice, allowed, unchanged, stops) in [
            ("https://dl.example/1", OnUnchanged::Stop, [].as_slice(), true, true),
            ("https://dl.example/1", OnUnchanged::Stop, &[Guard::Unchanged], true, false),
            ("https://dl.example/1", OnUnchanged::Submit, &[], true, false),
            ("https://dl.example/1", OnUnchanged::Accept, &[], true, false),
            ("https://dl.example/2", OnUnchanged::Stop, &[], false, false),
        ] {
            let new = NewInstaller::new(Architecture::X64, url);
            let (planned, _) = plan_package(&new, &packages[0], None);
            let mut plan = Plan {
                packages: vec![planned],
                ..Plan::default()
            };
            plan.finish(&packages, choice, allowed);
            assert_eq!((plan.unchanged, plan.is_clear()), (unchanged, !stops), "{url} {choice:?}");
            assert_eq!(plan.urls, [url, "https://dl.example/1"]);
        }
    }
}
