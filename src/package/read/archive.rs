//! The ZIP archives that packages are, read by the `zip` crate within limits.

use std::collections::HashSet;
use std::io::{Read, Seek, Write};

use tempfile::SpooledTempFile;
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::package::read::fault::{Budget, COMPRESSED, Fault, IN_MEMORY, MANIFEST, PACKAGES, Spending};
use crate::package::read::source::{Limited, Source};

const CHUNK: usize = 64 << 10;

pub(super) struct Archive<'a> {
    zip: ZipArchive<&'a mut dyn Source>,
    pub(super) budget: &'a Budget,
}

/// A file in the archive.
pub(super) struct Entry {
    /// Decoded, with slashes.
    pub(super) name: String,
    index: usize,
}

impl<'a> Archive<'a> {
    /// Opens an archive. Returns the entries whose names are `wanted` too.
    pub(super) fn open(
        source: &'a mut dyn Source,
        budget: &'a Budget,
        wanted: fn(&str) -> bool,
    ) -> Result<(Self, Vec<Entry>), Fault> {
        budget.spend_on(Spending::Directories);
        // Packages have nothing before their archive. Without this the whole file is searched if the directory is not in its place.
        let archive_offset = ArchiveOffset::Known(0);
        let zip = ZipArchive::with_config(Config { archive_offset }, source).map_err(|error| match error {
            ZipError::Io(error) => error.into(),
            error => Fault::wrong(format!("it is not a package, or it is damaged ({error})")),
        })?;
        let (mut entries, mut seen) = (Vec::new(), HashSet::new());
        for index in 0..zip.len() {
            let name = decoded(zip.by_index_data(index)?.name_raw());
            if !stays_inside(&name) {
                return Err(Fault::wrong(format!("the name {name:?} in it leads out of it")));
            }
            if wanted(&name) {
                if !seen.insert(name.to_ascii_lowercase()) {
                    return Err(Fault::wrong(format!("it holds {name:?} twice")));
                }
                entries.push(Entry { name, index });
            }
        }
        if zip.has_duplicate_names() {
            return Err(Fault::wrong("it holds two files of one name"));
        }
        if entries.len() > 2 * PACKAGES {
            return Err(Fault::wrong(format!("it holds more than {PACKAGES} packages")));
        }
        Ok((Self { zip, budget }, entries))
    }

    /// Reads a manifest.
    pub(super) fn manifest(&mut self, entry: &Entry) -> Result<Vec<u8>, Fault> {
        self.budget.spend_on(Spending::Manifests);
        let size = self.zip.by_index_data(entry.index)?.size();
        if size > MANIFEST {
            return Err(Fault::wrong("it is larger than 4 MiB"));
        }
        let mut manifest = Vec::new();
        self.unpack(entry, &mut manifest)?;
        Ok(manifest)
    }

    /// Looks into a package in the archive. A ZIP directory is at the end of a file and is read first, so a package that is compressed
    /// is unpacked before: to memory, or to a temporary file if it is large.
    pub(super) fn look_into<T>(
        &mut self,
        entry: &Entry,
        look: impl FnOnce(&mut dyn Source) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let data = self.zip.by_index_data(entry.index)?;
        let size = data.size();
        if data.compression() == CompressionMethod::Stored && !data.encrypted() {
            if data.compressed_size() != size {
                return Err(Fault::wrong("it is damaged (it has two sizes)"));
            }
            self.budget.spend_on(Spending::Directories);
            return look(&mut self.zip.by_index_seek(entry.index)?);
        }
        if size > COMPRESSED {
            return Err(Fault::unreadable("it is too large to look into while it is compressed"));
        }
        self.budget.spend_on(Spending::Unpacking);
        let mut spool = SpooledTempFile::new(IN_MEMORY);
        self.unpack(entry, &mut spool)?;
        spool.rewind()?;
        look(&mut Limited::new(spool, self.budget))
    }

    /// Writes the content of an entry, whose length and checksum have to be right.
    fn unpack(&mut self, entry: &Entry, to: &mut dyn Write) -> Result<(), Fault> {
        let data = self.zip.by_index_data(entry.index)?;
        if data.encrypted() {
            return Err(Fault::unreadable("it is encrypted"));
        }
        if !matches!(data.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            let method = data.compression();
            return Err(Fault::wrong(format!("it is compressed by {method} and not by Deflate")));
        }
        let mut left = data.size();
        let mut content = self.zip.by_index(entry.index)?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = content.read(&mut chunk)?;
            self.budget.spend(read as u64)?;
            left = left.saturating_sub(read as u64);
            match read {
                0 if left == 0 => return Ok(()),
                0 => return Err(Fault::wrong("it is damaged (it ends too early)")),
                _ => to.write_all(&chunk[..read]).map_err(|error| {
                    Fault::unreadable(format!(
                        "it is compressed in its container and cannot be unpacked to a temporary file ({error})"
                    ))
                })?,
            }
        }
    }
}

/// Returns the name of a file as it is on disk: packages write other characters than letters and digits as `%20`.
fn decoded(raw: &[u8]) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(raw.len()), raw);
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let code = code.filter(|code| *first == b'%' && code.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).replace('\\', "/")
}

fn stays_inside(name: &str) -> bool {
    let has_drive = name.as_bytes().get(1) == Some(&b':');
    !name.starts_with('/') && !has_drive && !name.contains('\0') && name.split('/').all(|part| part != "..")
}
