//! ONE handle for the submissions of apps, add-ons and flights. They differ in their path, their model and a few members.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::wait::Wait;
use crate::api::{delete, document, get, optional, received_id, value};
use crate::auth::BoxFuture;
use crate::document::{Document, decode_value, member};
use crate::error::{Error, GuardError, InvalidInput, Result};
use crate::id::{ParseIdError, SubmissionId};
use crate::model::application::SubmissionRef;
use crate::model::application_submission::{ApplicationSubmission, TargetPublishMode};
use crate::model::flight_submission::FlightSubmission;
use crate::model::guard::Guard;
use crate::model::in_app_product_submission::InAppProductSubmission;
use crate::model::receipt::Receipt;
use crate::model::status::{StatusReport, SubmissionStatus};
use crate::rest::{Call, Core};
use crate::secret::UploadUrl;
use crate::transport::request::Path;

mod kind {
    use super::{SubmissionStatus, TargetPublishMode, UploadUrl};

    /// What the kinds of submission differ in. Sealed: it cannot be named outside.
    #[allow(unnameable_types)]
    pub trait Kind {
        /// Where its parent names the pending submission.
        const PENDING: &'static str;
        /// Where its parent names the last published submission.
        const LAST_PUBLISHED: &'static str;
        /// Whether a missing price would make the product free.
        const PRICED: bool;
        /// Where it lists its packages, if it has any.
        const PACKAGES: Option<&'static str>;
        /// Whether it needs listings.
        const LISTED: bool;
        /// Whether it can be rolled out gradually.
        const ROLLED_OUT: bool;
        /// Whether deleting the first draft, before anything was published, cannot be undone.
        const KEEPS_FIRST_DRAFT: bool;
        /// Whether a create may be answered without listings and packages, which spares large submissions a time-out.
        const MINIMAL_CREATE: bool;
        fn status(&self) -> &SubmissionStatus;
        fn upload_url(&self) -> &UploadUrl;
        fn target_publish_mode(&self) -> &TargetPublishMode;
    }
}
pub(crate) use self::kind::Kind;

/// A kind of submission: [`ApplicationSubmission`], [`InAppProductSubmission`] or [`FlightSubmission`].
pub trait Submission: Kind + fmt::Debug + Clone + Default + Serialize + DeserializeOwned + Send + Sync + Unpin + 'static {}

macro_rules! kinds {
    ($($model:ty { $($constant:ident: $type:ty = $value:expr;)* })*) => {$(
        impl Kind for $model {
            $(const $constant: $type = $value;)*

            fn status(&self) -> &SubmissionStatus {
                &self.status
            }

            fn upload_url(&self) -> &UploadUrl {
                &self.file_upload_url
            }

            fn target_publish_mode(&self) -> &TargetPublishMode {
                &self.target_publish_mode
            }
        }

        impl Submission for $model {}
    )*};
}

kinds! {
    ApplicationSubmission {
        PENDING: &'static str = "pendingApplicationSubmission";
        LAST_PUBLISHED: &'static str = "lastPublishedApplicationSubmission";
        PACKAGES: Option<&'static str> = Some("applicationPackages");
        PRICED: bool = true;
        LISTED: bool = true;
        ROLLED_OUT: bool = true;
        KEEPS_FIRST_DRAFT: bool = false;
        MINIMAL_CREATE: bool = true;
    }
    InAppProductSubmission {
        PENDING: &'static str = "pendingInAppProductSubmission";
        LAST_PUBLISHED: &'static str = "lastPublishedInAppProductSubmission";
        PACKAGES: Option<&'static str> = None;
        PRICED: bool = true;
        LISTED: bool = true;
        ROLLED_OUT: bool = false;
        KEEPS_FIRST_DRAFT: bool = false;
        MINIMAL_CREATE: bool = false;
    }
    FlightSubmission {
        PENDING: &'static str = "pendingFlightSubmission";
        LAST_PUBLISHED: &'static str = "lastPublishedFlightSubmission";
        PACKAGES: Option<&'static str> = Some("flightPackages");
        PRICED: bool = false;
        LISTED: bool = false;
        ROLLED_OUT: bool = true;
        KEEPS_FIRST_DRAFT: bool = true;
        MINIMAL_CREATE: bool = true;
    }
}

/// The submissions of an app, an add-on or a flight.
///
/// One method is one call, as documented; none of them guesses. The calls that find out what became of an ambiguous outcome
/// are [`ensure_created`](Self::ensure_created), [`ensure_deleted`](Self::ensure_deleted) and
/// [`commit_and_wait`](Self::commit_and_wait).
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
/// let accepted = submissions.commit_and_wait(&draft.id).await?;
/// println!("{}", accepted.report.status);
/// # Ok(())
/// # }
/// ```
pub struct Submissions<S> {
    core: Arc<Core>,
    /// The app, add-on or flight.
    parent: Result<Path, ParseIdError>,
    kind: PhantomData<fn() -> S>,
}

// By hand, because the derive would ask for `S: Clone` and `S: Debug`.
impl<S> Clone for Submissions<S> {
    fn clone(&self) -> Self {
        Self {
            core: self.core.clone(),
            parent: self.parent.clone(),
            kind: PhantomData,
        }
    }
}

