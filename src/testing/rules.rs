//! Which refusals a test wants.

/// What the service refuses of a release, by kind. The fake does too, unless [`FakeStore::enforce`] tells it otherwise.
///
/// [`FakeStore::enforce`]: crate::testing::FakeStore::enforce
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// In each update of an app, `allowTargetFutureDeviceFamilies` has `Desktop`, `Mobile`, `Xbox` and `Holographic`, and no
    /// `Core`.
    DeviceFamilies,
    /// No two keys of `listings` are the same language in different case.
    Languages,
    /// The fourth number of a package's version is 0, and the version is none that the published submission has, nor lower than
    /// one there that runs wherever the package does. Only packages of the same architecture and device family are compared.
    PackageVersion,
    /// The identity of a package is the app's `packageIdentityName` and `publisherName`.
    PackageIdentity,
    /// A ZIP archive with the extension of a package has a manifest, a bundle or upload container holds only what belongs there,
    /// and once a bundle was published a submission has one. An upload container with several packages that are in no bundle is
    /// accepted, and its entry gone once the submission is past `PreProcessing`; without this rule it is taken.
    PackageKind,
}
