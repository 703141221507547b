//! What became of a commit: the status before it and after it tell.
//!
//! A failure that was there before the commit is not the commit's own, and a draft that is still a draft was not committed. A
//! second commit does no harm: if the first one worked it is refused.

use std::time::{Duration, Instant};

use crate::api::ensure::unresolved;
use crate::api::kinds::Submission;
use crate::api::submissions::Submissions;
use crate::error::{Error, Outcome, Result};
use crate::http::clock::after;
use crate::id::SubmissionId;
use crate::model::receipt::Receipt;
use crate::model::status::{StatusReport, SubmissionStatus};
use crate::service::look::{Looks, Miss, Pace};

/// For how long the status is read before a commit: a service that cannot be read for a while does not end a release.
const BEFORE: Duration = Duration::from_secs(300);

/// How long after a commit whose answer was lost a draft that is still a draft is committed again.
const AGAIN: Duration = Duration::from_secs(10);

/// What is known of a commit before a wait looks.
#[derive(Debug)]
pub(crate) struct Committed {
    /// When it was made, or since when it is known.
    pub(crate) at: Instant,
    /// The failure that the submission had before.
    pub(crate) before: Option<StatusReport>,
    /// Whether a status has shown it.
    pub(crate) shown: bool,
    /// What became of our own commit.
    pub(crate) outcome: Outcome,
}

impl<S: Submission> Submissions<S> {
    /// Commits a submission and finds out what became of it if that is not clear: the status is read before, which may take up
    /// to 5 minutes if the service cannot be read, and for up to 60 s after each ambiguous answer. A submission that is still a
    /// draft after 10 s, or that still shows the failure from before, is committed once more; a refusal of that means that the
    /// first one worked.
    ///
    /// Returns the answer to the commit; if that was lost, the status that shows it, or the refusal of the second commit, 409. That
    /// the commit has begun does not mean that the Store takes the submission: see
    /// [`commit_and_wait`](Self::commit_and_wait), which goes on from here, and knows that reads lag.
    ///
    /// # Errors
    ///
    /// 409 if it cannot be committed in its state, 400 if it was made in Partner Center; the error of the read, with
    /// [`Outcome::NotApplied`], if the status cannot be read before: nothing was sent then. With [`Outcome::MaybeApplied`]
    /// nothing shows that it was committed 60 s after it was last sent, or it could not be found out.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the submission committed.
    pub async fn ensure_committed(&self, id: impl Into<SubmissionId>) -> Result<Receipt<StatusReport>> {
        Ok(self.committed(&id.into()).await?.0)
    }

    /// Commits. Returns the answer to the commit; if that was lost, the status that shows it, or the refusal of the second one.
    pub(crate) async fn committed(&self, id: &SubmissionId) -> Result<(Receipt<StatusReport>, Committed)> {
        let before = self.failure_before(id).await;
        let before = before.map_err(|error| error.with_outcome(Outcome::NotApplied))?;
        let (receipt, shown, outcome) = self.commit_and_look(id, before.as_ref()).await?;
        let at = self.service().clock().now();
        let commit = Committed {
            at,
            before,
            shown,
            outcome,
        };
        Ok((receipt, commit))
    }

    /// The failure that a submission shows before it is committed.
    async fn failure_before(&self, id: &SubmissionId) -> Result<Option<StatusReport>> {
        let mut looks = Looks::new(self.service().clock(), BEFORE, Pace::Growing);
        let status = looks.find(|by| async move {
            match self.by(by).status(id).await {
                // A new draft may not be visible yet; the commit tells.
                Err(error) if error.is_not_found() => Ok(None),
                status => Ok(Some(status?.value)),
            }
        });
        let status = status.await.or_else(Miss::or_none)?;
        Ok(status.filter(|report| is_failure(&report.status)))
    }

