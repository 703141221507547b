//! The settings of the job, [`Publish`], and the look at its files.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::api::kinds::Submission;
use crate::api::rollout::HasRollout;
use crate::api::submissions::Submissions;
use crate::api::wait::Milestone;
use crate::document::Document;
use crate::error::Result;
use crate::http::clock::Clock;
use crate::id::SubmissionId;
use crate::model::guard::Guard;
use crate::publish::decide::images::GivenImages;
use crate::publish::decide::inherited::Settings;
use crate::publish::decide::new_package::{NewPackage, Package, file_name};
use crate::publish::decide::packages::{ExistingPackages, replace};
use crate::publish::decide::policy::{ExistingRollout, PendingPolicy};
use crate::publish::event::{Event, Teller};
use crate::publish::files::{self, ArchiveFile};
use crate::upload::Upload;

pub(super) type BoxedError = Box<dyn std::error::Error + Send + Sync>;
pub(super) type Edit<S> = Box<dyn Fn(&mut Document<S>) -> std::result::Result<(), BoxedError> + Send + Sync>;
/// Puts the given images in their places; the files are all that are given.
pub(super) type PlaceImages<S> = fn(&mut Document<S>, &GivenImages, &[ArchiveFile]) -> Result<()>;
pub(super) type UploadSetting = Box<dyn FnOnce(Upload) -> Upload + Send + Sync>;

