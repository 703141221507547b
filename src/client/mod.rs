//! The client. Nothing is sent while it is built, and no runtime is needed for it.

mod builder;

use crate::api::applications::Applications;
use crate::api::flights::Flights;
use crate::api::in_app_products::InAppProducts;
use crate::api::raw::RawRequest;
use crate::auth::AccessToken;
pub use crate::client::builder::StoreClientBuilder;
use crate::error::Result;
use crate::http::request::{Method, Replay};
use crate::id::{ApplicationId, SellerId};
use crate::msi::Msi;
use crate::secret::UploadUrl;
use crate::service::Service;
use crate::upload::{Source, Upload};

/// The client of the Microsoft Store submission API. Cheap to clone; clones share connections, the access token and the rate
/// limit.
///
/// ```no_run
/// # async fn run() -> msstore::Result<()> {
/// let client = msstore::StoreClient::from_env()?;
/// for app in client.applications().list().all().await? {
///     println!("{}", app.primary_name);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct StoreClient {
    service: Service,
    msi: Service,
}

impl StoreClient {
    /// Returns the handle of the account's apps.
    #[must_use]
    pub fn applications(&self) -> Applications {
        Applications::new(self.service.clone())
    }

    /// Returns the handle of the account's add-ons.
    #[doc(alias = "add-on")]
    #[must_use]
    pub fn in_app_products(&self) -> InAppProducts {
        InAppProducts::new(self.service.clone())
    }

    /// Returns the handle of an app's package flights.
    #[must_use]
    pub fn flights(&self, app: impl Into<ApplicationId>) -> Flights {
        Flights::new(self.service.clone(), &app.into())
    }

    /// Returns the handle of the MSI and EXE products of a seller, which have an API of their own.
    #[must_use]
    pub fn msi(&self, seller: impl Into<SellerId>) -> Msi {
        Msi::new(self.msi.clone(), seller.into())
    }

    /// Prepares a call that the crate has no method for. `path` is relative to the endpoint and must stay below it. `replay` says
    /// whether the call may be sent again when its outcome is unknown.
    ///
    /// ```no_run
    /// # async fn run(client: msstore::StoreClient) -> msstore::Result<()> {
    /// use msstore::api::{Method, Replay};
    /// let answer = client.request(Method::GET, "applications/9NBLGGH4R315/something", Replay::Safe).await?;
    /// println!("{} with {} bytes", answer.http_status, answer.value.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: impl Into<String>, replay: Replay) -> RawRequest {
        RawRequest::new(self.service.clone(), method, path.into(), replay)
    }

    /// Uploads a ZIP, from a path or from memory, to the link of a submission (`file_upload_url`): see [`Upload`].
    ///
    /// The service reads the packages when the submission is committed; an upload to a draft that is never committed is lost.
    ///
    /// ```no_run
    /// # async fn run(client: msstore::StoreClient, draft: msstore::Document<msstore::model::ApplicationSubmission>) -> msstore::Result<()> {
    /// let sent = client
    ///     .upload(&draft.file_upload_url, std::path::Path::new("dist/submission.zip"))
    ///     .on_progress(|now| println!("{} of {} bytes", now.bytes, now.bytes_total))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, url: impl Into<UploadUrl>, source: impl Into<Source>) -> Upload {
        Upload::new(
            self.service.http().clone(),
            self.service.is_local(),
            url.into(),
            source.into(),
        )
    }

    /// Returns the access token for calls, from the cache or a new one. It is meant for programs that check their credentials.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`](crate::ErrorKind::Auth) if there is none.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the request for the token.
    pub async fn access_token(&self) -> Result<AccessToken> {
        self.service.access_token().await
    }
}
