//! What people see on the way: a bar, a spinner and lines on a terminal; lines alone in a log.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use msstore::SubmissionId;
use msstore::model::SubmissionStatus;
use msstore::publish::{Event, EventKind};
use msstore::upload::Progress;

use crate::words::in_options;

const BAR: &str = "{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
const SPINNER: &str = "{spinner} {msg} for {elapsed}";

/// What a run has left on the server so far.
#[derive(Debug, Clone, Default)]
pub(crate) enum Left {
    /// It has changed nothing.
    #[default]
    Nothing,
    /// A draft, if the call that creates it has arrived.
    MaybeDraft,
    Draft(SubmissionId),
    /// The call that commits it may have arrived.
    MaybeCommitted(SubmissionId),
    Committed(SubmissionId),
}

impl Left {
    /// What it is after an event. Each step is told once it is done, so the next may have begun.
    fn after(self, event: &Event) -> Self {
        let Some(id) = event.submission.clone() else {
            return match event.kind {
                EventKind::NothingPending => Self::MaybeDraft,
                _ => self,
            };
        };
        match &event.kind {
            EventKind::Found { status } if is_draft(status) => Self::Draft(id),
            EventKind::Found { .. } | EventKind::Committed => Self::Committed(id),
            EventKind::Deleted | EventKind::RolloutEnded { .. } => Self::MaybeDraft,
            EventKind::Created { .. } => Self::Draft(id),
            EventKind::Updated | EventKind::NothingToUpdate | EventKind::Uploaded { .. } => Self::MaybeCommitted(id),
            EventKind::Packed { .. } => Self::Draft(id),
            _ => self,
        }
    }
}

fn is_draft(status: &SubmissionStatus) -> bool {
    matches!(status, SubmissionStatus::PendingCommit | SubmissionStatus::Canceled) || status.is_failure()
}

#[derive(Debug)]
pub(crate) struct Screen {
    /// One line that is drawn again and again; not where stderr is no terminal, or has the log.
    bar: Option<ProgressBar>,
    /// Tenths of the upload that were told.
    tenths: AtomicU64,
    left: Mutex<Left>,
}

impl Screen {
    pub(crate) fn new() -> Self {
        let is_drawn = std::io::stderr().is_terminal() && std::env::var_os("RUST_LOG").is_none();
        Self {
            bar: is_drawn.then(ProgressBar::no_length),
            tenths: AtomicU64::new(0),
            left: Mutex::default(),
        }
    }

    pub(crate) fn left(&self) -> Left {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the line that is drawn away.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    pub(crate) fn event(&self, event: &Event) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = std::mem::take(&mut *left).after(event);
        drop(left);
        self.line(&in_options(&event.to_string()));
        let Some(bar) = &self.bar else { return };
        match &event.kind {
            EventKind::Packed { bytes, .. } => {
                bar.set_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar.set_length(*bytes);
                bar.reset();
            }
            EventKind::Committed => self.spin("committed"),
            EventKind::StatusChanged { status } => self.spin(&status.to_string()),
            _ => {}
        }
    }

    /// Shows that it waits, and since when.
    fn spin(&self, status: &str) {
        let Some(bar) = &self.bar else { return };
        bar.set_style(ProgressStyle::with_template(SPINNER).unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_message(status.to_owned());
        bar.reset_elapsed();
        bar.enable_steady_tick(Duration::from_millis(100));
    }

    pub(crate) fn upload(&self, now: Progress) {
        if let Some(bar) = &self.bar {
            bar.set_position(now.bytes);
            return;
        }
        let percent = (now.bytes * 100).checked_div(now.bytes_total).unwrap_or(100);
        // Blocks end side by side.
        if self.tenths.fetch_max(percent / 10, Ordering::Relaxed) < percent / 10 {
            let (sent, total) = (now.bytes.div_ceil(1024), now.bytes_total.div_ceil(1024));
            self.line(&format!("uploaded {sent} of {total} KiB, {percent} %"));
        }
    }
}
