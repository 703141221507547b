//! The events of a run, and its report.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::http::clock::Clock;
use crate::id::SubmissionId;
use crate::model::change::Change;
use crate::model::receipt::Receipt;
use crate::model::status::{CertificationReport, StatusDetail, SubmissionStatus};
use crate::publish::decide::policy::ExistingRollout;
use crate::publish::files::ArchiveFile;

/// An event of a run. `Display` is one line for a log; it can be serialised for programs.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Event {
    /// The kind of event; serialised as the member `event` and those of its own.
    #[serde(flatten)]
    pub kind: EventKind,
    /// The submission, once there is one.
    pub submission: Option<SubmissionId>,
    /// The HTTP status, if the event is about a call.
    pub http_status: Option<u16>,
    /// `MS-CorrelationId`, if the event is about a call.
    pub correlation_id: Option<String>,
    /// The time since the run began; in seconds when serialised.
    #[serde(serialize_with = "seconds")]
    pub elapsed: Duration,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:>5} s] {}", self.elapsed.as_secs(), self.kind)?;
        let submission = self.submission.as_ref().map(|id| format!("submission {id}"));
        let status = self.http_status.map(|status| format!("HTTP {status}"));
        let call = self.correlation_id.as_ref().map(|id| format!("correlation id {id}"));
        let ids: Vec<String> = [submission, status, call].into_iter().flatten().collect();
        if ids.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", ids.join(", "))
    }
}

