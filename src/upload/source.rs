//! What is uploaded: bytes in memory, or a file that is read at offsets.
//!
//! A file's length and modification time are taken when it is opened and compared before the upload is made valid, so
//! that a blob is never put together from two versions. Reading blocks, so it is done on tokio's threads for that.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use crate::error::{Error, Result, UploadKind};
use crate::upload::buffer::Pool;
use crate::upload::checksum::crc64;
use crate::upload::package::{MAGIC, is_package};

/// What is uploaded: a file by its path, or bytes in memory.
#[derive(Clone)]
pub struct Source(Kind);

#[derive(Clone)]
enum Kind {
    Path(PathBuf),
    Bytes(Bytes),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Path(path) => f.debug_tuple("Source").field(path).finish(),
            Kind::Bytes(bytes) => write!(f, "Source({} bytes)", bytes.len()),
        }
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self(Kind::Path(path))
    }
}

impl From<&PathBuf> for Source {
    fn from(path: &PathBuf) -> Self {
        Self(Kind::Path(path.clone()))
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self(Kind::Path(path.to_owned()))
    }
}

impl From<Bytes> for Source {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Bytes(bytes))
    }
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Kind::Bytes(bytes.into()))
    }
}

/// A source that was found good. Cheap to clone.
#[derive(Clone)]
pub(super) enum Opened {
    File {
        file: Arc<File>,
        path: Arc<Path>,
        len: u64,
        modified: Option<SystemTime>,
    },
    Bytes(Bytes),
}

/// A block's content and its checksum.
pub(super) struct Block {
    pub(super) bytes: Bytes,
    pub(super) checksum: u64,
}

impl Source {
    /// Opens it and looks at it. Unless `raw`, a package is refused.
    pub(super) async fn open(self, raw: bool) -> Result<Opened> {
        blocking(move || {
            let opened = match self.0 {
                Kind::Bytes(bytes) => Opened::Bytes(bytes),
                Kind::Path(path) => open_file(path)?,
            };
            let named = opened.named();
            if opened.len() == 0 {
                return Err(Error::invalid(named, "it is empty"));
            }
            match opened.is_package() {
                Ok(true) if !raw => Err(Error::invalid(
                    named,
                    "it is a package itself, which the service takes and then ignores: put it into a ZIP, or set raw(true)",
                )),
                Ok(_) => Ok(opened),
                Err(error) => Err(opened.unreadable(error)),
            }
        })
        .await
    }
}

fn open_file(path: PathBuf) -> Result<Opened> {
    let refused = |problem: String| Error::invalid(path.display().to_string(), problem);
    let file = File::open(&path).map_err(|error| refused(format!("it cannot be opened ({error})")))?;
    let metadata = file
        .metadata()
        .map_err(|error| refused(format!("it cannot be looked at ({error})")))?;
    if !metadata.is_file() {
        return Err(refused("it is not a file".to_owned()));
    }
    Ok(Opened::File {
        file: Arc::new(file),
        path: path.into(),
        len: metadata.len(),
        modified: metadata.modified().ok(),
    })
}

impl Opened {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::File { len, .. } => *len,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// What is in memory has no name that could tell.
    fn is_package(&self) -> io::Result<bool> {
        let Self::File { file, path, len, .. } = self else {
            return Ok(false);
        };
        let mut begins = [0; MAGIC.len()];
        if *len >= MAGIC.len() as u64 {
            read_exact_at(file, 0, &mut begins)?;
        }
        Ok(is_package(path, &begins))
    }

    fn named(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Bytes(_) => "the content".to_owned(),
        }
    }

    /// Reads a block into a buffer of the pool; what is in memory is not copied.
    pub(super) async fn read(&self, offset: u64, length: u64, pool: &Arc<Pool>) -> Result<Block> {
        let mut buffer = match self {
            Self::File { .. } => Some(pool.take().await),
            Self::Bytes(_) => None,
        };
        let source = self.clone();
        blocking(move || {
            let bytes = match (&source, buffer.take()) {
                (Self::Bytes(bytes), _) => {
                    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                    let end = usize::try_from(offset + length).unwrap_or(usize::MAX).min(bytes.len());
                    bytes.slice(start..end)
                }
                (Self::File { file, .. }, Some(mut buffer)) => {
                    let read = read_exact_at(file, offset, buffer.of_length(length));
                    read.map_err(|error| source.unreadable(error))?;
                    Bytes::from_owner(buffer)
                }
                (Self::File { .. }, None) => Bytes::new(),
            };
            Ok(Block {
                checksum: crc64(&bytes),
                bytes,
            })
        })
        .await
    }

    /// Whether the file is still the one that was opened. Its path is looked at, so that a replaced file is noticed.
    pub(super) async fn check_unchanged(&self) -> Result<()> {
        let Self::File { path, len, modified, .. } = self.clone() else {
            return Ok(());
        };
        let named = self.named();
        blocking(move || {
            let now = std::fs::metadata(&path);
            let now = now.map_err(|error| Error::upload(UploadKind::SourceChanged, named.as_str()).caused_by(error))?;
            if now.len() == len && now.modified().ok() == modified {
                Ok(())
            } else {
                Err(Error::upload(UploadKind::SourceChanged, named))
            }
        })
        .await
    }

    fn unreadable(&self, error: io::Error) -> Error {
        let kind = match error.kind() {
            io::ErrorKind::UnexpectedEof => UploadKind::SourceChanged,
            _ => UploadKind::Read,
        };
        Error::upload(kind, self.named()).caused_by(error)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Runs what blocks. It fails by itself only if the runtime is shutting down.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Error::upload(UploadKind::Read, "the source").caused_by(error)),
    }
}
