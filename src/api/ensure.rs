//! What became of it? Calls whose outcome is unknown are resolved by looking, for a bounded time, never by guessing.
//!
//! A draft is adopted only if it shows up after our own create was lost, where another or none was before, and only if it is
//! one that the API can go on with. The single pending slot makes a second draft impossible, so sending a create once more
//! is safe there; add-ons and flights have no such slot, so theirs is never sent twice. Whatever fails in the end, its
//! outcome is the greatest of all calls, so that a failed look does not hide a write.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use serde::de::DeserializeOwned;

use crate::api::kinds::Submission;
use crate::api::list::List;
use crate::api::submissions::Submissions;
use crate::document::Document;
use crate::error::{Error, Outcome, Result};
use crate::http::request::Request;
use crate::id::SubmissionId;
use crate::model::receipt::Receipt;
use crate::model::status::SubmissionStatus;
use crate::service::Service;
use crate::service::look::{Ended, Looks, Miss, Pace};

/// For how long it is looked in all.
pub(crate) const LOOK: Duration = Duration::from_secs(60);

/// Something that is there now.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Ensured<T> {
    /// What is there.
    pub document: Document<T>,
    /// Whether it was not, or not surely, this call that made it: it was there before, or it turned up after an answer was lost.
    pub adopted: bool,
    /// The answer to the create, if it was this call that made it.
    pub created: Option<Receipt>,
}

impl<T> Ensured<T> {
    fn created(document: Document<T>, receipt: Receipt) -> Self {
        Self {
            document,
            adopted: false,
            created: Some(receipt),
        }
    }

    fn adopted(document: Document<T>) -> Self {
        Self {
            document,
            adopted: true,
            created: None,
        }
    }
}

impl<S: Submission> Submissions<S> {
    /// Creates a submission and finds out what became of it if that is not clear: the parent is read before, and for up to 60 s
    /// after an ambiguous answer. A draft that turns up where none or another was before is adopted, if it is `PendingCommit`
    /// and has an upload link; if none does, the create is sent once more.
    ///
    /// For apps and flights the service is asked for a minimal answer and the draft is read afterwards, because copying large
    /// listings takes minutes otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::is_conflict`] on the first try if somebody else's draft is pending or a rollout is in progress: such a draft is
    /// neither adopted nor deleted. [`Error::left_behind`](crate::Error::left_behind) if the draft was created and could not be read.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave a draft.
    pub async fn ensure_created(&self) -> Result<Ensured<S>> {
        let before = self.refs(None).await?.pending;
        self.created_after(before.as_ref()).await
    }

    /// As [`ensure_created`](Self::ensure_created), where it is known what was pending before.
    pub(crate) async fn created_after(&self, before: Option<&SubmissionId>) -> Result<Ensured<S>> {
        let first = match self.create_minimal().await {
            Ok(created) => return self.read_created(created).await,
            Err(error) if error.outcome() == Outcome::NotApplied => return Err(error),
            Err(error) => error,
        };
        match self.look_for_draft(before).await {
            Ok(Some(document)) => return Ok(Ensured::adopted(document)),
            Ok(None) => {}
            Err(look) => return Err(unresolved(first, look)),
        }
        tracing::info!(error = %first, "no draft showed up; the create is sent once more");
        match self.create_minimal().await {
            Ok(created) => self.read_created(created).await,
            // Ambiguous again, or the slot is taken after all.
            Err(error) if error.outcome() > Outcome::NotApplied || error.is_conflict() => {
                match self.look_for_draft(before).await {
                    Ok(Some(document)) => Ok(Ensured::adopted(document)),
                    Ok(None) => Err(error.at_least(first.outcome())),
                    Err(look) => Err(unresolved(error.at_least(first.outcome()), look)),
                }
            }
            Err(error) => Err(error.at_least(first.outcome())),
        }
    }

    async fn read_created(&self, created: Receipt<SubmissionId>) -> Result<Ensured<S>> {
        let id = &created.value;
        let mut looks = self.looks();
        let found = looks.find(|by| async move {
            match self.get_by(id, Some(by)).await {
                // A new draft may not be visible yet.
                Err(error) if error.is_not_found() => Err(Miss::Passing(error)),
                draft => Ok(draft?),
            }
        });
        match found.await {
            Ok(document) => Ok(Ensured::created(document, created.map(|_| ()))),
            Err(ended) => Err(self.left_behind(id, |path| ended.into_error(path))),
        }
    }

    fn left_behind(&self, id: &SubmissionId, error: impl FnOnce(&str) -> Error) -> Error {
        let path = self.path(id).text();
        error(&path).leaving(path)
    }

    /// A draft other than `before` that the API can go on with.
    async fn look_for_draft(&self, before: Option<&SubmissionId>) -> Result<Option<Document<S>>> {
        let mut looks = self.looks();
        let found = looks.find(|by| async move {
            let pending = self.refs(Some(by)).await?.pending;
            let Some(id) = pending.filter(|id| Some(id) != before) else {
                return Err(Miss::NotYet);
            };
            match self.get_by(&id, Some(by)).await {
                Ok(draft) if *draft.status() == SubmissionStatus::PendingCommit && draft.upload_url().is_set() => Ok(Some(draft)),
                // Not one of ours.
                Ok(_) => Ok(None),
                Err(error) if error.is_not_found() => Err(Miss::NotYet),
                Err(error) => Err(self.left_behind(&id, |_| error).into()),
            }
        });
        none_if_time_is_up(found.await)
    }