impl<S> fmt::Debug for Submissions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parent = self.parent.as_ref().map(Path::text);
        f.debug_struct("Submissions").field("parent", &parent).finish_non_exhaustive()
    }
}

/// What a parent says of its submissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refs {
    pub(crate) pending: Option<SubmissionId>,
    pub(crate) last_published: Option<SubmissionId>,
    pub(crate) receipt: Receipt,
}

impl<S> Submissions<S> {
    pub(crate) fn new(core: Arc<Core>, parent: Result<Path, ParseIdError>) -> Self {
        Self {
            core,
            parent,
            kind: PhantomData,
        }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn path(&self, id: &SubmissionId) -> Result<Path, ParseIdError> {
        self.parent.clone()?.then("submissions").id("{submissionId}", id.checked())
    }

    fn collection(&self) -> Result<Path, ParseIdError> {
        Ok(self.parent.clone()?.then("submissions"))
    }
}

impl<S: Submission> Submissions<S> {
    /// Creates a submission, a copy of the last published one: `POST …/submissions`. Sent once; takes up to 300 s for large
    /// listings. See [`ensure_created`](Self::ensure_created), which does not time out on those.
    ///
    /// # Errors
    ///
    /// [`Error::is_conflict`] if a submission is pending or a rollout is in progress. After
    /// [`Outcome::MaybeApplied`](crate::Outcome::MaybeApplied) the draft may be there.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave a draft.
    pub async fn create(&self) -> Result<Document<S>> {
        let json = self.core.json(self.create_call()?).await?;
        let id = received_id(&json, "id", "the id of a submission")?;
        document(json, self.path(&id)?.text())
    }

    fn create_call(&self) -> Result<Call> {
        let timeout = self.core.transport().settings().create_timeout;
        Ok(Call::post(self.collection()?).timeout(timeout))
    }

    /// Creates a submission without asking for all of it, where the service can do that.
    pub(crate) async fn create_minimal(&self) -> Result<Receipt<SubmissionId>> {
        let mut call = self.create_call()?;
        if S::MINIMAL_CREATE {
            call = call.query("isMinimalResponse", "true");
        }
        let json = self.core.json(call).await?;
        let id = received_id(&json, "id", "the id of a submission")?;
        Ok(json.receipt.map(|()| id))
    }

    /// One submission: `GET …/submissions/{submissionId}`.
    ///
    /// # Errors
    ///
    /// [`Error::is_not_found`] if there is no such submission; 409 if it belongs to another parent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call; nothing is changed at the service.
    pub async fn get(&self, id: impl Into<SubmissionId>) -> Result<Document<S>> {
        let path = self.path(&id.into())?;
        get(&self.core, path).await
    }

    /// As [`get`](Self::get), with `None` for a submission that is not there.
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

    /// Replaces a submission by the document as it was received with your edits: `PUT …/submissions/{submissionId}`. Await
    /// it to send it. The answer is the submission as it is now.
    ///
    /// A draft can be changed until it is committed.
    pub fn update(&self, document: &Document<S>) -> Update<S> {
        Update {
            submissions: self.clone(),
            prepared: self.prepare(document),
            lifted: Vec::new(),
        }
    }

    fn prepare(&self, document: &Document<S>) -> Result<Prepared> {
        let parent = self.collection()?.text();
        let origin = document.origin();
        let id = origin.strip_prefix(&parent).and_then(|rest| rest.strip_prefix('/'));
        let id: SubmissionId = match id {
            Some(id) if !id.contains('/') => id.parse()?,
            _ => {
                return Err(InvalidInput::new(
                    "the document",
                    format!(
                        "it is {}, which does not belong to {parent}",
                        if origin.is_empty() { "a detached one" } else { origin }
                    ),
                )
                .into());
            }
        };
        let price = if S::PRICED { price_problem(&document.body()?) } else { None };
        Ok(Prepared {
            path: self.path(&id)?,
            body: document.body_bytes()?,
            price,
        })
    }

    /// Deletes a submission: `DELETE …/submissions/{submissionId}`. If an earlier attempt of the same call may have deleted
    /// it, a 404 counts as done.
    ///
    /// # Errors
    ///
    /// 404 if it is not there, 409 if it cannot be deleted in its state; 400 if it was made in Partner Center.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the submission deleted.
    pub async fn delete(&self, id: impl Into<SubmissionId>) -> Result<Receipt> {
        let path = self.path(&id.into())?;
        delete(&self.core, path).await
    }

    /// Commits a submission: `POST …/submissions/{submissionId}/commit`. Sent once. Nothing can be changed after it, and
    /// uploaded packages are taken over by it alone.
    ///
    /// The answer only says that the commit has begun: see [`commit_and_wait`](Self::commit_and_wait).
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
        let path = self.path(&id.into())?.then("commit");
        value(&self.core.json_or_empty(Call::post(path)).await?)
    }

