//! The walk: reads each thing once, tries the edits on a copy and decides. [`Publish::plan`] shows the decision, and a run obeys it.

use crate::api::kinds::{NamedFile, Submission, Whole};
use crate::api::submissions::{AppIdentity, Refs};
use crate::api::wait::Milestone;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::id::SubmissionId;
use crate::model::guard::Guard;
use crate::model::package::{ApplicationPackage, PackageRolloutStatus, same_name};
use crate::model::status::SubmissionStatus;
use crate::publish::decide::guards::{Guards, Standing};
use crate::publish::decide::inherited::{InheritedSetting, past_date};
use crate::publish::decide::limits::{self, Advice};
use crate::publish::decide::new_package::NewPackage;
use crate::publish::decide::packages::{planned, replace};
use crate::publish::decide::policy::{InTheWay, PendingPolicy, Resolution, not_the_same, resolve};
use crate::publish::decide::release::{foreign_advice, is_published, left_without};
use crate::publish::files::ArchiveFile;
use crate::publish::job::{BoxedError, Inputs, Publish};
use crate::publish::plan::{Plan, shortened};
use crate::publish::settings::Settled;

impl<S: Submission> Publish<S> {
    /// Returns the plan of the run, without changing anything: only reads are sent. The edit is made on a copy of the pending
    /// draft if that would be reused, else of the last published submission.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if a file is missing, if the edit leaves a language in two spellings, or if there is neither a published submission nor a draft of an app;
    /// [`ErrorKind::Edit`](crate::ErrorKind::Edit) with the error of an edit, or that itself if it is one of this crate; else the errors of the reads. A guard or a pending
    /// submission that would stop the run is part of the plan, and not an error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the reading; nothing is changed at the service.
    pub async fn plan(self) -> Result<Plan> {
        let inputs = self.inputs().await?;
        Ok(self.decide(&inputs).await?.plan)
    }
}

/// What a run brings, and what it meets.
pub(super) struct Release<'r, S> {
    pub(super) inputs: &'r Inputs,
    /// The last published submission, unless the run was told to go on with that one.
    published: Option<&'r Document<S>>,
    /// The identity that the packages must have.
    identity: Option<&'r AppIdentity>,
}

impl<S> Clone for Release<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Release<'_, S> {}

impl<'r, S: Submission> Release<'r, S> {
    pub(super) fn new(inputs: &'r Inputs, published: Option<&'r Document<S>>, refs: &'r Refs) -> Self {
        Self {
            inputs,
            published,
            identity: refs.identity.as_ref(),
        }
    }

    /// The packages that the Store holds.
    pub(super) fn held(self) -> &'r [ApplicationPackage] {
        self.published.map_or(&[], |published| published.packages())
    }
}

/// All that was read to decide, each thing once, and the decision.
pub(super) struct Resolved<S> {
    pub(super) refs: Refs,
    /// The pending submission, or the one that the run was told to go on with.
    pub(super) there: Option<Document<S>>,
    /// The last published submission, unless it is that one, or a draft is edited and no package comes.
    pub(super) published: Option<Document<S>>,
    pub(super) resolution: Resolution,
    pub(super) plan: Plan,
    /// The error that stops the run, if anything does.
    pub(super) stop: Result<()>,
}

/// What becomes of the submission that is there.
struct Met<S> {
    /// In words.
    what: String,
    /// What the edits make of one that cannot be changed any more.
    edited: Option<Document<S>>,
    /// Why it stops the run, if it does.
    refused: Option<Error>,
}

