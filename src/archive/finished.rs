//! An archive on disk, which is removed in the end.

use std::path::{Path, PathBuf};

/// A finished ZIP on disk. Its file is removed when it is dropped.
///
/// Within a runtime of tokio that happens on its threads for what blocks, and the runtime sees to it before it ends. A program
/// that calls [`std::process::exit`] right after does not wait for them: use [`remove`](Self::remove) before.
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

    /// Where it is, until it is dropped.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.place.as_ref().map_or(Path::new(""), |place| &place.0)
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Removes the file and waits until that is done. A file that cannot be removed stays, and a warning is logged.
    ///
    /// # Cancel safety
    ///
    /// The file is removed all the same, when the future is dropped.
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
