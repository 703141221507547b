//! A file that is removed at the end.

use std::path::PathBuf;

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