/// The kind of an event, with its data. `Display` is one sentence.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum EventKind {
    /// Nothing is pending.
    NothingPending,
    /// There is a submission: the pending one, or the one that the run was told to go on with.
    Found {
        /// Its status.
        status: SubmissionStatus,
    },
    /// The rollout of the last published submission was ended.
    RolloutEnded {
        /// The way it was ended.
        how: ExistingRollout,
    },
    /// The pending draft was deleted, as [`PendingPolicy::Replace`](crate::publish::PendingPolicy::Replace) says.
    Deleted,
    /// A draft was created.
    Created {
        /// Whether it turned up after the answer to its creation was lost.
        adopted: bool,
    },
    /// The draft was edited, here and not yet at the service.
    Edited {
        /// The changes that an update would send.
        changes: Vec<Change>,
    },
    /// The draft was updated.
    Updated,
    /// The draft needs no update.
    NothingToUpdate,
    /// The archive was written.
    Packed {
        /// Its files.
        files: Vec<ArchiveFile>,
        /// Its length.
        bytes: u64,
    },
    /// The upload link ended or was refused under way; the draft was read again and has a new one, with which the upload goes on.
    LinkRenewed,
    /// The archive was uploaded.
    Uploaded {
        /// Its length.
        bytes: u64,
        /// The bytes of it that were there already.
        bytes_skipped: u64,
        /// Its blocks.
        blocks: u64,
        /// The blocks of it that were there already.
        blocks_skipped: u64,
    },
    /// The submission was committed.
    Committed,
    /// The status of the submission has changed.
    StatusChanged {
        /// The new status.
        status: SubmissionStatus,
    },
    /// The service does not show the packages yet. They are looked for, for up to 10 minutes.
    LookingForPackages,
    /// The service has taken the packages.
    PackagesTaken {
        /// The names of those that it has read.
        packages: Vec<String>,
        /// The names of those whose entries still wait for their files: at acceptance the service may be at work on them.
        waiting: Vec<String>,
    },
    /// A package of an MSI or EXE app was changed.
    PackageChanged {
        /// Its architecture.
        architecture: String,
        /// Its URL.
        url: String,
    },
    /// The Store has begun to fetch the packages of an MSI or EXE app.
    Fetching,
    /// The draft of an MSI or EXE app is ready to be submitted.
    Ready,
    /// The release notes of a language were changed.
    NotesChanged {
        /// The language.
        language: String,
    },
    /// The images of a language were replaced.
    ImagesReplaced {
        /// The language.
        language: String,
    },
    /// The draft of an MSI or EXE app was submitted.
    Submitted {
        /// Whether it turned up after the answer to the submit was lost.
        adopted: bool,
    },
    /// The last published submission holds every package in its very version. Nothing is created.
    AlreadyPublished {
        /// The names of the packages that were to be submitted.
        packages: Vec<String>,
    },
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingPending => f.write_str("nothing is pending"),
            Self::Found { status } => write!(f, "there is a submission in status {status}"),
            Self::RolloutEnded { how } => write!(f, "the rollout was {}", how.done()),
            Self::Deleted => f.write_str("the pending draft was deleted, as PendingPolicy::Replace says"),
            Self::Created { adopted: false } => f.write_str("a draft was created"),
            Self::Created { adopted: true } => f.write_str("a draft turned up after the answer to its creation was lost"),
            Self::Edited { changes } => write!(f, "the draft was edited: {}", count(changes.len() as u64, "change")),
            Self::Updated => f.write_str("the draft was updated"),
            Self::NothingToUpdate => f.write_str("the draft needs no update"),
            Self::Packed { files, bytes } => {
                let files = count(files.len() as u64, "file");
                write!(f, "the archive was packed: {files} in {bytes} bytes")
            }
            Self::LinkRenewed => f.write_str("the upload link was renewed"),
            Self::Uploaded {
                bytes,
                blocks,
                blocks_skipped,
                ..
            } => {
                let blocks = count(*blocks, "block");
                write!(
                    f,
                    "the archive was uploaded: {bytes} bytes in {blocks}, {blocks_skipped} there already"
                )
            }
            Self::Committed => f.write_str("the submission was committed"),
            Self::StatusChanged { status } => write!(f, "the status is {status}"),
            Self::LookingForPackages => f.write_str("the packages do not show yet: they are looked for, for up to 10 minutes"),
            Self::PackagesTaken { packages, waiting } => {
                let taken = Some(packages.join(", ")).filter(|names| !names.is_empty());
                let taken = taken.map(|names| format!("the packages were taken: {names}"));
                let waiting = Some(waiting.join(", ")).filter(|names| !names.is_empty());
                let waiting = waiting.map(|names| format!("the service is still at work on {names}"));
                f.write_str(&[taken, waiting].into_iter().flatten().collect::<Vec<_>>().join("; "))
            }
            Self::PackageChanged { architecture, url } => write!(f, "the package for {architecture} was changed to {url}"),
            Self::Fetching => f.write_str("the Store fetches the packages"),
            Self::Ready => f.write_str("the draft is ready"),
            Self::NotesChanged { language } => write!(f, "the release notes in {language} were changed"),
            Self::ImagesReplaced { language } => write!(f, "the images for {language} were replaced"),
            Self::Submitted { adopted: false } => f.write_str("it was submitted"),
            Self::Submitted { adopted: true } => f.write_str("a submission turned up after the answer to the submit was lost"),
            Self::AlreadyPublished { packages } => write!(f, "the Store holds this release already: {}", packages.join(", ")),
        }
    }
}

/// `1 file`, `2 files`.
fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A function that is called with each event.
pub(crate) type Observer = Arc<dyn Fn(&Event) + Send + Sync>;

/// Tells events to the observer.
#[derive(Clone)]
pub(crate) struct Teller {
    pub(crate) observer: Option<Observer>,
    clock: Clock,
    started: Instant,
}

impl Teller {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self {
            observer: None,
            clock: clock.clone(),
            started: clock.now(),
        }
    }

    /// The run begins now.
    pub(crate) fn start(&mut self) {
        self.started = self.clock.now();
    }

    /// Tells what was done here.
    pub(crate) fn tell(&self, kind: EventKind, submission: &SubmissionId) {
        self.send(kind, Some(submission), None, None);
    }

    /// Tells what a call has done.
    pub(crate) fn tell_call<T>(&self, kind: EventKind, submission: Option<&SubmissionId>, receipt: &Receipt<T>) {
        self.send(kind, submission, Some(receipt.http_status), receipt.correlation_id.as_ref());
    }

    fn send(&self, kind: EventKind, submission: Option<&SubmissionId>, status: Option<u16>, id: Option<&String>) {
        let Some(observer) = &self.observer else { return };
        observer(&Event {
            kind,
            submission: submission.cloned(),
            http_status: status,
            correlation_id: id.cloned(),
            elapsed: self.clock.now() - self.started,
        });
    }
}

