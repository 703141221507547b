//! What a draft brings along from the last release, for it is a copy of that: which of it somebody has set, what a run sets, and
//! the device families that it lacks.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;

use crate::api::kinds::{Parts, PartsMut};
use crate::api::rollout::check_percentage;
use crate::document::member;
use crate::error::{Error, Result};
use crate::model::application_submission::TargetPublishMode;
use crate::model::timestamp::Timestamp;
use crate::publish::decide::limits::Advice;

/// Whether an update is mandatory, and from when on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mandatory {
    /// It is not.
    No,
    /// From the moment of the run on. One that is mandatory already stays as it is, so that a second run changes nothing.
    FromNowOn,
    /// From this time on: `Mandatory::From(time.into())` with a [`SystemTime`].
    From(Timestamp),
}

/// A setting that a draft has from the last release, or from an earlier run, and that nobody has set in this one. `Display` is
/// one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "setting", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum InheritedSetting {
    /// It is rolled out gradually.
    Rollout {
        /// The percentage of the customers that get it at first.
        percentage: Option<f64>,
    },
    /// It is mandatory.
    Mandatory {
        /// From when on.
        from: Timestamp,
        /// Whether that is in the past.
        is_past: bool,
    },
    /// It is not published at once.
    PublishMode {
        /// The time of publication after certification.
        mode: TargetPublishMode,
        /// The date, if the mode is [`TargetPublishMode::SpecificDate`].
        date: Option<Timestamp>,
        /// Whether that is in the past.
        is_past: bool,
    },
}

impl InheritedSetting {
    /// What should be looked at, by the place in the submission. It stops no run.
    pub(crate) fn finding(&self) -> Option<Advice> {
        match self {
            Self::Mandatory { is_past: true, .. } => Some(Advice::new(
                "/packageDeliveryOptions/mandatoryUpdateEffectiveDate",
                "the date is in the past, so the update is mandatory at once: .mandatory(..) sets it",
            )),
            Self::Mandatory { .. } => Some(Advice::new(
                "/packageDeliveryOptions/isMandatoryUpdate",
                "the update is mandatory, as the last release was: .mandatory(..) sets it",
            )),
            _ => None,
        }
    }
}

/// A date of publication that is past already, whoever has set it.
pub(crate) fn past_date(mode: &TargetPublishMode, date: &Timestamp, now: SystemTime) -> Option<Advice> {
    let problem = "the date is in the past: set another with .publish_at(..), or .publish_mode(TargetPublishMode::Immediate)";
    (*mode == TargetPublishMode::SpecificDate && is_past(date, now)).then(|| Advice::new("/targetPublishDate", problem))
}

impl fmt::Display for InheritedSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rollout { percentage: None } => f.write_str("rolled out gradually"),
            Self::Rollout {
                percentage: Some(percentage),
            } => write!(f, "rolled out gradually, at first to {percentage} %"),
            Self::Mandatory { from, .. } if !from.is_set() => f.write_str("mandatory"),
            Self::Mandatory { from, .. } => write!(f, "mandatory from {from} on"),
            Self::PublishMode { date: Some(date), .. } => write!(f, "published on {date}"),
            Self::PublishMode { mode, .. } if *mode == TargetPublishMode::Manual => {
                f.write_str("published by hand in Partner Center")
            }
            Self::PublishMode { mode, .. } if *mode == TargetPublishMode::SpecificDate => {
                f.write_str("published on a date that is not set")
            }
            Self::PublishMode { mode, .. } => write!(f, "published in the mode {mode}"),
        }
    }
}

/// What a run sets of all that a draft brings along.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Settings {
    rollout: Option<Rollout>,
    mandatory: Option<Mandatory>,
    publish: Option<(TargetPublishMode, Option<Timestamp>)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Rollout {
    No,
    Percentage(f64),
}

impl Settings {
    pub(crate) fn set_percentage(&mut self, percentage: f64) {
        self.rollout = Some(Rollout::Percentage(percentage));
    }

    pub(crate) fn set_no_rollout(&mut self) {
        self.rollout = Some(Rollout::No);
    }

    pub(crate) fn set_mandatory(&mut self, mandatory: Mandatory) {
        self.mandatory = Some(match mandatory {
            Mandatory::From(time) => Mandatory::From(in_utc(&time)),
            other => other,
        });
    }

    /// A date that was set before stays with the one mode that has a date.
    pub(crate) fn set_publish_mode(&mut self, mode: TargetPublishMode) {
        let before = self.publish.take().and_then(|(_, date)| date);
        let date = before.filter(|_| mode == TargetPublishMode::SpecificDate);
        self.publish = Some((mode, date));
    }

