//! Shows what a submission of an app would do, without doing any of it.
//!
//! `plan_release [APPLICATION_ID PACKAGE_FILE]`
//!
//! Credentials come from `MSSTORE_TENANT_ID`, `MSSTORE_CLIENT_ID` and `MSSTORE_CLIENT_SECRET`, or the same with `AZURE_`.
//! `MSSTORE_PENDING=fail|replace|reuse` says what would happen to a draft that is there already; here the default is `replace`.
//! Exit codes: 0 it would go on, 1 it would stop or the service refused, 64 usage.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use msstore::publish::{Package, PendingPolicy};
use msstore::testing::FakeStore;
use msstore::{ApplicationId, StoreClient};

const USAGE: &str = "usage: plan_release APPLICATION_ID PACKAGE_FILE";

/// Whether the release would go on.
async fn work(client: &StoreClient, task: Task) -> msstore::Result<bool> {
    let submissions = client.applications().submissions(&task.app);
    let plan = submissions
        .publish()
        .pending(task.pending)
        .package(Package::new(task.package))
        .plan()
        .await?;
    println!("{plan}");
    Ok(plan.is_clear())
}

struct Task {
    app: ApplicationId,
    package: PathBuf,
    pending: PendingPolicy,
}

impl Task {
    fn from_arguments(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        let [app, package] = arguments else {
            return Err("the arguments do not fit".into());
        };
        Ok(Self {
            app: app.parse()?,
            package: checked_file(package)?,
            pending: pending()?,
        })
    }

    fn sample(fake: &FakeStore) -> Result<Self, Box<dyn Error>> {
        let package = fake.sample_file("PaperLantern_2.0.0.0_x64.msix", 6 << 20)?;
        Ok(Self {
            app: FakeStore::SAMPLE_APPLICATION.parse()?,
            package,
            pending: pending()?,
        })
    }
}

fn checked_file(path: &str) -> Result<PathBuf, Box<dyn Error>> {
    match std::fs::metadata(path) {
        Ok(file) if file.is_file() && file.len() > 0 => Ok(PathBuf::from(path)),
        Ok(file) if file.is_file() => Err(format!("the file {path} is empty").into()),
        Ok(_) => Err(format!("{path} is not a file").into()),
        Err(error) => Err(format!("the file {path} cannot be read: {error}").into()),
    }
}

fn pending() -> Result<PendingPolicy, Box<dyn Error>> {
    match std::env::var("MSSTORE_PENDING").unwrap_or_default().as_str() {
        "fail" => Ok(PendingPolicy::Fail),
        "" | "replace" => Ok(PendingPolicy::Replace),
        "reuse" => Ok(PendingPolicy::Reuse),
        _ => Err("MSSTORE_PENDING must be fail, replace or reuse".into()),
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
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(1, &error),
    }
}

/// Checks all that was given, before anything is sent. Without credentials and arguments the program runs on a [`FakeStore`].
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
