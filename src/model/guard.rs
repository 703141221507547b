//! The guards by name.

use std::fmt;

use serde::Serialize;

/// A check that stops what would do harm at the Store. Each can be lifted, one by one, where it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Guard {
    /// The price is missing, null or empty, which makes a paid product free without a word, or it is `Base`, which the
    /// service refuses.
    Price,
    /// A package that was there is missing or has another status than `Uploaded` or `PendingDelete`.
    ExistingPackages,
    /// More than 30 packages, those that are to be deleted included.
    PackageCount,
    /// A new package has members that only the service sets, or another status than `PendingUpload`.
    NewPackages,
    /// A new package is none, or not what its name says: it has no manifest, is an upload container with more than one package, or is a
    /// single package where the Store holds a bundle.
    PackageKind,
    /// The name or the publisher in the manifest of a new package is not that of the app.
    PackageIdentity,
    /// The fourth number of the version of a new package is not 0, or the version is not higher than what the Store holds for the
    /// same devices.
    PackageVersion,
    /// The Store could not fetch the installer of an MSI or EXE app: its URL is redirected, is answered with an error or without a
    /// length, or serves other bytes than the file.
    PackageUrl,
    /// The parameters of an installer have more than 40 characters, which the API refuses although Partner Center takes them, or do not
    /// fit what it is.
    InstallerParameters,
    /// The draft of an MSI or EXE app has all that the run would change, and nothing tells whether it was ever submitted.
    Unchanged,
    /// Somebody else has changed the draft of an MSI or EXE app while the run was under way.
    DraftChanged,
    /// There is no listing.
    Listings,
    /// A listing has no title, and no package has its language: the whole submission would fail at the commit.
    ListingTitles,
    /// A file that is to be uploaded is not in the archive, or one of the archive is named nowhere.
    Files,
    /// A new image is no PNG, has not the size in pixels that its kind needs, has more than 50 MB, or a listing has too many of a
    /// kind.
    Images,
    /// There is no upload link, or it has expired, which is the [`UploadKind::LinkExpired`](crate::error::UploadKind::LinkExpired) that an upload gives too.
    UploadLink,
    /// The last published submission is still being rolled out.
    RolloutInProgress,
    /// The draft has a gradual rollout from the last release, or from an earlier run, that nobody asked for in this one.
    InheritedRollout,
    /// After the update the service has another price than was sent.
    PriceChanged,
    /// After the update the service has other packages than were sent.
    PackagesChanged,
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Price => "price",
            Self::ExistingPackages => "existing packages",
            Self::PackageCount => "package count",
            Self::NewPackages => "new packages",
            Self::PackageKind => "package kind",
            Self::PackageIdentity => "package identity",
            Self::PackageVersion => "package version",
            Self::PackageUrl => "package URL",
            Self::InstallerParameters => "installer parameters",
            Self::Unchanged => "unchanged",
            Self::DraftChanged => "draft changed",
            Self::Listings => "listings",
            Self::ListingTitles => "listing titles",
            Self::Files => "files",
            Self::Images => "images",
            Self::UploadLink => "upload link",
            Self::RolloutInProgress => "rollout in progress",
            Self::InheritedRollout => "inherited rollout",
            Self::PriceChanged => "price changed",
            Self::PackagesChanged => "packages changed",
        })
    }
}
