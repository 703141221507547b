//! Is this file a package itself? The blob store takes a bare package with a 201, and the service then ignores it.
//!
//! Only the central directory is read, in windows, so that a package with very many files costs no memory. What is not
//! a whole ZIP is no package.

use std::io;

const END: [u8; 4] = *b"PK\x05\x06";
const END64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
const END64: [u8; 4] = *b"PK\x06\x06";
const ENTRY: [u8; 4] = *b"PK\x01\x02";

const END_LENGTH: usize = 22;
const LOCATOR_LENGTH: usize = 20;
const ENTRY_LENGTH: u64 = 46;
/// A name is at most 64 KiB long, so that an entry up to its name always fits in.
const WINDOW: u64 = 128 << 10;

/// Whether the names at the root of the ZIP are those of a package or bundle. `read` fills the buffer from an offset.
pub(super) fn is_package(len: u64, read: impl Fn(u64, &mut [u8]) -> io::Result<()>) -> io::Result<bool> {
    let Some((start, end)) = directory(len, &read)? else {
        return Ok(false);
    };
    let mut window = Vec::new();
    let mut window_at = start;
    let mut at = start;
    while at + ENTRY_LENGTH <= end {
        let mut within = usize::try_from(at - window_at).unwrap_or(usize::MAX);
        let name_length = |window: &[u8], within: usize| number(window, within.checked_add(28)?, 2);
        let whole = name_length(&window, within).is_some_and(|name| {
            let wanted = ENTRY_LENGTH + name + within as u64;
            wanted <= window.len() as u64
        });
        if !whole {
            window.resize(usize::try_from(WINDOW.min(end - at)).unwrap_or(0), 0);
            read(at, &mut window)?;
            (window_at, within) = (at, 0);
        }
        let Some(entry) = window.get(within..).filter(|entry| entry.starts_with(&ENTRY)) else {
            return Ok(false);
        };
        let lengths = [28, 30, 32].map(|field| number(entry, field, 2).unwrap_or(0));
        let name = entry.get(46..).unwrap_or_default();
        let name = &name[..name.len().min(usize::try_from(lengths[0]).unwrap_or(0))];
        if belongs_to_package(name) {
            return Ok(true);
        }
        at += ENTRY_LENGTH + lengths.iter().sum::<u64>();
    }
    Ok(false)
}

fn belongs_to_package(name: &[u8]) -> bool {
    let begins = |start: &[u8]| name.len() >= start.len() && name[..start.len()].eq_ignore_ascii_case(start);
    name.eq_ignore_ascii_case(b"AppxManifest.xml") || begins(b"AppxMetadata/") || begins(b"AppxMetadata\\")
}

/// Where the central directory begins and ends.
fn directory(len: u64, read: &impl Fn(u64, &mut [u8]) -> io::Result<()>) -> io::Result<Option<(u64, u64)>> {
    let mut magic = [0; 4];
    if len < END_LENGTH as u64 {
        return Ok(None);
    }
    read(0, &mut magic)?;
    if !magic.starts_with(b"PK") {
        return Ok(None);
    }
    let tail_length = len.min((END_LENGTH + LOCATOR_LENGTH) as u64 + u64::from(u16::MAX));
    let mut tail = vec![0; usize::try_from(tail_length).unwrap_or(0)];
    read(len - tail_length, &mut tail)?;
    let found = (0..=tail.len() - END_LENGTH).rev().find(|&at| {
        let comment = number(&tail, at + 20, 2).unwrap_or(u64::MAX);
        tail[at..].starts_with(&END) && comment == (tail.len() - at - END_LENGTH) as u64
    });
    let Some(at) = found else {
        return Ok(None);
    };
    let (mut size, mut start) = (number(&tail, at + 12, 4), number(&tail, at + 16, 4));
    let saturated = [size, start].contains(&Some(u32::MAX.into())) || number(&tail, at + 10, 2) == Some(u16::MAX.into());
    let locator = at
        .checked_sub(LOCATOR_LENGTH)
        .filter(|&at| saturated && tail[at..].starts_with(&END64_LOCATOR));
    if let Some(end64) = locator.and_then(|at| number(&tail, at + 8, 8)) {
        let mut record = [0; 56];
        if end64.checked_add(56).is_none_or(|end| end > len) {
            return Ok(None);
        }
        read(end64, &mut record)?;
        if !record.starts_with(&END64) {
            return Ok(None);
        }
        (size, start) = (number(&record, 40, 8), number(&record, 48, 8));
    }
    Ok(start
        .zip(size)
        .and_then(|(start, size)| Some((start, start.checked_add(size)?)))
        .filter(|&(_, end)| end <= len))
}

