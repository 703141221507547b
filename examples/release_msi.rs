//! A release of an MSI or EXE app as a pipeline runs it: plans, changes the draft, submits, and says how it ended.
//!
//! `release_msi [OPTIONS] <PRODUCT_ID>`; `--help` lists the options.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them. Without them and without arguments it runs on
//! the [`FakeStore`], inside this program.
//!
//! The result goes to stdout, all else to stderr. Exit codes: 0 done, 1 refused or failed, 2 still under way when the time was up, 3 busy:
//! another submission is under way, 64 usage.

// The comments on options are the help.
#![allow(clippy::doc_markdown, clippy::print_stderr, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::{Parser, ValueEnum};
use msstore::auth::Credentials;
use msstore::msi::{Architecture, Ending, NewInstaller, OnUnchanged, Plan, Publish, Report};
use msstore::testing::FakeStore;
use msstore::{ErrorKind, ProductId, SellerId, StoreClient};
use serde_json::json;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

const HELP: &str = "\
Credentials: those of `release`, an example for packaged apps; `obtain_token` says which are found.
Without any and without arguments it runs on a fake of the service, inside this program.

The API shows the draft and not what is live. If the draft has all of it already, nothing tells whether an earlier run has submitted it:
the run stops, unless --unchanged says what to do.

Exit codes: 0 done, 1 refused or failed, 2 still under way when the time was up, 3 busy: another submission is under way, 64 usage.";

/// Releases an MSI or EXE app to the Microsoft Store
#[derive(Debug, Parser)]
#[command(name = "release_msi", version, after_help = HELP)]
struct Options {
    /// Id of the product, the GUID in the address of its page in Partner Center
    product_id: ProductId,
    /// Seller id, digits: Account settings, Identifiers [env: MSSTORE_SELLER_ID]
    #[arg(long, value_name = "ID")]
    seller: Option<SellerId>,
    /// New URL of the package of an architecture (x64, x86, arm64); can be repeated
    #[arg(long, value_name = "ARCHITECTURE=URL", value_parser = pair)]
    package: Vec<(String, String)>,
    /// New parameters of the silent installation of an architecture, 40 characters at most; can be repeated
    #[arg(long, value_name = "ARCHITECTURE=TEXT", value_parser = pair)]
    parameters: Vec<(String, String)>,
    /// Local file whose very bytes a URL must serve: of the one package, or of the one whose URL ends in its name; can be repeated
    #[arg(long, value_name = "PATH")]
    file: Vec<PathBuf>,
    /// Release notes of every language
    #[arg(long, value_name = "TEXT", conflicts_with = "notes_dir")]
    notes: Option<String>,
    /// Release notes by language: DIR/<language>.txt
    #[arg(long, value_name = "DIR")]
    notes_dir: Option<PathBuf>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    plan: bool,
    /// Print the plan, the report or the error as one JSON document to stdout
    #[arg(long)]
    json: bool,
    /// Do all but submit
    #[arg(long)]
    leave_draft: bool,
    /// What to do if the draft has all of it already
    #[arg(long, value_name = "CHOICE", default_value = "stop")]
    unchanged: Unchanged,
    /// What to wait for
    #[arg(long, value_name = "MILESTONE", default_value = "submitted")]
    until: Until,
    /// How long to wait at most [default: 30 minutes for the packages, 7 days for published] [env: MSSTORE_WAIT_TIMEOUT]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Unchanged {
    /// Stop
    Stop,
    /// Submit it all the same
    Submit,
    /// End well: it is known to be submitted
    Accept,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Until {
    /// It is submitted for certification
    Submitted,
    /// Customers can get it
    Published,
}

#[tokio::main]
async fn main() -> ExitCode {
    let level = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    tracing_subscriber::fmt()
        .with_env_filter(level.from_env_lossy())
        .with_writer(std::io::stderr)
        .init();
    let json = std::env::args().any(|argument| argument == "--json");
    let (job, plan, _fake) = match prepare().await {
        Ok(prepared) => prepared,
        Err(error) => return usage(&error, json),
    };
    let job = job.on_event(|event| eprintln!("{event}"));
    let answer = async {
        Ok(match plan {
            true => Answer::Plan(job.plan().await?),
            false => Answer::Report(Box::new(job.await?)),
        })
    };
    match answer.await {
        Ok(answer) => answer.print(json),
        Err(error) => failure(&error, json),
    }
}

/// Checks all that was given, before anything is sent: the job, whether only its plan is wanted, and the fake that it runs on.
async fn prepare() -> anyhow::Result<(Publish, bool, Option<FakeStore>)> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_trial = arguments.iter().all(|argument| argument == "--plan" || argument == "--json");
    if is_trial && Credentials::from_env()?.is_none() {
        let fake = FakeStore::start_with_sample().await?;
        let url = fake.host_file("paper-lantern-2.0.0-x64.exe", [b"MZ".as_slice(), &[0; 4096]].concat());
        let (product, package) = (FakeStore::SAMPLE_MSI_PRODUCT, format!("x64={url}"));
        let given = [
            "release_msi",
            product,
            "--seller",
            FakeStore::SAMPLE_SELLER,
            "--package",
            &package,
            "--notes",
            "Lanterns float higher.",
        ];
        let given = given.into_iter().chain(arguments.iter().map(String::as_str));
        let options = Options::try_parse_from(given)?;
        eprintln!("No credentials are set: this runs on the FakeStore, inside this program.");
        return Ok((options.job(&fake.client()?)?, options.plan, Some(fake)));
    }
    let options = Options::try_parse()?;
    let job = options.job(&StoreClient::from_env()?)?;
    Ok((job, options.plan, None))
}

