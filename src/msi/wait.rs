//! Waiting: until the draft is ready, and for a submission. What a look means is decided by pure functions.

use std::time::{Duration, Instant};

use crate::error::{Error, FailureKind, Result};
use crate::id::SubmissionId;
use crate::model::msi::{ProductStatus, PublishingStatus, SubmissionState};
use crate::model::problem::Problem;
use crate::model::receipt::Receipt;
use crate::model::status::{StatusDetail, StatusDetails, StatusReport};
use crate::msi::product::Product;
use crate::service::look::{Looks, Miss, Pace};

/// How long the old state may be shown after a change.
const LAG: Duration = Duration::from_secs(10);

/// An upload error that was there before the commit counts as old for so long, if nothing else is shown meanwhile.
const STALE: Duration = Duration::from_secs(180);

/// Two looks that find the draft ready are so far apart.
const READY_PACE: Duration = Duration::from_secs(30);

/// What the looks at a draft have come to.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    /// Our own commit of packages, if there was one.
    pub(crate) committed: Option<Instant>,
    /// An upload error from before it may be shown still.
    pub(crate) is_stale: bool,
    /// What the last look said.
    was_ready: bool,
    was_incomplete: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ready,
    NotYet,
    /// The Store could not fetch the packages.
    NotFetched,
    /// Another module lacks something, and waiting does not help.
    Incomplete,
}

impl Judge {
    /// What a look means. Ready and incomplete count once two looks in a row say so, because the state before a change may be shown
    /// for a while after it.
    pub(crate) fn judge(&mut self, is_ready: bool, problems: &[Problem], now: Instant) -> Verdict {
        let has_failed = has_upload_error(problems);
        let is_incomplete = !is_ready
            && problems
                .iter()
                .any(|problem| !is_warning(problem) && !is_of_packages(problem));
        let was_ready = std::mem::replace(&mut self.was_ready, is_ready);
        let was_incomplete = std::mem::replace(&mut self.was_incomplete, is_incomplete);
        self.is_stale &= has_failed && self.committed.is_none_or(|at| now < at + STALE);
        if is_ready {
            return if was_ready { Verdict::Ready } else { Verdict::NotYet };
        }
        match self.committed {
            Some(_) if has_failed && !self.is_stale => Verdict::NotFetched,
            _ if is_incomplete && was_incomplete => Verdict::Incomplete,
            _ => Verdict::NotYet,
        }
    }
}

/// Whether the last fetch of packages has failed.
fn has_upload_error(problems: &[Problem]) -> bool {
    problems
        .iter()
        .any(|problem| problem.code.eq_ignore_ascii_case("packageuploaderror"))
}

fn is_warning(problem: &Problem) -> bool {
    problem.code.eq_ignore_ascii_case("warning")
}

fn is_of_packages(problem: &Problem) -> bool {
    problem.target.is_empty() || problem.target.eq_ignore_ascii_case("packages")
}

/// Whether a submission has ended, and how; it goes on otherwise, whatever the service calls it.
pub(crate) fn end_of(state: &SubmissionState) -> Option<Result<(), FailureKind>> {
    match (&state.publishing_status, state.has_failed) {
        (PublishingStatus::Published, _) => Some(Ok(())),
        (PublishingStatus::Failed, true) => Some(Err(FailureKind::Failed)),
        _ => None,
    }
}

/// The status and the problems, as errors carry them.
pub(crate) fn report(status: &str, problems: &[Problem]) -> StatusReport {
    let detail = |problem: &Problem| StatusDetail {
        code: problem.code.as_str().into(),
        details: match problem.target.as_str() {
            "" => problem.message.clone(),
            target => format!("{} ({target})", problem.message),
        },
    };
    StatusReport {
        status: status.into(),
        status_details: StatusDetails {
            errors: problems.iter().filter(|problem| !is_warning(problem)).map(detail).collect(),
            ..StatusDetails::default()
        },
        ..StatusReport::default()
    }
}

impl Product {
    /// Waits until the draft is ready to be submitted: all modules are, twice in a row with 30 seconds between, and the packages have these
    /// URLs. It takes minutes after [`commit_packages`](Self::commit_packages); 30 minutes are a good limit.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Incomplete`] if another module than the packages lacks something; [`ErrorKind::Pending`](crate::ErrorKind::Pending) if a submission is
    /// under way; [`ErrorKind::WaitTimedOut`](crate::ErrorKind::WaitTimedOut).
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn wait_until_ready(&self, urls: &[String], timeout: Duration) -> Result<Receipt<ProductStatus>> {
        self.readiness(Judge::default(), urls, timeout).await
    }

