//! Submits a package flight: adds a package, and waits until the Store has taken it.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use clap::Parser;
use msstore::publish::Package;
use msstore::{ApplicationId, FlightId, StoreClient};

/// Submits a package to a package flight.
#[derive(Debug, Parser)]
struct Arguments {
    /// Store id of the app, such as 9NBLGGH4R315
    application_id: ApplicationId,
    /// The flight, as `list_catalog` shows it
    flight_id: FlightId,
    /// The package
    package: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments {
        application_id,
        flight_id,
        package,
    } = Arguments::parse();
    let client = StoreClient::from_env()?;

    let report = client
        .flights(application_id)
        .submissions(flight_id)
        .publish()
        .package(Package::new(package))
        .on_event(|event| println!("{event}"))
        .await?;
    println!("{report}");
    Ok(())
}
