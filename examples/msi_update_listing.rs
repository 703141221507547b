//! Changes the short description of an MSI or EXE app in one language, and nothing else. It is part of the next submission.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them.

#![allow(clippy::print_stdout)]

use anyhow::{Context, ensure};
use clap::Parser;
use msstore::msi::MetadataChange;
use msstore::{ProductId, SellerId, StoreClient};

/// Changes the short description of an MSI or EXE app in one language
#[derive(Debug, Parser)]
struct Arguments {
    /// Seller id, digits
    seller_id: SellerId,
    /// Id of the product, a GUID
    product_id: ProductId,
    /// For example en-us
    language: String,
    /// The new text
    short_description: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let product = StoreClient::from_env()?
        .msi(arguments.seller_id)
        .product(arguments.product_id);
    ensure!(
        product.ongoing().await?.is_none(),
        "a submission is under way: the draft is locked until it has ended"
    );

    let mut metadata = product.metadata(&[]).await?;
    let mut listings = metadata.listings.iter_mut();
    let listing = listings.find(|listing| listing.language.eq_ignore_ascii_case(&arguments.language));
    let listing = listing.with_context(|| format!("there is no listing in {}", arguments.language))?;
    listing.short_description = arguments.short_description;
    for change in metadata.changes()? {
        println!("{change}");
    }
    for change in MetadataChange::of_edits(&metadata)? {
        product.patch_metadata(&change).await?;
    }
    Ok(())
}
