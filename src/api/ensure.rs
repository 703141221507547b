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
use crate::id::SubmissionId;
use crate::model::receipt::Receipt;
use crate::model::status::SubmissionStatus;
use crate::service::Service;

/// For how long it is looked; a look that has begun by then gets as long again.
pub(crate) const LOOK: Duration = Duration::from_secs(60);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(5);

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
        let first = match self.create_minimal().await {
            Ok(created) => return self.read_created(created).await,
            Err(error) if error.outcome() == Outcome::NotApplied => return Err(error),
            Err(error) => error,
        };
        match self.look_for_draft(before.as_ref()).await {
            Ok(Some(document)) => return Ok(Ensured::adopted(document)),
            Ok(None) => {}
            Err(look) => return Err(unresolved(first, look)),
        }
        tracing::info!(error = %first, "no draft showed up; the create is sent once more");
        match self.create_minimal().await {
            Ok(created) => self.read_created(created).await,
            // Ambiguous again, or the slot is taken after all.
            Err(error) if error.outcome() > Outcome::NotApplied || error.is_conflict() => {
                match self.look_for_draft(before.as_ref()).await {
                    Ok(Some(document)) => Ok(Ensured::adopted(document)),
                    Ok(None) => Err(error.at_least(first.outcome())),
                    Err(look) => Err(unresolved(error.at_least(first.outcome()), look)),
                }
            }
            Err(error) => Err(error.at_least(first.outcome())),
        }
    }

    async fn read_created(&self, created: Receipt<SubmissionId>) -> Result<Ensured<S>> {
        let deadline = self.now() + LOOK;
        loop {
            match self.get(&created.value).await {
                Ok(document) => return Ok(Ensured::created(document, created.map(|_| ()))),
                // A new draft may not be visible yet.
                Err(error) if error.is_not_found() && self.now() < deadline => self.pause().await,
                Err(error) => return Err(error.leaving(self.path(&created.value).text())),
            }
        }
    }

    /// A draft other than `before` that the API can go on with.
    async fn look_for_draft(&self, before: Option<&SubmissionId>) -> Result<Option<Document<S>>> {
        let deadline = self.now() + LOOK;
        loop {
            let pending = self.refs(Some(deadline + LOOK)).await?.pending;
            if let Some(id) = pending.filter(|id| Some(id) != before) {
                match self.get(&id).await {
                    Ok(draft) if *draft.status() == SubmissionStatus::PendingCommit && draft.upload_url().is_set() => {
                        return Ok(Some(draft));
                    }
                    // Not one of ours.
                    Ok(_) => return Ok(None),
                    Err(error) if error.is_not_found() => {}
                    Err(error) => return Err(error.leaving(self.path(&id).text())),
                }
            }
            if self.now() >= deadline {
                return Ok(None);
            }
            self.pause().await;
        }
    }

    /// Deletes a submission and waits until its parent no longer shows it, for up to 60 s. Done also if it was not there; the
    /// receipt then says 404, or 0 if the answer to the deletion was lost.
    ///
    /// # Errors
    ///
    /// 409 if it cannot be deleted in its state; 400 if it was made in Partner Center; [`ErrorKind::WaitTimedOut`](crate::ErrorKind::WaitTimedOut) if the
    /// parent still shows it after 60 s.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the submission deleted.
    pub async fn ensure_deleted(&self, id: impl Into<SubmissionId>) -> Result<Receipt> {
        let id = id.into();
        let path = self.path(&id).text();
        let deleted = match self.delete(&id).await {
            Err(error) if error.is_not_found() => Ok(error.receipt()),
            Err(error) if error.outcome() == Outcome::NotApplied => return Err(error),
            deleted => deleted,
        };
        let started = self.now();
        loop {
            let pending = match (self.refs(Some(started + 2 * LOOK)).await, &deleted) {
                (Ok(refs), _) => refs.pending,
                (Err(look), Ok(_)) => return Err(look.at_least(Outcome::Applied)),
                (Err(look), Err(_)) => return deleted.map_err(|delete| unresolved(delete, look)),
            };
            if pending.as_ref() != Some(&id) {
                return Ok(deleted.unwrap_or_else(|error| error.receipt()));
            }
            if self.now() >= started + LOOK {
                return deleted.and(Err(Error::deletion_timed_out(&path, LOOK)));
            }
            self.pause().await;
        }
    }

    fn now(&self) -> Instant {
        self.service().clock().now()
    }

    async fn pause(&self) {
        self.service().clock().sleep(PAUSE).await;
    }
}

/// It could not be looked up what became of a write. Its own error says what was lost, unless it is known by now.
fn unresolved(write: Error, look: Error) -> Error {
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
    let look = || async {
        let mut items = list();
        while let Some(item) = items.try_next().await? {
            if let Some(id) = is_it(&item) {
                return Ok::<_, Error>(Some(id));
            }
        }
        Ok(None)
    };
    if let Some(id) = look().await? {
        return Ok(Found::Adopted(id, Outcome::NotApplied));
    }
    let error = match create.await {
        Ok(document) => return Ok(Found::Created(document)),
        Err(error) if error.outcome() == Outcome::NotApplied && !error.is_conflict() => return Err(error),
        Err(error) => error,
    };
    let clock = service.clock();
    // A conflict says that it is there, or that there is another reason; one look tells.
    let deadline = clock.now() + if error.is_conflict() { Duration::ZERO } else { LOOK };
    loop {
        match look().await {
            Ok(Some(id)) => return Ok(Found::Adopted(id, error.outcome())),
            Ok(None) => {}
            Err(look) => return Err(unresolved(error, look)),
        }
        if clock.now() >= deadline {
            return Err(error);
        }
        clock.sleep(PAUSE).await;
    }
}
