//! MSI and EXE apps, which have an API of their own: [`Product`], and [`Publish`], the whole job in one call.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use msstore::msi::{Architecture, NewInstaller};
//! use msstore::{ProductId, SellerId, StoreClient};
//!
//! let seller: SellerId = "12345678".parse()?;
//! let product: ProductId = "5b1e0c3a-7d42-4f69-9a80-c2d1e0f3b4a5".parse()?;
//! let report = StoreClient::from_env()?
//!     .msi(seller)
//!     .product(product)
//!     .publish()
//!     .package(NewInstaller::new(Architecture::X64, "https://dl.example.com/1.4.0/app-1.4.0-x64.exe"))
//!     .notes("Faster.")
//!     .on_event(|event| println!("{event}"))
//!     .await?;
//! println!("{report}");
//! # Ok(())
//! # }
//! ```
//!
//! Credentials are those of packaged apps. Besides, each call names the seller (Account settings, Identifiers), and a product has a GUID, which
//! the address of its page in Partner Center shows; its Store ID does not serve here.
//!
//! # How it differs from packaged apps
//!
//! | | packaged apps | MSI and EXE apps |
//! |---|---|---|
//! | package | uploaded as a ZIP | a URL of yours, which the Store fetches, and each customer's installation too |
//! | draft | created, one for each submission, can be deleted | always there, the same for the API and for Partner Center, cannot be thrown away |
//! | commit | submits the draft | has the Store fetch the packages ([`Product::fetch_packages`]); [`Product::submit`] submits |
//! | update | replaces the whole | changes single members ([`Product::patch_metadata`], [`Product::patch_package`]), or replaces a module |
//! | answer | the resource | an envelope, which may say no with status 200 |
//!
//! # What the API cannot do
//!
//! Make a product or its first submission, with its age ratings; name a price; hold a release back or roll it out by degrees; cancel a
//! submission (Cancel review in Partner Center does); show what is live, why a certification failed, or who has submitted. The Store does not deliver updates of
//! MSI and EXE apps to people who have them: the app does that itself.
//!
//! # The URL of an installer
//!
//! It must be https, answer with 200 itself (the Store follows no redirect, so links to releases on GitHub do not serve), with a length, and serve
//! the same bytes for ever: the Store fetches it again for each customer, and certifies other bytes anew. [`Publish`] looks at it as the
//! Store does, without signing in: at the status, the length, and the first bytes, which tell a program from an MSI whatever its name.
//! [`NewInstaller::file`] compares it with the file that was built.
//!
//! # A draft that has it all
//!
//! The API shows the draft and not what is live. A run that finds nothing to change cannot tell whether an earlier one has submitted the draft, or
//! has died between the fetch of the packages and the submit. So it stops with [`Guard::Unchanged`](crate::model::Guard::Unchanged), unless
//! [`OnUnchanged`] says what to do. It never ends well without a submission that nobody knows of.
//!
//! # Whose submission it is
//!
//! A submission that is under way before the run locks the draft: the run ends as [`Ending::Busy`], and nothing was done. If the answer to a
//! submit is lost, a submission is taken for that of the run only if it was not there before, is now, and the packages have the very URLs
//! ([`Report::adopted`]).

mod assets;
mod change;
mod plan;
mod preflight;
mod product;
mod publish;
mod snapshot;
mod submit;
mod wait;

pub use self::change::{MetadataChange, PackageChange};
pub use self::plan::{NewInstaller, OnUnchanged, Plan, PlannedNotes, PlannedPackage};
pub use self::preflight::Installer;
pub use self::product::Product;
pub use self::publish::{Ending, Publish, Report};
pub use self::snapshot::Snapshot;
pub use self::submit::Certain;
use crate::id::{ProductId, SellerId};
pub use crate::model::msi::{
    Accepted, Architecture, Asset, AssetSlot, AssetSlots, Availability, Discoverability, ErrorDetails, ErrorScenario,
    ErrorScenarioDetails, FreeTrial, HardwareRequirement, ImageSize, Listing, ListingAssets, ListingLanguage, Metadata, Module,
    Package, PackageType, Packages, Pricing, ProductDeclarations, ProductStatus, Properties, PublishingStatus, SubmissionState,
    Submitted, SystemFeature, SystemRequirement,
};
use crate::service::Service;

/// The MSI and EXE products of a seller.
#[derive(Debug, Clone)]
pub struct Msi {
    service: Service,
    seller: SellerId,
}

impl Msi {
    pub(crate) fn new(service: Service, seller: SellerId) -> Self {
        Self { service, seller }
    }

    /// Returns the handle of a product.
    #[must_use]
    pub fn product(&self, product: impl Into<ProductId>) -> Product {
        Product::new(self.service.clone(), self.seller.clone(), product.into())
    }
}
