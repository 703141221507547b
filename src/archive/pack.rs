//! Packing: what blocks, on a thread for that.
//!
//! Entries are stored, because packages and images are compressed already, and dated the same, so that equal input gives
//! equal bytes. The file under way is removed whenever packing ends early.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::archive::names::{check_distinct, normalised};
use crate::archive::{Archive, ArchiveProgress, Observer, Removed};
use crate::error::{Error, Result};

const CHUNK: usize = 1 << 20;

/// What becomes an entry.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Path(PathBuf),
    Bytes(Bytes),
}

/// An entry that was looked at.
struct Entry {
    name: String,
    content: Content,
    len: u64,
}

impl Content {
    fn named(&self, name: &str) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Bytes(_) => format!("the content of {name}"),
        }
    }
}

/// `given_up` ends it early.
pub(super) fn pack(
    entries: Vec<(String, Content)>,
    folder: Option<PathBuf>,
    observer: Option<&Observer>,
    given_up: &AtomicBool,
) -> Result<Archive> {
    if entries.is_empty() {
        return Err(Error::invalid("the archive", "there is nothing to put into it"));
    }
    let folder = folder.unwrap_or_else(|| beside_the_first_file(&entries));
    let entries = entries
        .into_iter()
        .map(|(name, content)| look_at(&name, content))
        .collect::<Result<Vec<_>, _>>()?;
    check_distinct(entries.iter().map(|entry| entry.name.as_str()))?;
    let mut progress = ArchiveProgress {
        bytes_total: entries.iter().map(|entry| entry.len).sum(),
        files_total: entries.len() as u64,
        ..ArchiveProgress::default()
    };
    let unwritable = |error: &dyn std::fmt::Display| {
        Error::invalid(
            format!("the folder {} for the archive", folder.display()),
            format!(
                "it cannot be written ({error}): choose one with {} bytes free",
                progress.bytes_total
            ),
        )
    };
    let (file, place) = create(&folder).map_err(|error| unwritable(&error))?;
    let mut zip = ZipWriter::new(BufWriter::new(file));
    let mut chunk = vec![0; CHUNK];
    for entry in &entries {
        zip.start_file(entry.name.as_str(), options(entry.len))
            .map_err(|error| unwritable(&error))?;
        let mut content = open(entry)?;
        let mut left = entry.len;
        while left > 0 {
            if given_up.load(Ordering::Relaxed) {
                return Err(Error::invalid("the archive", "its packing was given up"));
            }
            let wanted = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            content
                .read_exact(&mut chunk[..wanted])
                .map_err(|error| unreadable(entry, &error))?;
            zip.write_all(&chunk[..wanted]).map_err(|error| unwritable(&error))?;
            left -= wanted as u64;
            progress.bytes += wanted as u64;
            observer.inspect(|observer| observer(progress));
        }
        if content.read(&mut chunk[..1]).map_err(|error| unreadable(entry, &error))? > 0 {
            return Err(Error::invalid(
                entry.content.named(&entry.name),
                "it grew while it was being packed",
            ));
        }
        progress.files += 1;
        observer.inspect(|observer| observer(progress));
    }
    let written = zip.finish().map_err(|error| unwritable(&error))?;
    let file = written.into_inner().map_err(|error| unwritable(&error))?;
    let len = file.metadata().map_err(|error| unwritable(&error))?.len();
    Ok(Archive {
        place,
        len,
        names: entries.into_iter().map(|entry| entry.name).collect(),
    })
}

fn beside_the_first_file(entries: &[(String, Content)]) -> PathBuf {
    let first = entries.iter().find_map(|(_, content)| match content {
        Content::Path(path) => path.parent(),
        Content::Bytes(_) => None,
    });
    match first {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder.to_owned(),
        None => std::env::temp_dir(),
    }
}

fn look_at(name: &str, content: Content) -> Result<Entry, Error> {
    let name = normalised(name)?;
    let refused = |problem: String| Error::invalid(content.named(&name), problem);
    let len = match &content {
        Content::Path(path) => {
            let metadata = std::fs::metadata(path).map_err(|error| refused(format!("it cannot be found ({error})")))?;
            if !metadata.is_file() {
                return Err(refused("it is not a file".to_owned()));
            }
            metadata.len()
        }
        Content::Bytes(bytes) => bytes.len() as u64,
    };
    if len == 0 {
        return Err(refused("it is empty".to_owned()));
    }
    Ok(Entry { name, content, len })
}

fn open(entry: &Entry) -> Result<Box<dyn Read>, Error> {
    Ok(match &entry.content {
        Content::Path(path) => Box::new(File::open(path).map_err(|error| unreadable(entry, &error))?),
        Content::Bytes(bytes) => Box::new(io::Cursor::new(bytes.clone())),
    })
}

fn unreadable(entry: &Entry, error: &io::Error) -> Error {
    let problem = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it shrank while it was being packed".to_owned(),
        _ => format!("it cannot be read ({error})"),
    };
    Error::invalid(entry.content.named(&entry.name), problem)
}

fn options(len: u64) -> SimpleFileOptions {
    SimpleFileOptions::DEFAULT
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644)
        .system(zip::System::Unix)
        .large_file(len >= u64::from(u32::MAX))
}

/// A new file that only this user can read.
fn create(folder: &Path) -> io::Result<(File, Removed)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    loop {
        let path = folder.join(format!(".msstore-{:016x}.zip", fastrand::u64(..)));
        match options.open(&path) {
            Ok(file) => return Ok((file, Removed(path))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_lies_beside_the_first_file() {
        let path = |path: &str| ("n".to_owned(), Content::Path(path.into()));
        let bytes = || ("n".to_owned(), Content::Bytes(Bytes::new()));
        let table = [
            (vec![path("dist/a"), path("other/b")], PathBuf::from("dist")),
            (vec![bytes(), path("dist/a")], PathBuf::from("dist")),
            (vec![path("a")], PathBuf::from(".")),
            (vec![bytes()], std::env::temp_dir()),
        ];
        for (entries, folder) in table {
            assert_eq!(beside_the_first_file(&entries), folder);
        }
    }
}
