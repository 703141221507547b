//! The ZIP that goes with a submission: built from names and files, removed when it is dropped.
//!
//! It knows names and paths and nothing of submissions. Everything that can be wrong with the input is found before
//! anything is written, but for a file that changes meanwhile or a disk that fills up.

mod names;
mod pack;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

pub(crate) use crate::archive::names::normalised;
use crate::archive::pack::{Content, pack};
use crate::error::{Error, Result};

/// Builds the ZIP that goes with a submission. The names in it are the `fileName`s of the submission's packages and
/// images that are `PendingUpload`.
///
/// Entries are stored without compression, because packages and images are compressed already, and carry a fixed date:
/// the same names and contents in the same order give the same bytes. ZIP64 is used where it is needed.
///
/// ```no_run
/// # async fn f() -> msstore::Result<()> {
/// let archive = msstore::ArchiveBuilder::new()
///     .file("App_1.4.0.0_x64.msix", "dist/App_1.4.0.0_x64.msix")
///     .file("en-us/1.png", "store/screenshots/1.png")
///     .build()
///     .await?;
/// println!("{} with {} bytes", archive.path().display(), archive.len());
/// # Ok(())
/// # }
/// ```
#[derive(Default, Clone)]
#[must_use = "an archive is written by `build`"]
pub struct ArchiveBuilder {
    entries: Vec<(String, Content)>,
    folder: Option<PathBuf>,
    observer: Option<Observer>,
}

/// How far the packing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ArchiveProgress {
    /// Bytes packed.
    pub bytes: u64,
    /// Bytes of all files.
    pub bytes_total: u64,
    /// Files packed.
    pub files: u64,
    /// Files in all.
    pub files_total: u64,
}

type Observer = Arc<dyn Fn(ArchiveProgress) + Send + Sync>;

/// A finished ZIP on disk. Its file is removed when it is dropped.
#[derive(Debug)]
pub struct Archive {
    place: Removed,
    len: u64,
    names: Vec<String>,
}

/// A file that is removed on drop.
#[derive(Debug)]
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "an archive could not be removed");
        }
    }
}

impl ArchiveBuilder {
    /// Nothing in it yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. Backslashes of the name become slashes.
    pub fn file(mut self, name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.entries.push((name.into(), Content::Path(path.into())));
        self
    }

    /// Adds the files that a submission wants from a folder which holds them under the same names.
    pub fn files_from(mut self, folder: impl AsRef<Path>, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        for name in names {
            let name = name.into();
            let path = folder.as_ref().join(name.replace('\\', "/"));
            self.entries.push((name, Content::Path(path)));
        }
        self
    }

    /// Adds content from memory.
    pub fn bytes(mut self, name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        self.entries.push((name.into(), Content::Bytes(content.into())));
        self
    }

    /// Where the archive is written. Default: beside the first file, or else the system's folder for temporary files. It
    /// needs as much space as all files together.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Called for each MiB and after each file, on the thread that packs.
    pub fn on_progress(mut self, observer: impl Fn(ArchiveProgress) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Writes the archive, readable by this user alone.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput): nothing to put in; a file that is missing, empty, unreadable, or changes meanwhile; a name that
    /// is there twice, also but for case, or that would leave the archive; a folder that cannot be written or is full.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the packing and removes what was written.
    pub async fn build(self) -> Result<Archive> {
        struct GivenUp(Arc<AtomicBool>);
        impl Drop for GivenUp {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let given_up = GivenUp(Arc::default());
        let flag = Arc::clone(&given_up.0);
        let packed = tokio::task::spawn_blocking(move || pack(self.entries, self.folder, self.observer.as_ref(), &flag));
        match packed.await {
            Ok(archive) => archive,
            Err(error) => Err(Error::invalid("the archive", format!("its packing broke off ({error})"))),
        }
    }
}

impl fmt::Debug for ArchiveBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.entries.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ArchiveBuilder")
            .field("names", &names)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

#[expect(clippy::len_without_is_empty, reason = "it never is")]
impl Archive {
    /// Where it is, until it is dropped.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.place.0
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The names in it, in order, with forward slashes.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}
