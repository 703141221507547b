//! Submits an add-on: sets the icon of a listing, and waits until the Store has taken it.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use clap::Parser;
use msstore::{InAppProductId, StoreClient};

/// Submits an add-on with a new icon.
#[derive(Debug, Parser)]
struct Arguments {
    /// Store id of the add-on, as `list_catalog` shows it
    in_app_product_id: InAppProductId,
    /// Language of the listing, such as en-us
    language: String,
    /// The icon: a PNG of exactly 300 × 300 pixels
    icon: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments {
        in_app_product_id,
        language,
        icon,
    } = Arguments::parse();
    let client = StoreClient::from_env()?;

    let report = client
        .in_app_products()
        .submissions(in_app_product_id)
        .publish()
        .icon(language, icon)
        .on_event(|event| println!("{event}"))
        .await?;
    println!("{report}");
    Ok(())
}