    /// Commits, once more if the first does not show. With the answer, whether it is a status that shows the commit, and what
    /// became of it.
    async fn commit_and_look(
        &self,
        id: &SubmissionId,
        before: Option<&StatusReport>,
    ) -> Result<(Receipt<StatusReport>, bool, Outcome)> {
        let clock = self.service().clock();
        let mut first: Option<Error> = None;
        loop {
            let error = match self.commit(id).await {
                Ok(receipt) => return Ok((receipt, false, Outcome::Applied)),
                // The first one worked, although the status does not show it yet.
                Err(error) if error.is_conflict() && first.is_some() => {
                    return Ok((
                        error.receipt().map(|()| StatusReport::default()),
                        false,
                        Outcome::MaybeApplied,
                    ));
                }
                Err(error) if error.outcome() == Outcome::NotApplied => {
                    return Err(match first {
                        Some(first) => error.after(first.with_outcome(Outcome::MaybeApplied)),
                        None => error,
                    });
                }
                Err(error) => error,
            };
            let again = first.is_none().then(|| after(clock.now(), AGAIN));
            match self.look_for_commit(id, before, again).await {
                Ok(Some(status)) => return Ok((status, true, Outcome::Applied)),
                Ok(None) => tracing::info!(%error, "the commit does not show; it is sent once more"),
                // Whatever its answer said, it is not to be seen.
                Err(Miss::NotYet) => return Err(error.with_outcome(Outcome::MaybeApplied)),
                Err(Miss::Passing(look) | Miss::Final(look)) => return Err(unresolved(error, look)),
            }
            first = Some(error);
        }
    }

    /// The status that shows our commit; `None` if at `again` there is still what was there before.
    async fn look_for_commit(
        &self,
        id: &SubmissionId,
        before: Option<&StatusReport>,
        again: Option<Instant>,
    ) -> Result<Option<Receipt<StatusReport>>, Miss> {
        let clock = self.service().clock();
        let mut looks = self.looks();
        let found = looks.find(|by| async move {
            match self.by(by).status(id).await {
                Ok(status) if shows_commit(&status.value, before) => Ok(Some(status)),
                Ok(status) if is_as_before(&status.value, before) && again.is_some_and(|again| clock.now() >= again) => Ok(None),
                Ok(_) => Err(Miss::NotYet),
                // What is new may not be visible yet.
                Err(error) if error.is_not_found() => Err(Miss::Passing(error)),
                Err(error) => Err(error.into()),
            }
        });
        found.await
    }
}

fn is_failure(status: &SubmissionStatus) -> bool {
    status.is_failure() || *status == SubmissionStatus::Canceled
}

/// Whether a status shows that a commit has begun. `before` is the failure from before the commit, if there was one.
pub(crate) fn shows_commit(report: &StatusReport, before: Option<&StatusReport>) -> bool {
    use SubmissionStatus as S;
    match &report.status {
        S::CommitStarted
        | S::PreProcessing
        | S::Certification
        | S::Release
        | S::PendingPublication
        | S::Publishing
        | S::Published => true,
        status => is_failure(status) && !is_as_before(report, before),
    }
}

/// Whether a status is that from before a commit: a draft, or the same failure. What else the service says of a failure changes
/// from one read to the next, as the signatures of its links do.
pub(crate) fn is_as_before(report: &StatusReport, before: Option<&StatusReport>) -> bool {
    let is_same =
        |before: &StatusReport| before.status == report.status && before.status_details.errors == report.status_details.errors;
    report.status == SubmissionStatus::PendingCommit || before.is_some_and(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(status: &str, error: &str) -> StatusReport {
        let mut report = StatusReport {
            status: status.into(),
            ..StatusReport::default()
        };
        if !error.is_empty() {
            let mut detail = crate::model::status::StatusDetail::default();
            error.clone_into(&mut detail.details);
            report.status_details.errors.push(detail);
        }
        report
    }

    #[test]
    fn what_shows_a_commit_and_what_was_there_before() {
        let failure = report("CommitFailed", "a");
        let old = Some(&failure);
        let table = [
            // report, the failure before: shows the commit, is as before
            (report("PendingCommit", ""), None, false, true),
            (report("PendingCommit", ""), old, false, true),
            (report("CommitStarted", ""), None, true, false),
            (report("Published", ""), old, true, false),
            (report("CommitFailed", "a"), None, true, false),
            (report("CommitFailed", "a"), old, false, true),
            (report("commitfailed", "a"), old, false, true),
            (report("CommitFailed", "b"), old, true, false),
            (report("CommitFailed", ""), old, true, false),
            (report("CertificationFailed", "a"), old, true, false),
            (report("Canceled", ""), None, true, false),
            (report("SigningFailed", ""), old, true, false),
            (report("None", ""), old, false, false),
            (report("", ""), None, false, false),
            (report("Signing", ""), None, false, false),
        ];
        for (report, before, shows, as_before) in table {
            let found = (shows_commit(&report, before), is_as_before(&report, before));
            assert_eq!(found, (shows, as_before), "{report:?} {before:?}");
        }
    }
}
