//! What packages are read from, within limits.

use std::io::{self, Read, Seek, SeekFrom};

use crate::package::fault::{Budget, Spending};

pub(super) trait Source: Read + Seek {}

impl<S: Read + Seek> Source for S {}

/// A file of which no more is read than a budget allows.
pub(super) struct Limited<'a, S> {
    file: S,
    budget: &'a Budget,
}

impl<'a, S: Source> Limited<'a, S> {
    pub(super) fn new(file: S, budget: &'a Budget) -> Self {
        Self { file, budget }
    }

    /// Looks at the end record of a ZIP64 archive before the `zip` crate does, which takes memory for as many files and bytes as the
    /// record says, before it reads them.
    fn look_at_end(&mut self, start: u64) -> io::Result<()> {
        let mut record = Vec::new();
        self.file.seek(SeekFrom::Start(start))?;
        (&mut self.file).take(40).read_to_end(&mut record)?;
        let number = |at: usize| {
            record
                .get(at..)
                .and_then(|rest| rest.first_chunk())
                .map(|bytes| u64::from_le_bytes(*bytes))
        };
        let (length, files) = (number(4).unwrap_or_default(), number(32).unwrap_or_default());
        self.budget.allow(length.max(files.saturating_mul(46)))
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