    pub(crate) fn set_publish_date(&mut self, date: &Timestamp) {
        self.publish = Some((TargetPublishMode::SpecificDate, Some(in_utc(date))));
    }

    /// Fails if a setting cannot be sent.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(Rollout::Percentage(percentage)) = self.rollout {
            check_percentage("the rollout percentage", percentage)?;
        }
        let publish = self.publish.as_ref().and_then(|(_, date)| date.as_ref());
        let mandatory = match &self.mandatory {
            Some(Mandatory::From(date)) => Some(date),
            _ => None,
        };
        for (what, date) in [("the publish date", publish), ("the date of the mandatory update", mandatory)] {
            if let Some(date) = date.filter(|date| date.to_system_time().is_none()) {
                let problem = format!("\"{date}\" is not a date and time such as 2027-03-01T09:00:00Z");
                return Err(Error::invalid(what, problem));
            }
        }
        Ok(())
    }

    /// As [`apply`](Self::apply), but a rollout keeps the percentage that it has.
    pub(crate) fn apply_but_percentage(&self, draft: PartsMut<'_>, now: SystemTime) -> Result<()> {
        let delivery = draft.delivery.as_deref();
        let is_rolled_out = delivery.is_some_and(|delivery| delivery.package_rollout.is_package_rollout == Some(true));
        // The clock of another machine may be ahead, by less than this.
        let soon = now + Duration::from_secs(3600);
        let is_mandatory = delivery.is_some_and(|delivery| {
            delivery.is_mandatory_update == Some(true) && is_past(&delivery.mandatory_update_effective_date, soon)
        });
        let mut settings = self.clone();
        if is_mandatory && settings.mandatory == Some(Mandatory::FromNowOn) {
            settings.mandatory = None;
        }
        if is_rolled_out && matches!(settings.rollout, Some(Rollout::Percentage(_))) {
            settings.rollout = None;
        }
        settings.apply(draft, now)
    }

    /// Writes what is set, and nothing that says the same already.
    pub(crate) fn apply(&self, draft: PartsMut<'_>, now: SystemTime) -> Result<()> {
        if let Some(delivery) = draft.delivery {
            let rollout = &mut delivery.package_rollout;
            match self.rollout {
                Some(Rollout::Percentage(percentage)) => {
                    rollout.is_package_rollout = Some(true);
                    rollout.package_rollout_percentage = Some(percentage);
                }
                Some(Rollout::No) if rollout.is_package_rollout == Some(true) => {
                    rollout.is_package_rollout = Some(false);
                    rollout.package_rollout_percentage = Some(0.0);
                }
                _ => {}
            }
            let is_mandatory = delivery.is_mandatory_update == Some(true);
            let date = &mut delivery.mandatory_update_effective_date;
            match &self.mandatory {
                Some(Mandatory::No) if is_mandatory => delivery.is_mandatory_update = Some(false),
                Some(Mandatory::FromNowOn) if !(is_mandatory && is_past(date, now)) => {
                    delivery.is_mandatory_update = Some(true);
                    *date = whole_seconds(now);
                }
                Some(Mandatory::From(time)) => {
                    delivery.is_mandatory_update = Some(true);
                    write_date(date, time);
                }
                _ => {}
            }
        }
        if let Some((mode, date)) = &self.publish {
            draft.target_publish_mode.clone_from(mode);
            if let Some(date) = date {
                write_date(draft.target_publish_date, date);
            }
            if *mode == TargetPublishMode::SpecificDate && !draft.target_publish_date.is_set() {
                let problem = "SpecificDate needs a date, and the draft has none: use .publish_at(time)";
                return Err(Error::invalid("the publish mode", problem));
            }
        }
        Ok(())
    }
}

/// Keeps the text that is there if it is the same moment.
fn write_date(there: &mut Timestamp, date: &Timestamp) {
    if in_utc(there) != *date {
        there.clone_from(date);
    }
}

/// The service documents UTC. A fraction of a second might not come back as it was sent, and no release needs it.
fn whole_seconds(time: SystemTime) -> Timestamp {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => (UNIX_EPOCH + Duration::from_secs(since.as_secs())).into(),
        Err(_) => time.into(),
    }
}

/// What cannot be read stays as it is.
fn in_utc(date: &Timestamp) -> Timestamp {
    date.to_system_time().map_or_else(|| date.clone(), whole_seconds)
}

fn is_past(date: &Timestamp, now: SystemTime) -> bool {
    date.to_system_time().is_some_and(|date| date <= now)
}

