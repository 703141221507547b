//! MSI and EXE apps, which have an API of their own: [`Product`].

mod assets;
mod change;
mod plan;
mod preflight;
mod product;
mod publish;
mod snapshot;
mod submit;
mod wait;

use std::fmt;

pub use self::change::{AssetChange, MetadataChange, PackageChange};
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
#[derive(Clone)]
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

impl fmt::Debug for Msi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Msi").field("seller", &self.seller).finish_non_exhaustive()
    }
}
