//! What a run works on: looks at what is pending, deals with it by the policy, and creates a draft if there is none to go on with.

use crate::api::ensure::Ensured;
use crate::api::kinds::Submission;
use crate::api::submissions::Refs;
use crate::document::Document;
use crate::error::{Error, GuardError, Outcome, PendingSubmission, Result};
use crate::id::SubmissionId;
use crate::model::guard::Guard;
use crate::model::package::PackageRolloutStatus;
use crate::publish::event::{Step, Teller};
use crate::publish::inputs::InputFile;
use crate::publish::pending::{Resolution, resolve, state};
use crate::publish::{Edits, ExistingRollout, PendingPolicy, Run};

/// What a run works on.
pub(super) enum Found<S> {
    /// A draft to edit.
    Draft {
        document: Document<S>,
        adopted: bool,
        /// Whether this run has made it.
        made: bool,
    },
    /// Under way, or done.
    Attached(Document<S>),
}

impl<S: Submission> Run<S> {
    /// Looks at what is pending, deals with it by the policy, and creates a draft if there is none to go on with.
    pub(super) async fn find(&self, edits: &Edits<S>, files: &[InputFile], teller: &Teller) -> Result<Found<S>> {
        if let Some(id) = &self.submission {
            return self.find_named(id, teller).await;
        }
        let refs = self.submissions.refs(None).await.map_err(only_read)?;
        let pending = match &refs.pending {
            Some(id) => self.submissions.get_opt(id).await.map_err(only_read)?,
            None => None,
        };
        let Some(pending) = pending else {
            teller.tell_call(Step::Look, None, "nothing is pending", Some(&refs.receipt));
            self.try_out(self.base(&refs, None).await?, edits, files)?;
            return self.create(&refs, teller).await;
        };
        let id = document_id(&pending)?;
        let status = pending.status().clone();
        teller.tell_call(
            Step::Look,
            Some(&id),
            format!("submission {id} is pending, in status {status}"),
            Some(pending.receipt()),
        );
        let state = state(&status, pending.upload_url().is_set());
        match resolve(self.pending, state, self.is_deletable(&refs)) {
            Resolution::Refuse(why) => Err(PendingSubmission::new(pending.origin(), &status, why).into()),
            Resolution::Edit => Ok(Found::Draft {
                document: pending,
                adopted: true,
                made: false,
            }),
            Resolution::Attach => Ok(Found::Attached(pending)),
            Resolution::Replace => {
                // What would stop the create or the update stops the run before anything is deleted.
                self.try_out(self.base(&refs, Some(pending)).await?, edits, files)?;
                if self.existing_rollout.is_none()
                    && let Some(id) = self.rollout_in_progress(&refs).await?
                {
                    self.stop_at([(Guard::RolloutInProgress, rollout_problem(&id))].into_iter())?;
                }
                let receipt = self.submissions.ensure_deleted(&id).await?;
                teller.tell_call(
                    Step::Delete,
                    Some(&id),
                    format!("submission {id} was deleted, as PendingPolicy::Replace says"),
                    Some(&receipt),
                );
                let created = self.create(&refs, teller).await;
                created.map_err(|error| error.at_least(Outcome::Applied))
            }
        }
    }

    /// The first draft of a flight cannot be made again.
    pub(super) fn is_deletable(&self, refs: &Refs) -> bool {
        !S::KEEPS_FIRST_DRAFT || refs.last_published.is_some()
    }

    /// The caller says which submission it is.
    async fn find_named(&self, id: &SubmissionId, teller: &Teller) -> Result<Found<S>> {
        let document = self.submissions.get(id).await.map_err(only_read)?;
        let status = document.status().clone();
        teller.tell_call(
            Step::Look,
            Some(id),
            format!("submission {id} is in status {status}"),
            Some(document.receipt()),
        );
        match resolve(PendingPolicy::Reuse, state(&status, document.upload_url().is_set()), true) {
            Resolution::Refuse(why) => Err(PendingSubmission::new(document.origin(), &status, why).into()),
            Resolution::Attach => Ok(Found::Attached(document)),
            Resolution::Edit | Resolution::Replace => Ok(Found::Draft {
                document,
                adopted: true,
                made: false,
            }),
        }
    }

