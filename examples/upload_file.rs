//! Uploads a file to an upload link, goes on where an interrupted upload stopped, and shows how far it is.
//!
//! The link is the credential: it needs no other.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use indicatif::ProgressBar;
use msstore::model::UploadUrl;
use msstore::{ClientSecret, StoreClient};

/// Uploads a file to the link in `MSSTORE_UPLOAD_URL`, which is the `fileUploadUrl` of a submission.
#[derive(Debug, Parser)]
struct Arguments {
    /// The file
    file: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { file } = Arguments::parse();
    let link = std::env::var("MSSTORE_UPLOAD_URL").context("MSSTORE_UPLOAD_URL is not set")?;
    let mut client = StoreClient::builder(ClientSecret::new("unused", "unused", "unused"));
    // A link on loopback, as of an emulator, is taken if the endpoint is on loopback too.
    if let Ok(endpoint) = std::env::var("MSSTORE_ENDPOINT") {
        client = client.endpoint(endpoint);
    }

    let bar = ProgressBar::new(std::fs::metadata(&file).context("the file cannot be read")?.len());
    let shown = bar.clone();
    let upload = client.build()?.upload(UploadUrl::new(link), file);
    let sent = upload.on_progress(move |now| shown.set_position(now.bytes)).await?;
    bar.finish();
    let rate = sent.rate() / f64::from(1 << 20);
    let (blocks, skipped) = (sent.blocks, sent.blocks_skipped);
    println!(
        "{} bytes in {blocks} blocks ({skipped} there already), {rate:.1} MiB/s",
        sent.bytes
    );
    Ok(())
}