    /// The status of a submission: `GET …/submissions/{submissionId}/status`.
    ///
    /// # Errors
    ///
    /// 404 if it is not there.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call; nothing is changed at the service.
    pub async fn status(&self, id: impl Into<SubmissionId>) -> Result<Receipt<StatusReport>> {
        value(&self.core.json(self.status_call(&id.into())?).await?)
    }

    pub(crate) fn status_call(&self, id: &SubmissionId) -> Result<Call> {
        Ok(Call::get(self.path(id)?.then("status")))
    }

    /// Waits for a submission that is already under way. Await it, or take its [`reports`](Wait::reports).
    pub fn watch(&self, id: impl Into<SubmissionId>) -> Wait<S> {
        Wait::watch(self.clone(), id.into())
    }

    /// Commits a submission and waits. Await it, or take its [`reports`](Wait::reports).
    ///
    /// If it is unknown what became of the commit, the status tells: it is committed once more only if the submission is
    /// still a draft after 60 s.
    pub fn commit_and_wait(&self, id: impl Into<SubmissionId>) -> Wait<S> {
        Wait::commit(self.clone(), id.into())
    }

    /// What the parent says of its submissions now.
    pub(crate) async fn refs(&self) -> Result<Refs> {
        let json = self.core.json(Call::get(self.parent.clone()?)).await?;
        let id = |name: &str| {
            let reference = member(&json.value, name).filter(|reference| reference.is_object())?;
            let reference: SubmissionRef = decode_value(reference).ok()?;
            SubmissionRef::known_id(Some(&reference)).cloned()
        };
        let last_published = id(S::LAST_PUBLISHED);
        Ok(Refs {
            // Reads lag: it may still be shown as pending when it is published.
            pending: id(S::PENDING).filter(|pending| Some(pending) != last_published.as_ref()),
            last_published,
            receipt: json.receipt,
        })
    }
}

/// What is wrong with the price in the body of an update, if anything.
pub(crate) fn price_problem(body: &Value) -> Option<&'static str> {
    let price = member(body, "pricing").and_then(|pricing| member(pricing, "priceId"));
    match price {
        None | Some(Value::Null) => Some(
            "pricing.priceId is missing, which makes a paid product free: set a price tier, or allow Guard::Price for this update",
        ),
        Some(Value::String(price)) if price.is_empty() => Some(
            "pricing.priceId is empty, which may make a paid product free: set a price tier, or allow Guard::Price for this update",
        ),
        Some(Value::String(price)) if price.eq_ignore_ascii_case("Base") => Some(
            "pricing.priceId is Base, which the service sends for a product that is priced per market and refuses to take back: set a price tier, knowing that it replaces those prices, or submit in Partner Center",
        ),
        Some(_) => None,
    }
}

struct Prepared {
    path: Path,
    body: Vec<u8>,
    price: Option<&'static str>,
}

/// An update that is ready to be sent. Await it to send it. `Debug` does not show the body.
#[must_use = "nothing is sent before it is awaited"]
pub struct Update<S> {
    submissions: Submissions<S>,
    prepared: Result<Prepared>,
    lifted: Vec<Guard>,
}

impl<S> fmt::Debug for Update<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.prepared.as_ref().map(|prepared| prepared.path.text());
        f.debug_struct("Update")
            .field("path", &path)
            .field("lifted", &self.lifted)
            .finish_non_exhaustive()
    }
}

impl<S: Submission> Update<S> {
    /// Lifts a guard for this update. [`Guard::Price`] is the only one that a raw update has.
    pub fn allow(mut self, guard: Guard) -> Self {
        self.lifted.push(guard);
        self
    }

    async fn send(self) -> Result<Document<S>> {
        let prepared = self.prepared?;
        match prepared.price {
            Some(problem) if !self.lifted.contains(&Guard::Price) => {
                return Err(Error::from(GuardError::new(Guard::Price, problem)));
            }
            _ => {}
        }
        let path = prepared.path.text();
        let json = self.submissions.core.json(Call::put(prepared.path, prepared.body)).await?;
        document(json, path)
    }
}

/// # Errors
///
/// `InvalidInput` if the document belongs to another parent; `Guard` if the price of an app or add-on is missing, null or
/// `Base`; 400 if a member is not valid; 409 if the submission is committed already.
///
/// # Cancel safety
///
/// An update replaces the whole and may be sent again; dropping the future may leave it applied.
impl<S: Submission> IntoFuture for Update<S> {
    type Output = Result<Document<S>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_price_that_does_harm_is_seen() {
        let table = [
            (json!({"pricing": {"priceId": "Free"}}), false),
            (json!({"pricing": {"priceId": "Tier1012"}}), false),
            (json!({"Pricing": {"PriceId": "NotAvailable"}}), false),
            (json!({"pricing": {"priceId": "Base"}}), true),
            (json!({"pricing": {"priceId": "base"}}), true),
            (json!({"pricing": {"priceId": null}}), true),
            (json!({"pricing": {"priceId": ""}}), true),
            (json!({"pricing": {}}), true),
            (json!({"pricing": null}), true),
            (json!({}), true),
        ];
        for (body, bad) in table {
            assert_eq!(price_problem(&body).is_some(), bad, "{body}");
        }
    }
}
