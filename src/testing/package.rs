//! Small packages to submit in tests.

use std::io::{Cursor, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A package with a manifest and nothing that runs, for tests of pipelines: what reads packages finds in it what was set.
///
/// It has the identity of the sample's app unless told otherwise.
///
/// ```
/// use msstore::testing::SamplePackage;
///
/// # fn run(folder: &std::path::Path) -> std::io::Result<()> {
/// SamplePackage::new("2.0.0.0").architecture("arm64").write(folder.join("PaperLantern_2.0.0.0_arm64.msix"))?;
/// # Ok(())
/// # }
/// # let bundle = SamplePackage::bundle(&[SamplePackage::new("2.0.0.0"), SamplePackage::new("2.0.0.0").architecture("arm64")]);
/// # assert_eq!(msstore::package::inspect_bytes("a.msixbundle", &bundle).unwrap().architectures, ["x64", "arm64"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamplePackage {
    name: String,
    publisher: String,
    version: String,
    architecture: String,
    device_family: String,
    min_os: String,
    languages: Vec<String>,
    length: usize,
}

impl SamplePackage {
    /// The identity's name of the sample's app.
    pub const IDENTITY: &str = "LanternWorks.PaperLantern";

    /// The identity's publisher of the sample's app.
    pub const PUBLISHER: &str = "CN=1F0E2D3C-4B5A-6978-8796-A5B4C3D2E1F0";

    /// A package of this version for x64, Windows 10.0.17763.0 and later, in `en-us` and `de-de`.
    #[must_use]
    pub fn new(version: impl Into<String>) -> Self {
        Self {
            name: Self::IDENTITY.to_owned(),
            publisher: Self::PUBLISHER.to_owned(),
            version: version.into(),
            architecture: "x64".to_owned(),
            device_family: "Windows.Desktop".to_owned(),
            min_os: "10.0.17763.0".to_owned(),
            languages: vec!["en-us".to_owned(), "de-de".to_owned()],
            length: 0,
        }
    }

    /// The name and the publisher of its identity.
    #[must_use]
    pub fn identity(mut self, name: impl Into<String>, publisher: impl Into<String>) -> Self {
        (self.name, self.publisher) = (name.into(), publisher.into());
        self
    }

    /// The architecture, as manifests write it: `x86`, `x64`, `arm`, `arm64`, `neutral`.
    #[must_use]
    pub fn architecture(mut self, architecture: impl Into<String>) -> Self {
        self.architecture = architecture.into();
        self
    }

    /// The device family and the lowest version of it that it runs on.
    #[must_use]
    pub fn device_family(mut self, name: impl Into<String>, min_version: impl Into<String>) -> Self {
        (self.device_family, self.min_os) = (name.into(), min_version.into());
        self
    }

    /// The languages, the default first.
    #[must_use]
    pub fn languages<L: Into<String>>(mut self, languages: impl IntoIterator<Item = L>) -> Self {
        self.languages = languages.into_iter().map(Into::into).collect();
        self
    }

    /// Adds content of this many bytes, of which no two blocks of an upload are equal.
    #[must_use]
    pub fn content(mut self, length: usize) -> Self {
        self.length = length;
        self
    }

    /// Returns the bytes of the `.msix`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let pattern = (0_u64..).flat_map(|at| at.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
        let content: Vec<u8> = pattern.take(self.length).collect();
        Self::container(&[("content.bin", &content), ("AppxManifest.xml", self.manifest().as_bytes())])
    }

    /// Writes the `.msix`.
    ///
    /// # Errors
    ///
    /// The error of the file system.
    pub fn write(&self, path: impl AsRef<Path>) -> std::io::Result<()> {
        std::fs::write(path, self.to_bytes())
    }

    /// Returns the bytes of a bundle of these packages. It has the identity and the version of the first.
    #[must_use]
    pub fn bundle(packages: &[Self]) -> Vec<u8> {
        let identity = packages.first().map(Self::identity_of).unwrap_or_default();
        let manifest = format!(
            "<Bundle xmlns=\"http://schemas.microsoft.com/appx/2013/bundle\" SchemaVersion=\"6.0\"><Identity {identity}/></Bundle>"
        );
        let files: Vec<(String, Vec<u8>)> = packages
            .iter()
            .map(|package| {
                (
                    format!("{}_{}.msix", package.version, package.architecture),
                    package.to_bytes(),
                )
            })
            .collect();
        let named = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        let all: Vec<_> = named
            .chain([("AppxMetadata/AppxBundleManifest.xml", manifest.as_bytes())])
            .collect();
        Self::container(&all)
    }

    /// Returns the bytes of a ZIP of these files, by name: an upload container, or what is none.
    #[must_use]
    pub fn container(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::DEFAULT.compression_method(CompressionMethod::Stored);
        for (name, content) in files {
            // Writing to memory fails only for a name twice, of which the first stays.
            if zip.start_file(*name, options).is_ok() {
                let _ = zip.write_all(content);
            }
        }
        zip.finish().map(Cursor::into_inner).unwrap_or_default()
    }

    fn identity_of(&self) -> String {
        format!(
            "Name=\"{}\" Publisher=\"{}\" Version=\"{}\"",
            self.name, self.publisher, self.version
        )
    }

    fn manifest(&self) -> String {
        let languages: String = self
            .languages
            .iter()
            .map(|language| format!("<Resource Language=\"{language}\"/>"))
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <Package xmlns=\"http://schemas.microsoft.com/appx/manifest/foundation/windows10\">\
             <Identity {} ProcessorArchitecture=\"{}\"/><Resources>{languages}</Resources>\
             <Dependencies><TargetDeviceFamily Name=\"{}\" MinVersion=\"{}\" MaxVersionTested=\"{}\"/></Dependencies>\
             </Package>",
            self.identity_of(),
            self.architecture,
            self.device_family,
            self.min_os,
            self.min_os
        )
    }
}
