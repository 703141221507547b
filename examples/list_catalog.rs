//! Lists the apps of the account, and of each its add-ons and package flights, as a tree.
//!
//! `list_catalog`
//!
//! Credentials come from `MSSTORE_TENANT_ID`, `MSSTORE_CLIENT_ID` and `MSSTORE_CLIENT_SECRET`, or the same with `AZURE_`.
//! Exit codes: 0 done, 1 refused or failed, 64 usage.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::process::ExitCode;

use msstore::testing::FakeStore;
use msstore::{FlightId, StoreClient, SubmissionId};

const USAGE: &str = "usage: list_catalog (without arguments)";

async fn work(client: &StoreClient, _: Task) -> msstore::Result<()> {
    let apps = client.applications().list().top(100).all().await?;
    for app in &apps {
        let Some(id) = &app.id else { continue };
        let pending = pending_note(app.pending_submission_id());
        println!("{id} {}{pending}", app.primary_name);
        // The list of an app names its add-ons by id alone.
        for reference in client.applications().in_app_products(id).top(100).all().await? {
            let Some(id) = reference.in_app_product_id else { continue };
            let add_on = client.in_app_products().get(&id).await?;
            let pending = pending_note(add_on.pending_submission_id());
            println!("  add-on {id} {} ({}){pending}", add_on.product_id, add_on.product_type);
        }
        for flight in client.flights(id).list().top(100).all().await? {
            let pending = pending_note(flight.pending_submission_id());
            let id = flight.flight_id.as_ref().map_or("without an id", FlightId::as_str);
            println!("  flight {id} {}{pending}", flight.friendly_name);
        }
    }
    println!("apps: {}", apps.len());
    Ok(())
}

fn pending_note(submission: Option<&SubmissionId>) -> String {
    submission.map_or_else(String::new, |id| format!(", pending submission {id}"))
}

struct Task;

impl Task {
    fn from_arguments(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        match arguments {
            [] => Ok(Self),
            _ => Err("the arguments do not fit".into()),
        }
    }

    fn sample(_: &FakeStore) -> Result<Self, Box<dyn Error>> {
        Ok(Self)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (client, task, _fake) = match prepare(&arguments).await {
        Ok(prepared) => prepared,
        Err(error) => {
            eprintln!("{USAGE}");
            return fail(64, &*error);
        }
    };
    match work(&client, task).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &error),
    }
}

/// Checks all that was given, before anything is sent. Without credentials and arguments it runs on a [`FakeStore`].
async fn prepare(arguments: &[String]) -> Result<(StoreClient, Task, Option<FakeStore>), Box<dyn Error>> {
    let is_set = |name: String| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
    let names = ["TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"];
    let credentials = names
        .iter()
        .any(|name| is_set(format!("MSSTORE_{name}")) || is_set(format!("AZURE_{name}")));
    if credentials || !arguments.is_empty() {
        return Ok((StoreClient::from_env()?, Task::from_arguments(arguments)?, None));
    }
    println!("No credentials are set: this runs on the FakeStore, inside this program.");
    let fake = FakeStore::start_with_sample().await?;
    let task = Task::sample(&fake)?;
    Ok((fake.client()?, task, Some(fake)))
}

/// Prints an error and what lies below it.
fn fail(code: u8, error: &dyn Error) -> ExitCode {
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
    ExitCode::from(code)
}