/// A little-endian number.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(length)?)?;
    Some(field.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ZIP of empty, stored entries.
    fn zip(names: &[&str], zip64: bool, comment: &str) -> Vec<u8> {
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for name in names {
            let offset = bytes.len() as u32;
            let length = (name.len() as u16).to_le_bytes();
            bytes.extend(*b"PK\x03\x04");
            bytes.extend([0; 22]);
            bytes.extend(length);
            bytes.extend([0; 2]);
            bytes.extend(name.bytes());
            directory.extend(ENTRY);
            directory.extend([0; 24]);
            directory.extend(length);
            directory.extend([3, 0, 2, 0]);
            directory.extend([0; 8]);
            directory.extend(offset.to_le_bytes());
            directory.extend(name.bytes());
            directory.extend([b'x'; 5]);
        }
        let (start, size) = (bytes.len() as u64, directory.len() as u64);
        bytes.extend(directory);
        if zip64 {
            let record = bytes.len() as u64;
            bytes.extend(END64);
            bytes.extend([0; 36]);
            bytes.extend(size.to_le_bytes());
            bytes.extend(start.to_le_bytes());
            bytes.extend(END64_LOCATOR);
            bytes.extend([0; 4]);
            bytes.extend(record.to_le_bytes());
            bytes.extend([0; 4]);
        }
        bytes.extend(END);
        bytes.extend([0; 8]);
        let field = |value: u64| if zip64 { u32::MAX } else { value as u32 }.to_le_bytes();
        bytes.extend(field(size));
        bytes.extend(field(start));
        bytes.extend((comment.len() as u16).to_le_bytes());
        bytes.extend(comment.bytes());
        bytes
    }

    fn judge(bytes: &[u8]) -> bool {
        is_package(bytes.len() as u64, |at, buffer| {
            let at = at as usize;
            let part = bytes.get(at..at + buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            buffer.copy_from_slice(part);
            Ok(())
        })
        .unwrap()
    }

    #[test]
    fn packages_are_known_by_their_names() {
        let table: [(&[&str], bool); 8] = [
            (&["App.exe", "AppxManifest.xml", "AppxBlockMap.xml"], true),
            (&["appxmanifest.XML"], true),
            (&["x.msix", "AppxMetadata/AppxBundleManifest.xml"], true),
            (&["AppxMetadata\\AppxBundleManifest.xml"], true),
            (&["App_1.0.0.0_x64.msix", "en-us/1.png"], false),
            (&["inner/AppxManifest.xml"], false),
            (&["AppxManifest.xml.txt", "AppxMetadata"], false),
            (&[], false),
        ];
        for (names, expected) in table {
            for zip64 in [false, true] {
                for comment in ["", "made by hand"] {
                    assert_eq!(judge(&zip(names, zip64, comment)), expected, "{names:?} {zip64} {comment:?}");
                }
            }
        }
    }

    #[test]
    fn a_directory_larger_than_a_window_is_read_to_its_end() {
        let long = "n".repeat(60_000);
        let mut names: Vec<&str> = vec![&long; 9];
        assert!(!judge(&zip(&names, false, "")));
        names.push("AppxManifest.xml");
        assert!(judge(&zip(&names, true, "")));
    }

    #[test]
    fn what_is_no_whole_zip_is_no_package() {
        let whole = zip(&["AppxManifest.xml"], true, "");
        for length in 0..whole.len() {
            assert!(!judge(&whole[..length]), "{length}");
        }
        assert!(!judge(&[0; 4096]));
    }

    #[test]
    fn a_broken_zip_does_not_panic() {
        let whole = zip(&["a", "AppxManifest.xml", "b"], true, "");
        for at in 0..whole.len() {
            for value in [0, 0x7f, 0xff] {
                let mut broken = whole.clone();
                broken[at] = value;
                judge(&broken);
            }
        }
    }
}
