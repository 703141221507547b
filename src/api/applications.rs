//! Apps.

use crate::api::list::List;
use crate::api::submissions::Submissions;
use crate::api::{get, optional};
use crate::document::Document;
use crate::error::Result;
use crate::http::request::Path;
use crate::id::ApplicationId;
use crate::model::application::Application;
use crate::model::application_submission::ApplicationSubmission;
use crate::model::in_app_product::InAppProductRef;
use crate::service::Service;

/// The path of an app.
pub(crate) fn path(app: &ApplicationId) -> Path {
    Path::new("applications").id("{applicationId}", app)
}

/// The apps of the account.
///
/// Documented at <https://learn.microsoft.com/windows/uwp/monetize/get-app-data>.
///
/// ```no_run
/// # async fn run(client: msstore::StoreClient) -> Result<(), Box<dyn std::error::Error>> {
/// let app = client.applications().get("9NBLGGH4R315".parse::<msstore::ApplicationId>()?).await?;
/// println!("{}: pending {:?}", app.primary_name, app.pending_submission_id());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Applications {
    service: Service,
}

impl Applications {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }

    /// Lists all apps: `GET applications`.
    ///
    /// Documented at <https://learn.microsoft.com/windows/uwp/monetize/get-all-apps>.
    pub fn list(&self) -> List<Application> {
        List::new(self.service.clone(), Path::new("applications"), None)
    }

    /// Returns an app: `GET applications/{applicationId}`.
    ///
    /// Documented at <https://learn.microsoft.com/windows/uwp/monetize/get-an-app>.
    ///
    /// # Errors
    ///
    /// [`Error::is_not_found`](crate::Error::is_not_found) if the account has no such app; 409 if it uses a feature that the
    /// API does not support.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call; nothing is changed at the service.
    pub async fn get(&self, app: impl Into<ApplicationId>) -> Result<Document<Application>> {
        get(&self.service, path(&app.into())).await
    }

    /// Like [`get`](Self::get), but returns `None` for an app that is not there.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), but for 404.
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    pub async fn get_opt(&self, app: impl Into<ApplicationId>) -> Result<Option<Document<Application>>> {
        optional(self.get(app).await)
    }

    /// Lists the add-ons of an app: `GET applications/{applicationId}/listinappproducts`.
    ///
    /// Documented at <https://learn.microsoft.com/windows/uwp/monetize/get-add-ons-for-an-app>. The service answers 404 for an
    /// app without add-ons; the app is read then, so that an unknown app is an error and not an empty list.
    #[doc(alias = "add-on")]
    pub fn in_app_products(&self, app: impl Into<ApplicationId>) -> List<InAppProductRef> {
        let app = path(&app.into());
        List::new(self.service.clone(), app.clone().then("listinappproducts"), Some(app))
    }

    /// Returns a handle for the submissions of an app.
    pub fn submissions(&self, app: impl Into<ApplicationId>) -> Submissions<ApplicationSubmission> {
        Submissions::new(self.service.clone(), path(&app.into()))
    }
}