    /// Deletes a submission and waits until its parent no longer shows it, for up to 60 s. Done also if it was not there.
    ///
    /// The service answers a deletion with 204 and nothing else; the receipt is that answer. After any other answer, or none,
    /// only a 404 of the submission itself counts, and the receipt is that of the 404.
    ///
    /// # Errors
    ///
    /// 409 if it cannot be deleted in its state; 400 if it was made in Partner Center; [`ErrorKind::WaitTimedOut`](crate::ErrorKind::WaitTimedOut) if the service
    /// says that it is deleted and still shows it after 60 s; the error of the deletion if its answer was lost and the
    /// submission is still there after 60 s.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the submission deleted.
    pub async fn ensure_deleted(&self, id: impl Into<SubmissionId>) -> Result<Receipt> {
        let id = &id.into();
        let path = &self.path(id);
        let service = self.service();
        let deleted = match self.delete(id).await {
            Err(error) if error.is_not_found() => Ok(error.receipt()),
            Err(error) if error.outcome() == Outcome::NotApplied => return Err(error),
            deleted => deleted,
        };
        // Of a lagging read a 404 may be one too.
        let is_sure = matches!(&deleted, Ok(receipt) if receipt.http_status != 404);
        let mut looks = self.looks();
        let gone = looks.find(|by| async move {
            if self.refs(Some(by)).await?.pending.as_ref() == Some(id) {
                return Err(Miss::NotYet);
            }
            // The slot says nothing of a submission that is published, nor of one that reads do not show yet.
            if is_sure {
                return Ok(None);
            }
            match service.bytes(Request::get(path.clone()).by(Some(by))).await {
                Ok(_) => Err(Miss::NotYet),
                Err(error) if error.is_not_found() => Ok(Some(error.receipt())),
                Err(error) => Err(error.into()),
            }
        });
        let outcome = if is_sure { Outcome::Applied } else { Outcome::MaybeApplied };
        match (gone.await, deleted) {
            (Ok(gone), deleted) => gone.map_or(deleted, Ok),
            (Err(Ended::TimeUp(None)), Ok(_)) => {
                let late = Error::deletion_timed_out(&path.text(), LOOK);
                Err(late.with_outcome(outcome))
            }
            (Err(Ended::TimeUp(None)), Err(error)) => Err(error),
            (Err(ended), Ok(_)) => Err(ended.into_error(&path.text()).at_least(outcome)),
            (Err(ended), Err(error)) => Err(unresolved(error, ended.into_error(&path.text()))),
        }
    }

    /// Looks for a minute from now on.
    pub(crate) fn looks(&self) -> Looks {
        Looks::new(self.service().clock(), LOOK, Pace::Growing)
    }
}

/// Nothing, if the last look saw nothing and the time is up; the error of the last look, if that failed.
fn none_if_time_is_up<T>(found: Result<Option<T>, Ended>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(found),
        Err(Ended::TimeUp(None)) => Ok(None),
        Err(Ended::TimeUp(Some(error)) | Ended::Failed(error)) => Err(error),
    }
}

/// It could not be looked up what became of a write. Its own error says what was lost, unless it is known by now.
pub(crate) fn unresolved(write: Error, look: Error) -> Error {
    if look.left_behind().is_some() {
        return look;
    }
    tracing::warn!(error = %look, "what became of a call could not be looked up");
    write
}

/// What was found or created, before it is read.
pub(crate) enum Found<T, I> {
    Created(Document<T>),
    /// With the outcome of our own create.
    Adopted(I, Outcome),
}

impl<T, I> Found<T, I> {
    /// Reads what was found in a list, so that the answer is a document in any case.
    pub(crate) async fn read<F: Future<Output = Result<Document<T>>>>(self, get: impl FnOnce(I) -> F) -> Result<Ensured<T>> {
        match self {
            Self::Created(document) => {
                let receipt = document.receipt().clone();
                Ok(Ensured::created(document, receipt))
            }
            Self::Adopted(id, outcome) => {
                let document = get(id).await.map_err(|error| error.at_least(outcome))?;
                Ok(Ensured::adopted(document))
            }
        }
    }
}

/// Looks (`is_it` gives the id of the one that is looked for), creates if there is none, and looks again if it is unknown what became of that.
pub(crate) async fn create_or_find<T, I, L, M, C>(service: &Service, list: L, is_it: M, create: C) -> Result<Found<T, I>>
where
    T: DeserializeOwned + Send + 'static,
    L: Fn() -> List<T> + Send + Sync,
    I: Send,
    M: Fn(&T) -> Option<I> + Send + Sync,
    C: Future<Output = Result<Document<T>>> + Send,
{
    let (list, is_it) = (&list, &is_it);
    let look = |by: Option<Instant>| async move {
        let mut items = list().by(by);
        while let Some(item) = items.try_next().await? {
            if let Some(id) = is_it(&item) {
                return Ok::<_, Error>(Some(id));
            }
        }
        Ok(None)
    };
    if let Some(id) = look(None).await? {
        return Ok(Found::Adopted(id, Outcome::NotApplied));
    }
    let error = match create.await {
        Ok(document) => return Ok(Found::Created(document)),
        Err(error) if error.outcome() == Outcome::NotApplied && !error.is_conflict() => return Err(error),
        Err(error) => error,
    };
    // A conflict says that it is there, or that there is another reason; one look tells.
    let once = error.is_conflict();
    let mut looks = Looks::new(service.clock(), LOOK, Pace::Growing);
    let found = looks.find(|by| async move {
        match look(Some(by)).await? {
            None if !once => Err(Miss::NotYet),
            found => Ok(found),
        }
    });
    match none_if_time_is_up(found.await) {
        Ok(Some(id)) => Ok(Found::Adopted(id, error.outcome())),
        Ok(None) => Err(error),
        Err(look) => Err(unresolved(error, look)),
    }
}
