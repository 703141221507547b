//! The end of a run: waits, and checks that the packages were taken.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::TryStreamExt;

use crate::api::kinds::Submission;
use crate::api::wait::{Milestone, Wait};
use crate::document::Document;
use crate::error::{Error, FailureKind, PendingSubmission, Result, SubmissionFailed, WaitTimedOut};
use crate::id::SubmissionId;
use crate::model::receipt::Receipt;
use crate::model::status::StatusReport;
use crate::publish::event::{PublishReport, PublishedFile, Seen, Step, Teller, count};
use crate::publish::find::document_id;
use crate::publish::inputs::InputFile;
use crate::publish::packages::{Entry, entries};
use crate::publish::pending::NOT_THE_SAME;
use crate::publish::{Edits, Run};

/// For how long it is looked whether the packages were taken.
const VERIFY_TIME: Duration = Duration::from_secs(600);

/// What has not been reached if none of the looks succeeds.
const LOOK: &str = "the look whether its packages were taken (the release itself went through, only that look failed)";

/// The pause between two looks.
const VERIFY_PAUSE: Duration = Duration::from_secs(30);

impl<S: Submission> Run<S> {
    /// Waits.
    pub(super) async fn finish(&mut self, wait: Wait<S>, report: &mut PublishReport, teller: &Teller) -> Result<()> {
        let (on_commit, id) = (teller.clone(), report.submission.clone());
        let committed = Arc::new(AtomicBool::new(false));
        let answered = Arc::clone(&committed);
        let mut wait = wait.until(self.goal).on_commit(move |receipt: &Receipt<StatusReport>| {
            answered.store(true, Ordering::Relaxed);
            on_commit.tell_call(
                Step::Commit,
                Some(&id),
                format!("submission {id} was committed"),
                Some(&receipt.clone().map(|_| ())),
            );
        });
        if let Some(timeout) = self.timeout {
            wait = wait.timeout(timeout);
        }
        if let Some(interval) = self.poll_interval {
            wait = wait.poll_interval(interval);
        }
        let on_status = teller.clone();
        let told = Mutex::new(None);
        let wait = wait.on_status(move |now| {
            // Changes, not polls.
            let status = Some(now.report.status.clone());
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            if *told == status {
                return;
            }
            *told = status;
            let receipt = Receipt::new(now.http_status, now.correlation_id.clone(), None, ());
            on_status.tell_call(Step::Wait, Some(&now.id), now.report.status.to_string(), Some(&receipt));
        });
        let mut reports = std::pin::pin!(wait.reports());
        let mut next = reports.try_next().await;
        report.committed = committed.load(Ordering::Relaxed) || matches!(next, Ok(Some(_)));
        while let Some(now) = next? {
            report.held = now.held;
            report.warnings = now.report.status_details.notable_warnings().cloned().collect();
            report
                .certification_reports
                .clone_from(&now.report.status_details.certification_reports);
            if report.status() != Some(&now.report.status) {
                report.history.push(Seen {
                    status: now.report.status,
                    after: now.waited,
                    correlation_id: now.correlation_id,
                });
            }
            next = reports.try_next().await;
        }
        Ok(())
    }

    /// The service once dropped packages without a word: what was sent must be there, and not be what was there before.
    pub(super) async fn verify(&self, report: &PublishReport, names: &[String], known: &[Entry], teller: &Teller) -> Result<()> {
        let Some(list) = S::PACKAGES.filter(|_| !names.is_empty()) else {
            return Ok(());
        };
        let clock = self.submissions.core().transport().clock();
        let (started, deadline) = (clock.now(), clock.now() + VERIFY_TIME);
        loop {
            let mut pause = VERIFY_PAUSE;
            let now = self.submissions.get(&report.submission).await;
            match now {
                Ok(now) => {
                    if names
                        .iter()
                        .all(|name| was_taken(name, &entries(now.as_received(), list), known, self.goal))
                    {
                        let detail = format!("{} taken", count(names.len() as u64, "package"));
                        teller.tell_call(Step::Verify, Some(&report.submission), detail, Some(now.receipt()));
                        return Ok(());
                    }
                    if clock.now() >= deadline {
                        let path = self.submissions.path(&report.submission)?.text();
                        let status = report.status().cloned().unwrap_or_default();
                        let id = now.receipt().correlation_id.clone();
                        let report = StatusReport {
                            status,
                            ..StatusReport::default()
                        };
                        return Err(SubmissionFailed::new(FailureKind::PackageNotTaken, &path, report, id).into());
                    }
                }
                Err(error) if error.is_retryable() => {
                    let hint = error.retry_after().unwrap_or_default();
                    pause = pause.max(hint);
                    if clock.now() + hint >= deadline {
                        return Err(self.not_looked_at(report, clock.now() - started, &error)?);
                    }
                }
                Err(error) => return Err(error),
            }
            clock.sleep(pause).await;
        }
    }

