//! Add-ons.

use crate::api::ensure::{Ensured, create_or_find};
use crate::api::list::List;
use crate::api::submissions::Submissions;
use crate::api::{delete, document, encode, get, optional, received_id};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::http::request::Path;
use crate::http::request::Request;
use crate::id::InAppProductId;
use crate::model::in_app_product::{ApplicationRef, InAppProduct, NewInAppProduct};
use crate::model::in_app_product_submission::InAppProductSubmission;
use crate::model::receipt::Receipt;
use crate::service::Service;

fn path(product: &InAppProductId) -> Path {
    Path::new("inappproducts").id("{inAppProductId}", product)
}

/// The add-ons of the account.
///
/// Documented at <https://learn.microsoft.com/windows/uwp/monetize/manage-add-ons>.
///
/// ```no_run
/// # async fn run(client: msstore::StoreClient) -> Result<(), Box<dyn std::error::Error>> {
/// use msstore::model::{NewInAppProduct, ProductType};
/// use msstore::ApplicationId;
///
/// let app: ApplicationId = "9NBLGGH4R315".parse()?;
/// let coins = client.in_app_products().create_or_find(NewInAppProduct::new(app, "coins.100", ProductType::Consumable)).await?;
/// println!("{} (there already: {})", coins.document.id()?, coins.adopted);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "add-on")]
#[derive(Debug, Clone)]
pub struct InAppProducts {
    service: Service,
}

impl InAppProducts {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }

    /// Lists all add-ons of all apps: `GET inappproducts`. Without [`top`](List::top) the service sends them all in one page.
    ///
    /// Documented at <https://learn.microsoft.com/windows/uwp/monetize/get-all-add-ons>.
    pub fn list(&self) -> List<InAppProduct> {
        List::new(self.service.clone(), Path::new("inappproducts"), None)
    }

    /// Returns an add-on: `GET inappproducts/{inAppProductId}`.
    ///
    /// Documented at <https://learn.microsoft.com/windows/uwp/monetize/get-an-add-on>.
    ///
    /// # Errors
    ///
    /// [`Error::is_not_found`](crate::Error::is_not_found) if the account has no such add-on; 409 if it uses a feature that
    /// the API does not support.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call; nothing is changed at the service.
    pub async fn get(&self, product: impl Into<InAppProductId>) -> Result<Document<InAppProduct>> {
        get(&self.service, path(&product.into())).await
    }

    /// Like [`get`](Self::get), but returns `None` for an add-on that is not there.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), but for 404.
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    pub async fn get_opt(&self, product: impl Into<InAppProductId>) -> Result<Option<Document<InAppProduct>>> {
        optional(self.get(product).await)
    }

    /// Creates an add-on: `POST inappproducts`. Sent once: see [`create_or_find`](Self::create_or_find).
    ///
    /// Documented at <https://learn.microsoft.com/windows/uwp/monetize/create-an-add-on>.
    ///
    /// # Errors
    ///
    /// 400 if the request is not valid, 409 if the product id is taken or the app uses a feature that the API does not
    /// support. After [`Outcome::MaybeApplied`](crate::Outcome::MaybeApplied) the add-on may be there.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the add-on created.
    pub async fn create(&self, new: NewInAppProduct) -> Result<Document<InAppProduct>> {
        check(&new)?;
        let call = Request::post(Path::new("inappproducts")).with_body(encode("the new add-on", &new)?);
        let json = self.service.json(call).await?;
        let id = received_id(&json, "id", "the id of an add-on")?;
        document(json, path(&id).text())
    }

    /// Creates an add-on unless the app has one with this product id; after an ambiguous outcome it looks for up to 60 s,
    /// until the add-on is listed and can be read, and never sends twice. `adopted` says whether it was there, or turned up
    /// after an answer that was lost.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create), [`list`](Self::list) and [`get`](Self::get).
    ///
    /// # Cancel safety
    ///
    /// As [`create`](Self::create); run it again.
    pub async fn create_or_find(&self, new: NewInAppProduct) -> Result<Ensured<InAppProduct>> {
        check(&new)?;
        let is_it = |product: &InAppProduct| {
            let of_app = |app: &ApplicationRef| app.id.as_ref() == Some(&new.application_id);
            let is_it = product.product_id == new.product_id && product.applications.value.iter().any(of_app);
            product.id.clone().filter(|_| is_it)
        };
        let (list, create) = (|| self.list().top(100), self.create(new.clone()));
        let read = |id, by| async move { get(&self.service.by(by), path(&id)).await };
        create_or_find(&self.service, list, is_it, create, read).await
    }

    /// Deletes an add-on: `DELETE inappproducts/{inAppProductId}`.
    ///
    /// Documented at <https://learn.microsoft.com/windows/uwp/monetize/delete-an-add-on>.
    ///
    /// # Errors
    ///
    /// 404 if it is not there, 409 if it cannot be deleted.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the add-on deleted.
    pub async fn delete(&self, product: impl Into<InAppProductId>) -> Result<Receipt> {
        delete(&self.service, path(&product.into())).await
    }

    /// Returns a handle for the submissions of an add-on.
    pub fn submissions(&self, product: impl Into<InAppProductId>) -> Submissions<InAppProductSubmission> {
        Submissions::new(self.service.clone(), path(&product.into()))
    }
}

/// The limits of Partner Center.
fn check(new: &NewInAppProduct) -> Result<()> {
    let refused = |why: &str| Err(Error::invalid("the product id", why));
    if new.product_id.trim().is_empty() {
        return refused("it is empty");
    }
    if new.product_id.chars().count() > 100 {
        return refused("it has more than 100 characters");
    }
    if new.product_id.contains(['<', '>', '*', '%', '&', ':', '\\', '?', '+', ',']) {
        return refused("it has one of < > * % & : \\ ? + ,");
    }
    if !new.product_type.is_set() {
        return Err(Error::invalid("the product type", "it is empty; use Durable or Consumable"));
    }
    Ok(())
}
