//! The settings of a release that a draft would otherwise have from the last one: the methods that set them, and the look at what
//! nobody has set.

use crate::api::kinds::Submission;
use crate::api::rollout::HasRollout;
use crate::document::Document;
use crate::error::Result;
use crate::model::application_submission::TargetPublishMode;
use crate::model::guard::Guard;
use crate::model::timestamp::Timestamp;
use crate::publish::decide::guards::Guards;
use crate::publish::decide::inherited::{InheritedSetting, Mandatory, Members, inherited, inherited_rollout, missing_families};
use crate::publish::job::Publish;

impl<S: HasRollout> Publish<S> {
    /// Rolls the packages out gradually, at first to this percentage of the customers: 0 to 100. The last call of this and
    /// [`no_rollout`](Self::no_rollout) holds.
    pub fn rollout_percentage(mut self, percentage: f64) -> Self {
        self.settings.set_percentage(percentage);
        self
    }

    /// Gives the packages to everybody at once, also if the last release was rolled out gradually.
    pub fn no_rollout(mut self) -> Self {
        self.settings.set_no_rollout();
        self
    }

    /// Sets whether the update is mandatory, and from when on. Default: as in the last release. The date is sent in UTC, without
    /// fractions of a second.
    ///
    /// ```no_run
    /// # use std::time::{Duration, SystemTime};
    /// use msstore::publish::Mandatory;
    ///
    /// # fn run(submissions: msstore::api::Submissions<msstore::model::ApplicationSubmission>) {
    /// let tomorrow = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
    /// let job = submissions.publish().mandatory(Mandatory::From(tomorrow.into()));
    /// # }
    /// ```
    pub fn mandatory(mut self, mandatory: Mandatory) -> Self {
        self.settings.set_mandatory(mandatory);
        self
    }
}

impl<S: Submission> Publish<S> {
    /// Sets the time of publication after certification. Default: as in the last release. For a date use
    /// [`publish_at`](Self::publish_at); the last call of both holds, but [`TargetPublishMode::SpecificDate`] keeps the date that was
    /// set before, or that the draft has.
    pub fn publish_mode(mut self, mode: TargetPublishMode) -> Self {
        self.settings.set_publish_mode(mode);
        self
    }

    /// Publishes on this date, a `SystemTime` or a [`Timestamp`]: sets [`TargetPublishMode::SpecificDate`] and the date. It is sent in
    /// UTC, without fractions of a second.
    pub fn publish_at(mut self, time: impl Into<Timestamp>) -> Self {
        self.settings.set_publish_date(&time.into());
        self
    }
}

/// What a draft has that nobody has set, and what it lacked.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) inherited: Vec<InheritedSetting>,
    /// The device families that were added.
    pub(super) families: Vec<String>,
}

impl Settled {
    /// Adds the guard of what is inherited.
    pub(super) fn check<S: Submission>(&self, guards: &mut Guards) {
        if S::ROLLED_OUT {
            guards.add(Guard::InheritedRollout, inherited_rollout(&self.inherited));
        }
    }
}

impl<S: Submission> Publish<S> {
    /// Writes the settings into an edited copy of `base`, and adds the device families.
    pub(super) fn settle(&self, base: &Document<S>, draft: &mut Document<S>) -> Result<Settled> {
        let now = self.clock().system_now();
        let (before, edited) = (Members::of(&base.parts()), Members::of(&draft.parts()));
        let look = |set: &Members| inherited(&before, &edited, set, &self.settings, now);
        let mut inherited = look(&Members::default());
        if !inherited.is_empty() && !self.edits.is_empty() {
            inherited = look(&self.set_by_edits(base));
        }
        self.settings.apply(draft.parts_mut(), now)?;
        let mut families = Vec::new();
        if draft.parts_mut().families.is_some() {
            families = missing_families(draft.current()?.as_ref());
        }
        if let Some(there) = draft.parts_mut().families {
            there.extend(families.iter().map(|family| (family.clone(), false)));
        }
        Ok(Settled { inherited, families })
    }

    /// The members that the edits set: they are made on a copy in which these are empty. A draft that an earlier run has edited looks
    /// the same after the edits as before them.
    fn set_by_edits(&self, base: &Document<S>) -> Members {
        let mut copy = base.clone();
        Members::clear(copy.parts_mut());
        // An edit that fails here needs what was there. What the others have set counts.
        for edit in &self.edits {
            let _ = edit(&mut copy);
        }
        Members::of(&copy.parts())
    }
}
