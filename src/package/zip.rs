//! The ZIP format, as far as packages need it.
//!
//! The directory is walked entry by entry, and what is not looked into later is forgotten, so that the memory does not grow with
//! the number of files. Nothing that the ZIP says about itself is believed: offsets lie in the file and in order, both headers of
//! an entry name the same file, sizes and checksums are those of the content.

use std::collections::HashSet;
use std::io::{BufReader, Read, SeekFrom};

use crate::package::fault::{Budget, COMPRESSED, Fault, MANIFEST, PACKAGES, spend};
use crate::package::source::{Inflated, Range, Source};

const END_LEN: usize = 22;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;
const LOCATOR_64_LEN: usize = 20;
const ENTRY: u32 = 0x0201_4b50;
const ENTRY_LEN: usize = 46;
const HEADER: u32 = 0x0403_4b50;
const HEADER_LEN: usize = 30;

pub(super) struct Archive<'a> {
    source: &'a mut dyn Source,
    pub(super) budget: &'a Budget,
    /// Where the content ends and the directory begins.
    end: u64,
    pub(super) entries: Vec<Entry>,
}

/// A file in the archive.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Decoded, with slashes.
    pub(super) name: String,
    header: u64,
    packed: u64,
    size: u64,
    crc: u32,
    method: u16,
    encrypted: bool,
}

impl<'a> Archive<'a> {
    /// Keeps the entries whose names are `wanted`.
    pub(super) fn open(source: &'a mut dyn Source, budget: &'a Budget, wanted: fn(&str) -> bool) -> Result<Self, Fault> {
        let (end, len, count) = directory(source)?;
        spend(&budget.directories, len)?;
        let mut entries = Vec::new();
        source.seek(SeekFrom::Start(end))?;
        let mut records = BufReader::new((&mut *source).take(len));
        let (mut record, mut seen) = (Vec::new(), HashSet::new());
        for _ in 0..count {
            let entry = entry(&mut records, &mut record)?;
            if !stays_inside(&entry.name) {
                return Err(Fault::wrong(format!("the name {:?} in it leads out of it", entry.name)));
            }
            if wanted(&entry.name) {
                if !seen.insert(entry.name.to_ascii_lowercase()) {
                    return Err(Fault::wrong(format!("it holds {:?} twice", entry.name)));
                }
                entries.push(entry);
            }
            if entries.len() > 2 * PACKAGES {
                return Err(Fault::wrong(format!("it holds more than {PACKAGES} packages")));
            }
        }
        Ok(Self {
            source,
            budget,
            end,
            entries,
        })
    }

    /// The content of an entry, to be read from anywhere.
    pub(super) fn content(&mut self, entry: &Entry) -> Result<Box<dyn Source + '_>, Fault> {
        if entry.encrypted {
            return Err(Fault::Unreadable("it is encrypted".to_owned()));
        }
        let wrong = || Fault::wrong(format!("its ZIP directory does not fit its content at {:?}", entry.name));
        let mut header = [0; HEADER_LEN];
        self.source.seek(SeekFrom::Start(entry.header))?;
        self.source.read_exact(&mut header)?;
        let mut fields = Fields(&header);
        let is_header = fields.u32()? == HEADER;
        fields.skip(22)?;
        let (name_len, extra_len) = (fields.u16()?, fields.u16()?);
        let mut name = vec![0; usize::from(name_len)];
        self.source.read_exact(&mut name)?;
        let start = entry
            .header
            .saturating_add(HEADER_LEN as u64 + u64::from(name_len) + u64::from(extra_len));
        let fits = start.checked_add(entry.packed).is_some_and(|end| end <= self.end);
        if !is_header || !fits || decoded(&name) != entry.name {
            return Err(wrong());
        }
        let packed = Range::new(&mut *self.source, start, entry.packed);
        match entry.method {
            0 if entry.packed == entry.size => Ok(Box::new(packed)),
            0 => Err(wrong()),
            8 if entry.size > COMPRESSED => Err(Fault::Unreadable(
                "it is too large to look into while it is compressed".to_owned(),
            )),
            8 => Ok(Box::new(Inflated::new(packed, entry.size, self.budget))),
            method => Err(Fault::wrong(format!(
                "{:?} in it is compressed by method {method}, not by Deflate",
                entry.name
            ))),
        }
    }

    /// A manifest, whole.
    pub(super) fn manifest(&mut self, entry: &Entry) -> Result<Vec<u8>, Fault> {
        if entry.size > MANIFEST {
            return Err(Fault::wrong(format!("{} in it is larger than 4 MiB", entry.name)));
        }
        spend(&self.budget.manifests, entry.size)?;
        let mut bytes = Vec::new();
        self.content(entry)?.take(entry.size).read_to_end(&mut bytes)?;
        let checksum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, &bytes);
        if bytes.len() as u64 != entry.size || checksum != u64::from(entry.crc) {
            return Err(Fault::wrong(format!("{} in it is damaged", entry.name)));
        }
        Ok(bytes)
    }
}