impl<S: Submission> Publish<S> {
    /// Reads, and tries the edits on a copy. Nothing is changed at the service.
    pub(super) async fn decide(&self, inputs: &Inputs) -> Result<Resolved<S>> {
        let mut refs = self.submissions.refs().await?;
        let are_read = inputs.packages.iter().any(|package| package.info().is_some());
        if S::KEEPS_FIRST_DRAFT && are_read {
            refs.identity = self.submissions.app_identity().await?;
        }
        let (there, policy) = match (&self.submission, &refs.pending) {
            (Some(id), _) => (Some(self.submissions.get(id).await?), PendingPolicy::Reuse),
            (None, Some(id)) => (self.submissions.get_opt(id).await?, self.pending),
            (None, None) => (None, self.pending),
        };
        let mut resolution = there.as_ref().map_or(Resolution::Create, |there| {
            let is_deletable = !S::KEEPS_FIRST_DRAFT || refs.last_published.is_some();
            resolve(policy, there.status(), there.upload_url().is_set(), is_deletable)
        });
        let id = there.as_ref().map(Document::id).transpose()?;
        let is_copied = resolution != Resolution::Edit || !inputs.packages.is_empty();
        let is_needed = |last: &&SubmissionId| is_copied && Some(*last) != id.as_ref();
        let published = match refs.last_published.as_ref().filter(is_needed) {
            Some(last) => Some(self.submissions.get(last).await?),
            None => None,
        };
        let release = Release::new(inputs, published.as_ref(), &refs);
        // Customers do not get a release whose rollout was halted.
        let is_halted = published
            .as_ref()
            .is_some_and(|published| rollout_status(published) == Some(&PackageRolloutStatus::Stopped));
        let is_there = !is_halted && is_published(&inputs.packages, release.held());
        if resolution == Resolution::Create && !self.again && is_there {
            resolution = Resolution::Published;
        }
        let (plan, stop) = self.decided(resolution, there.as_ref(), release)?;
        Ok(Resolved {
            refs,
            there,
            published,
            resolution,
            plan,
            stop,
        })
    }

    /// The plan, by what was read, and the error that stops the run.
    fn decided(
        &self,
        resolution: Resolution,
        there: Option<&Document<S>>,
        release: Release<'_, S>,
    ) -> Result<(Plan, Result<()>)> {
        let Met { what, edited, refused } = self.meet(resolution, there, release)?;
        let (stops, published) = (refused.is_some(), release.published);
        let first = Document::detached(serde_json::json!({}))?;
        let (base, tried) = match (resolution, there, published.or(there)) {
            (Resolution::Attach, Some(there), _) => {
                let edited = edited.unwrap_or_else(|| there.clone());
                (there, Ok((edited, Guards::new(&[]), Settled::default())))
            }
            (Resolution::Published, _, Some(there)) => {
                // Another app may have a package of the same version.
                let mut guards = Guards::new(&self.lifted);
                guards.check_packages(&release.inputs.packages, release.held(), release.identity, true);
                (there, Ok((there.clone(), guards, Settled::default())))
            }
            (Resolution::Edit, Some(draft), _) => {
                let standing = Standing::Draft(self.clock().system_now());
                (draft, self.try_out(draft, release, standing))
            }
            (_, _, Some(copied)) => (copied, self.try_out(copied, release, Standing::Copied)),
            _ if S::FIRST_IN_PARTNER_CENTER => {
                let problem = "it has neither a published submission nor a draft; the first one is made in Partner Center";
                return Err(Error::invalid("the app", problem));
            }
            _ => (&first, self.try_out(&first, release, Standing::Empty)),
        };
        let (draft, mut guards, settled) = tried.map_err(|error| refused.clone().unwrap_or(error))?;
        let writes = !matches!(resolution, Resolution::Attach | Resolution::Published);
        let is_new = writes && resolution != Resolution::Edit;
        let rollout = self.rollout(published.filter(|_| is_new))?;
        if is_new && S::ROLLED_OUT {
            let blocks = rollout.as_ref().filter(|_| self.existing_rollout.is_none());
            guards.add(Guard::RolloutInProgress, blocks.map(|rollout| rollout_problem(&rollout.id)));
        }
        if writes {
            settled.check::<S>(&mut guards);
        }
        let plan = Plan {
            based_on: (!base.origin().is_empty()).then(|| base.id()).transpose()?,
            pending: there.map(|there| InTheWay::new(there, stops, what)).transpose()?,
            rollout,
            changes: draft.changes()?,
            packages: planned(base.packages(), draft.packages(), &release.inputs.packages, release.held()),
            files: if writes { release.inputs.files.clone() } else { Vec::new() },
            already_published: resolution == Resolution::Published,
            findings: if writes {
                self.findings(&draft, release, &settled)
            } else {
                Vec::new()
            },
            inherited: settled.inherited,
            device_families: settled.families,
            guards: guards.found,
        };
        Ok((plan, refused.map_or(guards.stop, Err)))
    }