/// The whole job: creates a submission, edits it, uploads its files, commits it and waits.
///
/// ```no_run
/// use msstore::publish::Package;
/// use msstore::{ApplicationId, StoreClient};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let app: ApplicationId = "9NBLGGH4R315".parse()?;
///     let report = StoreClient::from_env()?.applications().submissions(app).publish()
///         .edit(|draft| {
///             draft.listing_mut("en-us")?.base_listing.release_notes = "Faster.".into();
///             Ok(())
///         })
///         .package(Package::new("dist/App_1.4.0.0_x64.msix"))
///         .await?;
///     println!("{report}");
///     Ok(())
/// }
/// ```
///
/// # Steps
///
/// ```text
///  look ──► edit and guards, on a copy ──► pending? ──Fail──────────────► error
///                     │                       ├─Replace─► delete ─┐
///                     └─► error               ├─nothing───────────┴─► rollout? ─► create ─┐
///                         and nothing is sent └─Reuse─────────────────────────────────────┤
///                                                                                         ▼
///        edit ─► guards ─► update ─► compare ─► archive ─► upload ─► commit ─► wait ─► verify
///                  │                    │                             │         │        │
///                  └── draft is left ───┴──── draft is left ──────────┘         │        └ package not taken
///                                                                               └ failed, or time is up
/// ```
///
/// Nothing is deleted, created or sent before the files were looked at, and the edit and the guards were tried on a copy. The run
/// then does what [`plan`](Self::plan) shows.
///
/// A draft that the run has made or changed, and that an error leaves behind, is named by
/// [`Error::left_behind`](crate::Error::left_behind). Run again with [`PendingPolicy::Reuse`] to go on with it: blocks that are uploaded
/// already are not uploaded again, and there is no second submission.
///
/// # Packages
///
/// The manifests of the packages are read, so that neither architecture nor minimum version of Windows need be stated; what
/// [`Package`] states wins. Refused before anything is sent is what the service would refuse after the upload: another identity or
/// publisher than the app's ([`Guard::PackageIdentity`]), a version whose fourth number is not 0 or that is not higher than what the
/// Store holds for the same architecture and device family ([`Guard::PackageVersion`]), and a file that is no package, or not the
/// kind that its name says ([`Guard::PackageKind`]). The plan shows each package with its version, old and new, and says whose package
/// nobody replaces. A package that cannot be read, as it is encrypted, skips these guards, and the plan says so.
///
/// A release that is published already, every package of it in its very version, ends well and creates nothing: a job that is run
/// again after success does no harm. What else it would change, as a listing, is not changed then: leave the packages out for that.
/// [`again`](Self::again) insists. A run without packages is always submitted.
///
/// # Images
///
/// [`images`](Self::images) makes the given files all the images of a kind in a language, [`image`](Self::image) adds or replaces one,
/// [`icon`](Self::icon) sets that of an add-on.
/// Each must be a PNG of at most 50 MB, in the size that the Store documents for its kind; a listing has at most 10 screenshots of a
/// desktop and 8 of each other device. What is wrong is found before anything is sent, by [`Guard::Images`], also of images that an
/// edit names.
///
/// # Upload links
///
/// The link of a draft lives about 24 hours. If it ends or is refused under way, the draft is read again, and the upload goes on with the
/// link that it has then; what has arrived is not sent again. If there is no other link, the run ends with
/// [`UploadKind::LinkExpired`](crate::error::UploadKind::LinkExpired): run again with [`PendingPolicy::Replace`].
///
/// # Pending submissions
///
/// | pending | Fail (default) | Replace | Reuse |
/// |---|---|---|---|
/// | nothing | create | create | create |
/// | a draft with a link, or a failed submission | error | delete and create; for a flight that was never published: error | edit and go on |
/// | made in Partner Center (no link) | error | error | error |
/// | nothing, and the packages are published already in these very versions | ends well | same | same |
/// | committed and under way | error | error | attach, if the edit changes nothing and it has the packages, files and images; else error |
///
/// # Inherited settings
///
/// A new draft is a copy of the last release, with these settings. The plan lists those that nobody has set and that are not
/// ordinary, in [`Plan::inherited`](crate::publish::Plan::inherited); of a reused draft it lists what that has.
///
/// | setting | ordinary | set by |
/// |---|---|---|
/// | gradual rollout, with its percentage | none | [`no_rollout`](Self::no_rollout), [`rollout_percentage`](Self::rollout_percentage) |
/// | mandatory update, with its date | no | [`mandatory`](Self::mandatory) |
/// | publish mode, with its date | `Immediate` | [`publish_mode`](Self::publish_mode), [`publish_at`](Self::publish_at) |
///
/// An edit may set them too; the methods win. A rollout that nobody has asked for stops the run before anything is sent, also the
/// one that [`existing_rollout`](Self::existing_rollout) is about to end: [`Guard::InheritedRollout`]. A submission under way is
/// attached to only if it has the settings of the run, whatever the percentage of its rollout.
///
/// The service refuses an update of an app whose `allow_target_future_device_families` lacks `Desktop`, `Mobile`, `Xbox` or
/// `Holographic`. Those that are missing after the edits are added as `false`.
///
/// # Guards
///
/// Before the update: all packages that were there are kept or marked for deletion; at most 30; new ones are `PendingUpload` and
/// carry nothing that only the service sets; the price of an app or add-on is neither missing, null, empty nor `Base`; there is a listing;
/// every file that is to be uploaded is given, and every given file is named; new images are what the Store asks for; the upload link
/// is there and alive; no rollout is in progress, and none is inherited unasked; the packages are right, as told above; each listing has a title, of its
/// own or of a package of its language. After it: price, trial, prices by market and packages are what was sent. Each can be lifted
/// with [`allow`](Self::allow).
///
/// At the goal each package must have an id that was not in the draft before, and its version; that is looked for up to 10 minutes,
/// and a package that is gone is told at once. With the goal [`Accepted`](Milestone::Accepted) a package whose entry still waits for its
/// file is good enough, for the service is at work on it then, and may drop it yet: the report tells such from those that are taken.
#[must_use = "nothing is sent before it is awaited"]
pub struct Publish<S> {
    pub(super) submissions: Submissions<S>,
    pub(super) pending: PendingPolicy,
    pub(super) submission: Option<SubmissionId>,
    pub(super) edits: Vec<Edit<S>>,
    pub(super) images: GivenImages,
    /// It is not done on a submission that has its files already.
    pub(super) place_images: Option<PlaceImages<S>>,
    pub(super) packages: Vec<Package>,
    pub(super) existing: ExistingPackages,
    /// Whether a release that is published already is submitted once more.
    pub(super) again: bool,
    pub(super) settings: Settings,
    /// Files besides the packages, by their names in the archive.
    pub(super) files: Vec<(String, PathBuf)>,
    pub(super) existing_rollout: Option<ExistingRollout>,
    pub(super) lifted: Vec<Guard>,
    pub(super) goal: Milestone,
    pub(super) timeout: Option<Duration>,
    pub(super) poll_interval: Option<Duration>,
    pub(super) leave_draft: bool,
    #[cfg(feature = "archive")]
    pub(super) archive_folder: Option<PathBuf>,
    pub(super) teller: Teller,
    pub(super) upload: Vec<UploadSetting>,
}

impl<S> fmt::Debug for Publish<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish")
            .field("submissions", &self.submissions)
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}

impl<S: Submission> Submissions<S> {
    /// The whole job in one call: create, edit, upload, commit, wait. See [`Publish`].
    pub fn publish(&self) -> Publish<S> {
        Publish {
            submissions: self.clone(),
            pending: PendingPolicy::default(),
            submission: None,
            edits: Vec::new(),
            images: GivenImages::default(),
            place_images: None,
            packages: Vec::new(),
            existing: ExistingPackages::default(),
            again: false,
            settings: Settings::default(),
            files: Vec::new(),
            existing_rollout: None,
            lifted: Vec::new(),
            goal: Milestone::Accepted,
            timeout: None,
            poll_interval: None,
            leave_draft: false,
            #[cfg(feature = "archive")]
            archive_folder: None,
            teller: Teller::new(self.service().clock()),
            upload: Vec::new(),
        }
    }
}

