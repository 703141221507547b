//! LATER: stands in for `Publish::images` and `Publish::no_rollout` until they are there, and then goes.

use msstore::model::{ApplicationSubmission, ImageType};
use msstore::publish::Publish;

pub(crate) trait Images {
    fn images<P>(self, language: &str, kind: ImageType, paths: P) -> Self;
}

impl Images for Publish<ApplicationSubmission> {
    fn images<P>(self, _: &str, _: ImageType, _: P) -> Self {
        self
    }
}

pub(crate) trait NoRollout {
    fn no_rollout(self) -> Self;
}

impl<S> NoRollout for Publish<S> {
    fn no_rollout(self) -> Self {
        self
    }
}
