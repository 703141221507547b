//! A submit whose outcome is found out by looking.

use std::time::Duration;

use crate::error::{Error, Outcome, Result};
use crate::id::SubmissionId;
use crate::msi::product::Product;
use crate::msi::wait::busy;
use crate::service::look::{Looks, Miss, Pace};

/// After a submit whose answer was lost, the service is looked at for so long.
const LOOKING: Duration = Duration::from_secs(60);

/// A submission that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certain {
    /// The submission.
    pub submission: SubmissionId,
    /// The answer to the submit was lost. This submission was not there before it, is now, and the draft has the URLs that were
    /// named.
    pub adopted: bool,
}

impl Product {
    /// Submits the draft as [`submit`](Self::submit) does, and finds out what became of it if the answer is lost: a submission is taken
    /// for ours only if it was not there before, is under way now, and the packages have all of these URLs. If none turns up within a
    /// minute the submit is sent once more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Pending`](crate::ErrorKind::Pending) if a submission is under way that is not ours; besides those of
    /// [`submit`](Self::submit). After [`Outcome::MaybeApplied`] it is not known whether it was submitted.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave it submitted.
    pub async fn ensure_submitted(&self, urls: &[String]) -> Result<Certain> {
        // The service may name one that has ended.
        let before = self.status().await?.value.ongoing_submission_id;
        let mut is_repeat = false;
        loop {
            let error = match self.submit().await {
                Ok(answer) => match (answer.value.submission_id, answer.value.ongoing_submission_id) {
                    (Some(submission), _) => {
                        return Ok(Certain {
                            submission,
                            adopted: false,
                        });
                    }
                    (None, Some(other)) => return Err(busy(self, &other)),
                    (None, None) => return Err(Error::no_submission(&self.place())),
                },
                Err(error) => error,
            };
            // A second one may be refused because the first has been done.
            if error.outcome() == Outcome::NotApplied && !is_repeat {
                return Err(error);
            }
            if let Some(submission) = self.turned_up(before.as_ref(), urls).await? {
                return Ok(Certain {
                    submission,
                    adopted: true,
                });
            }
            if is_repeat {
                return Err(error.at_least(Outcome::MaybeApplied));
            }
            is_repeat = true;
        }
    }

    /// The submission under way that was not there before, if the packages are ours.
    async fn turned_up(&self, before: Option<&SubmissionId>, urls: &[String]) -> Result<Option<SubmissionId>> {
        let mut looks = Looks::new(self.service().clock(), LOOKING, Pace::Growing);
        let found = looks.find(|by| {
            let product = self.by(by);
            async move {
                let new = product
                    .status()
                    .await?
                    .value
                    .ongoing_submission_id
                    .filter(|id| Some(id) != before);
                let Some(id) = new else { return Err(Miss::NotYet) };
                match !urls.is_empty() && product.has_packages(urls).await? {
                    true => Ok(id),
                    false => Err(Miss::Final(busy(&product, &id))),
                }
            }
        });
        match found.await {
            Ok(id) => Ok(Some(id)),
            Err(miss) => miss.or_none().map_err(|error| error.at_least(Outcome::MaybeApplied)),
        }
    }
}
