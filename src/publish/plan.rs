//! The plan: a decision as data, and as a text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::id::SubmissionId;
use crate::model::change::Change;
use crate::model::status::SubmissionStatus;
use crate::publish::decide::guards::{Finding, PlannedGuard};
use crate::publish::decide::inherited::InheritedSetting;
use crate::publish::decide::limits::Advice;
use crate::publish::decide::packages::PlannedPackage;
use crate::publish::decide::policy::InTheWay;
use crate::publish::files::ArchiveFile;

/// The plan of a run. `Display` is a text for people; it can be serialised for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Plan {
    /// The submission that the plan was made on: the pending draft that would be reused, else the last published one; `None` if
    /// there is neither, as for a new flight.
    pub based_on: Option<SubmissionId>,
    /// The pending submission, if there is one, or the one that the run was told to go on with.
    pub pending: Option<InTheWay>,
    /// The submission whose rollout is in progress, which blocks the next submission.
    pub rollout: Option<InTheWay>,
    /// The changes that would be made.
    pub changes: Vec<Change>,
    /// The packages that would be added, kept and removed.
    pub packages: Vec<PlannedPackage>,
    /// The files that would be uploaded.
    pub files: Vec<ArchiveFile>,
    /// Whether the last published submission holds every package in its very version: the run would end well with it, and create
    /// nothing.
    pub already_published: bool,
    /// Advice on what is beyond the documented limits of texts and numbers. It does not stop the run.
    pub findings: Vec<Advice>,
    /// The settings that the draft has from the last release, or from an earlier run, and that nobody has set in this one. Those at
    /// their ordinary value are left out.
    pub inherited: Vec<InheritedSetting>,
    /// The device families that would be added as `false`, because the service refuses an update of an app that lacks one. They are
    /// among the changes.
    pub device_families: Vec<String>,
    /// The findings of the guards.
    pub guards: Vec<PlannedGuard>,
}

impl Plan {
    /// Whether the run would go on, as far as can be seen: neither the pending submission nor a guard stops it.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.problems().is_empty()
    }
}

impl Plan {
    /// What would stop the run: the pending submission, and the guards that have failed. Empty if the plan is clear.
    #[must_use]
    pub fn problems(&self) -> Vec<&str> {
        let pending = self
            .pending
            .iter()
            .filter(|pending| pending.stops)
            .map(|pending| pending.what.as_str());
        let failed = self.guards.iter().filter_map(|guard| match &guard.finding {
            Finding::Failed(problem) => Some(problem.as_str()),
            _ => None,
        });
        pending.chain(failed).collect()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.based_on {
            Some(id) => writeln!(f, "based on submission {id}")?,
            None => f.write_str("based on an empty submission, the first one\n")?,
        }
        match &self.pending {
            Some(InTheWay { id, status, what, .. }) => {
                let found = if *status == SubmissionStatus::Published {
                    "submission"
                } else {
                    "pending"
                };
                writeln!(f, "{found}: {id} in {status}: {what}")?;
            }
            None if self.already_published => writeln!(f, "pending: nothing")?,
            None => writeln!(f, "pending: nothing; a draft would be created")?,
        }
        if let Some(rollout) = &self.rollout {
            writeln!(f, "rollout: {}: {}", rollout.id, rollout.what)?;
        }
        for setting in &self.inherited {
            writeln!(f, "inherited: {setting}")?;
        }
        self.write_changes(f)?;
        if !self.device_families.is_empty() {
            let families = self.device_families.join(", ");
            writeln!(f, "device families added as false, as the service needs them: {families}")?;
        }
        writeln!(f, "packages: {}", self.packages.len())?;
        for package in &self.packages {
            writeln!(f, "  {package}")?;
        }
        writeln!(f, "files to upload: {}", self.files.len())?;
        for file in &self.files {
            writeln!(f, "  {} ({} bytes) from {}", file.name, file.bytes, file.path.display())?;
        }
        if !self.findings.is_empty() {
            writeln!(f, "advice: {}", self.findings.len())?;
            for advice in &self.findings {
                writeln!(f, "  {advice}")?;
            }
        }
        self.write_guards(f)?;
        match self.problems().first() {
            Some(problem) => write!(f, "would stop: {problem}"),
            None if self.already_published => f.write_str(
                "is published already: nothing would be done, no edit either; to change a listing alone, leave the packages out",
            ),
            None => f.write_str("would go on"),
        }
    }
}

