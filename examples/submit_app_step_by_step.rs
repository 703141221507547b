//! Submits an app step by step, one call after the other, as `publish()` does it in one.
//!
//! `submit_app_step_by_step [APPLICATION_ID PACKAGE_FILE [RELEASE_NOTES]]`
//!
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

use msstore::archive::ArchiveBuilder;
use msstore::model::{ApplicationPackage, FileStatus, Receipt, StatusReport, SubmissionStatus};
use msstore::publish::PendingPolicy;
use msstore::testing::FakeStore;
use msstore::upload::Progress;
use msstore::{ApplicationId, ErrorKind, StoreClient};

const USAGE: &str = "usage: submit_app_step_by_step APPLICATION_ID PACKAGE_FILE [RELEASE_NOTES]";

async fn work(client: &StoreClient, task: Task) -> Result<(), Box<dyn Error>> {
    let app = client.applications().get(&task.app).await?;
    step(&format!("read {} ({})", app.primary_name, app.id()?), app.receipt());

    // There is one slot for a pending submission.
    let submissions = client.applications().submissions(&task.app);
    let mut draft = match (app.pending_submission_id(), task.pending) {
        (Some(pending), PendingPolicy::Reuse) => {
            let draft = submissions.get(pending).await?;
            step(
                &format!("go on with submission {pending}, in status {}", draft.status),
                draft.receipt(),
            );
            draft
        }
        (Some(pending), PendingPolicy::Replace) => {
            let deleted = submissions.ensure_deleted(pending).await?;
            step(&format!("deleted submission {pending}"), &deleted);
            submissions.ensure_created().await?.document
        }
        (Some(pending), _) => return Err(format!("submission {pending} is pending: set MSSTORE_PENDING, or delete it").into()),
        (None, _) => submissions.ensure_created().await?.document,
    };
    let id = draft.id()?;
    step(&format!("submission {id}"), draft.receipt());

    if !draft.status.is_failure() && draft.status != SubmissionStatus::PendingCommit {
        println!("it is under way already");
        return report(submissions.watch(&id), task.timeout).await;
    }
    if let Some(notes) = &task.release_notes {
        for listing in draft.listings.values_mut() {
            listing.base_listing.release_notes.clone_from(notes);
        }
    }
    let name = task.package.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // A package of the same name that is in the Store makes room; one that an earlier run has added is not added again.
    let packages = &mut draft.application_packages;
    let is_added = |package: &ApplicationPackage| package.file_status == FileStatus::PendingUpload;
    for package in packages
        .iter_mut()
        .filter(|package| package.file_name == name && !is_added(package))
    {
        package.file_status = FileStatus::PendingDelete;
    }
    if !packages.iter().any(|package| package.file_name == name && is_added(package)) {
        packages.push(ApplicationPackage::pending_upload(&name));
    }
    for change in draft.changes()? {
        println!("  {change}");
    }

    // What follows leaves the draft behind if it fails: run again with MSSTORE_PENDING=reuse.
    let archive = ArchiveBuilder::new().file(&name, &task.package).build().await?;
    let sent = client.upload(&draft.file_upload_url, archive.path()).on_progress(bar).await?;
    println!(
        "uploaded {} bytes in {} blocks: HTTP {}",
        sent.bytes, sent.blocks, sent.http_status
    );
    let draft = submissions.update(&draft).await?;
    step("updated", draft.receipt());
    let wait = submissions
        .commit_and_wait(&id)
        .on_commit(|receipt| step("committed", receipt));
    report(wait, task.timeout).await
}

async fn report(
    mut wait: msstore::api::Wait<msstore::model::ApplicationSubmission>,
    timeout: Option<Duration>,
) -> Result<(), Box<dyn Error>> {
    if let Some(timeout) = timeout {
        wait = wait.timeout(timeout);
    }
    let wait = wait.on_status(|now| {
        let id = now.correlation_id.as_deref().unwrap_or("none");
        println!(
            "{} after {} s: HTTP {}, correlation id {id}",
            now.report.status,
            now.waited.as_secs(),
            now.http_status
        );
    });
    let last = wait.await?;
    println!("taken by the Store: {}", last.report.status);
    for warning in last.report.status_details.notable_warnings() {
        println!("  warning: {warning}");
    }
    Ok(())
}

struct Task {
    app: ApplicationId,
    package: PathBuf,
    release_notes: Option<String>,
    pending: PendingPolicy,
    timeout: Option<Duration>,
}

impl Task {
    fn from_arguments(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        let (app, package, release_notes) = match arguments {
            [app, package] => (app, package, None),
            [app, package, notes] => (app, package, Some(notes.clone())),
            _ => return Err("the arguments do not fit".into()),
        };
        Ok(Self {
            app: app.parse()?,
            package: checked_file(package)?,
            release_notes,
            pending: pending()?,
            timeout: timeout()?,
        })
    }

    fn sample(fake: &FakeStore) -> Result<Self, Box<dyn Error>> {
        let package = fake.sample_file("PaperLantern_2.0.0.0_x64.msix", 6 << 20)?;
        // Somebody left a draft behind.
        fake.seed_draft(FakeStore::SAMPLE_APPLICATION);
        Ok(Self {
            app: FakeStore::SAMPLE_APPLICATION.parse()?,
            package,
            release_notes: Some("Lanterns float higher.".to_owned()),
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
        Err(error) => match error.downcast_ref::<msstore::Error>() {
            Some(late) if late.kind() == ErrorKind::WaitTimedOut => {
                println!(
                    "{} is still under way; to attach to it again, run this once more with MSSTORE_PENDING=reuse",
                    late.path().unwrap_or_default()
                );
                fail(2, &*error)
            }
            Some(failed) if matches!(failed.kind(), ErrorKind::SubmissionFailed(_)) => {
                failed.report().map(details);
                fail(1, &*error)
            }
            _ => fail(1, &*error),
        },
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
