//! What goes into an archive, and where it is written.

use std::path::PathBuf;
use std::sync::Arc;

use crate::archive::finished::Archive;
use crate::archive::pack::pack;
use crate::error::{Error, Result};

/// Builds the ZIP that goes with a submission. The names in it are the `fileName`s of the submission's packages and
/// images that are `PendingUpload`.
///
/// Entries are stored without compression, because packages and images are compressed already, and carry a fixed date:
/// the same names and contents in the same order give the same bytes. ZIP64 is used where it is needed.
///
/// ```no_run
/// # async fn f() -> msstore::Result<()> {
/// let archive = msstore::archive::ArchiveBuilder::new()
///     .file("App_1.4.0.0_x64.msix", "dist/App_1.4.0.0_x64.msix")
///     .file("en-us/1.png", "store/screenshots/1.png")
///     .build()
///     .await?;
/// println!("{} with {} bytes", archive.path().display(), archive.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default, Clone)]
#[must_use = "an archive is written by `build`"]
pub struct ArchiveBuilder {
    entries: Vec<(String, PathBuf)>,
    folder: Option<PathBuf>,
}

impl ArchiveBuilder {
    /// Creates an empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. Backslashes in the name become slashes.
    pub fn file(mut self, name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.entries.push((name.into(), path.into()));
        self
    }

    /// Sets the folder that the archive is written to, which needs as much space as all files together. The default is the folder
    /// of the first file.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Writes the archive. Only this user can read it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if there are no files; if a file is missing, empty or
    /// unreadable, or changes meanwhile; if a name occurs twice, ignoring case, or would lead out of the archive; or if the
    /// folder cannot be written or is full.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the packing and removes what was written.
    pub async fn build(self) -> Result<Archive> {
        // It is gone with the future, which ends the packing.
        let future = Arc::new(());
        let wanted = Arc::downgrade(&future);
        let packed = tokio::task::spawn_blocking(move || pack(self.entries, self.folder, &wanted)).await;
        drop(future);
        packed.unwrap_or_else(|error| Err(Error::invalid("the archive", format!("its packing broke off ({error})"))))
    }
}
