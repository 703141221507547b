//! A release as a pipeline runs it: plans, submits, waits, and says how it ended.
//!
//! `release [OPTIONS] <APPLICATION_ID> [PACKAGE]...`; `--help` lists the options.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them. Without
//! them and without arguments it runs on the [`FakeStore`], inside this program.
//!
//! The result goes to stdout, all else to stderr: what happens, the log by `RUST_LOG`, errors.
//! Exit codes: 0 done, 1 refused or failed, 2 still under way when the time was up, 64 usage.

#![allow(clippy::print_stderr)]

mod answer;
mod inputs;
mod options;
mod screen;
mod words;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use msstore::api::{HasRollout, Submission};
use msstore::auth::Credentials;
use msstore::model::{ApplicationSubmission, ImageType, Listing};
use msstore::publish::{Package, Publish};
use msstore::testing::{FakeStore, SamplePackage};
use msstore::{Document, StoreClient};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::answer::{Answer, Interrupted};
use crate::options::{Notes, Options, Rollout, Task};
use crate::screen::Screen;

#[tokio::main]
async fn main() -> ExitCode {
    let level = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    tracing_subscriber::fmt()
        .with_env_filter(level.from_env_lossy())
        .with_writer(std::io::stderr)
        // A call is a span: one line, once it has ended.
        .with_span_events(FmtSpan::CLOSE)
        .init();

    // Asked for before the options are read, because the answer is JSON too if they cannot be.
    let json = std::env::args().any(|argument| argument == "--json");
    let Release {
        client,
        task,
        fake: _fake,
    } = match prepare().await {
        Ok(release) => release,
        Err(error) => return answer::usage(&error, json),
    };
    let screen = Arc::new(Screen::new());
    let answer = tokio::select! {
        answer = run(&client, task, &screen) => answer.map_err(anyhow::Error::from),
        Ok(()) = interrupted() => Err(Interrupted.into()),
    };
    screen.clear();
    match answer {
        Ok(answer) => answer.print(json),
        Err(error) => answer::failure(&error, &screen.left(), json),
    }
}

/// Waits for Ctrl-C, or for the signal with which a runner stops a job.
async fn interrupted() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = terminated.recv() => Ok(()),
            pressed = tokio::signal::ctrl_c() => pressed,
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// All that is needed to begin.
struct Release {
    client: StoreClient,
    task: Task,
    /// Ends when it is dropped.
    fake: Option<FakeStore>,
}

/// Checks all that was given, before anything is printed or sent.
async fn prepare() -> anyhow::Result<Release> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // To look at the plan and at the JSON is no release that might be taken for a real one.
    let is_trial = arguments.iter().all(|argument| argument == "--plan" || argument == "--json");
    if is_trial && Credentials::from_env()?.is_none() {
        return sample(&arguments).await;
    }
    let task = Options::try_parse()?.check()?;
    let client = StoreClient::from_env()?;
    if let Some(credentials) = Credentials::from_env()? {
        eprintln!("signing in with {credentials}");
    }
    Ok(Release {
        client,
        task,
        fake: None,
    })
}

/// A release on the fake.
async fn sample(arguments: &[String]) -> anyhow::Result<Release> {
    let fake = FakeStore::start_with_sample().await?;
    let package = fake.sample_file("PaperLantern_2.0.0.0_x64.msix", 1)?;
    SamplePackage::new("2.0.0.0").content(6 << 20).write(&package)?;
    let package = package.to_string_lossy();
    let given = [
        "release",
        FakeStore::SAMPLE_APPLICATION,
        &package,
        "--notes",
        "Lanterns float higher.",
    ];
    let given = given.into_iter().chain(arguments.iter().map(String::as_str));
    let task = Options::try_parse_from(given)?.check()?;
    let client = fake.client()?;
    eprintln!("No credentials are set: this runs on the FakeStore, inside this program.");
    Ok(Release {
        client,
        task,
        fake: Some(fake),
    })
}

async fn run(client: &StoreClient, task: Task, screen: &Arc<Screen>) -> msstore::Result<Answer> {
    if let Some(flight) = &task.flight {
        let submissions = client.flights(&task.app).submissions(flight);
        return finish(common(submissions.publish(), &task), &task, screen).await;
    }
    let submissions = client.applications().submissions(&task.app);
    finish(of_an_app(common(submissions.publish(), &task), &task), &task, screen).await
}

/// What apps and flights have in common.
fn common<S: HasRollout>(mut job: Publish<S>, task: &Task) -> Publish<S> {
    for package in &task.packages {
        job = job.package(Package::new(package));
    }
    if let Some(patch) = task.merge.clone() {
        job = job.edit(move |draft| Ok(draft.merge(&patch)?));
    }
    job = match task.rollout {
        Some(Rollout::Percentage(percentage)) => job.rollout_percentage(percentage),
        Some(Rollout::None) => job.no_rollout(),
        None => job,
    };
    job = job.pending(task.pending).existing_packages(task.existing).until(task.until);
    if let Some(timeout) = task.timeout {
        job = job.timeout(timeout);
    }
    if task.leave_draft { job.leave_draft() } else { job }
}

/// What only apps have: listings.
fn of_an_app(mut job: Publish<ApplicationSubmission>, task: &Task) -> Publish<ApplicationSubmission> {
    let notes = task.notes.clone();
    let pictured: Vec<String> = task.images.keys().cloned().collect();
    job = job.edit(move |draft| {
        for language in &pictured {
            listing(draft, language, &format!("--images names {language}"))?;
        }
        match &notes {
            Notes::AsTheyAre => {}
            Notes::Everywhere(text) => {
                for listing in draft.listings.values_mut() {
                    listing.base_listing.release_notes.clone_from(text);
                }
            }
            Notes::ByLanguage(texts) => {
                for (language, text) in texts {
                    let listing = listing(draft, language, &format!("--notes-dir has {language}.txt"))?;
                    listing.base_listing.release_notes.clone_from(text);
                }
            }
        }
        Ok(())
    });
    for (language, paths) in &task.images {
        job = job.images(language, ImageType::Screenshot, paths);
    }
    job
}

/// The listing of a language, or an error that says which of the `given` needs it.
fn listing<'d>(draft: &'d mut Document<ApplicationSubmission>, language: &str, given: &str) -> anyhow::Result<&'d mut Listing> {
    draft.listing_mut(language).with_context(|| {
        format!("{given}, but there is no listing for {language}: add the listing with --merge or in Partner Center, or leave the language out")
    })
}

async fn finish<S: Submission>(job: Publish<S>, task: &Task, screen: &Arc<Screen>) -> msstore::Result<Answer> {
    if task.plan {
        return job.plan().await.map(Answer::Plan);
    }
    let (events, uploads) = (Arc::clone(screen), Arc::clone(screen));
    let job = job
        .on_event(move |event| events.event(event))
        .upload(|upload| upload.on_progress(move |now| uploads.upload(now)));
    job.await.map(Answer::Report)
}
