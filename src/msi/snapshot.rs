//! What the draft was, to compare it and to write it back: a draft cannot be thrown away.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::{changes, written};
use crate::error::{Error, Result};
use crate::http::request::Request;
use crate::model::msi::ListingAssets;
use crate::msi::change::{AssetChange, MetadataChange, without_ids, without_nulls};
use crate::msi::product::Product;

/// The draft of a product as it was: its packages, metadata and images. It can be serialised, to be kept for
/// [`Product::restore`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// The packages, as received.
    pub packages: Value,
    /// The metadata, as received.
    pub metadata: Value,
    /// The images of each language.
    pub assets: Vec<ListingAssets>,
}

impl Product {
    /// Reads the packages, the metadata and the images of the draft.
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata).
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        Ok(Snapshot {
            packages: self.packages().await?.as_received().clone(),
            metadata: self.metadata(&[]).await?.as_received().clone(),
            assets: self.assets(&[]).await?.value,
        })
    }

    /// Writes a snapshot back, where the draft differs from it, and has the packages fetched again if they did. Nothing is
    /// submitted. Images can be written back as long as the service keeps them. Languages that were added or removed since are not.
    ///
    /// # Errors
    ///
    /// Those of [`replace_packages`](Self::replace_packages) and [`MetadataChange::of_edits`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave a part written; it can be called again.
    pub async fn restore(&self, snapshot: &Snapshot) -> Result<()> {
        let now = self.snapshot().await?;
        let (was, is) = (without_ids(&snapshot.packages), without_ids(&now.packages));
        if was != is {
            let request = Request::put(self.path().then("packages"), written(&was)?);
            self.accept(request).await?;
            self.commit_packages().await?;
        }
        for change in MetadataChange::between(&now.metadata, &snapshot.metadata)? {
            self.patch_metadata(&change).await?;
        }
        for assets in snapshot.assets.iter().filter(|assets| !now.assets.contains(assets)) {
            self.commit_assets(&AssetChange::keeping(assets)).await?;
        }
        Ok(())
    }
}

impl Snapshot {
    /// The first place where another draft is not this one. What the service adds does not count, nor do links to images.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let ids = |assets: &[ListingAssets]| {
            let of_one = |one: &ListingAssets| {
                let all = one.store_logos.iter().chain(&one.screenshots);
                (one.language.clone(), all.map(|asset| asset.id.clone()).collect::<Vec<_>>())
            };
            assets.iter().map(of_one).collect::<Vec<_>>()
        };
        let changed = |was: &Value, is: &Value| {
            let found = changes(&without_nulls(was.clone()), &without_nulls(is.clone()));
            found
                .into_iter()
                .find(|change| change.before.is_some())
                .map(|change| change.pointer)
        };
        changed(&without_ids(&self.packages), &without_ids(&other.packages))
            .or_else(|| changed(&self.metadata, &other.metadata))
            .or_else(|| (ids(&self.assets) != ids(&other.assets)).then(|| "the images".to_owned()))
    }
}

/// Refuses to go on with a draft that is not what the run has left.
pub(crate) fn check_same(expected: &Snapshot, now: &Snapshot) -> Result<()> {
    match expected.difference(now) {
        None => Ok(()),
        Some(place) => {
            let why = format!(
                "somebody else has changed the draft while this run was under way, at {place}: look at it in Partner Center, and run again"
            );
            Err(Error::guard(crate::model::guard::Guard::DraftChanged, why))
        }
    }
}