/// The members of a submission that its next draft inherits.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Members {
    rollout: (Option<bool>, Option<f64>),
    mandatory: (Option<bool>, Timestamp),
    publish: (TargetPublishMode, Timestamp),
}

impl Members {
    pub(crate) fn of(submission: &Parts<'_>) -> Self {
        let delivery = submission.delivery.cloned().unwrap_or_default();
        let rollout = &delivery.package_rollout;
        Self {
            rollout: (rollout.is_package_rollout, rollout.package_rollout_percentage),
            mandatory: (delivery.is_mandatory_update, delivery.mandatory_update_effective_date),
            publish: (submission.target_publish_mode.clone(), submission.target_publish_date.clone()),
        }
    }

    /// Empties the members: what has a value afterwards was set since.
    pub(crate) fn clear(submission: PartsMut<'_>) {
        let empty = Self::default();
        if let Some(delivery) = submission.delivery {
            let rollout = &mut delivery.package_rollout;
            (rollout.is_package_rollout, rollout.package_rollout_percentage) = empty.rollout;
            (delivery.is_mandatory_update, delivery.mandatory_update_effective_date) = empty.mandatory;
        }
        (*submission.target_publish_mode, *submission.target_publish_date) = empty.publish;
    }
}

/// What a draft has of the last release and nobody has set. `base` is the draft before the edits and `edited` after them; `set` are
/// the members that the edits set when these are empty, for they may set what is there already.
pub(crate) fn inherited(
    base: &Members,
    edited: &Members,
    set: &Members,
    settings: &Settings,
    now: SystemTime,
) -> Vec<InheritedSetting> {
    let mut found = Vec::new();
    let asked = settings.rollout.is_some() || is_edited(&base.rollout, &edited.rollout, &set.rollout);
    if !asked && edited.rollout.0 == Some(true) {
        found.push(InheritedSetting::Rollout {
            percentage: edited.rollout.1,
        });
    }
    let asked = settings.mandatory.is_some() || is_edited(&base.mandatory, &edited.mandatory, &set.mandatory);
    if let (false, (Some(true), from)) = (asked, &edited.mandatory) {
        found.push(InheritedSetting::Mandatory {
            from: from.clone(),
            is_past: is_past(from, now),
        });
    }
    let asked = settings.publish.is_some() || is_edited(&base.publish, &edited.publish, &set.publish);
    let (mode, date) = &edited.publish;
    let is_ordinary = !mode.is_set() || [TargetPublishMode::Immediate, TargetPublishMode::NotSet].contains(mode);
    if !asked && !is_ordinary {
        let date = Some(date).filter(|date| *mode == TargetPublishMode::SpecificDate && date.is_set());
        found.push(InheritedSetting::PublishMode {
            mode: mode.clone(),
            date: date.cloned(),
            is_past: date.is_some_and(|date| is_past(date, now)),
        });
    }
    found
}

fn is_edited<M: PartialEq + Default>(base: &M, edited: &M, set: &M) -> bool {
    base != edited || *set != M::default()
}

/// A gradual rollout that nobody asked for would leave most customers with the old version, and block the next release.
pub(crate) fn inherited_rollout(inherited: &[InheritedSetting]) -> Option<String> {
    let is_rollout = |setting: &&InheritedSetting| matches!(setting, InheritedSetting::Rollout { .. });
    inherited.iter().find(is_rollout).map(|rollout| {
        format!(
            "the draft would be {rollout}, as the last release or an earlier run was, and this run does not ask for it: choose .no_rollout() or .rollout_percentage(..), or allow Guard::InheritedRollout"
        )
    })
}

/// The service refuses an update of an app that does not say yes or no to each of them.
const DEVICE_FAMILIES: [&str; 4] = ["Desktop", "Mobile", "Xbox", "Holographic"];

/// The device families that the body of an update lacks, as they are to be written.
pub(crate) fn missing_families(body: &Value) -> Vec<String> {
    let there = match member(body, "allowTargetFutureDeviceFamilies") {
        Some(Value::Object(there)) => Some(there),
        None | Some(Value::Null) => None,
        // One page of the documentation says that it is a boolean. What is not a map is not for us to replace.
        Some(_) => return Vec::new(),
    };
    let missing = DEVICE_FAMILIES.into_iter().filter_map(|family| {
        let there = there.and_then(|there| there.iter().find(|(name, _)| name.eq_ignore_ascii_case(family)));
        match there {
            Some((name, Value::Null)) => Some(name.as_str()),
            Some(_) => None,
            None => Some(family),
        }
    });
    missing.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
