//! Submits an app step by step, one call after the other, as `publish()` does it in one: without its plan and its guards.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use msstore::archive::ArchiveBuilder;
use msstore::model::{ApplicationPackage, FileStatus};
use msstore::{ApplicationId, StoreClient};

/// Submits an app with a new package, one call after the other.
#[derive(Debug, Parser)]
struct Arguments {
    /// Store id of the app, such as 9NBLGGH4R315
    application_id: ApplicationId,
    /// The package
    package: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { application_id, package } = Arguments::parse();
    let client = StoreClient::from_env()?;
    let submissions = client.applications().submissions(application_id);
    let name = package
        .file_name()
        .context("the package has no file name")?
        .to_string_lossy()
        .into_owned();
    // First, because it needs nothing of the service.
    let archive = ArchiveBuilder::new().file(&name, &package).build().await?;

    // A copy of the last published submission. It is refused while another one is pending.
    let mut draft = submissions.ensure_created().await?.document;
    let id = draft.id()?;
    println!("created: submission {id}");
    // From here on an error leaves the draft: delete it before the next submission, with `submissions.ensure_deleted(&id)`.

    for package in draft
        .application_packages
        .iter_mut()
        .filter(|package| package.file_name == name)
    {
        package.file_status = FileStatus::PendingDelete;
    }
    draft.application_packages.push(ApplicationPackage::pending_upload(&name));
    for change in draft.changes()? {
        println!("  {change}");
    }
    let draft = submissions.update(&draft).await?;
    println!("updated");

    let sent = client.upload(&draft.file_upload_url, archive.path()).await?;
    println!("uploaded: {} bytes in {} blocks", sent.bytes, sent.blocks);

    let wait = submissions.commit_and_wait(&id);
    let last = wait
        .on_status(|now| println!("after {} s: {}", now.waited.as_secs(), now.report.status))
        .await?;
    println!("taken by the Store: {}", last.report.status);
    Ok(())
}
