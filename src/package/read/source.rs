//! The files from which packages are read, within limits.

use std::io::{self, Read, Seek, SeekFrom};

use crate::package::read::fault::{Budget, Spending};

/// The shortest entry of a ZIP directory.
const ENTRY: u64 = 46;

pub(super) trait Source: Read + Seek {}

impl<S: Read + Seek> Source for S {}

/// A file of which no more is read than the budget allows.
pub(super) struct Limited<'a, S> {
    file: S,
    budget: &'a Budget,
}

impl<'a, S: Source> Limited<'a, S> {
    pub(super) fn new(file: S, budget: &'a Budget) -> Self {
        Self { file, budget }
    }

    /// Looks at the end record of a ZIP64 archive before the `zip` crate does, which takes memory for the files and bytes that the record
    /// states before it reads them.
    fn look_at_end(&mut self, start: u64) -> io::Result<()> {
        let (mut length, mut files) = ([0; 8], [0; 8]);
        self.file.seek(SeekFrom::Start(start.saturating_add(4)))?;
        self.file.read_exact(&mut length)?;
        self.file.seek(SeekFrom::Start(start.saturating_add(32)))?;
        self.file.read_exact(&mut files)?;
        let files = u64::from_le_bytes(files).saturating_mul(ENTRY);
        self.budget.allow(files.max(u64::from_le_bytes(length)))
    }
}

impl<S: Source> Read for Limited<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.budget.spend(read as u64)?;
        if buffer[..read].starts_with(b"PK\x06\x06") && self.budget.spends_on(Spending::Directories) {
            let after = self.file.stream_position()?;
            self.look_at_end(after.saturating_sub(read as u64))?;
            self.file.seek(SeekFrom::Start(after))?;
        }
        Ok(read)
    }
}

impl<S: Source> Seek for Limited<'_, S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
