//! The endpoints, one method each. None of them guesses.

use std::time::Instant;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::document::{Document, decode_value, member, written};
use crate::error::{Error, Result};
use crate::http::CORRELATION_ID;
use crate::http::request::{Path, Replay, Request};
use crate::id::{ProductId, SellerId, SubmissionId};
use crate::model::msi::{
    Accepted, Asset, AssetSlots, ListingAssets, Metadata, Module, Package, Packages, ProductStatus, SubmissionState, Submitted,
};
use crate::model::receipt::Receipt;
use crate::msi::change::{MetadataChange, PackageChange, check_package, list, without_ids};
use crate::service::{Json, Service};

/// The languages that the service sends at once.
const MOST_LANGUAGES: usize = 200;

/// An MSI or EXE product and its draft, which is always there: the API and Partner Center change the same one.
///
/// Documented at <https://learn.microsoft.com/windows/apps/publish/store-submission-api>.
#[derive(Debug, Clone)]
pub struct Product {
    service: Service,
    seller: SellerId,
    id: ProductId,
}

impl Product {
    pub(crate) fn new(service: Service, seller: SellerId, id: ProductId) -> Self {
        Self { service, seller, id }
    }

    /// The same, for calls that end at this moment, if there is one.
    pub(crate) fn by(&self, deadline: impl Into<Option<Instant>>) -> Self {
        Self::new(self.service.by(deadline), self.seller.clone(), self.id.clone())
    }

    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    /// Returns the id of the product.
    #[must_use]
    pub fn id(&self) -> &ProductId {
        &self.id
    }

    pub(crate) fn path(&self) -> Path {
        Path::new("product").id("{productId}", &self.id)
    }

    /// Sends a request, and takes the answer out of its envelope; with what the service says beside it.
    async fn ask(&self, request: Request) -> Result<(Json, Receipt)> {
        let mut request = request.header("X-Seller-Account-Id", self.seller.as_str());
        request.ids = &["X-Correlation-ID", CORRELATION_ID];
        let mut json = self.service.json(request).await?;
        if member(&json.body, "isSuccess") != Some(&Value::Bool(true)) {
            return Err(Error::foreign(json.call, json.status, "isSuccess", "true"));
        }
        let mut receipt = json.receipt();
        let errors = member(&json.body, "errors").unwrap_or(&Value::Null);
        receipt.problems = decode_value::<Option<_>>(errors)
            .map_err(|error| json.unexpected("errors", error.expected))?
            .unwrap_or_default();
        json.body = member(&json.body, "responseData").cloned().unwrap_or_default();
        Ok((json, receipt))
    }

    /// The answer as a value.
    pub(crate) async fn value<T: DeserializeOwned>(&self, request: Request) -> Result<Receipt<T>> {
        let (json, receipt) = self.ask(request).await?;
        let value: Option<T> = decode_value(&json.body).map_err(|error| json.unexpected(error.path, error.expected))?;
        let value = value.ok_or_else(|| json.unexpected("responseData", "an answer"))?;
        Ok(receipt.map(|()| value))
    }

    /// The answer as a document.
    async fn document<T: DeserializeOwned + Serialize>(&self, request: Request) -> Result<Document<T>> {
        let (mut json, receipt) = self.ask(request).await?;
        let document = Document::decode(std::mem::take(&mut json.body), receipt, self.path().text());
        document.map_err(|error| json.unexpected(error.path, error.expected))
    }

    /// Returns the metadata of the draft: `GET …/metadata`. Without languages the service sends the first 200; 200 are the most
    /// that may be named. It says which languages there are.
    ///
    /// # Errors
    ///
    /// Those of every call: 401 or 403 if the app or the seller may not, 404 for a product that the seller does not have.
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn metadata(&self, languages: &[&str]) -> Result<Document<Metadata>> {
        let request = Request::get(self.path().then("metadata"));
        let request = with_languages(request, languages)?.query("includelanguagelist", "true");
        self.document(request).await
    }