    /// What becomes of the submission that is there.
    fn meet(&self, resolution: Resolution, there: Option<&Document<S>>, release: Release<'_, S>) -> Result<Met<S>> {
        // One that is pending may show that status for a while, too.
        let is_published = self.submission.is_some() && there.is_some_and(|there| *there.status() == SubmissionStatus::Published);
        let attached = there.filter(|_| resolution == Resolution::Attach);
        let (edited, cause) = match attached.map(|there| self.edited(there)).transpose() {
            Ok(edited) => (edited, None),
            Err(cause) => (None, Some(cause)),
        };
        let difference = match (attached, &edited) {
            (Some(there), Some(edited)) => self.difference(there, edited, release)?,
            (Some(_), None) => Some("an edit cannot be made on it".to_owned()),
            (None, _) => None,
        };
        let (what, stops) = match (resolution, difference) {
            (Resolution::Refuse(why), _) => (why.to_owned(), true),
            (Resolution::Attach, Some(difference)) => (not_the_same(is_published, &difference), true),
            (Resolution::Attach, None) if is_published => ("is published already".to_owned(), false),
            (Resolution::Attach, None) => ("would be waited for".to_owned(), false),
            (Resolution::Edit, _) => ("would be edited".to_owned(), false),
            _ => ("would be deleted and made anew".to_owned(), false),
        };
        let refused = match there.filter(|_| stops) {
            Some(there) if is_published => Some(Error::invalid(format!("the submission {}", there.id()?), &*what)),
            Some(there) => Some(Error::pending(there.origin(), there.status(), &*what)),
            None => None,
        };
        let refused = match cause {
            Some(cause) => refused.map(|error| error.caused_by(cause)),
            None => refused,
        };
        Ok(Met { what, edited, refused })
    }

    /// Advice on the edited draft: first who would be left without a package, then the dates that it inherits and the limits.
    fn findings(&self, draft: &Document<S>, release: Release<'_, S>, settled: &Settled) -> Vec<Advice> {
        let left_without = left_without(&release.inputs.packages, release.held(), draft.packages());
        let left_without = left_without.into_iter().map(|problem| Advice::new(S::PACKAGES, problem));
        let foreign = match draft.whole() {
            Whole::Application(submission) => foreign_advice(submission, &release.inputs.packages),
            _ => None,
        };
        let inherited = settled.inherited.iter().filter_map(InheritedSetting::finding);
        let parts = draft.parts();
        let date = past_date(
            parts.target_publish_mode,
            parts.target_publish_date,
            self.clock().system_now(),
        );
        let limits = limits::findings(&**draft);
        left_without
            .chain(foreign)
            .chain(inherited)
            .chain(date)
            .chain(limits)
            .collect()
    }

    /// The rollout of the last published submission, if it is in progress, and what becomes of it.
    fn rollout(&self, published: Option<&Document<S>>) -> Result<Option<InTheWay>> {
        let is_in_progress = |published: &&Document<S>| rollout_status(published) == Some(&PackageRolloutStatus::InProgress);
        let Some(published) = published.filter(is_in_progress) else {
            return Ok(None);
        };
        let (stops, what) = match self.existing_rollout {
            Some(end) => (false, format!("would be {}", end.done())),
            None if self.lifted.contains(&Guard::RolloutInProgress) => {
                let what = "would be left as it is, because the guard is lifted: the service may refuse the next submission";
                (false, what.to_owned())
            }
            None => (true, rollout_problem(&published.id()?)),
        };
        InTheWay::new(published, stops, what).map(Some)
    }

