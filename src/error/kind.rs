//! What went wrong, in a word that a program can match.

use crate::error::call::Outcome;
use crate::model::guard::Guard;

/// What went wrong. [`Error`](crate::Error) carries the rest: the status, the service's words, the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The service, or something in front of it, answered with a status other than 2xx.
    #[error("the service refused the call")]
    Api,
    /// There is no access token, so the call was not sent, or not sent again.
    #[error("no access token")]
    Auth,
    /// The request could not be sent, or no complete answer came.
    #[error("the request {0}")]
    Transport(TransportKind),
    /// The service answered with a 2xx, but the answer could not be understood.
    #[error("the answer could not be understood")]
    Decode,
    /// The submission failed; [`Error::report`](crate::Error::report) has the service's reasons.
    #[error("the submission {0}")]
    SubmissionFailed(FailureKind),
    /// The deadline of a wait passed. A submission that was committed continues at the service.
    #[error("the time of the wait was up")]
    WaitTimedOut,
    /// A submission was deleted, but the service still shows it.
    #[error("the deleted submission is still shown")]
    DeletionTimedOut,
    /// The submission reached the goal, but its packages could not be read afterwards, so it is not known whether all
    /// that were uploaded were taken.
    #[error("it could not be read whether the packages were taken")]
    NotVerified,
    /// An upload failed. The submission is as it was: packages are taken over by the commit only.
    #[error("{0}")]
    Upload(UploadKind),
    /// Something given to the crate cannot be used.
    #[error("the input cannot be used")]
    InvalidInput,
    /// A submission that is pending stops the run.
    #[error("a pending submission is in the way")]
    Pending,
    /// The closure that edits a draft failed; its error is the source. An [`Error`](crate::Error) of the crate that it returns, as that
    /// of a language which is not there, is passed on as it is.
    #[error("the edit of the submission failed")]
    Edit,
    /// A guard stopped what would do harm.
    #[error("the guard of {0} stopped it")]
    Guard(Guard),
}

/// Why no complete answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportKind {
    /// No connection: nothing was sent.
    #[error("could not connect")]
    Connect,
    /// No connection, because the server's certificate was not accepted: nothing was sent, and nothing will be until that
    /// changes.
    #[error("was not sent, because the certificate of the server was not accepted")]
    Certificate,
    /// No answer within the attempt's time.
    #[error("got no answer in time")]
    TimedOut,
    /// The connection broke before the answer.
    #[error("lost its connection before the answer")]
    Interrupted,
    /// The connection broke within the answer, or it took too long to come.
    #[error("lost its connection within the answer")]
    CutAnswer,
    /// The answer is larger than the limit.
    #[error("got an answer larger than the limit")]
    TooLarge,
    /// The call's time was up before it could be sent.
    #[error("ran out of time before it could be sent")]
    DeadlineExceeded,
    /// The request could not be made.
    #[error("could not be made")]
    Request,
}

impl TransportKind {
    /// Returns the outcome of a write that failed like this.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Connect | Self::Certificate | Self::DeadlineExceeded | Self::Request => Outcome::NotApplied,
            Self::TimedOut | Self::Interrupted => Outcome::MaybeApplied,
            Self::CutAnswer | Self::TooLarge => Outcome::Applied,
        }
    }

    /// Returns whether the same request may get an answer later.
    pub(crate) fn is_transient(self) -> bool {
        !matches!(self, Self::Certificate | Self::TooLarge | Self::Request)
    }
}

/// Why an upload failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UploadKind {
    /// The link's time is over.
    #[error("the upload link has expired")]
    LinkExpired,
    /// The blob store refused the link.
    #[error("the blob store refused the upload link")]
    LinkRefused,
    /// The file changed while it was being read.
    #[error("the file changed while it was being uploaded")]
    SourceChanged,
    /// The file could not be read.
    #[error("the file could not be read")]
    Read,
    /// The blob store did not take a block, or could not be reached.
    #[error("the upload failed")]
    Send,
}

/// What became of the submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FailureKind {
    /// A step failed, or the submission was cancelled.
    #[error("failed")]
    Failed,
    /// It went back to `PendingCommit` after the commit had started.
    #[error("went back to PendingCommit")]
    CommitFailed,
    /// It was committed, but never left `PendingCommit`, or the failure that it had before.
    #[error("shows no trace of its commit")]
    CommitLost,
    /// It is a draft: nobody has committed it.
    #[error("is a draft that nobody has committed")]
    NotCommitted,
    /// The Store could not fetch the packages of an MSI or EXE app, or refused what it got.
    #[error("has packages that the Store could not fetch")]
    NotFetched,
    /// A part of the draft of an MSI or EXE app, such as a listing, lacks something.
    #[error("lacks something")]
    Incomplete,
    /// It went on, but without a package that was uploaded to it.
    #[error("went on without a package that was uploaded to it")]
    PackageNotTaken,
}
