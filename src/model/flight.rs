//! A package flight.

use serde::{Deserialize, Serialize};

use crate::id::{FlightId, SubmissionId};
use crate::model::application::SubmissionRef;

/// A package flight: packages for some groups of customers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Flight {
    /// Set by the service.
    #[serde(deserialize_with = "crate::id::known")]
    pub flight_id: Option<FlightId>,
    /// The name.
    pub friendly_name: String,
    /// The last published submission, if there is one.
    pub last_published_flight_submission: Option<SubmissionRef>,
    /// The submission that is under way, if there is one.
    pub pending_flight_submission: Option<SubmissionRef>,
    /// The groups of customers that get it.
    pub group_ids: Vec<String>,
    /// The flight that ranks next below: its name or its id, the documentation shows both; `Non-flighted submission`
    /// for the lowest.
    pub rank_higher_than: String,
}

impl Flight {
    /// The id of the submission that is under way, if there is one.
    #[must_use]
    pub fn pending_submission_id(&self) -> Option<&SubmissionId> {
        SubmissionRef::known_id(self.pending_flight_submission.as_ref())
    }

    /// The id of the last published submission, if there is one.
    #[must_use]
    pub fn last_published_submission_id(&self) -> Option<&SubmissionId> {
        SubmissionRef::known_id(self.last_published_flight_submission.as_ref())
    }
}

/// A flight that is to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewFlight {
    pub(crate) friendly_name: String,
    pub(crate) group_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rank_higher_than: Option<String>,
}

impl NewFlight {
    /// A flight of this name, for no group yet.
    #[must_use]
    pub fn new(friendly_name: impl Into<String>) -> Self {
        Self {
            friendly_name: friendly_name.into(),
            group_ids: Vec::new(),
            rank_higher_than: None,
        }
    }

    /// Adds a group of customers by its id.
    #[must_use]
    pub fn group_id(mut self, id: impl Into<String>) -> Self {
        self.group_ids.push(id.into());
        self
    }

    /// Ranks it just above this flight. The documentation calls for the name and shows the id.
    #[must_use]
    pub fn rank_higher_than(mut self, flight: impl Into<String>) -> Self {
        self.rank_higher_than = Some(flight.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_request_is_as_documented() {
        let new = NewFlight::new("Insiders").group_id("115").group_id("116");
        assert_eq!(
            serde_json::to_value(&new).unwrap(),
            json!({"friendlyName": "Insiders", "groupIds": ["115", "116"]})
        );
        let new = NewFlight::new("Insiders").rank_higher_than("Testers");
        assert_eq!(
            serde_json::to_value(&new).unwrap(),
            json!({"friendlyName": "Insiders", "groupIds": [], "rankHigherThan": "Testers"})
        );
    }
}
