//! The status of a submission, with errors, warnings and reports.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::open_enum::open_enum;
use crate::model::timestamp::Timestamp;
use crate::secret::Scrubbed;

open_enum! {
    /// The status of a submission.
    SubmissionStatus {
        /// No status.
        None = "None",
        /// Cancelled.
        Canceled = "Canceled",
        /// A draft: it can be changed, uploaded to and committed.
        PendingCommit = "PendingCommit",
        /// The commit was accepted and is being worked on.
        CommitStarted = "CommitStarted",
        /// The commit failed; the details say why. The submission can be changed and committed again.
        CommitFailed = "CommitFailed",
        /// Certified; waits to be published.
        PendingPublication = "PendingPublication",
        /// Being published.
        Publishing = "Publishing",
        /// In the Store.
        Published = "Published",
        /// Publishing failed.
        PublishFailed = "PublishFailed",
        /// The packages are being processed.
        PreProcessing = "PreProcessing",
        /// Processing the packages failed.
        PreProcessingFailed = "PreProcessingFailed",
        /// In certification.
        Certification = "Certification",
        /// Certification failed; see the certification reports.
        CertificationFailed = "CertificationFailed",
        /// Certified; at rest here when it is published by hand or on a date.
        Release = "Release",
        /// The release failed.
        ReleaseFailed = "ReleaseFailed",
    }
}

impl SubmissionStatus {
    /// Whether the name says that a step failed; so also for failures that the crate does not know.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        let text = self.as_str();
        let tail = text.len().checked_sub("Failed".len()).and_then(|at| text.get(at..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case("Failed"))
    }
}

open_enum! {
    /// The code of an error or a warning of the service.
    StatusCode {
        /// No code was given.
        None = "None",
        /// The ZIP is broken or of an unknown format.
        InvalidArchive = "InvalidArchive",
        /// The ZIP lacks listed files, or they stand elsewhere in it.
        MissingFiles = "MissingFiles",
        /// A package did not pass validation.
        PackageValidationFailed = "PackageValidationFailed",
        /// A member of the submission has a value that is not valid.
        InvalidParameterValue = "InvalidParameterValue",
        /// The operation is not valid.
        InvalidOperation = "InvalidOperation",
        /// The state does not allow the operation. On its own often: validation errors that only Partner Center shows.
        InvalidState = "InvalidState",
        /// Something was not found.
        ResourceNotFound = "ResourceNotFound",
        /// An internal error of the service; try again.
        ServiceError = "ServiceError",
        /// A listing was removed, or a language of the package lacks one.
        ListingOptOutWarning = "ListingOptOutWarning",
        /// A listing was added.
        ListingOptInWarning = "ListingOptInWarning",
        /// An insert where only an update is supported.
        UpdateOnlyWarning = "UpdateOnlyWarning",
        /// A state that the service does not recognise.
        Unrecognized = "Other",
        /// A package passed validation with warnings.
        PackageValidationWarning = "PackageValidationWarning",
        /// The sales resource is no longer supported. Undocumented, and sent with every submission.
        SalesUnsupportedWarning = "SalesUnsupportedWarning",
        /// The age rating is not valid. Undocumented.
        InvalidMicrosoftAgeRating = "InvalidMicrosoftAgeRating",
        /// An internal error of the commit. Undocumented.
        IsInternalError = "IsInternalError",
        /// A listing has no title. Undocumented.
        MissingTitle = "MissingTitle",
        /// More than one element in `gamingOptions`. Undocumented.
        MultipleInstancesOfGamingOptions = "MultipleInstancesOfGamingOptions",
    }
}

/// An error or a warning about a submission. `Debug`, `Display` and `Serialize` hide signatures of links.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct StatusDetail {
    /// The kind.
    pub code: StatusCode,
    /// The service's words.
    #[serde(serialize_with = "scrubbed")]
    pub details: String,
}

impl fmt::Display for StatusDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code.is_set(), self.details.is_empty()) {
            (true, false) => write!(f, "{}: {}", self.code, Scrubbed(&self.details)),
            (true, true) => write!(f, "{}", self.code),
            (false, _) => write!(f, "{}", Scrubbed(&self.details)),
        }
    }
}

impl fmt::Debug for StatusDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusDetail")
            .field("code", &self.code)
            .field("details", &Scrubbed(&self.details))
            .finish()
    }
}

/// A report of the certification. `Debug`, `Display` and `Serialize` hide signatures of links.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CertificationReport {
    /// The date of the report.
    pub date: Timestamp,
    /// The address of the report.
    #[serde(serialize_with = "scrubbed")]
    pub report_url: String,
}

/// When and where, without signatures.
impl fmt::Display for CertificationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.date, Scrubbed(&self.report_url))
    }
}

impl fmt::Debug for CertificationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificationReport")
            .field("date", &self.date)
            .field("report_url", &Scrubbed(&self.report_url))
            .finish()
    }
}

/// Reports end in logs and files. A document does not write this: it sends what it received where nothing was edited.
fn scrubbed<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Scrubbed(text))
}

/// Errors, warnings and reports of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct StatusDetails {
    /// The errors.
    pub errors: Vec<StatusDetail>,
    /// The warnings. `SalesUnsupportedWarning` is always there: see [`StatusDetails::notable_warnings`].
    pub warnings: Vec<StatusDetail>,
    /// The certification's reports.
    pub certification_reports: Vec<CertificationReport>,
}

impl StatusDetails {
    /// The warnings without `SalesUnsupportedWarning`, which the service adds to every submission.
    pub fn notable_warnings(&self) -> impl Iterator<Item = &StatusDetail> {
        self.warnings
            .iter()
            .filter(|warning| warning.code != StatusCode::SalesUnsupportedWarning)
    }
}

/// The answer to a status call, or to a commit (which has no details).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct StatusReport {
    /// The status of the submission.
    pub status: SubmissionStatus,
    /// Errors, warnings and reports.
    pub status_details: StatusDetails,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_known_by_its_name() {
        for (text, expected) in [
            ("CommitFailed", true),
            ("SigningFailed", true),
            ("failed", true),
            ("Published", false),
            ("", false),
            ("Fail", false),
            ("é", false),
        ] {
            assert_eq!(SubmissionStatus::from(text).is_failure(), expected, "{text}");
        }
    }

    #[test]
    fn values_are_read_in_any_case_and_unknown_ones_are_kept() {
        assert_eq!(SubmissionStatus::from("preprocessing"), SubmissionStatus::PreProcessing);
        assert_eq!(SubmissionStatus::PreProcessing.as_str(), "PreProcessing");
        assert_eq!(SubmissionStatus::from("Signing").as_str(), "Signing");
        assert!(!SubmissionStatus::default().is_set());
        assert_eq!(serde_json::to_string(&StatusCode::from("other")).unwrap(), r#""Other""#);
    }

    #[test]
    fn the_noise_is_set_apart() {
        let details: StatusDetails = serde_json::from_str(
            r#"{"warnings":[{"code":"SalesUnsupportedWarning"},{"code":"UpdateOnlyWarning","details":"x"}]}"#,
        )
        .unwrap();
        let notable: Vec<String> = details.notable_warnings().map(ToString::to_string).collect();
        assert_eq!(notable, ["UpdateOnlyWarning: x"]);
    }
}
