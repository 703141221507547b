//! Submits an add-on: sets the icon of every listing, and waits until the Store has taken it.
//!
//! `submit_add_on [IN_APP_PRODUCT_ID ICON_FILE]`
//!
//! The icon is a PNG of exactly 300 × 300 pixels.
//! Credentials come from `MSSTORE_TENANT_ID`, `MSSTORE_CLIENT_ID` and `MSSTORE_CLIENT_SECRET`, or the same with `AZURE_`.
//! `MSSTORE_PENDING=fail|replace|reuse` says what happens to a draft that is there already; here the default is `replace`.
//! `MSSTORE_WAIT_TIMEOUT` is how many seconds to wait at most.
//! Exit codes: 0 taken by the Store, 1 refused or failed, 2 still under way when the time was up, 64 usage.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use msstore::model::{Icon, StatusReport};
use msstore::publish::PendingPolicy;
use msstore::testing::FakeStore;
use msstore::upload::Progress;
use msstore::{ErrorKind, InAppProductId, StoreClient};

const USAGE: &str = "usage: submit_add_on IN_APP_PRODUCT_ID ICON_FILE";

async fn work(client: &StoreClient, task: Task) -> msstore::Result<()> {
    let product = client.in_app_products().get(&task.product).await?;
    println!("{} ({})", product.product_id, product.id()?);

    let icon = task.icon.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = icon.clone();
    let mut publish = client
        .in_app_products()
        .submissions(&task.product)
        .publish()
        .pending(task.pending)
        .edit(move |draft| {
            for listing in draft.listings.values_mut() {
                listing.icon = Icon::pending_upload(&name);
            }
            Ok(())
        })
        .file(icon, task.icon)
        .on_event(|event| println!("{event}"))
        .upload(|upload| upload.on_progress(bar));
    if let Some(timeout) = task.timeout {
        publish = publish.timeout(timeout);
    }
    let report = publish.await?;
    println!("{report}");
    Ok(())
}

struct Task {
    product: InAppProductId,
    icon: PathBuf,
    pending: PendingPolicy,
    timeout: Option<Duration>,
}

impl Task {
    fn from_arguments(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        let [product, icon] = arguments else {
            return Err("the arguments do not fit".into());
        };
        Ok(Self {
            product: product.parse()?,
            icon: checked_file(icon)?,
            pending: pending()?,
            timeout: timeout()?,
        })
    }

    fn sample(fake: &FakeStore) -> Result<Self, Box<dyn Error>> {
        let icon = fake.sample_image("coins.png", 300, 300)?;
        Ok(Self {
            product: FakeStore::SAMPLE_IN_APP_PRODUCT.parse()?,
            icon,
            pending: pending()?,
            timeout: timeout()?,
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

fn timeout() -> Result<Option<Duration>, Box<dyn Error>> {
    match std::env::var("MSSTORE_WAIT_TIMEOUT").unwrap_or_default().as_str() {
        "" => Ok(None),
        seconds => Ok(Some(Duration::from_secs(
            seconds
                .parse()
                .map_err(|_| "MSSTORE_WAIT_TIMEOUT must be a number of seconds")?,
        ))),
    }
}

/// Shows how far the upload is, in one line.
fn bar(now: Progress) {
    // A log gets the last line only.
    if now.blocks < now.blocks_total && !std::io::stdout().is_terminal() {
        return;
    }
    let done = (now.bytes * 40).checked_div(now.bytes_total).unwrap_or(40);
    let end = if now.blocks == now.blocks_total { "\n" } else { "" };
    let (sent, total) = (now.bytes.div_ceil(1024), now.bytes_total.div_ceil(1024));
    print!(
        "\r[{:<40}] {sent} of {total} KiB{end}",
        "#".repeat(usize::try_from(done).unwrap_or(40))
    );
    // Without the end of a line nothing shows by itself.
    let _ = std::io::stdout().flush();
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
        Err(error) if error.kind() == ErrorKind::WaitTimedOut => {
            println!(
                "{} is still under way; to attach to it again, run this once more with MSSTORE_PENDING=reuse",
                error.path().unwrap_or_default()
            );
            fail(2, &error)
        }
        Err(error) if matches!(error.kind(), ErrorKind::SubmissionFailed(_)) => {
            error.report().map(details);
            fail(1, &error)
        }
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

/// Prints what the service says about a submission that failed.
fn details(report: &StatusReport) {
    println!("final status: {}", report.status);
    for error in &report.status_details.errors {
        println!("  error: {error}");
    }
    for warning in report.status_details.notable_warnings() {
        println!("  warning: {warning}");
    }
    for certification in &report.status_details.certification_reports {
        println!("  certification report of {certification}");
    }
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