/// A status that the submission has had during the wait.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Seen {
    /// The status.
    pub status: SubmissionStatus,
    /// The time since the wait began; in seconds when serialised.
    #[serde(serialize_with = "seconds")]
    pub after: Duration,
    /// `MS-CorrelationId` of the call.
    pub correlation_id: Option<String>,
}

fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

/// The report of a run.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PublishReport {
    /// The submission.
    pub submission: SubmissionId,
    /// Whether the last published submission, which this is, held every package in its very version, so that nothing was created.
    pub already_published: bool,
    /// Whether it was there before, or turned up after the answer to its creation was lost.
    pub adopted: bool,
    /// The changes that this run has sent: none if an earlier run had made them.
    pub changes: Vec<Change>,
    /// The files of the archive, also if an earlier run has uploaded it.
    pub files: Vec<ArchiveFile>,
    /// The names of the packages that the service has taken: it has read their files.
    pub taken: Vec<String>,
    /// The names of the packages whose entries still wait for their files: with the goal
    /// [`Accepted`](crate::api::Milestone::Accepted) the service may be at work on them, and drop them yet. With a later goal there are
    /// none.
    pub waiting: Vec<String>,
    /// The names of the packages of an earlier run whose entries were taken out, because nobody gives their files.
    pub dropped: Vec<String>,
    /// The bytes that were sent to the blob store, without those that were there already.
    pub bytes_sent: u64,
    /// The number of times that a block was sent again.
    pub retries: u64,
    /// Whether it was committed: not with [`leave_draft`](crate::publish::Publish::leave_draft). Uploaded packages are taken over by a
    /// commit alone: without one they are lost.
    pub committed: bool,
    /// The changes of the status, in order.
    pub history: Vec<Seen>,
    /// Whether the submission is certified and waits to be published by hand or on a date.
    pub held: bool,
    /// The warnings of the service, without the one that it adds to every submission.
    pub warnings: Vec<StatusDetail>,
    /// The reports of the certification.
    pub certification_reports: Vec<CertificationReport>,
}

impl PublishReport {
    pub(super) fn new(submission: SubmissionId, adopted: bool, files: Vec<ArchiveFile>) -> Self {
        Self {
            submission,
            already_published: false,
            adopted,
            changes: Vec::new(),
            files,
            taken: Vec::new(),
            waiting: Vec::new(),
            dropped: Vec::new(),
            bytes_sent: 0,
            retries: 0,
            committed: false,
            history: Vec::new(),
            held: false,
            warnings: Vec::new(),
            certification_reports: Vec::new(),
        }
    }

    /// The last status that was seen.
    #[must_use]
    pub fn status(&self) -> Option<&SubmissionStatus> {
        self.history.last().map(|seen| &seen.status)
    }
}

impl fmt::Display for PublishReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "submission {}", self.submission)?;
        if self.already_published {
            return f.write_str(" is published already, with these very versions: nothing was created, and no edit was made");
        }
        if self.adopted {
            f.write_str(" (adopted)")?;
        }
        match self.status() {
            Some(status) => write!(f, ": {status}")?,
            None if self.committed => f.write_str(": committed")?,
            None => f.write_str(": left as a draft; packages are taken over by a commit alone")?,
        }
        if self.held {
            f.write_str(", held until it is published by hand or on its date")?;
        }
        let changes = count(self.changes.len() as u64, "change");
        let files = count(self.files.len() as u64, "file");
        write!(f, "; {changes}, {files}, {} sent", count(self.bytes_sent, "byte"))?;
        if !self.taken.is_empty() {
            write!(f, "; taken: {}", self.taken.join(", "))?;
        }
        if !self.waiting.is_empty() {
            write!(f, "; the service is still at work on {}", self.waiting.join(", "))?;
        }
        if !self.dropped.is_empty() {
            write!(f, "; taken out, because nobody gives its file: {}", self.dropped.join(", "))?;
        }
        for warning in &self.warnings {
            write!(f, "; warning: {warning}")?;
        }
        Ok(())
    }
}
