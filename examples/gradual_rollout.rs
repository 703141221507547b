//! Sets the percentage of the gradual rollout of a published app submission.
//!
//! `gradual_rollout [APPLICATION_ID SUBMISSION_ID PERCENTAGE]`
//!
//! Credentials come from `MSSTORE_TENANT_ID`, `MSSTORE_CLIENT_ID` and `MSSTORE_CLIENT_SECRET`, or the same with `AZURE_`.
//! Exit codes: 0 done, 1 refused or failed, 64 usage.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::process::ExitCode;

use msstore::model::{PackageRollout, Receipt};
use msstore::testing::FakeStore;
use msstore::{ApplicationId, StoreClient, SubmissionId};

const USAGE: &str = "usage: gradual_rollout APPLICATION_ID SUBMISSION_ID PERCENTAGE";

async fn work(client: &StoreClient, task: Task) -> msstore::Result<()> {
    let submissions = client.applications().submissions(task.app);
    let rollout = submissions.package_rollout(task.submission);

    let before = rollout.get().await?;
    step("read", &before);
    show(&before);

    let now = rollout.set_percentage(task.percentage).await?;
    step(&format!("set to {} %", task.percentage), &now);
    show(&now);

    // The rollout goes on until it is ended, also at 100 %: `rollout.finalize()` gives the packages to everybody,
    // `rollout.halt()` to nobody else.
    Ok(())
}

fn show(rollout: &PackageRollout) {
    println!("  status: {}", rollout.package_rollout_status);
    match rollout.package_rollout_percentage {
        Some(percentage) => println!("  percentage: {percentage}"),
        None => println!("  percentage: not set"),
    }
}

struct Task {
    app: ApplicationId,
    submission: SubmissionId,
    percentage: f64,
}

impl Task {
    fn from_arguments(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        let [app, submission, percentage] = arguments else {
            return Err("the arguments do not fit".into());
        };
        let percentage = percentage.parse().ok().filter(|number| (0.0..=100.0).contains(number));
        Ok(Self {
            app: app.parse()?,
            submission: submission.parse()?,
            percentage: percentage.ok_or("the percentage must be a number from 0 to 100")?,
        })
    }

    fn sample(fake: &FakeStore) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            app: FakeStore::SAMPLE_APPLICATION.parse()?,
            submission: fake
                .seed_rollout(FakeStore::SAMPLE_APPLICATION, 10.0)
                .ok_or("the sample app has no submission")?,
            percentage: 50.0,
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