    async fn create(&self, refs: &Refs, teller: &Teller) -> Result<Found<S>> {
        let settled = match self.existing_rollout {
            Some(choice) => self.settle_rollout(choice, refs, teller).await?,
            None => Outcome::NotApplied,
        };
        let ensured = match self.submissions.ensure_created().await {
            Err(error) if error.is_conflict() && !self.lifted.contains(&Guard::RolloutInProgress) => {
                return Err(self.explain_conflict(error, refs).await);
            }
            ensured => ensured.map_err(|error| error.at_least(settled))?,
        };
        let Ensured {
            document,
            adopted,
            created,
            ..
        } = ensured;
        let id = document_id(&document)?;
        let how = if adopted {
            "turned up after the answer to its creation was lost"
        } else {
            "was created"
        };
        let receipt = created.as_ref().unwrap_or(document.receipt());
        teller.tell_call(Step::Create, Some(&id), format!("submission {id} {how}"), Some(receipt));
        Ok(Found::Draft {
            document,
            adopted,
            made: true,
        })
    }

    /// A rollout in progress blocks the next submission. Whether there was one that was ended.
    async fn settle_rollout(&self, choice: ExistingRollout, refs: &Refs, teller: &Teller) -> Result<Outcome> {
        let Some(id) = self.rollout_in_progress(refs).await? else {
            return Ok(Outcome::NotApplied);
        };
        let rollout = self.submissions.rollout_of(&id);
        let (receipt, what) = match choice {
            ExistingRollout::Finalize => (rollout.finalize().await?, "finalised"),
            ExistingRollout::Halt => (rollout.halt().await?, "halted"),
        };
        teller.tell_call(
            Step::Rollout,
            Some(&id),
            format!("the rollout of {id} was {what}"),
            Some(&receipt.map(|_| ())),
        );
        Ok(Outcome::Applied)
    }

    /// The service does not say why a create conflicts; a rollout in progress is the reason that is not seen beforehand.
    async fn explain_conflict(&self, error: Error, refs: &Refs) -> Error {
        match self.rollout_in_progress(refs).await {
            Ok(Some(id)) => GuardError::new(Guard::RolloutInProgress, rollout_problem(&id)).into(),
            Ok(None) | Err(_) => error,
        }
    }

    /// The last published submission, if it is still being rolled out.
    pub(super) async fn rollout_in_progress(&self, refs: &Refs) -> Result<Option<SubmissionId>> {
        let Some(id) = refs.last_published.as_ref().filter(|_| S::ROLLED_OUT) else {
            return Ok(None);
        };
        match self.submissions.rollout_of(id).get().await.map_err(only_read) {
            Ok(rollout) if rollout.package_rollout_status == PackageRolloutStatus::InProgress => Ok(Some(id.clone())),
            Ok(_) => Ok(None),
            Err(error) if error.is_not_found() || error.is_conflict() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A read changes nothing, whatever became of it.
pub(super) fn only_read(mut error: Error) -> Error {
    let call = match &mut error {
        Error::Api(error) => error.call_mut(),
        Error::Transport(error) => error.call_mut(),
        Error::Decode(error) => error.call_mut(),
        _ => return error,
    };
    call.outcome = Outcome::NotApplied;
    error
}

pub(super) fn rollout_problem(id: &SubmissionId) -> String {
    format!(
        "the last published submission, {id}, is still being rolled out, which blocks the next one: choose .existing_rollout(ExistingRollout::Finalize) or ExistingRollout::Halt"
    )
}

pub(super) fn document_id<S: Submission>(document: &Document<S>) -> Result<SubmissionId> {
    Ok(document.origin().rsplit('/').next().unwrap_or_default().parse()?)
}