    /// Returns one module of the metadata: `GET …/metadata/{module}`. The languages are those of [`metadata`](Self::metadata).
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata).
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn module(&self, module: &Module, languages: &[&str]) -> Result<Document<Metadata>> {
        let request = Request::get(self.path().then("metadata").id("{module}", &module.as_str()));
        self.document(with_languages(request, languages)?).await
    }

    /// Replaces modules of the metadata: `PUT …/metadata`. A member that is missing in a module gets its default, so begin with what was
    /// read: [`MetadataChange::of_modules`]. [`patch_metadata`](Self::patch_metadata) is safer.
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata); 400 if something is not valid, or if a submission is under way.
    ///
    /// # Cancel safety
    ///
    /// It may be sent again; dropping the future may leave it applied.
    pub async fn replace_metadata(&self, change: &MetadataChange) -> Result<Receipt<Accepted>> {
        self.value(Request::put(self.path().then("metadata"), change.body()?)).await
    }

    /// Changes members of the metadata: `PATCH …/metadata`. What the change does not have stays as it is; a list is replaced whole.
    ///
    /// # Errors
    ///
    /// Those of [`replace_metadata`](Self::replace_metadata).
    ///
    /// # Cancel safety
    ///
    /// It may be sent again; dropping the future may leave it applied.
    pub async fn patch_metadata(&self, change: &MetadataChange) -> Result<Receipt<Accepted>> {
        self.value(Request::patch(self.path().then("metadata"), change.body()?)).await
    }

    /// Returns the packages of the draft: `GET …/packages`.
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata).
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn packages(&self) -> Result<Document<Packages>> {
        self.document(Request::get(self.path().then("packages"))).await
    }

    /// Returns one package of the draft: `GET …/packages/{packageId}`.
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata).
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn package(&self, package_id: &str) -> Result<Receipt<Package>> {
        let found: Receipt<Packages> = self.value(Request::get(self.package_path(package_id)?)).await?;
        let first = found.packages.first().cloned();
        let none = || {
            Error::invalid(
                "the package id",
                "the service has no package of it: ids are given anew when all packages are replaced",
            )
        };
        let package = first.ok_or_else(none)?;
        Ok(found.map(|_| package))
    }

    /// Replaces all packages: `PUT …/packages`. The service gives each a new id, so read them again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for parameters of more than 40 characters, for a package without exactly
    /// one architecture, without a language or with a URL that is not https; besides those of [`replace_metadata`](Self::replace_metadata).
    ///
    /// # Cancel safety
    ///
    /// It may be sent again; dropping the future may leave it applied.
    pub async fn replace_packages(&self, packages: &Document<Packages>) -> Result<Receipt<Accepted>> {
        let body = without_ids(&packages.body()?);
        for package in list(&body, "packages") {
            check_package(package, self.service.is_local())?;
        }
        self.value(Request::put(self.path().then("packages"), written(&body)?)).await
    }

    /// Changes members of one package: `PATCH …/packages/{packageId}`. The others stay as they are.
    ///
    /// # Errors
    ///
    /// Those of [`replace_packages`](Self::replace_packages).
    ///
    /// # Cancel safety
    ///
    /// It may be sent again; dropping the future may leave it applied.
    pub async fn patch_package(&self, package_id: &str, change: &PackageChange) -> Result<Receipt<Accepted>> {
        let body = change.body(self.service.is_local())?;
        self.value(Request::patch(self.package_path(package_id)?, body)).await
    }

    /// Has the Store fetch the packages: `POST …/packages/commit`. It takes minutes; [`status`](Self::status) tells when it is done.
    /// Nothing is submitted.
    ///
    /// # Errors
    ///
    /// Those of [`replace_metadata`](Self::replace_metadata).
    ///
    /// # Cancel safety
    ///
    /// It may be sent again; dropping the future may leave it applied.
    pub async fn commit_packages(&self) -> Result<Receipt<Accepted>> {
        let mut request = Request::post(self.path().then("packages").then("commit"));
        // It only begins to fetch, which may be begun again.
        request.replay = Replay::Safe;
        self.value(request).await
    }

    /// Returns the images of the listings: `GET …/listings/assets`. The languages are those of [`metadata`](Self::metadata).
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata).
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn assets(&self, languages: &[&str]) -> Result<Receipt<Vec<ListingAssets>>> {
        let request = Request::get(self.assets_path());
        let answer: Receipt<InAssets<Vec<ListingAssets>>> = self.value(with_languages(request, languages)?).await?;
        Ok(answer.map(|answer| answer.listing_assets))
    }

    /// Makes places for new images of a language: `POST …/listings/assets/create`. At most ten screenshots and two logos. It is sent
    /// once: places that nobody uses do no harm.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for more than ten screenshots or two logos, or none of both; besides those of
    /// [`replace_metadata`](Self::replace_metadata).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave places that nobody uses.
    pub async fn create_assets(&self, language: &str, screenshots: usize, logos: usize) -> Result<Receipt<AssetSlots>> {
        if screenshots > 10 || logos > 2 || screenshots + logos == 0 {
            return Err(Error::invalid(
                "the number of images",
                "at most ten screenshots and two logos can be made, and one at least",
            ));
        }
        let body = json!({ "language": language, "createAssetRequest": { "Screenshot": screenshots, "Logo": logos } });
        let request = Request::post(self.assets_path().then("create")).with_body(written(&body)?);
        let answer: Receipt<InAssets<AssetSlots>> = self.value(request).await?;
        Ok(answer.map(|answer| answer.listing_assets))
    }

    /// Sets the images of a language: `PUT …/listings/assets/commit`. Those that are not in the lists are gone, so begin with what
    /// [`assets`](Self::assets) returns, and put [`AssetSlot::uploaded`](crate::msi::AssetSlot::uploaded) in their places.
    ///
    /// # Errors
    ///
    /// Those of [`replace_metadata`](Self::replace_metadata).
    ///
    /// # Cancel safety
    ///
    /// It may be sent again; dropping the future may leave it applied.
    pub async fn commit_assets(&self, assets: &ListingAssets) -> Result<Receipt<Accepted>> {
        let list = |assets: &[Asset]| -> Value {
            let pair = |asset: &Asset| json!({ "id": asset.id, "assetUrl": asset.asset_url });
            assets.iter().map(pair).collect()
        };
        let (logos, screenshots) = (list(&assets.store_logos), list(&assets.screenshots));
        let body = json!({ "listingAssets": { "language": assets.language, "storeLogos": logos, "screenshots": screenshots } });
        self.value(Request::put(self.assets_path().then("commit"), written(&body)?))
            .await
    }

    /// Returns whether the draft is ready: `GET …/status`. Why it is not stands in the receipt's `problems`.
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata).
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn status(&self) -> Result<Receipt<ProductStatus>> {
        self.value(Request::get(self.path().then("status"))).await
    }

    /// Submits the draft for certification: `POST …/submit`. It is sent once; if its outcome is unknown, look before trying again. An
    /// answer without a `submission_id` has submitted nothing, whatever else it names.
    ///
    /// # Errors
    ///
    /// Those of [`replace_metadata`](Self::replace_metadata).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave it submitted.
    pub async fn submit(&self) -> Result<Receipt<Submitted>> {
        self.value(Request::post(self.path().then("submit"))).await
    }

    /// Returns how far a submission is: `GET …/submission/{submissionId}/status`.
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata).
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn submission_status(&self, submission: impl Into<SubmissionId>) -> Result<Receipt<SubmissionState>> {
        let path = self
            .path()
            .then("submission")
            .id("{submissionId}", &submission.into())
            .then("status");
        self.value(Request::get(path)).await
    }

    fn assets_path(&self) -> Path {
        self.path().then("listings").then("assets")
    }

    fn package_path(&self, package_id: &str) -> Result<Path> {
        if package_id.trim().is_empty() || package_id == "." || package_id == ".." {
            return Err(Error::invalid(
                "the package id",
                "it is none: read the packages for their ids",
            ));
        }
        Ok(self.path().then("packages").id("{packageId}", &package_id))
    }
}

/// What stands in an answer about images.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InAssets<T> {
    listing_assets: T,
}

fn with_languages(request: Request, languages: &[&str]) -> Result<Request> {
    if languages.len() > MOST_LANGUAGES {
        return Err(Error::invalid(
            "the languages",
            format!("there are {}, and {MOST_LANGUAGES} may be named", languages.len()),
        ));
    }
    Ok(match languages {
        [] => request,
        languages => request.query("languages", languages.join(",")),
    })
}
