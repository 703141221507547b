//! Gradual rollouts. A change whose outcome is unknown is looked up, for up to 60 s if a look fails in passing: as wanted is
//! success, else it is sent once more.

use std::time::Instant;

use crate::api::ensure::LOOK;
use crate::api::kinds::Submission;
use crate::api::submissions::Submissions;
use crate::api::value;
use crate::error::{Error, Outcome, Result};
use crate::http::request::Path;
use crate::http::request::Request;
use crate::id::SubmissionId;
use crate::model::application_submission::ApplicationSubmission;
use crate::model::flight_submission::FlightSubmission;
use crate::model::package::{PackageRollout, PackageRolloutStatus};
use crate::model::receipt::Receipt;
use crate::service::Service;
use crate::service::look::{Looks, Pace};

/// A kind of submission that can be rolled out gradually: of apps and flights, not of add-ons.
pub trait HasRollout: Submission {}

impl HasRollout for ApplicationSubmission {}
impl HasRollout for FlightSubmission {}

/// The gradual rollout of a submission.
///
/// It can be changed while the submission is published and its rollout is in progress; before the next submission it must be
/// finalised or halted. It is switched on in the submission's `package_delivery_options` before the commit.
///
/// Documented at <https://learn.microsoft.com/windows/uwp/monetize/manage-app-submissions#manage-a-gradual-package-rollout>
/// and <https://learn.microsoft.com/windows/uwp/monetize/manage-flight-submissions>.
///
/// ```no_run
/// # async fn run(client: msstore::StoreClient) -> Result<(), Box<dyn std::error::Error>> {
/// let submissions = client.applications().submissions("9NBLGGH4R315".parse::<msstore::ApplicationId>()?);
/// let rollout = submissions.package_rollout("1152921504621243680".parse::<msstore::SubmissionId>()?);
/// rollout.set_percentage(25.0).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Rollout {
    service: Service,
    submission: Path,
}

impl<S: HasRollout> Submissions<S> {
    /// Returns a handle for the gradual rollout of a submission. Add-ons have none:
    ///
    /// ```compile_fail
    /// # fn run(client: msstore::StoreClient) {
    /// let product: msstore::InAppProductId = "9NBLGGH4TNMP".parse().unwrap();
    /// let id: msstore::SubmissionId = "1152921504621243680".parse().unwrap();
    /// client.in_app_products().submissions(product).package_rollout(id);
    /// # }
    /// ```
    pub fn package_rollout(&self, id: impl Into<SubmissionId>) -> Rollout {
        self.rollout_of(&id.into())
    }
}

impl<S> Submissions<S> {
    /// For callers that know by other means that the kind has rollouts.
    pub(crate) fn rollout_of(&self, id: &SubmissionId) -> Rollout {
        Rollout {
            service: self.service().clone(),
            submission: self.path(id),
        }
    }
}

impl Rollout {
    /// Returns the rollout as it is now: `GET …/packagerollout`.
    ///
    /// Documented for [apps](https://learn.microsoft.com/windows/uwp/monetize/get-package-rollout-info-for-an-app-submission) and [flights](https://learn.microsoft.com/windows/uwp/monetize/get-package-rollout-info-for-a-flight-submission).
    ///
    /// # Errors
    ///
    /// 404 if there is no such submission; 409 if it belongs to another parent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call; nothing is changed at the service.
    pub async fn get(&self) -> Result<Receipt<PackageRollout>> {
        let path = self.submission.clone().then("packagerollout");
        value(self.service.json(Request::get(path)).await?)
    }

    /// The same, for calls that end at this moment.
    fn by(&self, deadline: Instant) -> Self {
        Self {
            service: self.service.by(deadline),
            submission: self.submission.clone(),
        }
    }