    /// The release is done, and only the look at its packages could not be taken.
    fn not_looked_at(&self, report: &PublishReport, waited: Duration, error: &Error) -> Result<Error> {
        let path = self.submissions.path(&report.submission)?.text();
        let last = report.history.last();
        let seen = last.map(|seen| StatusReport {
            status: seen.status.clone(),
            ..StatusReport::default()
        });
        let id = last.and_then(|seen| seen.correlation_id.clone());
        let late = WaitTimedOut::new(&path, LOOK, waited).with_last(seen, id, Some(error.to_string()));
        Ok(late.into())
    }

    /// The packages that were in the Store before this submission, if it is to bring some: one of them under the same name is not
    /// the new one.
    pub(super) async fn published_packages(&self, id: &SubmissionId, packages: &[String]) -> Result<Vec<Entry>> {
        let Some(list) = S::PACKAGES.filter(|_| !packages.is_empty()) else {
            return Ok(Vec::new());
        };
        match self.submissions.refs(None).await?.last_published.filter(|last| last != id) {
            Some(last) => Ok(entries(self.submissions.get(last).await?.as_received(), list)),
            None => Ok(Vec::new()),
        }
    }

    /// Goes on with a submission that cannot be changed any more.
    pub(super) async fn attach(
        &mut self,
        document: &Document<S>,
        edits: &Edits<S>,
        files: &[InputFile],
        packages: &[String],
        teller: &Teller,
    ) -> Result<PublishReport> {
        let id = document_id(document)?;
        let status = document.status().clone();
        let known = self.published_packages(&id, packages).await?;
        if !brings::<S>(document, packages, &known) || !self.is_done(document, edits, files)? {
            return Err(PendingSubmission::new(document.origin(), &status, NOT_THE_SAME).into());
        }
        let mut report = PublishReport::new(id.clone(), true);
        // An earlier run has uploaded them; what it changed is not known.
        report.files = files.iter().map(PublishedFile::from).collect();
        if self.leave_draft {
            // There is no draft to leave any more, and nobody asked to wait.
            report.committed = true;
            report.history.push(Seen {
                status,
                after: Duration::ZERO,
                correlation_id: document.receipt().correlation_id.clone(),
            });
            return Ok(report);
        }
        let wait = self.submissions.watch(&id);
        self.finish(wait, &mut report, teller).await?;
        self.verify(&report, packages, &known, teller).await?;
        Ok(report)
    }
}

/// Whether a submission under way brings these packages, and not what was in the Store before under their names.
pub(super) fn brings<S: Submission>(submission: &Document<S>, packages: &[String], known: &[Entry]) -> bool {
    let there = S::PACKAGES
        .map(|list| entries(submission.as_received(), list))
        .unwrap_or_default();
    packages
        .iter()
        .all(|name| was_taken(name, &there, known, Milestone::Accepted))
}

/// Whether the service has taken a package: there is an entry of its name with an id that was not there before. At acceptance
/// it may still be at work on it, so that an entry that waits for its file will do.
fn was_taken(name: &str, now: &[Entry], known: &[Entry], goal: Milestone) -> bool {
    // What a reused draft had added itself is not known.
    let is_known = |id: &str| known.iter().any(|old| old.id == id && !old.is("PendingUpload"));
    let is_taken = |entry: &Entry| match entry.is("PendingUpload") {
        true => goal == Milestone::Accepted,
        false => entry.has_id() && !is_known(&entry.id),
    };
    now.iter().any(|entry| entry.file_name == name && is_taken(entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_package_is_taken_if_its_id_is_new() {
        let list = |packages: serde_json::Value| entries(&json!({ "p": packages }), "p");
        let known = list(json!([{"fileName": "a", "id": "1"}]));
        let table = [
            // now, taken at certification, taken at acceptance
            (json!([{"fileName": "a", "id": "1"}]), false, false),
            (json!([{"fileName": "a", "id": "2"}]), true, true),
            (json!([{"fileName": "a", "id": ""}]), false, false),
            (
                json!([{"fileName": "a", "id": "", "fileStatus": "PendingUpload"}]),
                false,
                true,
            ),
            (json!([{"fileName": "b", "id": "2"}]), false, false),
            (
                json!([{"fileName": "a", "id": "1"}, {"fileName": "a", "id": "2"}]),
                true,
                true,
            ),
        ];
        for (now, certified, accepted) in table {
            let taken = |goal| was_taken("a", &list(now.clone()), &known, goal);
            assert_eq!(
                (taken(Milestone::Certified), taken(Milestone::Accepted)),
                (certified, accepted),
                "{now}"
            );
        }
    }
}