    /// Has the Store fetch the packages, as [`commit_packages`](Self::commit_packages) does, and waits as
    /// [`wait_until_ready`](Self::wait_until_ready) does. An error of an earlier fetch, which the service shows until the next one succeeds, does not
    /// count.
    ///
    /// # Errors
    ///
    /// [`FailureKind::NotFetched`] if the Store could not fetch them; besides those of both.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the packages being fetched; it can be called again.
    pub async fn fetch_packages(&self, urls: &[String], timeout: Duration) -> Result<Receipt<ProductStatus>> {
        let is_stale = has_upload_error(&self.status().await?.problems);
        self.commit_packages().await?;
        let committed = Some(self.service().clock().now());
        self.service().clock().sleep(LAG).await;
        let judge = Judge {
            committed,
            is_stale,
            ..Judge::default()
        };
        self.readiness(judge, urls, timeout).await
    }

    async fn readiness(&self, mut judge: Judge, urls: &[String], timeout: Duration) -> Result<Receipt<ProductStatus>> {
        let (clock, place) = (self.service().clock(), self.place());
        let mut looks = Looks::new(clock, timeout, Pace::Every(READY_PACE));
        loop {
            let look = |product: Self| async move {
                let status = product.status().await?;
                let ongoing = product.unless_ended(&status).await?;
                Ok((status, ongoing))
            };
            let (status, ongoing) = next(self, &mut looks, &place, "readiness", look).await?;
            if let Some(id) = ongoing {
                return Err(busy(self, &id));
            }
            let failed = |kind| {
                Err(Error::failed(
                    kind,
                    &place,
                    report("", &status.problems),
                    status.correlation_id.clone(),
                ))
            };
            match judge.judge(status.is_ready, &status.problems, clock.now()) {
                Verdict::NotYet => {}
                Verdict::NotFetched => return failed(FailureKind::NotFetched),
                Verdict::Incomplete => return failed(FailureKind::Incomplete),
                Verdict::Ready if self.has_packages(urls).await? => return Ok(status),
                Verdict::Ready => {}
            }
        }
    }

    /// Whether each URL is that of a package.
    pub(crate) async fn has_packages(&self, urls: &[String]) -> Result<bool> {
        let packages = self.packages().await?;
        Ok(urls
            .iter()
            .all(|url| packages.packages.iter().any(|package| package.package_url == *url)))
    }

    /// Watches a submission until it is published, or has failed for good, and tells each new state. Certification takes up to three
    /// business days.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Failed`]; [`ErrorKind::WaitTimedOut`](crate::ErrorKind::WaitTimedOut).
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn watch(
        &self,
        submission: &SubmissionId,
        timeout: Duration,
        mut on_state: impl FnMut(&SubmissionState) + Send,
    ) -> Result<Receipt<SubmissionState>> {
        let place = format!("{}/submission/{submission}", self.place());
        let mut looks = Looks::new(self.service().clock(), timeout, Pace::Growing);
        let mut last: Option<SubmissionState> = None;
        loop {
            let look = |product: Self| async move { product.submission_status(submission).await };
            let state = next(self, &mut looks, &place, "publication", look).await?;
            if last.as_ref() != Some(&state.value) {
                on_state(&state);
            }
            match end_of(&state) {
                Some(Ok(())) => return Ok(state),
                Some(Err(kind)) => {
                    let report = report(state.publishing_status.as_str(), &state.problems);
                    return Err(Error::failed(kind, &place, report, state.correlation_id));
                }
                None => last = Some(state.value),
            }
        }
    }

    /// Returns the submission that is under way. The service may name one that has ended; then there is none.
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata).
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn ongoing(&self) -> Result<Option<SubmissionId>> {
        let status = self.status().await?;
        self.unless_ended(&status).await
    }

    pub(crate) async fn unless_ended(&self, status: &ProductStatus) -> Result<Option<SubmissionId>> {
        let Some(id) = &status.ongoing_submission_id else {
            return Ok(None);
        };
        let state = self.submission_status(id).await?;
        Ok(end_of(&state).is_none().then(|| id.clone()))
    }

    /// The draft's address, for errors.
    pub(crate) fn place(&self) -> String {
        format!("product/{}", self.id())
    }
}

/// The error for a submission that is in the way.
pub(crate) fn busy(product: &Product, id: &SubmissionId) -> Error {
    let path = format!("{}/submission/{id}", product.place());
    let how = "wait until it has ended, or choose Cancel review in Partner Center";
    Error::pending(&path, &"INPROGRESS".into(), how)
}