impl Plan {
    /// Whether the lines of the packages or of the device families tell a change.
    fn has_a_line_for(&self, change: &Change) -> bool {
        let parts: Vec<&str> = change.pointer.split('/').collect();
        match parts[..] {
            ["", "applicationPackages" | "flightPackages", _]
            | ["", "applicationPackages" | "flightPackages", _, "fileStatus"] => true,
            // The whole map, if there was none.
            ["", "allowTargetFutureDeviceFamilies"] => {
                let families = change.after.as_ref().and_then(Value::as_object);
                families.is_some_and(|families| families.len() == self.device_families.len())
            }
            ["", "allowTargetFutureDeviceFamilies", family] => self.device_families.iter().any(|added| added == family),
            _ => false,
        }
    }

    /// A line for each change that is told nowhere else; the images of a listing share one.
    fn write_changes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.changes.iter().filter(|change| self.has_a_line_for(change)).count();
        let below = if told > 0 {
            format!(" ({told} of packages and device families)")
        } else {
            String::new()
        };
        writeln!(f, "changes: {}{below}", self.changes.len())?;
        let mut images = BTreeMap::<&str, Images<'_>>::new();
        for change in self.changes.iter().filter(|change| !self.has_a_line_for(change)) {
            let place = change.pointer.rsplit_once("/images/");
            let entry = place.filter(|(_, entry)| entry.trim_end_matches("/fileStatus").parse::<usize>().is_ok());
            match entry {
                Some((listing, _)) => images.entry(listing).or_default().add(change),
                None => writeln!(f, "  {}", shortened(&change.to_string()))?,
            }
        }
        for (listing, images) in images {
            writeln!(f, "  {}", shortened(&format!("{listing}/images: {images}")))?;
        }
        Ok(())
    }

    /// A line for those that passed, a line for those that could not be checked, and one for each of the others.
    fn write_guards(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |finding: &Finding| {
            let with = self.guards.iter().filter(|guard| guard.finding == *finding);
            let names: Vec<String> = with.map(|guard| guard.guard.to_string()).collect();
            names.join(", ")
        };
        writeln!(f, "guards: {}", self.guards.len())?;
        for (finding, word) in [(Finding::Passed, "passed"), (Finding::NotChecked, "not checked")] {
            let names = names(&finding);
            if !names.is_empty() {
                writeln!(f, "  {word}: {names}")?;
            }
        }
        for PlannedGuard { guard, finding } in &self.guards {
            match finding {
                Finding::Passed | Finding::NotChecked => {}
                Finding::Failed(problem) => writeln!(f, "  FAILED: {guard}: {problem}")?,
                Finding::Lifted(problem) => writeln!(f, "  lifted: {guard}: {problem}")?,
            }
        }
        Ok(())
    }
}

/// The images of a listing that come and go.
#[derive(Default)]
struct Images<'p> {
    added: Vec<&'p str>,
    taken_out: Vec<&'p str>,
    /// Those that the service has, which are marked.
    marked: usize,
}

impl<'p> Images<'p> {
    fn add(&mut self, change: &'p Change) {
        let name = |entry: &'p Option<Value>| entry.as_ref().and_then(|entry| entry["fileName"].as_str());
        match (name(&change.before), name(&change.after)) {
            (_, Some(added)) => self.added.push(added),
            (Some(taken_out), None) => self.taken_out.push(taken_out),
            (None, None) => self.marked += 1,
        }
    }
}

impl fmt::Display for Images<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |count: usize, what: &str, names: &[&str]| match (count, names) {
            (0, _) => None,
            (count, []) => Some(format!("{count} {what}")),
            (count, names) => Some(format!("{count} {what} ({})", names.join(", "))),
        };
        let parts = [
            part(self.added.len(), "added", &self.added),
            part(self.marked, "removed", &[]),
            part(self.taken_out.len(), "of an earlier run removed", &self.taken_out),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// A line of a length that can be read; [`Plan::changes`] has it all.
pub(super) fn shortened(line: &str) -> Cow<'_, str> {
    const LONGEST: usize = 200;
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &line[..end])),
        None => Cow::Borrowed(line),
    }
}
