//! Lists the apps of the account, and of each its add-ons and package flights, as a tree.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them.

#![allow(clippy::print_stdout)]

use clap::Parser;
use msstore::{ApplicationId, ErrorKind, FlightId, StoreClient, SubmissionId};

/// Lists the apps of the account with their add-ons and package flights.
#[derive(Debug, Parser)]
struct Arguments {}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments {} = Arguments::parse();
    let client = StoreClient::from_env()?;

    let apps = client.applications().list().top(100).all().await?;
    let mut refused = 0;
    for app in &apps {
        let Some(id) = &app.id else { continue };
        println!("{id} {}{}", app.primary_name, pending(app.pending_submission_id()));
        match show(&client, id).await {
            // There are apps that the API does not manage. It has answered, and will for the others.
            Err(error) if error.kind() == ErrorKind::Api => {
                refused += 1;
                println!("  refused: {error}");
            }
            shown => shown?,
        }
    }
    println!("apps: {}, of which the API has refused {refused}", apps.len());
    Ok(())
}

/// Shows the add-ons and flights of an app.
async fn show(client: &StoreClient, app: &ApplicationId) -> msstore::Result<()> {
    // The list of an app names its add-ons by id alone.
    for reference in client.applications().in_app_products(app).top(100).all().await? {
        let Some(id) = reference.in_app_product_id else { continue };
        let add_on = client.in_app_products().get(&id).await?;
        let pending = pending(add_on.pending_submission_id());
        println!("  add-on {id} {} ({}){pending}", add_on.product_id, add_on.product_type);
    }
    for flight in client.flights(app).list().top(100).all().await? {
        let id = flight.flight_id.as_ref().map_or("without an id", FlightId::as_str);
        println!(
            "  flight {id} {}{}",
            flight.friendly_name,
            pending(flight.pending_submission_id())
        );
    }
    Ok(())
}

fn pending(submission: Option<&SubmissionId>) -> String {
    submission.map_or_else(String::new, |id| format!(", pending submission {id}"))
}
