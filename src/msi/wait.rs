//! Waiting: until the draft is ready, and for a submission. What a look means is decided by pure functions.

use std::fmt;
use std::future::IntoFuture;
use std::time::{Duration, Instant};

use crate::api::wait::Milestone;
use crate::error::{Error, FailureKind, Result};
use crate::http::BoxFuture;
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
        let is_upload_error = |problem: &Problem| problem.code.eq_ignore_ascii_case("packageuploaderror");
        let has_failed = problems.iter().any(is_upload_error);
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
    /// Waits until the draft is ready to be submitted: all modules are, twice in a row, and the packages are those that were asked for
    /// with [`Ready::url`]. Await it.
    pub fn wait_until_ready(&self) -> Ready {
        Ready {
            product: self.clone(),
            judge: Judge::default(),
            urls: Vec::new(),
            timeout: Duration::from_secs(30 * 60),
            interval: READY_PACE,
        }
    }

    /// Waits for a submission until it is published, or has failed for good. Await it.
    pub fn watch(&self, submission: impl Into<SubmissionId>) -> Watch {
        Watch {
            product: self.clone(),
            submission: submission.into(),
            timeout: Milestone::Published.default_timeout(),
            interval: None,
            on_status: None,
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

    /// Watches a submission, and tells each new state.
    pub(crate) async fn watched(
        &self,
        id: &SubmissionId,
        timeout: Duration,
        interval: Option<Duration>,
        tell: &mut (dyn FnMut(&SubmissionState) + Send),
    ) -> Result<Receipt<SubmissionState>> {
        let place = format!("{}/submission/{id}", self.place());
        let pace = interval.map_or(Pace::Growing, Pace::Every);
        let mut looks = Looks::new(self.service().clock(), timeout, pace);
        let mut last: Option<SubmissionState> = None;
        loop {
            let look = |product: Self| async move { product.submission_status(id).await };
            let state = next(self, &mut looks, &place, "publication", look).await?;
            if last.as_ref() != Some(&state.value) {
                tell(&state);
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

/// A wait until the draft is ready; by default for 30 minutes, with a look every 30 seconds.
#[must_use = "nothing is sent before it is awaited"]
pub struct Ready {
    product: Product,
    pub(crate) judge: Judge,
    urls: Vec<String>,
    timeout: Duration,
    interval: Duration,
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("product", &self.product)
            .finish_non_exhaustive()
    }
}

impl Ready {
    /// Counts this as a wait after a commit of packages: an error of the fetch is final then. `was_failed` says that there was one
    /// before the commit, which the service may show for a while.
    pub fn after_commit(mut self, was_failed: bool) -> Self {
        self.judge.committed = Some(self.product.service().clock().now());
        self.judge.is_stale = was_failed;
        self
    }

    /// Adds a URL that a package must have in the end.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.urls.push(url.into());
        self
    }

    /// Sets how long to wait at most. The default is 30 minutes.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the pause between two looks, at least 1 s. The default is 30 s.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    async fn run(mut self) -> Result<Receipt<ProductStatus>> {
        let (product, clock) = (&self.product, self.product.service().clock());
        if self.judge.committed.is_some() {
            clock.sleep(LAG).await;
        }
        let mut looks = Looks::new(clock, self.timeout, Pace::Every(self.interval));
        loop {
            let look = |product: Product| async move {
                let status = product.status().await?;
                let ongoing = product.unless_ended(&status).await?;
                Ok((status, ongoing))
            };
            let (status, ongoing) = next(product, &mut looks, &product.place(), "readiness", look).await?;
            if let Some(id) = ongoing {
                return Err(busy(product, &id));
            }
            let failed = |kind| {
                Err(Error::failed(
                    kind,
                    &product.place(),
                    report("", &status.problems),
                    status.correlation_id.clone(),
                ))
            };
            match self.judge.judge(status.is_ready, &status.problems, clock.now()) {
                Verdict::NotYet => {}
                Verdict::NotFetched => return failed(FailureKind::NotFetched),
                Verdict::Incomplete => return failed(FailureKind::Incomplete),
                Verdict::Ready => {
                    let packages = product.packages().await?;
                    let has = |url: &String| packages.packages.iter().any(|package| package.package_url == *url);
                    if self.urls.iter().all(has) {
                        return Ok(status);
                    }
                }
            }
        }
    }
}

impl IntoFuture for Ready {
    type Output = Result<Receipt<ProductStatus>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// The error for a submission that is in the way.
pub(crate) fn busy(product: &Product, id: &SubmissionId) -> Error {
    let path = format!("{}/submission/{id}", product.place());
    let how = "wait until it has ended, or choose Cancel review in Partner Center";
    Error::pending(&path, &"INPROGRESS".into(), how)
}

type Observer = Box<dyn Fn(&SubmissionState) + Send + Sync>;

/// A wait for a submission; by default for seven days.
#[must_use = "nothing is sent before it is awaited"]
pub struct Watch {
    product: Product,
    submission: SubmissionId,
    timeout: Duration,
    interval: Option<Duration>,
    on_status: Option<Observer>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("submission", &self.submission)
            .finish_non_exhaustive()
    }
}

impl Watch {
    /// Sets how long to wait at most. The default is seven days.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets a fixed pause between two looks instead of the growing one, at least 1 s.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Calls `observer` with each new state.
    pub fn on_status(mut self, observer: impl Fn(&SubmissionState) + Send + Sync + 'static) -> Self {
        self.on_status = Some(Box::new(observer));
        self
    }
}

impl IntoFuture for Watch {
    type Output = Result<Receipt<SubmissionState>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut tell = |state: &SubmissionState| {
                if let Some(observer) = &self.on_status {
                    observer(state);
                }
            };
            self.product
                .watched(&self.submission, self.timeout, self.interval, &mut tell)
                .await
        })
    }
}

/// The next look that succeeds.
async fn next<T, F>(product: &Product, looks: &mut Looks, place: &str, goal: &str, look: impl Fn(Product) -> F) -> Result<T>
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