impl Options {
    fn job(&self, client: &StoreClient) -> anyhow::Result<Publish> {
        let has_notes = self.notes_dir.is_some() || self.notes.as_ref().is_some_and(|text| !text.trim().is_empty());
        ensure!(
            self.plan || has_notes || !self.package.is_empty(),
            "there is nothing to submit: give --package, --notes or --notes-dir"
        );
        let seller = or_variable(self.seller.clone(), "MSSTORE_SELLER_ID", |text| text.parse::<SellerId>().ok())?;
        let seller = seller.context(
            "--seller or MSSTORE_SELLER_ID must be given: Partner Center shows it under Account settings, Identifiers",
        )?;
        let timeout = or_variable(self.timeout, "MSSTORE_WAIT_TIMEOUT", |text| text.parse().ok())?;
        let mut job = client
            .msi(seller)
            .product(&self.product_id)
            .publish()
            .unchanged(match self.unchanged {
                Unchanged::Stop => OnUnchanged::Stop,
                Unchanged::Submit => OnUnchanged::Submit,
                Unchanged::Accept => OnUnchanged::Accept,
            });
        for installer in self.installers()? {
            job = job.package(installer);
        }
        if let Some(notes) = &self.notes {
            job = job.notes(notes);
        }
        for (language, text) in self.notes_dir.as_deref().map(notes).transpose()?.unwrap_or_default() {
            job = job.notes_in(language, text);
        }
        if let Some(timeout) = timeout {
            job = job.timeout(Duration::from_secs(timeout));
        }
        if self.leave_draft {
            job = job.leave_draft();
        }
        Ok(if self.until == Until::Published {
            job.until_published()
        } else {
            job
        })
    }

    fn installers(&self) -> anyhow::Result<Vec<NewInstaller>> {
        let mut installers = Vec::new();
        for (architecture, url) in &self.package {
            let mut installer = NewInstaller::new(Architecture::from(architecture.as_str()), url);
            if let Some((_, text)) = self.parameters.iter().find(|(of, _)| of.eq_ignore_ascii_case(architecture)) {
                installer = installer.parameters(text);
            }
            let path = url.split(['?', '#']).next().unwrap_or_default();
            let is_its = |file: &&PathBuf| {
                self.package.len() == 1 || file.file_name().is_some_and(|name| path.ends_with(&*name.to_string_lossy()))
            };
            if let Some(file) = self.file.iter().find(is_its) {
                ensure!(file.is_file(), "{} is not a file", file.display());
                installer = installer.file(file);
            }
            installers.push(installer);
        }
        let is_package = |(of, _): &&(String, String)| {
            self.package
                .iter()
                .any(|(architecture, _)| architecture.eq_ignore_ascii_case(of))
        };
        if let Some((of, _)) = self.parameters.iter().find(|pair| !is_package(pair)) {
            bail!("--parameters names {of}, and --package does not");
        }
        Ok(installers)
    }
}