impl<S: Submission> Publish<S> {
    /// What to do with a submission that is pending already. Default [`PendingPolicy::Fail`].
    pub fn pending(mut self, policy: PendingPolicy) -> Self {
        self.pending = policy;
        self
    }

    /// Goes on with this submission of an earlier run, whatever its status: as [`PendingPolicy::Reuse`], also once it is published
    /// and no longer pending. No other submission is created; one that is published and not the same is an error.
    pub fn submission(mut self, id: impl Into<SubmissionId>) -> Self {
        self.submission = Some(id.into());
        self
    }

    /// Edits the draft. Several edits are made one after the other, before the other settings are applied.
    ///
    /// An edit is tried on a copy before anything is deleted, created or sent: of the pending draft if that is reused, else of the
    /// last published submission. It is made again on the draft itself, and on a copy without the settings that a draft inherits, to
    /// see whether it sets them. An edit that changes nothing when it is made again lets a
    /// later run go on with this one.
    pub fn edit<F>(mut self, edit: F) -> Self
    where
        F: Fn(&mut Document<S>) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
    {
        self.edits.push(Box::new(edit));
        self
    }

    /// Lifts a guard: its finding does not stop the run.
    pub fn allow(mut self, guard: Guard) -> Self {
        self.lifted.push(guard);
        self
    }

    /// The milestone to wait for. Default [`Milestone::Accepted`].
    pub fn until(mut self, goal: Milestone) -> Self {
        self.goal = goal;
        self
    }

    /// The longest time to wait after the commit. Default [`Milestone::default_timeout`] of the goal. Looking for the packages
    /// afterwards takes up to 10 minutes more.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets a fixed pause between two polls instead of the growing one.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = Some(interval);
        self
    }

    /// Leaves the commit out. Uploaded packages are taken over by a commit alone: if the draft is changed or submitted in Partner
    /// Center instead, they are lost. A submission that is committed already is not waited for.
    pub fn leave_draft(mut self) -> Self {
        self.leave_draft = true;
        self
    }

    /// Calls a function with each event. A status is told when it changes, not with each poll.
    pub fn on_event(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.teller.observer = Some(Arc::new(observer));
        self
    }

    /// Changes the settings of the upload of the archive, such as the size of its blocks, or follows its progress. Several of these
    /// are applied one after the other.
    ///
    /// ```no_run
    /// # fn run(submissions: msstore::api::Submissions<msstore::model::ApplicationSubmission>) {
    /// let job = submissions.publish().upload(|upload| {
    ///     upload.block_size(16 << 20).on_progress(|now| println!("{} of {} bytes", now.bytes, now.bytes_total))
    /// });
    /// # }
    /// ```
    pub fn upload(mut self, settings: impl FnOnce(Upload) -> Upload + Send + Sync + 'static) -> Self {
        self.upload.push(Box::new(settings));
        self
    }
}

impl<S: Submission> Publish<S> {
    pub(super) fn clock(&self) -> &Clock {
        self.submissions.service().clock()
    }

    /// Checks the settings, and looks at the files.
    pub(super) async fn inputs(&self) -> Result<Inputs> {
        self.settings.check()?;
        #[cfg(feature = "archive")]
        if let Some(folder) = &self.archive_folder {
            files::check_folder(folder).await?;
        }
        let packages = self.packages.iter().map(|package| Ok((package.file_name()?, package.path())));
        let others = self
            .files
            .iter()
            .map(|(name, path)| Ok((file_name(Some(name), path)?, path.as_path())));
        let files = files::look_at(packages.chain(others).collect::<Result<_>>()?).await?;
        let mut packages = Vec::new();
        for package in &self.packages {
            let found = files::look_into(package.path()).await;
            packages.push(NewPackage::new(package, found)?);
        }
        // Fails if a package lacks what `existing_packages` needs of it.
        replace(&mut Vec::new(), &[], &packages, self.existing, &[])?;
        Ok(Inputs { files, packages })
    }
}

/// The files of a run, looked at before anything is sent.
pub(super) struct Inputs {
    pub(super) files: Vec<ArchiveFile>,
    pub(super) packages: Vec<NewPackage>,
}

impl<S: HasRollout> Publish<S> {
    /// What to do with a rollout that is in progress. Without it such a rollout is an error. The new draft inherits it: say with
    /// [`no_rollout`](Self::no_rollout) or [`rollout_percentage`](Self::rollout_percentage) what it shall have.
    pub fn existing_rollout(mut self, choice: ExistingRollout) -> Self {
        self.existing_rollout = Some(choice);
        self
    }
}
