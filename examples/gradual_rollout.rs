//! Changes the gradual rollout of a published app submission.
//!
//! It goes on until it is ended, also at 100 %, and blocks the next submission as long.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them.

#![allow(clippy::print_stdout)]

use clap::Parser;
use msstore::model::PackageRollout;
use msstore::{ApplicationId, StoreClient, SubmissionId};

/// Changes the gradual rollout of a published app submission.
#[derive(Debug, Parser)]
struct Arguments {
    /// Store id of the app, such as 9NBLGGH4R315
    application_id: ApplicationId,
    /// The published submission
    submission_id: SubmissionId,
    /// Per cent of the customers, 0 to 100; finalize: everybody gets the packages; halt: nobody else does
    #[arg(value_name = "PERCENT|finalize|halt", value_parser = change)]
    change: Change,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Percentage(f64),
    Finalize,
    Halt,
}

fn change(text: &str) -> Result<Change, &'static str> {
    match (text, text.parse()) {
        ("finalize", _) => Ok(Change::Finalize),
        ("halt", _) => Ok(Change::Halt),
        (_, Ok(percentage)) if (0.0..=100.0).contains(&percentage) => Ok(Change::Percentage(percentage)),
        _ => Err("it must be a number from 0 to 100, finalize or halt"),
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let client = StoreClient::from_env()?;
    let submissions = client.applications().submissions(arguments.application_id);
    let rollout = submissions.package_rollout(arguments.submission_id);

    show("before", &*rollout.get().await?);
    let now = match arguments.change {
        Change::Percentage(percentage) => rollout.set_percentage(percentage).await?,
        Change::Finalize => rollout.finalize().await?,
        Change::Halt => rollout.halt().await?,
    };
    show("now", &now);
    Ok(())
}

fn show(when: &str, rollout: &PackageRollout) {
    let percentage = rollout.package_rollout_percentage.unwrap_or_default();
    println!("{when}: {}, {percentage} %", rollout.package_rollout_status);
}
