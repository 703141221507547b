//! An archive on disk, which is removed in the end.

use std::path::{Path, PathBuf};

/// A finished ZIP on disk. Its file is removed when it is dropped.
///
/// Within a tokio runtime it is removed on one of the runtime's threads for blocking work, before the runtime ends. A program
/// that calls [`std::process::exit`] does not wait for them: call [`remove`](Self::remove) first.
#[derive(Debug)]
pub struct Archive {
    /// There until it is dropped.
    place: Option<Temporary>,
    len: u64,
}

#[expect(clippy::len_without_is_empty, reason = "it never is")]
impl Archive {
    pub(super) fn new(place: Temporary, len: u64) -> Self {
        let place = Some(place);
        Self { place, len }
    }

    /// Returns the path of the file, which is there until the archive is dropped.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.place.as_ref().map_or(Path::new(""), |place| &place.0)
    }

    /// Returns the length of the file in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Removes the file and waits until it is gone. If the file cannot be removed, a warning is logged.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the file is removed all the same.
    pub async fn remove(mut self) {
        let place = self.place.take();
        let _ = tokio::task::spawn_blocking(move || drop(place)).await;
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        let Some(place) = self.place.take() else { return };
        // A runtime that ends before it comes to this drops it, and the file goes all the same.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(place))),
            Err(_) => drop(place),
        }
    }
}

/// A file that is removed on drop, on the thread that drops it.
#[derive(Debug)]
pub(super) struct Temporary(pub(super) PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "an archive could not be removed");
        }
    }
}
