//! Packing: what blocks, on a thread for that.
//!
//! Entries are stored, because packages and images are compressed already, and dated the same, so that equal input gives
//! equal bytes. The file under way is removed whenever packing ends early.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Weak;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::archive::finished::{Archive, Temporary};
use crate::archive::names::{check_distinct, normalised};
use crate::error::{Error, Result};

const CHUNK: usize = 1 << 20;

/// An entry that was looked at.
struct Entry {
    name: String,
    path: PathBuf,
    len: u64,
}

/// Ends early when `wanted` is gone.
pub(super) fn pack(entries: Vec<(String, PathBuf)>, folder: Option<PathBuf>, wanted: &Weak<()>) -> Result<Archive> {
    let Some((_, first)) = entries.first() else {
        return Err(Error::invalid("the archive", "there is nothing to put into it"));
    };
    let folder = folder.unwrap_or_else(|| folder_of(first));
    let entries = look_at(entries)?;
    write(&entries, &folder, wanted)
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// All that can be wrong before anything is written.
fn look_at(entries: Vec<(String, PathBuf)>) -> Result<Vec<Entry>, Error> {
    let look_at = |(name, path): (String, PathBuf)| {
        let name = normalised(&name)?;
        let refused = |problem: String| Error::invalid(path.display().to_string(), problem);
        let metadata = std::fs::metadata(&path).map_err(|error| refused(format!("it cannot be found ({error})")))?;
        if !metadata.is_file() {
            return Err(refused("it is not a file".to_owned()));
        }
        if metadata.len() == 0 {
            return Err(refused("it is empty".to_owned()));
        }
        let len = metadata.len();
        Ok(Entry { name, path, len })
    };
    let entries = entries.into_iter().map(look_at).collect::<Result<Vec<_>, _>>()?;
    check_distinct(entries.iter().map(|entry| entry.name.as_str()))?;
    Ok(entries)
}

fn write(entries: &[Entry], folder: &Path, wanted: &Weak<()>) -> Result<Archive> {
    let total: u64 = entries.iter().map(|entry| entry.len).sum();
    let unwritable = |error: &dyn std::fmt::Display| {
        Error::invalid(
            format!("the folder {} for the archive", folder.display()),
            format!("it cannot be written ({error}): choose one with {total} bytes free"),
        )
    };
    let (file, place) = create(folder).map_err(|error| unwritable(&error))?;
    let mut zip = ZipWriter::new(BufWriter::new(file));
    let mut chunk = vec![0; CHUNK];
    for entry in entries {
        zip.start_file(entry.name.as_str(), options(entry.len))
            .map_err(|error| unwritable(&error))?;
        let mut content = File::open(&entry.path).map_err(|error| unreadable(entry, &error))?;
        let mut left = entry.len;
        while left > 0 {
            if wanted.strong_count() == 0 {
                return Err(Error::invalid("the archive", "its packing was given up"));
            }
            let wanted = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            content
                .read_exact(&mut chunk[..wanted])
                .map_err(|error| unreadable(entry, &error))?;
            zip.write_all(&chunk[..wanted]).map_err(|error| unwritable(&error))?;
            left -= wanted as u64;
        }
        if content.read(&mut chunk[..1]).map_err(|error| unreadable(entry, &error))? > 0 {
            return Err(Error::invalid(
                entry.path.display().to_string(),
                "it grew while it was being packed",
            ));
        }
    }
    let written = zip.finish().map_err(|error| unwritable(&error))?;
    let file = written.into_inner().map_err(|error| unwritable(&error))?;
    let len = file.metadata().map_err(|error| unwritable(&error))?.len();
    Ok(Archive::new(place, len))
}

fn unreadable(entry: &Entry, error: &io::Error) -> Error {
    let problem = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it shrank while it was being packed".to_owned(),
        _ => format!("it cannot be read ({error})"),
    };
    Error::invalid(entry.path.display().to_string(), problem)
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
fn create(folder: &Path) -> io::Result<(File, Temporary)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    loop {
        let path = folder.join(format!(".msstore-{:016x}.zip", fastrand::u64(..)));
        match options.open(&path) {
            Ok(file) => return Ok((file, Temporary(path))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_archive_lies_beside_the_first_file() {
        for (file, folder) in [("dist/a", "dist"), ("a", "."), ("/a", "/")] {
            assert_eq!(folder_of(Path::new(file)), Path::new(folder), "{file}");
        }
    }

    #[test]
    fn what_goes_wrong_on_the_way_leaves_nothing() {
        let folder = std::env::temp_dir().join(format!("msstore-pack-{}", std::process::id()));
        let path = folder.join("App.msix");
        let future = Arc::new(());
        let (go_on, give_up) = (Arc::downgrade(&future), Weak::new());
        for (length, wanted, problem) in [
            (5 << 20, &go_on, Some("grew")),
            (1, &go_on, Some("shrank")),
            (4 << 20, &give_up, Some("given up")),
            (4 << 20, &go_on, None),
        ] {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, vec![7; 4 << 20]).unwrap();
            let entries = look_at(vec![("App.msix".to_owned(), path.clone())]).unwrap();
            File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
            let packed = write(&entries, &folder, wanted);
            let there = std::fs::read_dir(&folder).unwrap().count();
            match (&packed, problem) {
                (Err(error), Some(problem)) => assert!(error.to_string().contains(problem), "{error}"),
                (Ok(packed), None) => assert!(packed.len() > length),
                _ => panic!("{packed:?} {problem:?}"),
            }
            assert_eq!(there, 1 + usize::from(packed.is_ok()), "{problem:?}");
            drop(packed);
            std::fs::remove_dir_all(&folder).unwrap();
        }
    }
}
