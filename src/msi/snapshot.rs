//! What the draft was, to compare it and to write it back: a draft cannot be thrown away.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::document::{Document, changes, member, written};
use crate::error::Result;
use crate::http::request::Request;
use crate::model::msi::{Accepted, ListingAssets, Metadata, Packages};
use crate::msi::change::{MetadataChange, without_ids, without_nulls};
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
        let (packages, metadata) = (self.packages().await?, self.metadata(&[]).await?);
        Ok(Snapshot::new(&packages, &metadata, self.assets(&[]).await?.value))
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
            self.value::<Accepted>(request).await?;
            self.commit_packages().await?;
        }
        for change in MetadataChange::between(&now.metadata, &snapshot.metadata)? {
            self.patch_metadata(&change).await?;
        }
        for assets in snapshot.assets.iter().filter(|assets| !now.assets.contains(assets)) {
            self.commit_assets(assets).await?;
        }
        Ok(())
    }
}

impl Snapshot {
    pub(crate) fn new(packages: &Document<Packages>, metadata: &Document<Metadata>, assets: Vec<ListingAssets>) -> Self {
        Self {
            packages: packages.as_received().clone(),
            metadata: metadata.as_received().clone(),
            assets,
        }
    }

    /// Sets members of a package.
    pub(crate) fn set_package(&mut self, package_id: &str, members: &Map<String, Value>) {
        set(&mut self.packages, "packages", "packageId", package_id, members);
    }

    /// Sets what is new in a language.
    pub(crate) fn set_notes(&mut self, language: &str, text: &str) {
        let members = [("whatsNew".to_owned(), Value::from(text))].into_iter().collect();
        set(&mut self.metadata, "listings", "language", language, &members);
    }

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

/// Sets members of the item of a list whose key is this.
fn set(value: &mut Value, list: &str, key: &str, is: &str, members: &Map<String, Value>) {
    let items = value.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
    let has_key = |item: &Value| {
        member(item, key)
            .and_then(Value::as_str)
            .is_some_and(|text| text.eq_ignore_ascii_case(is))
    };
    for item in items.filter(|item| has_key(item)).filter_map(Value::as_object_mut) {
        item.extend(members.clone());
    }
}
