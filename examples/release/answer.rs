//! How it ended: the result on stdout, or the error; for people or as JSON.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use msstore::publish::{Plan, PublishReport};
use msstore::{Error, ErrorKind, Outcome};
use serde_json::{Value, json};

use crate::screen::Left;
use crate::words::in_options;

const REFUSED: u8 = 1;
const STILL_UNDER_WAY: u8 = 2;
const USAGE: u8 = 64;

const GO_ON: &str = "to go on with it, run the same command again with --pending reuse (or MSSTORE_PENDING=reuse)";

/// What a run returns.
#[derive(Debug)]
pub(crate) enum Answer {
    Plan(Plan),
    Report(PublishReport),
}

impl Answer {
    pub(crate) fn print(&self, json: bool) -> ExitCode {
        let is_clear = match self {
            Self::Plan(plan) => plan.is_clear(),
            Self::Report(_) => true,
        };
        let text = match (self, json) {
            (Self::Plan(plan), false) => in_options(&plan.to_string()),
            (Self::Report(report), false) => in_options(&report.to_string()),
            (Self::Plan(plan), true) => json!({ "plan": plan, "isClear": is_clear }).to_string(),
            (Self::Report(report), true) => json!({ "report": report }).to_string(),
        };
        out(&text);
        if is_clear {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(REFUSED)
        }
    }
}

/// Writes to stdout. Nobody may read it any more, which is no reason to fail.
fn out(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Somebody pressed Ctrl-C.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Says what is wrong with what was given, or shows the help.
pub(crate) fn usage(error: &anyhow::Error, json: bool) -> ExitCode {
    let of_clap = error.downcast_ref::<clap::Error>();
    if let Some(help) = of_clap.filter(|error| !error.use_stderr()) {
        let _ = help.print();
        return ExitCode::SUCCESS;
    }
    match of_clap {
        Some(error) => {
            let _ = error.print();
        }
        None => {
            say(error);
            eprintln!("\nFor more information, try '--help'.");
        }
    }
    if json {
        let message = of_clap.map_or_else(|| error.to_string(), |error| error.to_string().trim().to_owned());
        out(&json!({ "error": { "kind": "usage", "message": message, "causes": causes(error) } }).to_string());
    }
    ExitCode::from(USAGE)
}

/// Says why a run failed, what it has left on the server, and how to go on.
pub(crate) fn failure(error: &anyhow::Error, left: &Left, json: bool) -> ExitCode {
    let of_the_library = error.downcast_ref::<Error>();
    let left = match of_the_library.map(|error| (error.left_behind(), error.outcome())) {
        Some((Some(id), _)) => Left::Draft(id),
        // A draft that was there before and is as it was is not left by this run.
        Some((None, Outcome::NotApplied)) if matches!(left, Left::MaybeDraft | Left::Draft(_)) => Left::Nothing,
        _ => left.clone(),
    };
    let advice = advice(of_the_library, &left);
    say(error);
    if let Some(error) = of_the_library {
        details(error);
    }
    if let Some(advice) = &advice {
        eprintln!("{advice}");
    }
    if json {
        let mut document = json!({ "message": in_options(&error.to_string()), "causes": causes(error), "advice": advice });
        match of_the_library {
            Some(error) => members(error, &mut document),
            None => document["kind"] = "interrupted".into(),
        }
        let (submission, committed) = match &left {
            Left::Nothing | Left::MaybeDraft => (None, None),
            Left::Draft(id) => (Some(id), Some(false)),
            Left::MaybeCommitted(id) => (Some(id), None),
            Left::Committed(id) => (Some(id), Some(true)),
        };
        if let Some(id) = submission {
            document["submission"] = id.as_str().into();
        }
        document["committed"] = committed.into();
        out(&json!({ "error": document }).to_string());
    }
    match of_the_library.map(Error::kind) {
        Some(ErrorKind::WaitTimedOut) => ExitCode::from(STILL_UNDER_WAY),
        _ => ExitCode::from(REFUSED),
    }
}

fn causes(error: &anyhow::Error) -> Vec<String> {
    error.chain().skip(1).map(|cause| in_options(&cause.to_string())).collect()
}

/// Prints an error and what lies below it.
fn say(error: &anyhow::Error) {
    eprintln!("error: {}", in_options(&error.to_string()));
    for cause in causes(error) {
        eprintln!("  because: {cause}");
    }
}

/// Prints what the service says about a submission that failed.
fn details(error: &Error) {
    let (ErrorKind::SubmissionFailed(_), Some(report)) = (error.kind(), error.report()) else {
        return;
    };
    eprintln!("final status: {}", report.status);
    for error in &report.status_details.errors {
        eprintln!("  error: {error}");
    }
    for warning in report.status_details.notable_warnings() {
        eprintln!("  warning: {warning}");
    }
    for certification in &report.status_details.certification_reports {
        eprintln!("  certification report of {certification}");
    }
}

/// What is left on the server, and how to go on.
fn advice(error: Option<&Error>, left: &Left) -> Option<String> {
    // Who goes on with such a draft meets the same answer again.
    let is_dead = error
        .and_then(Error::advice)
        .is_some_and(|advice| advice.contains("PendingPolicy::Replace"));
    match (error.map(Error::kind), left) {
        // The sentence says it.
        (Some(ErrorKind::Pending), _) => None,
        (Some(ErrorKind::SubmissionFailed(_)), Left::Committed(id)) => Some(format!(
            "submission {id} is left: once it is mended, --pending reuse goes on with it and --pending replace begins anew"
        )),
        (Some(_), Left::Nothing) => None,
        (None, Left::Nothing) => Some("nothing was changed on the server".to_owned()),
        (_, Left::MaybeDraft) => Some(format!("a draft may have been created, as --plan shows; {GO_ON}")),
        (_, Left::Draft(id)) if is_dead => Some(format!(
            "left on the server: submission {id}, a draft that is not committed; to begin anew, run the same command again with --pending replace"
        )),
        (_, Left::Draft(id)) => Some(format!(
            "left on the server: submission {id}, a draft that is not committed; {GO_ON}"
        )),
        (_, Left::MaybeCommitted(id)) => Some(format!(
            "left on the server: submission {id}, which may be committed by now; {GO_ON}"
        )),
        (_, Left::Committed(id)) => Some(format!(
            "left on the server: submission {id}, which is committed and goes on there; {GO_ON}"
        )),
    }
}

/// What the library knows of an error.
fn members(error: &Error, document: &mut Value) {
    document["kind"] = match error.kind() {
        ErrorKind::Api => "api",
        ErrorKind::Auth => "auth",
        ErrorKind::Transport(_) => "transport",
        ErrorKind::Decode => "decode",
        ErrorKind::SubmissionFailed(_) => "submissionFailed",
        ErrorKind::WaitTimedOut => "waitTimedOut",
        ErrorKind::DeletionTimedOut => "deletionTimedOut",
        ErrorKind::NotVerified => "notVerified",
        ErrorKind::Upload(_) => "upload",
        ErrorKind::InvalidInput => "invalidInput",
        ErrorKind::Pending => "pending",
        ErrorKind::Edit => "edit",
        ErrorKind::Guard(_) => "guard",
        _ => "other",
    }
    .into();
    if let ErrorKind::Guard(guard) = error.kind() {
        document["guard"] = json!(guard);
    }
    document["httpStatus"] = error.status().into();
    document["code"] = error.code().into();
    document["correlationId"] = error.correlation_id().into();
    document["submission"] = error.submission().map(|id| id.to_string()).into();
    document["status"] = error.report().map(|report| report.status.to_string()).into();
}
