//! Readers of what lies in another file: of a range of it, and of compressed content, which can be read from anywhere too.

use std::io::{self, Read, Seek, SeekFrom};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

use crate::package::fault::{Budget, spend};

pub(super) trait Source: Read + Seek {}

impl<S: Read + Seek> Source for S {}

/// A part of a file.
pub(super) struct Range<'a> {
    source: &'a mut dyn Source,
    start: u64,
    len: u64,
    at: u64,
}

impl<'a> Range<'a> {
    pub(super) fn new(source: &'a mut dyn Source, start: u64, len: u64) -> Self {
        Self {
            source,
            start,
            len,
            at: 0,
        }
    }
}

impl Read for Range<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        self.source.seek(SeekFrom::Start(self.start.saturating_add(self.at)))?;
        let read = self.source.read(&mut buffer[..wanted])?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Range<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = target(to, self.at, self.len)?;
        Ok(self.at)
    }
}

fn target(to: SeekFrom, at: u64, len: u64) -> io::Result<u64> {
    let target = match to {
        SeekFrom::Start(to) => Some(to),
        SeekFrom::Current(by) => at.checked_add_signed(by),
        SeekFrom::End(by) => len.checked_add_signed(by),
    };
    target.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

const CHUNK: usize = 32 << 10;
/// A mark takes 43 KiB, and there are no more than these.
const MARKS: u64 = 256;
const SPACING: u64 = 4 << 20;

/// Compressed content. The directory of a ZIP stands at its end, so this goes through all of it once; on the way it leaves marks,
/// states of the decompressor, from which it goes on when an earlier place is asked for.
pub(super) struct Inflated<'a> {
    packed: Range<'a>,
    budget: &'a Budget,
    len: u64,
    at: u64,
    now: Mark,
    marks: Vec<Mark>,
    input: Vec<u8>,
    used: usize,
}

#[derive(Clone)]
struct Mark {
    read: u64,
    written: u64,
    state: Box<InflateState>,
}

impl<'a> Inflated<'a> {
    pub(super) fn new(packed: Range<'a>, len: u64, budget: &'a Budget) -> Self {
        let (read, written, state) = (0, 0, InflateState::new_boxed(DataFormat::Raw));
        let now = Mark { read, written, state };
        let (marks, input) = (vec![now.clone()], Vec::new());
        Self {
            packed,
            budget,
            len,
            at: 0,
            now,
            marks,
            input,
            used: 0,
        }
    }

    fn forget_input(&mut self) {
        self.input.clear();
        self.used = 0;
    }

    /// Decompresses some more.
    fn advance(&mut self, output: &mut [u8]) -> io::Result<usize> {
        if self.used == self.input.len() {
            self.forget_input();
            self.packed.seek(SeekFrom::Start(self.now.read))?;
            (&mut self.packed).take(CHUNK as u64).read_to_end(&mut self.input)?;
        }
        let done = inflate(&mut self.now.state, &self.input[self.used..], output, MZFlush::None);
        let progress = (done.bytes_consumed + done.bytes_written) as u64;
        spend(&self.budget.inflated, progress)?;
        let ends = matches!(done.status, Ok(MZStatus::StreamEnd)) && done.bytes_written == 0;
        if done.status.is_err() || progress == 0 || ends {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its compressed content is broken"));
        }
        self.used += done.bytes_consumed;
        self.now.read += done.bytes_consumed as u64;
        self.now.written += done.bytes_written as u64;
        let spacing = SPACING.max(self.len / MARKS);
        let last = self.marks.last().map_or(0, |mark| mark.written);
        if self.now.written >= last.saturating_add(spacing) {
            self.marks.push(self.now.clone());
        }
        Ok(done.bytes_written)
    }
}

impl Read for Inflated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let before = self.marks.iter().rfind(|mark| mark.written <= self.at);
        if let Some(mark) = before.filter(|mark| self.now.written > self.at || self.now.written < mark.written) {
            self.now = mark.clone();
            self.forget_input();
        }
        let mut unwanted = [0; CHUNK];
        while self.now.written < self.at {
            let skipped = usize::try_from(self.at - self.now.written).unwrap_or(CHUNK).min(CHUNK);
            self.advance(&mut unwanted[..skipped])?;
        }
        let mut read = 0;
        while read == 0 {
            read = self.advance(&mut buffer[..wanted])?;
        }
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Inflated<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = target(to, self.at, self.len)?;
        Ok(self.at)
    }
}
