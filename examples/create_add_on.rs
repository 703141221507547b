//! Creates an add-on, shows it, and deletes it.
//!
//! `create_add_on [APPLICATION_ID PRODUCT_ID]`
//!
//! Credentials come from `MSSTORE_TENANT_ID`, `MSSTORE_CLIENT_ID` and `MSSTORE_CLIENT_SECRET`, or the same with `AZURE_`.
//! Exit codes: 0 done, 1 refused or failed, 64 usage.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::process::ExitCode;

use msstore::model::{NewInAppProduct, ProductType, Receipt};
use msstore::testing::FakeStore;
use msstore::{ApplicationId, StoreClient};

const USAGE: &str = "usage: create_add_on APPLICATION_ID PRODUCT_ID";

async fn work(client: &StoreClient, task: Task) -> msstore::Result<()> {
    let add_ons = client.in_app_products();

    let new = NewInAppProduct::new(task.app, task.product_id, ProductType::Durable);
    let created = add_ons.create(new).await?;
    let id = created.id()?;
    step(&format!("created {id}"), created.receipt());

    let add_on = add_ons.get(&id).await?;
    step("read", add_on.receipt());
    println!("  product id: {}", add_on.product_id);
    println!("  type: {}", add_on.product_type);
    for app in add_on.applications.value.iter().filter_map(|app| app.id.as_ref()) {
        println!("  app: {app}");
    }

    let deleted = add_ons.delete(&id).await?;
    step("deleted", &deleted);
    Ok(())
}

struct Task {
    app: ApplicationId,
    product_id: String,
}

impl Task {
    fn from_arguments(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        match arguments {
            [app, product_id] if !product_id.trim().is_empty() => Ok(Self {
                app: app.parse()?,
                product_id: product_id.clone(),
            }),
            _ => Err("the arguments do not fit".into()),
        }
    }

    fn sample(_: &FakeStore) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            app: FakeStore::SAMPLE_APPLICATION.parse()?,
            product_id: "lantern.spare-wick".to_owned(),
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
