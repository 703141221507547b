//! What a status means for a wait, and whether it is news: pure.
//!
//! Statuses are compared by rank, because steps are skipped between polls. Only a status that was read counts as seen, never
//! the commit's own answer.

use std::time::{Duration, Instant, SystemTime};

use crate::api::commit::{Committed, is_as_before};
use crate::api::wait::builder::Milestone;
use crate::error::FailureKind;
use crate::model::application_submission::TargetPublishMode;
use crate::model::status::{StatusReport, SubmissionStatus};

/// For how long what was there before a commit is taken for an old reading.
pub(super) const READ_LAG: Duration = Duration::from_secs(300);

/// What a status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    Reached,
    /// Certified; the goal is publication, and it may rest here.
    MayBeHeld,
    Failed(FailureKind),
}

/// `seen` is whether this wait has read a status that shows the commit, `commit` what was known of that before, if anything.
pub(super) fn judge(report: &StatusReport, goal: Milestone, seen: bool, commit: Option<&Committed>, now: Instant) -> Verdict {
    use SubmissionStatus as S;
    let status = &report.status;
    if let Some(commit) = commit.filter(|_| !seen)
        && is_as_before(report, commit.before.as_ref())
    {
        return match commit.shown {
            _ if now < commit.at + READ_LAG => Verdict::GoOn,
            true if *status == S::PendingCommit => Verdict::Failed(FailureKind::CommitFailed),
            true => Verdict::Failed(FailureKind::Failed),
            false => Verdict::Failed(FailureKind::CommitLost),
        };
    }
    let reached = match status {
        _ if status.is_failure() => return Verdict::Failed(FailureKind::Failed),
        S::Canceled => return Verdict::Failed(FailureKind::Failed),
        S::PendingCommit if seen => return Verdict::Failed(FailureKind::CommitFailed),
        S::PendingCommit => return Verdict::Failed(FailureKind::NotCommitted),
        S::PreProcessing | S::Certification => Milestone::Accepted,
        S::Release | S::PendingPublication if goal == Milestone::Published => return Verdict::MayBeHeld,
        S::Release | S::PendingPublication | S::Publishing => Milestone::Certified,
        S::Published => Milestone::Published,
        // CommitStarted, None, and whatever the crate does not know.
        _ => return Verdict::GoOn,
    };
    if reached >= goal { Verdict::Reached } else { Verdict::GoOn }
}

/// How often a wait in which nothing changes shows that it is alive.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(300);

/// What there is to tell of a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    Nothing,
    /// Nothing is new, but nothing was told for long.
    Heartbeat,
    Change,
}

/// `told` is the report that was told last, and when; each time is that since the wait began.
pub(super) fn news(told: Option<(&StatusReport, Duration)>, now: &StatusReport, waited: Duration) -> News {
    match told {
        Some((before, _)) if has_changed(before, now) => News::Change,
        Some((_, at)) if waited.saturating_sub(at) < HEARTBEAT => News::Nothing,
        Some(_) => News::Heartbeat,
        None => News::Change,
    }
}

/// The links to certification reports are signed, and differ from one read to the next.
fn has_changed(before: &StatusReport, now: &StatusReport) -> bool {
    let (old, new) = (&before.status_details, &now.status_details);
    before.status != now.status
        || old.errors != new.errors
        || old.warnings != new.warnings
        || old.certification_reports.len() != new.certification_reports.len()
}