    /// Makes the edits on a copy and lets the guards look at it.
    pub(super) fn try_out(
        &self,
        base: &Document<S>,
        release: Release<'_, S>,
        standing: Standing,
    ) -> Result<(Document<S>, Guards, Settled)> {
        let Inputs { files, packages: new } = release.inputs;
        let (mut draft, before) = (base.clone(), base.packages());
        self.edits.iter().try_for_each(|edit| edit(&mut draft)).map_err(edit_failed)?;
        if let Some(place_images) = self.place_images {
            place_images(&mut draft, &self.images, files)?;
        }
        if let Some(packages) = draft.parts_mut().packages {
            replace(packages, before, new, self.existing, files)?;
        }
        let settled = self.settle(base, &mut draft)?;
        let mut guards = Guards::new(&self.lifted);
        guards.check_packages(new, release.held(), release.identity, self.again);
        guards.check(&draft, before, files, new, standing)?;
        Ok((draft, guards, settled))
    }

    /// A copy with the caller's edits and settings. The percentage of a rollout is left alone, for that goes up once it is published.
    fn edited(&self, there: &Document<S>) -> Result<Document<S>> {
        let mut copy = there.clone();
        self.edits.iter().try_for_each(|edit| edit(&mut copy)).map_err(edit_failed)?;
        let now = self.clock().system_now();
        self.settings.apply_but_percentage(copy.parts_mut(), now)?;
        Ok(copy)
    }

    /// Why a submission that cannot be changed any more is not what is to be published: it lacks a package, the caller's edits and
    /// settings change something, or a file or an image is missing.
    fn difference(&self, there: &Document<S>, edited: &Document<S>, release: Release<'_, S>) -> Result<Option<String>> {
        let packages = there.packages();
        let Inputs { files, packages: new } = release.inputs;
        let is_lacking = |new: &&NewPackage| !new.arrival(packages, release.held()).is_enough(Milestone::Accepted);
        if let Some(lacking) = new.iter().find(is_lacking) {
            let version = lacking
                .version
                .map_or_else(String::new, |version| format!(" in version {version}"));
            return Ok(Some(format!("it lacks the package {}{version}", lacking.name)));
        }
        let changes = edited.changes()?;
        if let Some(change) = changes.first() {
            let more = match changes.len() {
                1 => String::new(),
                count => format!(", and {} more", count - 1),
            };
            return Ok(Some(format!("it differs: {}{more}", shortened(&change.to_string()))));
        }
        let named = there.named_files();
        let is_named = |file: &ArchiveFile| {
            let fits = |(name, status): &NamedFile<'_>| same_name(name, &file.name) && status.stays();
            named.iter().any(fits)
        };
        let is_lacking = |file: &&ArchiveFile| !self.images.has(&file.name) && !is_named(file);
        if let Some(file) = files.iter().find(is_lacking) {
            return Ok(Some(format!("it does not name the file {}", file.name)));
        }
        let known = release
            .published
            .map(|published| published.named_images())
            .unwrap_or_default();
        let has_images = self.images.are_in(&there.named_images(), &known);
        Ok((!has_images).then(|| "its images are not those that are given".to_owned()))
    }
}

fn rollout_status<S: Submission>(submission: &Document<S>) -> Option<&PackageRolloutStatus> {
    let delivery = submission.parts().delivery?;
    Some(&delivery.package_rollout.package_rollout_status)
}

pub(super) fn rollout_problem(id: &SubmissionId) -> String {
    format!(
        "the last published submission, {id}, is still being rolled out, which blocks the next one: choose .existing_rollout(ExistingRollout::Finalize) or ExistingRollout::Halt"
    )
}

fn edit_failed(error: BoxedError) -> Error {
    error.downcast::<Error>().map_or_else(Error::edit, |error| *error)
}
