//! What a status means for a wait, and when to look again: pure.
//!
//! Statuses are compared by rank, because steps are skipped between polls. Only a status that was read counts as seen, never
//! the commit's own answer.

use std::time::Duration;

use crate::api::wait::Milestone;
use crate::error::FailureKind;
use crate::model::status::SubmissionStatus;

/// How a wait came to its submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// It was under way already.
    Watched,
    /// We committed it, so long ago.
    Committed(Duration),
}

/// For how long a draft after our own commit is taken for an old reading.
pub(super) const READ_LAG: Duration = Duration::from_secs(300);

/// For how long a commit whose answer was lost is looked for before it is sent once more.
pub(super) const COMMIT_LOOK: Duration = Duration::from_secs(60);

/// What a status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    Reached,
    /// Certified; the goal is publication, and it may rest here.
    MayBeHeld,
    Failed(FailureKind),
}

/// `seen` is whether a status past `PendingCommit` was read before.
pub(super) fn judge(status: &SubmissionStatus, goal: Milestone, seen: bool, origin: Origin) -> Verdict {
    use SubmissionStatus as S;
    let reached = match status {
        _ if status.is_failure() => return Verdict::Failed(FailureKind::Failed),
        S::Canceled => return Verdict::Failed(FailureKind::Failed),
        S::PendingCommit if seen => return Verdict::Failed(FailureKind::CommitFailed),
        S::PendingCommit => {
            return match origin {
                Origin::Watched => Verdict::Failed(FailureKind::NotCommitted),
                Origin::Committed(ago) if ago >= READ_LAG => Verdict::Failed(FailureKind::CommitLost),
                Origin::Committed(_) => Verdict::GoOn,
            };
        }
        S::PreProcessing | S::Certification => Milestone::Accepted,
        S::Release | S::PendingPublication if goal == Milestone::Published => return Verdict::MayBeHeld,
        S::Release | S::PendingPublication | S::Publishing => Milestone::Certified,
        S::Published => Milestone::Published,
        // CommitStarted, None, and whatever the crate does not know.
        _ => return Verdict::GoOn,
    };
    if reached >= goal { Verdict::Reached } else { Verdict::GoOn }
}

/// Whether a status shows that the commit has begun.
pub(super) fn shows_commit(status: &SubmissionStatus) -> bool {
    use SubmissionStatus as S;
    matches!(
        status,
        S::CommitStarted
            | S::PreProcessing
            | S::Certification
            | S::Release
            | S::PendingPublication
            | S::Publishing
            | S::Published
    ) || status.is_failure()
}

/// The pause before the next poll: a tenth of the time waited, between 5 s and 60 s, with jitter.
pub(super) fn interval(waited: Duration, random: f64) -> Duration {
    let (least, most) = (Duration::from_secs(5), Duration::from_secs(60));
    (waited / 10)
        .clamp(least, most)
        .mul_f64(0.9 + 0.2 * random)
        .clamp(least, most)
}

/// The pause as far as the deadline lets it: one more look is taken shortly before it.
pub(super) fn pause(interval: Duration, left: Duration) -> Option<Duration> {
    if left < Duration::from_secs(1) {
        None
    } else {
        Some(interval.min(left.mul_f64(0.9)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_table_of_steps() {
        use FailureKind::{CommitFailed, CommitLost, Failed, NotCommitted};
        use Milestone::{Accepted, Certified, Published};
        use Verdict::{GoOn, MayBeHeld, Reached};
        let just_now = Origin::Committed(SECOND);
        let long_ago = Origin::Committed(READ_LAG);
        let table = [
            // status, seen, origin, goals: accepted, certified, published
            ("CommitStarted", false, just_now, [GoOn, GoOn, GoOn]),
            ("PendingCommit", false, just_now, [GoOn; 3]),
            ("PendingCommit", false, long_ago, [Verdict::Failed(CommitLost); 3]),
            ("PendingCommit", false, Origin::Watched, [Verdict::Failed(NotCommitted); 3]),
            ("PendingCommit", true, just_now, [Verdict::Failed(CommitFailed); 3]),
            ("PendingCommit", true, Origin::Watched, [Verdict::Failed(CommitFailed); 3]),
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
            ("", false, Origin::Watched, [GoOn; 3]),
            ("Signing", true, just_now, [GoOn; 3]),
        ];
        for (status, seen, origin, expected) in table {
            for (goal, expected) in [Accepted, Certified, Published].into_iter().zip(expected) {
                assert_eq!(
                    judge(&status.into(), goal, seen, origin),
                    expected,
                    "{status} {goal:?} {seen} {origin:?}"
                );
            }
        }
    }

    #[test]
    fn the_interval_grows_from_five_to_sixty_seconds() {
        for (waited, random, expected) in [
            (0, 0.0, 5.0),
            (0, 1.0, 5.5),
            (40, 0.5, 5.0),
            (100, 0.5, 10.0),
            (100, 0.0, 9.0),
            (600, 1.0, 60.0),
            (86_400, 0.0, 54.0),
        ] {
            let found = interval(Duration::from_secs(waited), random).as_secs_f64();
            assert!((found - expected).abs() < 1e-6, "{waited} {random} {found}");
        }
    }

    #[test]
    fn the_deadline_shortens_the_pause_and_one_look_is_left() {
        assert_eq!(pause(60 * SECOND, 600 * SECOND), Some(60 * SECOND));
        assert_eq!(pause(60 * SECOND, 30 * SECOND), Some(27 * SECOND));
        assert_eq!(pause(60 * SECOND, SECOND / 2), None);
        assert_eq!(pause(60 * SECOND, Duration::ZERO), None);
    }
}