/// Whether a certified submission rests: until somebody publishes it, or until a date that is still to come. A draft is a copy of
/// the last release and may carry a date that has passed; such a one is published at once.
pub(super) fn rests(mode: &TargetPublishMode, date: Option<SystemTime>, now: SystemTime) -> bool {
    match mode {
        TargetPublishMode::Manual => true,
        TargetPublishMode::SpecificDate => date.is_some_and(|date| date > now),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Outcome;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_table_of_steps() {
        use FailureKind::{CommitFailed, CommitLost, Failed, NotCommitted};
        use Milestone::{Accepted, Certified, Published};
        use Verdict::{GoOn, MayBeHeld, Reached};
        let failure = StatusReport {
            status: "CommitFailed".into(),
            ..StatusReport::default()
        };
        let now = Instant::now() + READ_LAG;
        let committed = |ago: Duration, shown, before| Committed {
            at: now - ago,
            before,
            shown,
            outcome: Outcome::Applied,
        };
        let watched = None;
        let just_now = &committed(SECOND, false, None);
        let long_ago = &committed(READ_LAG, false, None);
        let attached = &committed(SECOND, true, None);
        let attached_long_ago = &committed(READ_LAG, true, None);
        let again = &committed(SECOND, false, Some(failure.clone()));
        let again_long_ago = &committed(READ_LAG, false, Some(failure.clone()));
        let shown_long_ago = &committed(READ_LAG, true, Some(failure));
        let [just_now, long_ago, attached] = [just_now, long_ago, attached].map(Some);
        let [attached_long_ago, again] = [attached_long_ago, again].map(Some);
        let [again_long_ago, shown_long_ago] = [again_long_ago, shown_long_ago].map(Some);
        let table = [
            // status, seen, commit, goals: accepted, certified, published
            ("CommitStarted", false, just_now, [GoOn, GoOn, GoOn]),
            ("PendingCommit", false, just_now, [GoOn; 3]),
            ("PendingCommit", false, long_ago, [Verdict::Failed(CommitLost); 3]),
            ("PendingCommit", false, watched, [Verdict::Failed(NotCommitted); 3]),
            ("PendingCommit", true, just_now, [Verdict::Failed(CommitFailed); 3]),
            ("PendingCommit", true, watched, [Verdict::Failed(CommitFailed); 3]),
            ("PendingCommit", false, attached, [GoOn; 3]),
            ("PendingCommit", false, attached_long_ago, [Verdict::Failed(CommitFailed); 3]),
            ("PendingCommit", true, attached, [Verdict::Failed(CommitFailed); 3]),
            ("CommitFailed", false, attached, [Verdict::Failed(Failed); 3]),
            // The failure from before the commit, and others.
            ("CommitFailed", false, again, [GoOn; 3]),
            ("CommitFailed", false, again_long_ago, [Verdict::Failed(CommitLost); 3]),
            ("CommitFailed", false, shown_long_ago, [Verdict::Failed(Failed); 3]),
            ("CommitFailed", true, again, [Verdict::Failed(Failed); 3]),
            ("PendingCommit", false, again, [GoOn; 3]),
            ("CertificationFailed", false, again, [Verdict::Failed(Failed); 3]),
            ("CommitFailed", false, just_now, [Verdict::Failed(Failed); 3]),
            ("PreProcessingFailed", true, just_now, [Verdict::Failed(Failed); 3]),
            ("CertificationFailed", true, just_now, [Verdict::Failed(Failed); 3]),
            ("ReleaseFailed", true, just_now, [Verdict::Failed(Failed); 3]),
            ("PublishFailed", true, just_now, [Verdict::Failed(Failed); 3]),
            ("SigningFailed", true, just_now, [Verdict::Failed(Failed); 3]),
            ("Canceled", true, just_now, [Verdict::Failed(Failed); 3]),
            ("PreProcessing", false, just_now, [Reached, GoOn, GoOn]),
            ("Certification", false, just_now, [Reached, GoOn, GoOn]),
            ("Release", false, just_now, [Reached, Reached, MayBeHeld]),
            ("PendingPublication", false, just_now, [Reached, Reached, MayBeHeld]),
            ("Publishing", false, just_now, [Reached, Reached, GoOn]),
            ("Published", false, just_now, [Reached; 3]),
            ("published", false, just_now, [Reached; 3]),
            ("None", false, just_now, [GoOn; 3]),
            ("", false, watched, [GoOn; 3]),
            ("Signing", true, just_now, [GoOn; 3]),
        ];
        for (status, seen, commit, expected) in table {
            for (goal, expected) in [Accepted, Certified, Published].into_iter().zip(expected) {
                let report = StatusReport {
                    status: status.into(),
                    ..StatusReport::default()
                };
                assert_eq!(
                    judge(&report, goal, seen, commit, now),
                    expected,
                    "{status} {goal:?} {seen} {commit:?}"
                );
            }
        }
    }

    #[test]
    fn what_rests_after_certification() {
        let now = SystemTime::UNIX_EPOCH + 1000 * SECOND;
        let (past, coming) = (Some(now - SECOND), Some(now + SECOND));
        let table = [
            ("Manual", None, true),
            ("Manual", past, true),
            ("SpecificDate", coming, true),
            ("SpecificDate", past, false),
            ("SpecificDate", Some(now), false),
            ("SpecificDate", None, false),
            ("Immediate", coming, false),
            ("NotSet", None, false),
            ("Sometime", coming, false),
        ];
        for (mode, date, expected) in table {
            assert_eq!(rests(&mode.into(), date, now), expected, "{mode} {date:?}");
        }
    }

    #[test]
    fn what_is_told_of_a_poll() {
        use crate::model::status::{CertificationReport, StatusDetail};
        let report = |status: &str, url: &str| {
            let mut report = StatusReport {
                status: status.into(),
                ..StatusReport::default()
            };
            if !url.is_empty() {
                let mut certification = CertificationReport::default();
                url.clone_into(&mut certification.report_url);
                report.status_details.certification_reports.push(certification);
            }
            report
        };
        let warned = {
            let mut report = report("Certification", "");
            report.status_details.warnings.push(StatusDetail::default());
            report
        };
        let before = report("Certification", "");
        let table = [
            (None, report("Certification", ""), 0, News::Change),
            (Some(&before), report("Certification", ""), 60, News::Nothing),
            (Some(&before), report("certification", ""), 299, News::Nothing),
            (Some(&before), report("Certification", ""), 300, News::Heartbeat),
            (Some(&before), report("Release", ""), 60, News::Change),
            (Some(&before), report("Release", ""), 600, News::Change),
            (Some(&before), warned, 60, News::Change),
            (Some(&before), report("Certification", "https://a?sig=1"), 60, News::Change),
            (
                Some(&report("Certification", "https://a?sig=1")),
                report("Certification", "https://a?sig=2"),
                60,
                News::Nothing,
            ),
        ];
        for (before, now, seconds, expected) in table {
            // The report before was told after 10 s.
            let told = before.map(|before| (before, 10 * SECOND));
            assert_eq!(news(told, &now, (10 + seconds) * SECOND), expected, "{now:?} {seconds}");
        }
    }
}
