//! Submits an add-on: sets the icon of every listing, and waits until the Store has taken it.
//!
//! Credentials come from `MSSTORE_TENANT_ID`, `MSSTORE_CLIENT_ID` and `MSSTORE_CLIENT_SECRET`, or the same with `AZURE_`.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use msstore::model::Icon;
use msstore::{InAppProductId, StoreClient};

/// Submits an add-on with a new icon.
#[derive(Debug, Parser)]
struct Arguments {
    /// Store id of the add-on, as `list_catalog` shows it
    in_app_product_id: InAppProductId,
    /// The icon: a PNG of exactly 300 × 300 pixels
    icon: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { in_app_product_id, icon } = Arguments::parse();
    let client = StoreClient::from_env()?;

    // The listings name the file, and the file goes with them under that name.
    let name = icon
        .file_name()
        .context("the icon has no file name")?
        .to_string_lossy()
        .into_owned();
    let file = name.clone();
    let report = client
        .in_app_products()
        .submissions(in_app_product_id)
        .publish()
        .edit(move |draft| {
            for listing in draft.listings.values_mut() {
                listing.icon = Icon::pending_upload(&name);
            }
            Ok(())
        })
        .file(file, icon)
        .on_event(|event| println!("{event}"))
        .await?;
    println!("{report}");
    Ok(())
}