/// Where the directory begins, its length, and the number of its entries.
fn directory(source: &mut dyn Source) -> Result<(u64, u64, u64), Fault> {
    let len = source.seek(SeekFrom::End(0))?;
    let longest = (LOCATOR_64_LEN + END_LEN + usize::from(u16::MAX)) as u64;
    let start = len.saturating_sub(longest);
    source.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    (&mut *source).take(longest).read_to_end(&mut tail)?;

    // A signature in the comment of the archive is no end: the comment of the true one ends with the file.
    let is_end = |at: &usize| match tail[*at..].split_first_chunk::<END_LEN>() {
        Some(([b'P', b'K', 5, 6, .., low, high], comment)) => usize::from(u16::from_le_bytes([*low, *high])) == comment.len(),
        _ => false,
    };
    let at = (0..tail.len()).rev().find(is_end);
    let at = at.ok_or_else(|| Fault::wrong("it is not a ZIP archive, or its end is missing"))?;
    let mut fields = Fields(&tail[at..]);
    fields.skip(10)?;
    let (count, size, offset) = (fields.u16()?, fields.u32()?, fields.u32()?);
    let mut found = (u64::from(offset), u64::from(size), u64::from(count));
    let mut end = start + at as u64;

    let is_full = count == u16::MAX || size == u32::MAX || offset == u32::MAX;
    let locator = at.checked_sub(LOCATOR_64_LEN).map(|at| Fields(&tail[at..]));
    if let Some(mut locator) = locator.filter(|_| is_full)
        && locator.u32()? == LOCATOR_64
    {
        locator.skip(4)?;
        end = locator.u64()?;
        source.seek(SeekFrom::Start(end))?;
        let mut record = [0; 56];
        source.read_exact(&mut record)?;
        let mut fields = Fields(&record);
        if fields.u32()? != END_64 {
            return Err(Fault::wrong("its ZIP directory is not where it should be"));
        }
        fields.skip(28)?;
        let (count, size, offset) = (fields.u64()?, fields.u64()?, fields.u64()?);
        found = (offset, size, count);
    }
    let (offset, size, count) = found;
    let fits = offset.checked_add(size).is_some_and(|after| after <= end);
    if !fits || count > size / ENTRY_LEN as u64 {
        return Err(Fault::wrong("its ZIP directory is not where it should be"));
    }
    Ok(found)
}

/// The next entry of the directory.
fn entry(records: &mut impl Read, record: &mut Vec<u8>) -> Result<Entry, Fault> {
    let mut fixed = [0; ENTRY_LEN];
    records.read_exact(&mut fixed)?;
    let mut fields = Fields(&fixed);
    if fields.u32()? != ENTRY {
        return Err(Fault::wrong("its ZIP directory is damaged"));
    }
    fields.skip(4)?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    fields.skip(4)?;
    let crc = fields.u32()?;
    let (mut packed, mut size) = (u64::from(fields.u32()?), u64::from(fields.u32()?));
    let (name, extra, comment) = (fields.u16()?, fields.u16()?, fields.u16()?);
    fields.skip(8)?;
    let mut header = u64::from(fields.u32()?);
    record.resize(usize::from(name) + usize::from(extra) + usize::from(comment), 0);
    records.read_exact(record)?;
    let (name, rest) = record.split_at(usize::from(name));

    let mut extra = Fields(&rest[..usize::from(extra)]);
    while let (Ok(id), Ok(len)) = (extra.u16(), extra.u16()) {
        let mut field = Fields(extra.skip(usize::from(len))?);
        for value in [&mut size, &mut packed, &mut header] {
            if id == 1 && *value == u64::from(u32::MAX) {
                *value = field.u64()?;
            }
        }
    }
    Ok(Entry {
        name: decoded(name),
        header,
        packed,
        size,
        crc,
        method,
        encrypted: flags & 1 != 0,
    })
}

/// The name of a file as it is on disk: packages write other characters than letters and digits as `%20`.
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

/// Numbers, one after the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn skip(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        let (skipped, rest) = self
            .0
            .split_at_checked(len)
            .ok_or_else(|| Fault::wrong("its ZIP directory is damaged"))?;
        self.0 = rest;
        Ok(skipped)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (array, rest) = self
            .0
            .split_first_chunk()
            .ok_or_else(|| Fault::wrong("its ZIP directory is damaged"))?;
        self.0 = rest;
        Ok(*array)
    }

    fn u16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_le_bytes)
    }
}
