//! What is uploaded: bytes in memory, or a file that is read at offsets.
//!
//! A file's length and modification time are taken when it is opened and compared before the upload is made valid, so
//! that a blob is never put together from two versions. Reading blocks, so it is done on tokio's threads for that.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
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

impl Block {
    fn new(bytes: Bytes) -> Self {
        let checksum = crc64(&bytes);
        Self { bytes, checksum }
    }
}

impl Source {
    /// Opens it and looks at it. Unless `raw`, a package is refused; what is in memory has no name that could tell.
    pub(super) async fn open(self, raw: bool) -> Result<Opened> {
        match self.0 {
            Kind::Bytes(bytes) if bytes.is_empty() => Err(Error::invalid("the content", "it is empty")),
            Kind::Bytes(bytes) => Ok(Opened::Bytes(bytes)),
            Kind::Path(path) => blocking(move || open_file(path, raw)).await,
        }
    }
}

fn open_file(path: PathBuf, raw: bool) -> Result<Opened> {
    let refused = |problem: &str| Error::invalid(path.display().to_string(), problem);
    let file = File::open(&path).map_err(|error| refused(&format!("it cannot be opened ({error})")))?;
    let metadata = file
        .metadata()
        .map_err(|error| refused(&format!("it cannot be looked at ({error})")))?;
    if !metadata.is_file() {
        return Err(refused("it is not a file"));
    }
    if metadata.len() == 0 {
        return Err(refused("it is empty"));
    }
    let mut begins = Vec::new();
    let read = (&file).take(MAGIC.len() as u64).read_to_end(&mut begins);
    read.map_err(|error| unreadable(&path, error))?;
    if !raw && is_package(&path, &begins) {
        return Err(refused(
            "it is a package itself, which the service takes and then ignores: put it into a ZIP, or set raw(true)",
        ));
    }
    Ok(Opened::File {
        file: Arc::new(file),
        path: path.into(),
        len: metadata.len(),
        modified: metadata.modified().ok(),
    })
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::UnexpectedEof => UploadKind::SourceChanged,
        _ => UploadKind::Read,
    };
    Error::upload(kind, path.display().to_string()).caused_by(error)
}

impl Opened {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::File { len, .. } => *len,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// Reads a block into a buffer of the pool; what is in memory is not copied.
    pub(super) async fn read(&self, offset: u64, length: u64, pool: &Pool) -> Result<Block> {
        match self.clone() {
            Self::File { file, path, .. } => {
                let mut buffer = pool.take(length).await;
                blocking(move || {
                    read_exact_at(&file, offset, &mut buffer.bytes).map_err(|error| unreadable(&path, error))?;
                    Ok(Block::new(Bytes::from_owner(buffer)))
                })
                .await
            }
            Self::Bytes(bytes) => {
                let at = |offset| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                let block = bytes.slice(at(offset)..at(offset + length));
                blocking(move || Ok(Block::new(block))).await
            }
        }
    }

    /// Whether the file is still the one that was opened. Its path is looked at, so that a replaced file is noticed.
    pub(super) async fn check_unchanged(&self) -> Result<()> {
        let Self::File { path, len, modified, .. } = self.clone() else {
            return Ok(());
        };
        blocking(move || {
            let changed = || Error::upload(UploadKind::SourceChanged, path.display().to_string());
            let now = std::fs::metadata(&path).map_err(|error| changed().caused_by(error))?;
            if now.len() == len && now.modified().ok() == modified {
                Ok(())
            } else {
                Err(changed())
            }
        })
        .await
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
