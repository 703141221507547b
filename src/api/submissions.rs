//! ONE handle for the submissions of apps, add-ons and flights. They differ in their path, their model and a few members.

use std::fmt;
use std::marker::PhantomData;
use std::time::Instant;

use serde_json::Value;

use crate::api::kinds::Submission;
use crate::api::{delete, document, get, optional, received_id, value};
use crate::document::{Document, decode_value, member};
use crate::error::Result;
use crate::http::request::Path;
use crate::http::request::Request;
use crate::id::SubmissionId;
use crate::model::application::SubmissionRef;
use crate::model::receipt::Receipt;
use crate::model::status::StatusReport;
use crate::service::{Json, Service};

/// The submissions of an app, an add-on or a flight.
///
/// One method is one call, as documented; none of them guesses. The calls that find out what became of an ambiguous outcome
/// are [`ensure_created`](Self::ensure_created), [`ensure_deleted`](Self::ensure_deleted),
/// [`ensure_committed`](Self::ensure_committed) and [`commit_and_wait`](Self::commit_and_wait).
///
/// Documented at <https://learn.microsoft.com/windows/uwp/monetize/manage-app-submissions>,
/// <https://learn.microsoft.com/windows/uwp/monetize/manage-add-on-submissions> and
/// <https://learn.microsoft.com/windows/uwp/monetize/manage-flight-submissions>.
///
/// ```no_run
/// # async fn run(client: msstore::StoreClient) -> Result<(), Box<dyn std::error::Error>> {
/// let submissions = client.applications().submissions("9NBLGGH4R315".parse::<msstore::ApplicationId>()?);
/// let mut draft = submissions.create().await?;
/// draft.listing_mut("en-us")?.base_listing.release_notes = "Faster.".into();
/// let draft = submissions.update(&draft).await?;
/// let accepted = submissions.commit_and_wait(draft.id()?).await?;
/// println!("{}", accepted.report.status);
/// # Ok(())
/// # }
/// ```
pub struct Submissions<S> {
    service: Service,
    /// The app, add-on or flight.
    parent: Path,
    kind: PhantomData<fn() -> S>,
}

// By hand, because the derive would ask for `S: Clone` and `S: Debug`.
impl<S> Clone for Submissions<S> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            parent: self.parent.clone(),
            kind: PhantomData,
        }
    }
}

impl<S> fmt::Debug for Submissions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parent = self.parent.text();
        f.debug_struct("Submissions").field("parent", &parent).finish_non_exhaustive()
    }
}

/// What a parent says of its submissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refs {
    pub(crate) pending: Option<SubmissionId>,
    pub(crate) last_published: Option<SubmissionId>,
    /// The identity that packages must have, if it is an app's.
    pub(crate) identity: Option<AppIdentity>,
    pub(crate) receipt: Receipt,
}

/// The identity that the Store gave an app, for the manifests of its packages. Empty where it does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AppIdentity {
    pub(crate) name: String,
    pub(crate) publisher: String,
}

impl AppIdentity {
    /// That of an app; a flight and an add-on have none.
    fn of(body: &Value) -> Option<Self> {
        let text = |name| member(body, name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let identity = Self {
            name: text("packageIdentityName"),
            publisher: text("publisherName"),
        };
        (identity != Self::default()).then_some(identity)
    }
}

impl<S> Submissions<S> {
    pub(crate) fn new(service: Service, parent: Path) -> Self {
        Self {
            service,
            parent,
            kind: PhantomData,
        }
    }

    /// The same, for calls that end at this moment, if there is one.
    pub(crate) fn by(&self, deadline: impl Into<Option<Instant>>) -> Self {
        Self::new(self.service.by(deadline), self.parent.clone())
    }

    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    pub(crate) fn path(&self, id: &SubmissionId) -> Path {
        self.parent.clone().then("submissions").id("{submissionId}", id)
    }

    pub(crate) fn collection(&self) -> Path {
        self.parent.clone().then("submissions")
    }
}

impl<S: Submission> Submissions<S> {
    /// Creates a submission, a copy of the last published one: `POST …/submissions`. Sent once; takes up to 300 s for large
    /// listings. See [`ensure_created`](Self::ensure_created), which does not time out on those.
    ///
    /// Documented for [apps](https://learn.microsoft.com/windows/uwp/monetize/create-an-app-submission), [add-ons](https://learn.microsoft.com/windows/uwp/monetize/create-an-add-on-submission)
    /// and [flights](https://learn.microsoft.com/windows/uwp/monetize/create-a-flight-submission).
    ///
    /// # Errors
    ///
    /// [`Error::is_conflict`](crate::Error::is_conflict) if a submission is pending or a rollout is in progress. After
    /// [`Outcome::MaybeApplied`](crate::Outcome::MaybeApplied) the draft may be there.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave a draft.
    pub async fn create(&self) -> Result<Document<S>> {
        let (id, json) = self.send_create(false).await?;
        document(json, self.path(&id).text())
    }

    /// A minimal answer comes without listings and packages.
    pub(crate) async fn send_create(&self, minimal: bool) -> Result<(SubmissionId, Json)> {
        let timeout = self.service.settings().create_timeout;
        let mut call = Request::post(self.collection()).timeout(timeout);
        if minimal {
            call = call.query("isMinimalResponse", "true");
        }
        let json = self.service.json(call).await?;
        Ok((received_id(&json, "id", "the id of a submission")?, json))
    }

