//! Calls whose outcome is unknown are resolved by looking, for a bounded time, never by guessing.
//!
//! A draft is adopted only if it shows up after our own create was lost, where another or none was before, and only if it is
//! one that the API can go on with. The single pending slot makes a second draft impossible, so sending a create once more
//! is safe there; add-ons and flights have no such slot, so theirs is never sent twice. Whatever fails in the end, its
//! outcome is the greatest of all calls, so that a failed look does not hide a write.

use std::sync::OnceLock;
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
use crate::service::look::{Looks, Miss, Pace};

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
    fn new(document: Document<T>, created: Option<Receipt>) -> Self {
        Self {
            document,
            adopted: created.is_none(),
            created,
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
        let before = self.refs().await?.pending;
        self.created_after(before.as_ref()).await
    }

    /// As [`ensure_created`](Self::ensure_created), where it is known what was pending before.
    pub(crate) async fn created_after(&self, before: Option<&SubmissionId>) -> Result<Ensured<S>> {
        let mut outcome = Outcome::NotApplied;
        loop {
            let is_first = outcome == Outcome::NotApplied;
            let error = match self.send_create(S::MINIMAL_CREATE).await {
                Ok((id, json)) => return self.read_created(&id, json.receipt()).await,
                Err(error) => error,
            };
            // A conflict of the second may be due to the first.
            let is_clear = error.outcome() == Outcome::NotApplied && (is_first || !error.is_conflict());
            let error = error.at_least(outcome);
            if is_clear {
                return Err(error);
            }
            outcome = error.outcome();
            match self.look_for_draft(before).await {
                Ok(Some(document)) => return Ok(Ensured::new(document, None)),
                Ok(None) if is_first => tracing::info!(%error, "no draft showed up; the create is sent once more"),
                Ok(None) => return Err(error),
                Err(look) => return Err(unresolved(error, look)),
            }
        }
    }

    async fn read_created(&self, id: &SubmissionId, created: Receipt) -> Result<Ensured<S>> {
        let path = self.path(id).text();
        let mut looks = self.looks();
        let found = looks.find(|by| async move {
            match self.by(by).get(id).await {
                // A new draft may not be visible yet.
                Err(error) if error.is_not_found() => Err(Miss::Passing(error)),
                draft => Ok(draft?),
            }
        });
        let error = match found.await {
            Ok(document) => return Ok(Ensured::new(document, Some(created))),
            Err(Miss::Passing(error) | Miss::Final(error)) => error,
            Err(Miss::NotYet) => Error::wait_timed_out(&path, "a look at the new draft", LOOK, None),
        };
        Err(error.leaving(path))
    }

    /// A draft other than `before` that the API can go on with.
    async fn look_for_draft(&self, before: Option<&SubmissionId>) -> Result<Option<Document<S>>> {
        let mut looks = self.looks();
        let found = looks.find(|by| async move {
            let now = self.by(by);
            let pending = now.refs().await?.pending;
            let Some(id) = pending.filter(|id| Some(id) != before) else {
                return Err(Miss::NotYet);
            };
            match now.get(&id).await {
                Ok(draft) if *draft.status() == SubmissionStatus::PendingCommit && draft.upload_url().is_set() => Ok(Some(draft)),
                // Not one of ours.
                Ok(_) => Ok(None),
                Err(error) if error.is_not_found() => Err(Miss::NotYet),
                Err(error) => Err(error.leaving(self.path(&id).text()).into()),
            }
        });
        found.await.or_else(Miss::or_none)
    }

    /// Deletes a submission and waits until its parent no longer shows it, for up to 60 s. Done also if it was not there.
    ///
    /// The service answers a deletion with 204 and nothing else; the receipt is that answer. After any other answer, or none,
    /// only a 404 of the submission itself counts, and the receipt is that of the 404.
    ///
    /// # Errors
    ///
    /// 409 if it cannot be deleted in its state; 400 if it was made in Partner Center; [`ErrorKind::DeletionTimedOut`](crate::ErrorKind::DeletionTimedOut) if the
    /// service says that it is deleted and still shows it after 60 s; the error of the deletion if its answer was lost and the
    /// submission is still there after 60 s.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the submission deleted.
    pub async fn ensure_deleted(&self, id: impl Into<SubmissionId>) -> Result<Receipt> {
        let id = &id.into();
        let path = &self.path(id);
        let deleted = match self.delete(id).await {
            Err(error) if error.is_not_found() => Ok(error.receipt()),
            Err(error) if error.outcome() == Outcome::NotApplied => return Err(error),
            deleted => deleted,
        };
        // Of a lagging read a 404 may be one too.
        let is_sure = matches!(&deleted, Ok(receipt) if receipt.http_status != 404);
        let mut looks = self.looks();
        let gone = looks.find(|by| async move {
            let now = self.by(by);
            if now.refs().await?.pending.as_ref() == Some(id) {
                return Err(Miss::NotYet);
            }
            // The slot says nothing of a submission that is published, nor of one that reads do not show yet.
            if is_sure {
                return Ok(None);
            }
            match now.service().bytes(Request::get(path.clone())).await {
                Ok(_) => Err(Miss::NotYet),
                Err(error) if error.is_not_found() => Ok(Some(error.receipt())),
                Err(error) => Err(error.into()),
            }
        });
        let outcome = if is_sure { Outcome::Applied } else { Outcome::MaybeApplied };
        match (gone.await, deleted) {
            (Ok(gone), deleted) => gone.map_or(deleted, Ok),
            (Err(Miss::NotYet), Ok(_)) => Err(Error::deletion_timed_out(&path.text(), LOOK).with_outcome(outcome)),
            (Err(Miss::NotYet), Err(error)) => Err(error),
            (Err(Miss::Passing(look) | Miss::Final(look)), Ok(_)) => Err(look.at_least(outcome)),
            (Err(Miss::Passing(look) | Miss::Final(look)), Err(error)) => Err(unresolved(error, look)),
        }
    }

    /// Looks for a minute from now on.
    pub(crate) fn looks(&self) -> Looks {
        Looks::new(self.service().clock(), LOOK, Pace::Growing)
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

/// Looks (`is_it` gives the id of the one that is looked for), creates if there is none, and looks again if it is unknown what
/// became of that. What was found in the list is read, so that the answer is a document in any case; after the create that is
/// part of the look. `get` is told when the time of the looks ends.
pub(crate) async fn create_or_find<T, I, F>(
    service: &Service,
    list: impl Fn() -> List<T> + Send + Sync,
    is_it: impl Fn(&T) -> Option<I> + Send + Sync,
    create: impl Future<Output = Result<Document<T>>> + Send,
    get: impl Fn(I, Option<Instant>) -> F + Send + Sync,
) -> Result<Ensured<T>>
where
    T: DeserializeOwned + Send + 'static,
    I: Clone + Send + Sync,
    F: Future<Output = Result<Document<T>>> + Send,
{
    let (list, is_it, get) = (&list, &is_it, &get);
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
        return Ok(Ensured::new(get(id, None).await?, None));
    }
    let error = match create.await {
        Ok(document) => {
            let receipt = document.receipt().clone();
            return Ok(Ensured::new(document, Some(receipt)));
        }
        Err(error) if error.outcome() == Outcome::NotApplied && !error.is_conflict() => return Err(error),
        Err(error) => error,
    };
    // A conflict says that it is there, or that there is another reason; one look tells.
    let once = error.is_conflict();
    let mut looks = Looks::new(service.clock(), LOOK, Pace::Growing);
    // What the list has shown once is not listed again.
    let shown = &OnceLock::new();
    let found = looks.find(|by| async move {
        if shown.get().is_none()
            && let Some(id) = look(Some(by)).await?
        {
            let _ = shown.set(id);
        }
        let id = match shown.get().cloned() {
            Some(id) => id,
            None if once => return Ok(None),
            None => return Err(Miss::NotYet),
        };
        match get(id, Some(by)).await {
            // It may not be visible by itself yet.
            Err(error) if error.is_not_found() => Err(Miss::Passing(error)),
            document => Ok(Some(document?)),
        }
    });
    match found.await.or_else(Miss::or_none) {
        Ok(Some(document)) => Ok(Ensured::new(document, None)),
        Ok(None) => Err(error),
        // It is there, and cannot be read.
        Err(look) if shown.get().is_some() => Err(look.after(error)),
        Err(look) => Err(unresolved(error, look)),
    }
}
