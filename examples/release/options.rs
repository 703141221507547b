//! The command line and the environment, checked.

// The comments on options are the help.
#![allow(clippy::doc_markdown)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::{Parser, ValueEnum};
use msstore::api::Milestone;
use msstore::publish::{ExistingPackages, PendingPolicy};
use msstore::{ApplicationId, FlightId};
use serde_json::Value;

use crate::inputs;

const CREDENTIALS: &str = "\
Credentials: MSSTORE_TENANT_ID and MSSTORE_CLIENT_ID, or the same with AZURE_, and the first of these that is set:
  MSSTORE_CLIENT_SECRET                  a client secret; or all three with AZURE_: the prefixes do not mix
  MSSTORE_CLIENT_ASSERTION, or .._FILE   an assertion, or a file of one
  AZURE_FEDERATED_TOKEN_FILE             the same, as Kubernetes sets it
  GitHub Actions                         in a job with `permissions: id-token: write`
  Azure Pipelines                        SYSTEM_ACCESSTOKEN, and MSSTORE_SERVICE_CONNECTION_ID or the task AzureCLI@2
or MSSTORE_AUTH=azure-cli alone, for whoever is signed in to the Azure CLI.
Without any and without arguments it runs on a fake of the service, inside this program.

MSSTORE_ENDPOINT and AZURE_AUTHORITY_HOST name another service and authority; RUST_LOG=msstore=debug logs the calls.

Exit codes: 0 done (also: already published), 1 refused or failed, 2 still under way when the time was up, 64 usage.";