    /// Returns a submission: `GET …/submissions/{submissionId}`.
    ///
    /// Documented for [apps](https://learn.microsoft.com/windows/uwp/monetize/get-an-app-submission), [add-ons](https://learn.microsoft.com/windows/uwp/monetize/get-an-add-on-submission)
    /// and [flights](https://learn.microsoft.com/windows/uwp/monetize/get-a-flight-submission).
    ///
    /// # Errors
    ///
    /// [`Error::is_not_found`](crate::Error::is_not_found) if there is no such submission; 409 if it belongs to another parent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call; nothing is changed at the service.
    pub async fn get(&self, id: impl Into<SubmissionId>) -> Result<Document<S>> {
        get(&self.service, self.path(&id.into())).await
    }

    /// Like [`get`](Self::get), but returns `None` for a submission that is not there.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), but for 404.
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    pub async fn get_opt(&self, id: impl Into<SubmissionId>) -> Result<Option<Document<S>>> {
        optional(self.get(id).await)
    }

    /// Deletes a submission: `DELETE …/submissions/{submissionId}`. If an earlier attempt of the same call may have deleted
    /// it, a 404 counts as done.
    ///
    /// Documented for [apps](https://learn.microsoft.com/windows/uwp/monetize/delete-an-app-submission), [add-ons](https://learn.microsoft.com/windows/uwp/monetize/delete-an-add-on-submission)
    /// and [flights](https://learn.microsoft.com/windows/uwp/monetize/delete-a-flight-submission).
    ///
    /// # Errors
    ///
    /// 404 if it is not there, 409 if it cannot be deleted in its state; 400 if it was made in Partner Center.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the submission deleted.
    pub async fn delete(&self, id: impl Into<SubmissionId>) -> Result<Receipt> {
        delete(&self.service, self.path(&id.into())).await
    }

    /// Commits a submission: `POST …/submissions/{submissionId}/commit`. Sent once. Nothing can be changed after it, and
    /// uploaded packages are taken over by it alone.
    ///
    /// The answer only says that the commit has begun: see [`commit_and_wait`](Self::commit_and_wait).
    ///
    /// Documented for [apps](https://learn.microsoft.com/windows/uwp/monetize/commit-an-app-submission), [add-ons](https://learn.microsoft.com/windows/uwp/monetize/commit-an-add-on-submission)
    /// and [flights](https://learn.microsoft.com/windows/uwp/monetize/commit-a-flight-submission).
    ///
    /// # Errors
    ///
    /// 409 if it cannot be committed in its state. After [`Outcome::MaybeApplied`](crate::Outcome::MaybeApplied) look at its
    /// status before you commit again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the submission committed.
    pub async fn commit(&self, id: impl Into<SubmissionId>) -> Result<Receipt<StatusReport>> {
        let path = self.path(&id.into()).then("commit");
        value(self.service.json_or_empty(Request::post(path)).await?)
    }

    /// Returns the status of a submission: `GET …/submissions/{submissionId}/status`.
    ///
    /// Documented for [apps](https://learn.microsoft.com/windows/uwp/monetize/get-status-for-an-app-submission), [add-ons](https://learn.microsoft.com/windows/uwp/monetize/get-status-for-an-add-on-submission)
    /// and [flights](https://learn.microsoft.com/windows/uwp/monetize/get-status-for-a-flight-submission).
    ///
    /// # Errors
    ///
    /// 404 if it is not there.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call; nothing is changed at the service.
    pub async fn status(&self, id: impl Into<SubmissionId>) -> Result<Receipt<StatusReport>> {
        let path = self.path(&id.into()).then("status");
        value(self.service.json(Request::get(path)).await?)
    }

    /// What the parent says of its submissions now.
    pub(crate) async fn refs(&self) -> Result<Refs> {
        let json = self.service.json(Request::get(self.parent.clone())).await?;
        if !json.body.is_object() {
            return Err(json.unexpected("", "an object"));
        }
        let last_published = reference(&json, S::LAST_PUBLISHED)?;
        Ok(Refs {
            // Reads lag: it may still be shown as pending when it is published.
            pending: reference(&json, S::PENDING)?.filter(|pending| Some(pending) != last_published.as_ref()),
            last_published,
            identity: AppIdentity::of(&json.body),
            receipt: json.receipt(),
        })
    }

    /// The identity of the app that a flight is of.
    pub(crate) async fn app_identity(&self) -> Result<Option<AppIdentity>> {
        let json = self.service.json(Request::get(self.parent.first(2))).await?;
        Ok(AppIdentity::of(&json.body))
    }
}

/// The submission that a parent names, if it names one.
fn reference(json: &Json, name: &str) -> Result<Option<SubmissionId>> {
    match member(&json.body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(reference) => {
            let reference = decode_value::<SubmissionRef>(reference);
            let reference = reference.map_err(|error| json.unexpected(format!("{name}{}", error.path), error.expected))?;
            Ok(SubmissionRef::known_id(Some(&reference)).cloned())
        }
    }
}
