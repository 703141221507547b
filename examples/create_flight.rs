//! Creates a package flight, shows it, and deletes it.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them.

#![allow(clippy::print_stdout)]

use clap::Parser;
use msstore::model::NewFlight;
use msstore::{ApplicationId, StoreClient};

/// Creates a package flight, shows it, and deletes it.
#[derive(Debug, Parser)]
struct Arguments {
    /// Store id of the app, such as 9NBLGGH4R315
    application_id: ApplicationId,
    /// The name of the flight
    name: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { application_id, name } = Arguments::parse();
    let client = StoreClient::from_env()?;
    let flights = client.flights(application_id);

    // Groups of customers are added with `.group_id(…)`; their ids stand in Partner Center.
    let id = flights.create(NewFlight::new(name)).await?.id()?;
    println!("created: {id}");

    let flight = flights.get(&id).await?;
    println!("name: {}", flight.friendly_name);
    println!("groups: {}", flight.group_ids.join(", "));
    println!("ranks higher than: {}", flight.rank_higher_than);

    flights.delete(&id).await?;
    println!("deleted: {id}");
    Ok(())
}