/// Releases packages to the Microsoft Store
#[derive(Debug, Parser)]
#[command(name = "release", version, after_help = CREDENTIALS)]
pub(crate) struct Options {
    /// Store id of the app, such as 9NBLGGH4R315
    application_id: ApplicationId,
    /// Packages, bundles or upload containers
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PathBuf>,
    /// Submit to this package flight
    #[arg(long, value_name = "FLIGHT_ID", conflicts_with_all = ["notes", "notes_dir", "images"])]
    flight: Option<FlightId>,
    /// Release notes of every listing
    #[arg(long, value_name = "TEXT", conflicts_with = "notes_dir")]
    notes: Option<String>,
    /// Release notes by language: DIR/<language>.txt
    #[arg(long, value_name = "DIR")]
    notes_dir: Option<PathBuf>,
    /// JSON merge patch (RFC 7396) applied to the draft
    #[arg(long, value_name = "FILE")]
    merge: Option<PathBuf>,
    /// Make exactly the PNG files of DIR the screenshots of the language; can be repeated
    #[arg(long, value_name = "LANGUAGE=DIR", value_parser = language_and_folder)]
    images: Vec<(String, PathBuf)>,
    /// What to do with a submission that is pending already [default: fail] [env: MSSTORE_PENDING]
    #[arg(long, value_name = "POLICY", hide_default_value = true)]
    pending: Option<Pending>,
    /// What to do with the packages that are in the Store
    #[arg(long, value_name = "CHOICE", default_value = "keep")]
    existing: Existing,
    /// Per cent of the customers who get the packages at first, or none for everybody at once
    #[arg(long, value_name = "PERCENT|none", value_parser = rollout)]
    rollout: Option<Rollout>,
    /// What to wait for
    #[arg(long, value_name = "MILESTONE", default_value = "accepted")]
    until: Until,
    /// How long to wait at most [default: 2 hours for accepted, 3 days for certified, 7 days for published] [env: MSSTORE_WAIT_TIMEOUT]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Upload, but do not commit
    #[arg(long)]
    leave_draft: bool,
    /// Show what would be done, and do nothing
    #[arg(long)]
    plan: bool,
    /// Print the plan, the report or the error as one JSON document to stdout
    // It is looked for before the options are read.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Pending {
    /// Stop
    Fail,
    /// Delete it and make a new one
    Replace,
    /// Go on with it
    Reuse,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Existing {
    /// Keep them all
    Keep,
    /// Remove those that a new package takes the place of
    Matching,
    /// Remove them all
    All,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Until {
    /// The packages are taken and checked
    Accepted,
    /// The certification is passed
    Certified,
    /// Customers can get it
    Published,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Rollout {
    Percentage(f64),
    None,
}

/// The release notes.
#[derive(Debug, Clone)]
pub(crate) enum Notes {
    AsTheyAre,
    Everywhere(String),
    ByLanguage(BTreeMap<String, String>),
}

/// What is to be done, with all files read or looked at.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) app: ApplicationId,
    pub(crate) flight: Option<FlightId>,
    pub(crate) packages: Vec<PathBuf>,
    pub(crate) notes: Notes,
    pub(crate) merge: Option<Value>,
    /// The paths by language.
    pub(crate) images: BTreeMap<String, Vec<PathBuf>>,
    pub(crate) pending: PendingPolicy,
    pub(crate) existing: ExistingPackages,
    pub(crate) rollout: Option<Rollout>,
    pub(crate) until: Milestone,
    pub(crate) timeout: Option<Duration>,
    pub(crate) leave_draft: bool,
    pub(crate) plan: bool,
}

impl Options {
    /// Checks what the parser cannot.
    pub(crate) fn check(self) -> anyhow::Result<Task> {
        ensure!(
            self.plan || self.has_something(),
            "there is nothing to submit: give a package or --merge, or for an app --notes, --notes-dir or --images"
        );
        for package in &self.packages {
            inputs::check_file(package)?;
        }
        let notes = match (self.notes, &self.notes_dir) {
            (Some(text), _) => Notes::Everywhere(text),
            (None, Some(folder)) => Notes::ByLanguage(inputs::notes(folder)?),
            (None, None) => Notes::AsTheyAre,
        };
        let merge = self.merge.as_deref().map(inputs::patch).transpose()?;
        let has_listings = merge.as_ref().is_some_and(|patch| patch.get("listings").is_some());
        ensure!(
            self.flight.is_none() || !has_listings,
            "a flight has no listings: leave them out of --merge"
        );
        let mut images = BTreeMap::new();
        for (language, folder) in &self.images {
            let paths = inputs::pictures(folder)?;
            if images.insert(language.to_lowercase(), paths).is_some() {
                bail!("--images names the language {language} twice");
            }
        }
        let pending = or_variable(self.pending, "MSSTORE_PENDING", "fail, replace or reuse", |text| {
            Pending::from_str(text, false).ok()
        })?;
        let timeout = or_variable(self.timeout, "MSSTORE_WAIT_TIMEOUT", "a number of seconds", |text| {
            text.parse().ok()
        })?;
        Ok(Task {
            app: self.application_id,
            flight: self.flight,
            packages: self.packages,
            notes,
            merge,
            images,
            pending: match pending {
                Some(Pending::Replace) => PendingPolicy::Replace,
                Some(Pending::Reuse) => PendingPolicy::Reuse,
                Some(Pending::Fail) | None => PendingPolicy::Fail,
            },
            existing: match self.existing {
                Existing::Keep => ExistingPackages::Keep,
                Existing::Matching => ExistingPackages::ReplaceMatching,
                Existing::All => ExistingPackages::ReplaceAll,
            },
            rollout: self.rollout,
            until: match self.until {
                Until::Accepted => Milestone::Accepted,
                Until::Certified => Milestone::Certified,
                Until::Published => Milestone::Published,
            },
            timeout: timeout.map(Duration::from_secs),
            leave_draft: self.leave_draft,
            plan: self.plan,
        })
    }

    /// Whether there is a package, or a change of the draft. A variable that is empty by mistake is neither.
    fn has_something(&self) -> bool {
        let has_notes = self.notes_dir.is_some() || self.notes.as_ref().is_some_and(|text| !text.trim().is_empty());
        has_notes || !self.packages.is_empty() || self.merge.is_some() || !self.images.is_empty()
    }
}

/// What was given, or else what the variable says. Pipelines set a variable to nothing where they mean not to set it.
fn or_variable<T>(given: Option<T>, name: &str, what: &str, read: impl Fn(&str) -> Option<T>) -> anyhow::Result<Option<T>> {
    let text = std::env::var(name).unwrap_or_default();
    match (given, text.trim()) {
        (None, text) if !text.is_empty() => read(text)
            .with_context(|| format!("{name} must be {what}, and is {text:?}"))
            .map(Some),
        (given, _) => Ok(given),
    }
}

fn language_and_folder(text: &str) -> Result<(String, PathBuf), &'static str> {
    match text.split_once('=') {
        Some((language, folder)) if !language.is_empty() && !folder.is_empty() => Ok((language.to_owned(), folder.into())),
        _ => Err("it must be a language, = and a folder, such as en-us=screenshots"),
    }
}

fn rollout(text: &str) -> Result<Rollout, &'static str> {
    match text.parse() {
        Ok(percentage) if (0.0..=100.0).contains(&percentage) => Ok(Rollout::Percentage(percentage)),
        Err(_) if text.eq_ignore_ascii_case("none") => Ok(Rollout::None),
        _ => Err("it must be a number from 0 to 100, or none"),
    }
}