/// The next look that succeeds.
async fn next<T, F>(
    product: &Product,
    looks: &mut Looks,
    place: &str,
    goal: &str,
    look: impl Fn(Product) -> F + Send + Sync,
) -> Result<T>
where
    F: Future<Output = Result<T>> + Send,
    T: Send,
{
    let found = looks.find(|by| {
        let looking = look(product.by(by));
        async move { looking.await.map_err(Miss::from) }
    });
    let last = match found.await {
        Ok(found) => return Ok(found),
        Err(Miss::Final(error)) => return Err(error.about(place)),
        Err(Miss::Passing(error)) => Some(error),
        Err(Miss::NotYet) => None,
    };
    let clock = product.service().clock();
    clock.sleep_until(looks.deadline()).await;
    Err(Error::wait_timed_out(place, goal, clock.now() - looks.started(), last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(code: &str, target: &str) -> Problem {
        Problem {
            code: code.to_owned(),
            message: "Module is not ready".to_owned(),
            target: target.to_owned(),
        }
    }

    #[test]
    fn what_the_looks_at_a_draft_mean() {
        use Verdict::{Incomplete, NotFetched, NotYet, Ready};
        let (fetching, upload_error) = (
            problem("modulenotready", "packages"),
            problem("packageuploaderror", "packages"),
        );
        let (listing, warning) = (problem("modulenotready", "listings"), problem("warning", "listings"));
        let failed = vec![fetching.clone(), upload_error];
        let (yes, no) = ((true, vec![]), (false, vec![]));
        let lacks = (false, vec![listing]);
        // Whether our commit came before, whether an upload error was there before it, and the looks, 60 s apart.
        type Row = (bool, bool, Vec<(bool, Vec<Problem>)>, Vec<Verdict>);
        let table: [Row; 12] = [
            (false, false, vec![yes.clone(), yes.clone()], vec![NotYet, Ready]),
            (
                true,
                false,
                vec![yes.clone(), no.clone(), yes.clone(), yes.clone()],
                vec![NotYet, NotYet, NotYet, Ready],
            ),
            (
                true,
                false,
                vec![(false, vec![fetching.clone()]), no.clone()],
                vec![NotYet, NotYet],
            ),
            // A warning does not matter.
            (
                true,
                false,
                vec![(false, vec![warning.clone()]), (false, vec![warning.clone()])],
                vec![NotYet, NotYet],
            ),
            (
                true,
                false,
                vec![(true, vec![warning.clone()]), (true, vec![warning])],
                vec![NotYet, Ready],
            ),
            // Another module: once may be the state before a change, twice waiting does not help.
            (true, false, vec![lacks.clone(), lacks.clone()], vec![NotYet, Incomplete]),
            (
                true,
                false,
                vec![lacks.clone(), no.clone(), lacks],
                vec![NotYet, NotYet, NotYet],
            ),
            // An error of the fetch is final after our commit,
            (true, false, vec![(false, failed.clone())], vec![NotFetched]),
            // and nothing of ours before it.
            (
                false,
                false,
                vec![(false, failed.clone()), (false, failed.clone())],
                vec![NotYet, NotYet],
            ),
            // One that was there before the commit may be shown still, until something else was, or for three minutes.
            (
                true,
                true,
                vec![(false, failed.clone()), no.clone(), (false, failed.clone())],
                vec![NotYet, NotYet, NotFetched],
            ),
            (
                true,
                true,
                vec![(false, failed.clone()); 5],
                vec![NotYet, NotYet, NotYet, NotFetched, NotFetched],
            ),
            (
                true,
                true,
                vec![(false, failed), yes.clone(), yes],
                vec![NotYet, NotYet, Ready],
            ),
        ];
        for (committed, is_stale, looks, verdicts) in table {
            let start = Instant::now();
            let mut judge = Judge {
                committed: committed.then_some(start),
                is_stale,
                ..Judge::default()
            };
            let times = (0..).map(|look| start + Duration::from_secs(60 * look));
            let found: Vec<_> = looks
                .iter()
                .zip(times)
                .map(|((is_ready, problems), now)| judge.judge(*is_ready, problems, now))
                .collect();
            assert_eq!(found, verdicts, "{committed} {is_stale} {looks:?}");
        }
    }

    #[test]
    fn a_submission_goes_on_unless_it_has_ended() {
        for (status, has_failed, end) in [
            ("INPROGRESS", false, None),
            ("UNKNOWN", false, None),
            ("UNKNOWN", true, None),
            ("FAILED", false, None),
            ("SOMETHING", false, None),
            ("", false, None),
            ("FAILED", true, Some(Err(FailureKind::Failed))),
            ("published", false, Some(Ok(()))),
        ] {
            let state = SubmissionState {
                publishing_status: status.into(),
                has_failed,
                ..SubmissionState::default()
            };
            assert_eq!(end_of(&state), end, "{status} {has_failed}");
        }
    }
}
