//! A place for a blob, what is in it, and what is asked of it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};

/// A piece of content.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) length: u64,
    pub(super) crc64: u64,
    pub(super) content: Option<Bytes>,
}

#[derive(Debug)]
pub(super) struct Slot {
    /// As it is after decoding.
    pub(super) signature: String,
    pub(super) expiry_text: String,
    pub(super) expires: SystemTime,
    /// By block id as in the query, decoded once, still base64.
    pub(super) uncommitted: BTreeMap<String, Piece>,
    pub(super) committed: Option<Committed>,
}

#[derive(Debug)]
pub(super) struct Committed {
    /// The blocks; a blob written in one go has one without an id.
    pub(super) blocks: Vec<(String, Piece)>,
    pub(super) content_type: String,
}

/// A request to the blob endpoint whose body was read.
pub(super) struct BlobCall<'a> {
    pub(super) method: &'a str,
    pub(super) guid: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a [(String, String)],
    pub(super) body: Piece,
    pub(super) now: SystemTime,
}

impl BlobCall<'_> {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// An answer of the blob endpoint before the headers that all have.
pub(super) struct BlobAnswer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
    /// The error code and what it says.
    pub(super) error: Option<(&'static str, String)>,
}

impl BlobAnswer {
    pub(super) fn done(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            error: None,
        }
    }

    pub(super) fn refused(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            error: Some((code, message.into())),
            ..Self::done(status)
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The whole content; none when some was not kept.
pub(super) fn joined<'a>(pieces: impl IntoIterator<Item = &'a Piece>) -> Option<Bytes> {
    let mut contents = pieces
        .into_iter()
        .map(|piece| piece.content.clone())
        .collect::<Option<Vec<_>>>()?;
    if contents.len() == 1 {
        return contents.pop();
    }
    let mut all = BytesMut::with_capacity(contents.iter().map(Bytes::len).sum());
    contents.iter().for_each(|content| all.extend_from_slice(content));
    Some(all.freeze())
}
