//! Submits an app: sets the release notes of every listing, adds a package, and waits until the Store has taken it.
//!
//! Without arguments and credentials it does so on a [`FakeStore`], inside this program. The program for a pipeline is `release`.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use clap::Parser;
use msstore::auth::Credentials;
use msstore::publish::Package;
use msstore::testing::{FakeStore, SamplePackage};
use msstore::{ApplicationId, StoreClient};

/// Submits an app with a new package.
#[derive(Debug, Parser)]
struct Arguments {
    /// Store id of the app, such as 9NBLGGH4R315
    application_id: ApplicationId,
    /// The package
    package: PathBuf,
    /// Release notes of every listing
    release_notes: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    if std::env::args().len() == 1 && Credentials::from_env()?.is_none() {
        println!("No credentials are set: this runs on the FakeStore, inside this program.");
        let fake = FakeStore::start_with_sample().await?;
        let package = fake.sample_file("PaperLantern_2.0.0.0_x64.msix", 1)?;
        SamplePackage::new("2.0.0.0").content(6 << 20).write(&package)?;
        let given = [
            "submit_app",
            FakeStore::SAMPLE_APPLICATION,
            &package.to_string_lossy(),
            "Lanterns float higher.",
        ];
        return submit(&fake.client()?, Arguments::parse_from(given)).await;
    }
    let arguments = Arguments::parse();
    submit(&StoreClient::from_env()?, arguments).await
}

async fn submit(client: &StoreClient, arguments: Arguments) -> anyhow::Result<()> {
    let report = client
        .applications()
        .submissions(arguments.application_id)
        .publish()
        .edit(move |draft| {
            for listing in draft.listings.values_mut() {
                if let Some(notes) = &arguments.release_notes {
                    listing.base_listing.release_notes.clone_from(notes);
                }
            }
            Ok(())
        })
        .package(Package::new(arguments.package))
        .on_event(|event| println!("{event}"))
        .await?;
    println!("{report}");
    Ok(())
}