    /// Sets how many per cent of the customers get the new packages, 0 to 100:
    /// `POST …/updatepackagerolloutpercentage?percentage=…`. 100 is not the same as [`finalize`](Self::finalize).
    ///
    /// Documented for [apps](https://learn.microsoft.com/windows/uwp/monetize/update-the-package-rollout-percentage-for-an-app-submission) and [flights](https://learn.microsoft.com/windows/uwp/monetize/update-the-package-rollout-percentage-for-a-flight-submission).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is not from 0 to 100; 409 if no rollout is in progress.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave it changed.
    pub async fn set_percentage(&self, percentage: f64) -> Result<Receipt<PackageRollout>> {
        check_percentage("the percentage", percentage)?;
        let as_wanted = |rollout: &PackageRollout| {
            rollout
                .package_rollout_percentage
                .is_some_and(|now| (now - percentage).abs() < 1e-6)
        };
        self.change("updatepackagerolloutpercentage", Some(percentage), as_wanted)
            .await
    }

    /// Stops the rollout: `POST …/haltpackagerollout`. No more customers get the packages; the next submission is a copy of
    /// this one, not of the one before.
    ///
    /// Documented for [apps](https://learn.microsoft.com/windows/uwp/monetize/halt-the-package-rollout-for-an-app-submission) and [flights](https://learn.microsoft.com/windows/uwp/monetize/halt-the-package-rollout-for-a-flight-submission).
    ///
    /// # Errors
    ///
    /// 409 if no rollout is in progress.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave it halted.
    pub async fn halt(&self) -> Result<Receipt<PackageRollout>> {
        let as_wanted = |rollout: &PackageRollout| rollout.package_rollout_status == PackageRolloutStatus::Stopped;
        self.change("haltpackagerollout", None, as_wanted).await
    }

    /// Finalises the rollout, so that all customers get the packages: `POST …/finalizepackagerollout`.
    ///
    /// Documented for [apps](https://learn.microsoft.com/windows/uwp/monetize/finalize-the-package-rollout-for-an-app-submission) and [flights](https://learn.microsoft.com/windows/uwp/monetize/finalize-the-package-rollout-for-a-flight-submission).
    ///
    /// # Errors
    ///
    /// 409 if no rollout is in progress.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave it finalised.
    pub async fn finalize(&self) -> Result<Receipt<PackageRollout>> {
        let as_wanted = |rollout: &PackageRollout| rollout.package_rollout_status == PackageRolloutStatus::Complete;
        self.change("finalizepackagerollout", None, as_wanted).await
    }

    async fn change(
        &self,
        operation: &'static str,
        percentage: Option<f64>,
        as_wanted: impl Fn(&PackageRollout) -> bool,
    ) -> Result<Receipt<PackageRollout>> {
        let mut outcome = Outcome::NotApplied;
        loop {
            let is_first = outcome == Outcome::NotApplied;
            let mut call = Request::post(self.submission.clone().then(operation));
            if let Some(percentage) = percentage {
                // Minus zero becomes zero.
                call = call.query("percentage", (percentage + 0.0).to_string());
            }
            let error = match self.service.json(call).await.and_then(value) {
                Ok(receipt) => return Ok(receipt),
                // A refusal of the second may be due to the first.
                Err(error) if error.outcome() == Outcome::NotApplied && is_first => return Err(error),
                Err(error) => error.at_least(outcome),
            };
            outcome = error.outcome();
            let mut looks = Looks::new(self.service.clock(), LOOK, Pace::Growing);
            match looks.find(|by| async move { Ok(self.by(by).get().await?) }).await {
                Ok(now) if as_wanted(&now) => return Ok(now),
                Ok(_) if is_first => {}
                Ok(_) | Err(_) => return Err(error),
            }
        }
    }
}

/// Fails if it is not a percentage.
pub(crate) fn check_percentage(what: &str, percentage: f64) -> Result<()> {
    let is_one = (0.0..=100.0).contains(&percentage);
    let problem = || Error::invalid(what, format!("{percentage} is not from 0 to 100"));
    is_one.then_some(()).ok_or_else(problem)
}
