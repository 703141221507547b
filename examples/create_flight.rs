//! Creates a package flight, shows it, and deletes it.
//!
//! `create_flight [APPLICATION_ID NAME]`
//!
//! Credentials come from `MSSTORE_TENANT_ID`, `MSSTORE_CLIENT_ID` and `MSSTORE_CLIENT_SECRET`, or the same with `AZURE_`.
//! Exit codes: 0 done, 1 refused or failed, 64 usage.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::process::ExitCode;

use msstore::model::{NewFlight, Receipt};
use msstore::testing::FakeStore;
use msstore::{ApplicationId, StoreClient};

const USAGE: &str = "usage: create_flight APPLICATION_ID NAME";

async fn work(client: &StoreClient, task: Task) -> msstore::Result<()> {
    let flights = client.flights(task.app);

    // Groups of customers are added with `.group_id(…)`; their ids stand in Partner Center.
    let created = flights.create(NewFlight::new(task.name)).await?;
    let id = created.id()?;
    step(&format!("created {id}"), created.receipt());

    let flight = flights.get(&id).await?;
    step("read", flight.receipt());
    println!("  name: {}", flight.friendly_name);
    println!("  groups: {}", flight.group_ids.join(", "));
    println!("  ranks higher than: {}", flight.rank_higher_than);

    let deleted = flights.delete(&id).await?;
    step("deleted", &deleted);
    Ok(())
}

struct Task {
    app: ApplicationId,
    name: String,
}

impl Task {
    fn from_arguments(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        match arguments {
            [app, name] if !name.trim().is_empty() => Ok(Self {
                app: app.parse()?,
                name: name.clone(),
            }),
            _ => Err("the arguments do not fit".into()),
        }
    }

    fn sample(_: &FakeStore) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            app: FakeStore::SAMPLE_APPLICATION.parse()?,
            name: "Night watch".to_owned(),
        })
    }
}

/// Prints a step with what support asks for.
fn step<T>(what: &str, receipt: &Receipt<T>) {
    let id = receipt.correlation_id.as_deref().unwrap_or("none");
    println!("{what}: HTTP {}, correlation id {id}", receipt.http_status);
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