/// Reads `<language>.txt`, with lines that end in LF.
fn notes(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let cannot = || format!("the folder {} cannot be read", folder.display());
    let mut notes = BTreeMap::new();
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        if path
            .extension()
            .is_none_or(|extension| !extension.eq_ignore_ascii_case("txt"))
        {
            continue;
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("the file {} cannot be read", path.display()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n");
        let language = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        notes.insert(language, text.trim_end_matches('\n').to_owned());
    }
    ensure!(!notes.is_empty(), "the folder {} has no .txt files", folder.display());
    Ok(notes)
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((architecture, value)) if !architecture.is_empty() => Ok((architecture.to_owned(), value.to_owned())),
        _ => Err("it must be an architecture, = and a value, such as x64=https://dl.example/app-1.4.0-x64.exe"),
    }
}

/// What was given, or else what the variable says. An empty one counts as not set.
fn or_variable<T>(given: Option<T>, name: &str, read: impl Fn(&str) -> Option<T>) -> anyhow::Result<Option<T>> {
    let text = std::env::var(name).unwrap_or_default();
    match (given, text.trim()) {
        (None, text) if !text.is_empty() => read(text).with_context(|| format!("{name} cannot be {text:?}")).map(Some),
        (given, _) => Ok(given),
    }
}

enum Answer {
    Plan(Plan),
    Report(Box<Report>),
}

impl Answer {
    fn print(&self, json: bool) -> ExitCode {
        let (text, document, code) = match self {
            Self::Plan(plan) => {
                let code = match (&plan.busy, plan.is_clear()) {
                    (Some(_), _) => 3,
                    (None, is_clear) => u8::from(!is_clear),
                };
                (plan.to_string(), json!({ "plan": plan, "isClear": plan.is_clear() }), code)
            }
            Self::Report(report) => {
                let code = if report.ending == Ending::Busy { 3 } else { 0 };
                (report.to_string(), json!({ "report": report }), code)
            }
        };
        println!("{}", if json { document.to_string() } else { in_options(&text) });
        ExitCode::from(code)
    }
}

fn usage(error: &anyhow::Error, json: bool) -> ExitCode {
    let of_clap = error.downcast_ref::<clap::Error>();
    if let Some(help) = of_clap.filter(|error| !error.use_stderr()) {
        let _ = help.print();
        return ExitCode::SUCCESS;
    }
    match of_clap {
        Some(error) => {
            let _ = error.print();
        }
        None => eprintln!("error: {error:#}\n\nFor more information, try '--help'."),
    }
    if json {
        println!("{}", json!({ "error": { "kind": "usage", "message": error.to_string() } }));
    }
    ExitCode::from(64)
}

fn failure(error: &msstore::Error, json: bool) -> ExitCode {
    let (code, kind) = match error.kind() {
        ErrorKind::WaitTimedOut => (2, "waitTimedOut"),
        ErrorKind::Pending => (3, "pending"),
        ErrorKind::Guard(_) => (1, "guard"),
        _ => (1, "failed"),
    };
    let message = in_options(&format!("{error:?}"));
    eprintln!("error: {message}");
    if json {
        let guard = if let ErrorKind::Guard(guard) = error.kind() {
            Some(guard)
        } else {
            None
        };
        let document = json!({
            "kind": kind,
            "message": message,
            "guard": guard,
            "httpStatus": error.status(),
            "code": error.code(),
            "correlationId": error.correlation_id(),
            "submission": error.submission(),
        });
        println!("{}", json!({ "error": document }));
    }
    ExitCode::from(code)
}

/// The library advises in the names of its methods and types. Here they are options.
fn in_options(text: &str) -> String {
    text.replace(
        "OnUnchanged::Submit, or OnUnchanged::Accept",
        "--unchanged submit, or --unchanged accept",
    )
    .replace("state shorter ones", "state shorter ones with --parameters")
    .replace("state its own", "state its own with --parameters")
}
