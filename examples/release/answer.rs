//! How it ended: the result on stdout, or the error; for people or as JSON.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use msstore::error::FailureKind;
use msstore::publish::{Plan, PublishReport};
use msstore::{Error, ErrorKind, Outcome, SubmissionId};
use serde_json::json;

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
            (Self::Plan(plan), false) => plan.to_string(),
            (Self::Report(report), false) => report.to_string(),
            (Self::Plan(plan), true) => json!({ "plan": plan, "isClear": is_clear, "problems": plan.problems() }).to_string(),
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

/// Writes to stdout, in the words of this program. Nobody may read it any more, which is no reason to fail.
fn out(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", in_options(text));
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
        let message = error.to_string();
        let message = message.strip_prefix("error: ").unwrap_or(&message);
        let message = message.split("\n\nFor more information").next().unwrap_or_default().trim();
        out_error("usage", message, error, None, &Left::Nothing);
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
        let kind = of_the_library.map_or("interrupted", |error| name(error.kind()));
        out_error(kind, &error.to_string(), error, advice.as_deref(), &left);
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

/// What is left on the server, and how to go on, unless the sentence of the error says that.
fn advice(error: Option<&Error>, left: &Left) -> Option<String> {
    let sentence = error.map_or_else(String::new, |error| in_options(&error.to_string()));
    let is_said = ["--pending reuse", "--pending replace"]
        .iter()
        .any(|option| sentence.contains(option));
    let go_on = if is_said { String::new() } else { format!("; {GO_ON}") };
    let what = match (error.map(Error::kind), left) {
        // The sentence says it.
        (Some(ErrorKind::Pending | ErrorKind::SubmissionFailed(FailureKind::PackageNotTaken)), _) => return None,
        (Some(ErrorKind::SubmissionFailed(_)), Left::Committed(id)) => {
            return Some(format!(
                "submission {id} is left: fix the problem, then run again with --pending reuse, or begin anew with --pending replace"
            ));
        }
        (Some(_), Left::Nothing) => return None,
        (None, Left::Nothing) => return Some("nothing was changed on the server".to_owned()),
        (_, Left::MaybeDraft) => "a draft may have been created, as --plan shows".to_owned(),
        (_, Left::Draft(id)) => format!("left on the server: submission {id}, a draft that is not committed"),
        (_, Left::MaybeCommitted(id)) => format!("left on the server: submission {id}, which may be committed by now"),
        (_, Left::Committed(id)) => format!("left on the server: submission {id}, which is committed and goes on there"),
    };
    Some(what + &go_on)
}

/// Prints an error as JSON. Each has the same members; they are null where nothing is known.
fn out_error(kind: &str, message: &str, error: &anyhow::Error, advice: Option<&str>, left: &Left) {
    let of_the_library = error.downcast_ref::<Error>();
    let guard = of_the_library.and_then(|error| match error.kind() {
        ErrorKind::Guard(guard) => Some(guard),
        _ => None,
    });
    let (left, committed) = match left {
        Left::Nothing | Left::MaybeDraft => (None, None),
        Left::Draft(id) => (Some(id.clone()), Some(false)),
        Left::MaybeCommitted(id) => (Some(id.clone()), None),
        Left::Committed(id) => (Some(id.clone()), Some(true)),
    };
    let submission = left.or_else(|| of_the_library?.submission());
    let document = json!({
        "kind": kind,
        "message": message,
        "causes": causes(error),
        "advice": advice,
        "guard": guard,
        "httpStatus": of_the_library.and_then(Error::status),
        "code": of_the_library.and_then(Error::code),
        "correlationId": of_the_library.and_then(Error::correlation_id),
        "submission": submission.as_ref().map(SubmissionId::as_str),
        "committed": committed,
        "status": of_the_library.and_then(Error::report).map(|report| report.status.as_str()),
    });
    out(&json!({ "error": document }).to_string());
}

fn name(kind: ErrorKind) -> &'static str {
    match kind {
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
}
