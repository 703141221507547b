//! Pieces of content that are read as one file without being joined: the archive of an upload in blocks.

use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;

/// Reads pieces as if they were one file, without joining them.
pub(super) struct Rope {
    /// Each piece with the offset at which it begins.
    pieces: Vec<(u64, Bytes)>,
    length: u64,
    position: u64,
}

impl Rope {
    pub(super) fn new(contents: Vec<Bytes>) -> Self {
        let mut length = 0;
        let pieces = contents.into_iter().map(|content| {
            let start = length;
            length += content.len() as u64;
            (start, content)
        });
        let pieces = pieces.collect();
        Self {
            pieces,
            length,
            position: 0,
        }
    }
}

impl Read for Rope {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let after = self.pieces.partition_point(|(start, _)| *start <= self.position);
        let Some((start, content)) = after.checked_sub(1).and_then(|at| self.pieces.get(at)) else {
            return Ok(0);
        };
        let offset = usize::try_from(self.position - start).unwrap_or(usize::MAX);
        let mut rest = content.get(offset..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Rope {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rope_reads_like_one_file() {
        let mut rope = Rope::new(vec![
            Bytes::from_static(b"abc"),
            Bytes::from_static(b"d"),
            Bytes::from_static(b"efg"),
        ]);
        let mut all = String::new();
        rope.read_to_string(&mut all).unwrap();
        assert_eq!(all, "abcdefg");
        assert_eq!(rope.seek(SeekFrom::End(-4)).unwrap(), 3);
        let mut two = [0; 2];
        rope.read_exact(&mut two).unwrap();
        assert_eq!(&two, b"de");
        assert_eq!(rope.seek(SeekFrom::Current(1)).unwrap(), 6);
        rope.seek(SeekFrom::Start(70)).unwrap();
        assert_eq!(rope.read(&mut two).unwrap(), 0);
        assert!(rope.seek(SeekFrom::Current(-71)).is_err());
    }
}
