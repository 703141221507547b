//! The blob endpoint: what Azure accepts and refuses of uploads with a shared access signature.
//!
//! A signature is valid for one blob, one expiry and one set of permissions, as in Azure; a raw `+` in the query is a
//! blank. Content is kept once, in the pieces in which it came; with `discard` only lengths and checksums are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Read, Seek, SeekFrom};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::{Bytes, BytesMut};

use super::blob_list::{self, Which};
use super::dates;
use super::query;

pub(super) const VERSION: &str = "2024-05-04";
const MAX_BLOCKS: usize = 50_000;

/// A piece of content.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) length: u64,
    pub(super) crc64: u64,
    pub(super) content: Option<Bytes>,
}

#[derive(Debug)]
struct Slot {
    /// As it is after decoding.
    signature: String,
    expiry_text: String,
    expires: SystemTime,
    /// By block id as in the query, decoded once, still base64.
    uncommitted: BTreeMap<String, Piece>,
    committed: Option<Committed>,
}

#[derive(Debug)]
struct Committed {
    /// The blocks; a blob written in one go has one without an id.
    blocks: Vec<(String, Piece)>,
    content_type: String,
}

#[derive(Debug, Default)]
pub(super) struct Blobs {
    slots: HashMap<String, Slot>,
    pub(super) discard: bool,
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
    fn header(&self, name: &str) -> Option<&str> {
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
    fn done(status: u16) -> Self {
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

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What a commit finds where the archive should be.
pub(super) enum Archive {
    Missing,
    /// Its content was not kept.
    Unknown,
    Broken,
    Entries(BTreeSet<String>),
}

impl Blobs {
    /// Makes a slot and returns the query of its link.
    pub(super) fn issue(&mut self, guid: &str, signature: &[u8], expires: SystemTime, escape: bool) -> String {
        // A plus in every signature, so that nobody forgets it.
        let signature = format!("q+{}", BASE64.encode(signature));
        let expiry_text = dates::seconds(expires);
        let mut written = signature.replace('/', "%2F").replace('=', "%3D");
        if escape {
            written = written.replace('+', "%2B");
        }
        let query = format!(
            "sv={VERSION}&sr=b&sig={written}&se={}&sp=rwl",
            expiry_text.replace(':', "%3A")
        );
        let slot = Slot {
            signature,
            expiry_text,
            expires,
            uncommitted: BTreeMap::new(),
            committed: None,
        };
        self.slots.insert(guid.to_owned(), slot);
        query
    }

    pub(super) fn remove(&mut self, guid: &str) {
        self.slots.remove(guid);
    }

    pub(super) fn pieces(&self, guid: &str) -> Option<(Vec<Piece>, &str)> {
        let committed = self.slots.get(guid)?.committed.as_ref()?;
        let pieces = committed.blocks.iter().map(|(_, piece)| piece.clone()).collect();
        Some((pieces, &committed.content_type))
    }

    pub(super) fn uncommitted(&self, guid: &str) -> Vec<(String, u64)> {
        let blocks = self.slots.get(guid).map(|slot| &slot.uncommitted);
        blocks
            .into_iter()
            .flatten()
            .map(|(id, piece)| (id.clone(), piece.length))
            .collect()
    }

    pub(super) fn archive(&self, guid: &str) -> Archive {
        let Some((pieces, _)) = self.pieces(guid) else {
            return Archive::Missing;
        };
        let contents: Option<Vec<_>> = pieces.into_iter().map(|piece| piece.content).collect();
        let Some(contents) = contents else {
            return Archive::Unknown;
        };
        let entries = zip::ZipArchive::new(Rope::new(contents)).ok().and_then(|archive| {
            archive
                .file_names()
                .map(|name| name.map(|name| name.replace('\\', "/")))
                .collect::<Result<_, _>>()
                .ok()
        });
        entries.map_or(Archive::Broken, Archive::Entries)
    }

    pub(super) fn handle(&mut self, call: BlobCall<'_>) -> BlobAnswer {
        self.answer(call).unwrap_or_else(|refusal| refusal)
    }

    fn answer(&mut self, call: BlobCall<'_>) -> Result<BlobAnswer, BlobAnswer> {
        let parameters = query::decode(call.query);
        let parameter = |name: &str| {
            parameters
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        let slot = authorise(&mut self.slots, &call, &parameter)?;
        check_headers(&call)?;
        match (call.method, parameter("comp")) {
            ("PUT", None) => put_blob(slot, call),
            ("PUT", Some("block")) => put_block(slot, call, parameter("blockid")),
            ("PUT", Some("blocklist")) => put_block_list(slot, &call),
            ("GET", Some("blocklist")) => get_block_list(slot, parameter("blocklisttype")),
            ("GET" | "HEAD", None) => get_blob(slot),
            (_, None) => Err(BlobAnswer::refused(
                403,
                "AuthorizationPermissionMismatch",
                "This request is not authorized to perform this operation using this permission.",
            )),
            (_, Some(_)) => Err(BlobAnswer::refused(
                400,
                "InvalidQueryParameterValue",
                "Value for one of the query parameters specified in the request URI is invalid.",
            )),
        }
    }
}

fn authorise<'a, 'b>(
    slots: &'a mut HashMap<String, Slot>,
    call: &BlobCall<'_>,
    parameter: &impl Fn(&str) -> Option<&'b str>,
) -> Result<&'a mut Slot, BlobAnswer> {
    if call.header("authorization").is_some() {
        return Err(BlobAnswer::refused(
            400,
            "InvalidAuthenticationInfo",
            "Authentication information is not given in the correct format. Check the value of Authorization header.",
        ));
    }
    let refused = |why: &str| {
        let message = format!("Server failed to authenticate the request. {why}");
        Err(BlobAnswer::refused(403, "AuthenticationFailed", message))
    };
    let Some(slot) = slots.get_mut(call.guid) else {
        return refused("Signature did not match.");
    };
    let signed = parameter("sig") == Some(&slot.signature)
        && parameter("se") == Some(&slot.expiry_text)
        && parameter("sp") == Some("rwl")
        && parameter("sr") == Some("b")
        && parameter("sv") == Some(VERSION);
    if !signed {
        return refused("Signature did not match.");
    }
    if call.now >= slot.expires {
        return refused("Signature not valid in the specified time frame.");
    }
    Ok(slot)
}

fn check_headers(call: &BlobCall<'_>) -> Result<(), BlobAnswer> {
    let bad_header = |name: &str| {
        let message = format!("The value for one of the HTTP headers is not in the correct format. Header: {name}");
        BlobAnswer::refused(400, "InvalidHeaderValue", message)
    };
    let is_version = |text: &str| text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if call.header("x-ms-version").is_some_and(|version| !is_version(version)) {
        return Err(bad_header("x-ms-version"));
    }
    if call.method != "PUT" {
        return Ok(());
    }
    if call.header("content-length").is_none() {
        return Err(BlobAnswer::refused(
            411,
            "MissingContentLengthHeader",
            "Content-Length HTTP header is missing.",
        ));
    }
    let Some(sent) = call.header("x-ms-content-crc64") else {
        return Ok(());
    };
    if call.header("content-md5").is_some() {
        return Err(bad_header("Content-MD5"));
    }
    let sent: [u8; 8] = BASE64
        .decode(sent)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| bad_header("x-ms-content-crc64"))?;
    if u64::from_le_bytes(sent) == call.body.crc64 {
        return Ok(());
    }
    Err(BlobAnswer::refused(
        400,
        "Crc64Mismatch",
        "The CRC64 value specified in the request did not match with the CRC64 value calculated by the server.",
    ))
}

fn checksum(crc64: u64) -> String {
    BASE64.encode(crc64.to_le_bytes())
}

fn put_blob(slot: &mut Slot, call: BlobCall<'_>) -> Result<BlobAnswer, BlobAnswer> {
    match call.header("x-ms-blob-type") {
        Some("BlockBlob") => {}
        Some(_) => {
            return Err(BlobAnswer::refused(
                400,
                "InvalidHeaderValue",
                "The value for one of the HTTP headers is not in the correct format. Header: x-ms-blob-type",
            ));
        }
        None => {
            return Err(BlobAnswer::refused(
                400,
                "MissingRequiredHeader",
                "An HTTP header that's mandatory for this request is not specified. Header: x-ms-blob-type",
            ));
        }
    }
    let content_type = call.header("x-ms-blob-content-type").or(call.header("content-type"));
    let content_type = content_type.unwrap_or("application/octet-stream").to_owned();
    let crc64 = checksum(call.body.crc64);
    slot.uncommitted.clear();
    slot.committed = Some(Committed {
        blocks: vec![(String::new(), call.body)],
        content_type,
    });
    Ok(BlobAnswer::done(201).with("x-ms-content-crc64", crc64))
}

fn put_block(slot: &mut Slot, call: BlobCall<'_>, id: Option<&str>) -> Result<BlobAnswer, BlobAnswer> {
    let bad_id = || {
        BlobAnswer::refused(
            400,
            "InvalidQueryParameterValue",
            "Value for one of the query parameters specified in the request URI is invalid. Parameter: blockid",
        )
    };
    let id = id.ok_or_else(bad_id)?;
    let length = BASE64.decode(id).map_err(|_| bad_id())?.len();
    if !(1..=64).contains(&length) {
        return Err(bad_id());
    }
    let unequal = slot.uncommitted.keys().next().is_some_and(|known| known.len() != id.len());
    if unequal {
        return Err(BlobAnswer::refused(
            400,
            "InvalidBlobOrBlock",
            "The specified blob or block content is invalid.",
        ));
    }
    if call.body.length == 0 {
        return Err(BlobAnswer::refused(
            400,
            "InvalidHeaderValue",
            "The value for one of the HTTP headers is not in the correct format. Header: Content-Length",
        ));
    }
    let crc64 = checksum(call.body.crc64);
    slot.uncommitted.insert(id.to_owned(), call.body);
    Ok(BlobAnswer::done(201).with("x-ms-content-crc64", crc64))
}

fn put_block_list(slot: &mut Slot, call: &BlobCall<'_>) -> Result<BlobAnswer, BlobAnswer> {
    let content = call.body.content.clone().unwrap_or_default();
    let list = blob_list::parse(&content)
        .ok_or_else(|| BlobAnswer::refused(400, "InvalidXmlDocument", "The specified XML is not syntactically valid."))?;
    if list.len() > MAX_BLOCKS {
        return Err(BlobAnswer::refused(
            400,
            "BlockListTooLong",
            "The block list may not contain more than 50,000 blocks.",
        ));
    }
    let committed: BTreeMap<&str, &Piece> = slot
        .committed
        .iter()
        .flat_map(|committed| &committed.blocks)
        .filter(|(id, _)| !id.is_empty())
        .map(|(id, piece)| (id.as_str(), piece))
        .collect();
    let find = |which: Which, id: &str| match which {
        Which::Committed => committed.get(id).copied(),
        Which::Uncommitted => slot.uncommitted.get(id),
        Which::Latest => slot.uncommitted.get(id).or_else(|| committed.get(id).copied()),
    };
    let mut blocks = Vec::with_capacity(list.len());
    for (which, id) in list {
        let Some(piece) = find(which, &id) else {
            return Err(BlobAnswer::refused(
                400,
                "InvalidBlockList",
                "The specified block list is invalid.",
            ));
        };
        let piece = piece.clone();
        blocks.push((id, piece));
    }
    let content_type = call
        .header("x-ms-blob-content-type")
        .unwrap_or("application/octet-stream")
        .to_owned();
    slot.uncommitted.clear();
    slot.committed = Some(Committed { blocks, content_type });
    Ok(BlobAnswer::done(201).with("x-ms-content-crc64", checksum(call.body.crc64)))
}

fn not_there() -> BlobAnswer {
    BlobAnswer::refused(404, "BlobNotFound", "The specified blob does not exist.")
}

fn get_block_list(slot: &Slot, which: Option<&str>) -> Result<BlobAnswer, BlobAnswer> {
    if slot.committed.is_none() && slot.uncommitted.is_empty() {
        return Err(not_there());
    }
    let committed: Vec<(&str, u64)> = slot
        .committed
        .iter()
        .flat_map(|committed| &committed.blocks)
        .filter(|(id, _)| !id.is_empty())
        .map(|(id, piece)| (id.as_str(), piece.length))
        .collect();
    let uncommitted: Vec<(&str, u64)> = slot
        .uncommitted
        .iter()
        .map(|(id, piece)| (id.as_str(), piece.length))
        .collect();
    let (committed, uncommitted) = match which.map(str::to_ascii_lowercase).as_deref() {
        None | Some("committed") => (Some(committed), None),
        Some("uncommitted") => (None, Some(uncommitted)),
        Some("all") => (Some(committed), Some(uncommitted)),
        Some(_) => {
            return Err(BlobAnswer::refused(
                400,
                "InvalidQueryParameterValue",
                "Value for one of the query parameters specified in the request URI is invalid. Parameter: blocklisttype",
            ));
        }
    };
    let body = blob_list::write(committed.as_deref(), uncommitted.as_deref());
    Ok(BlobAnswer {
        body: body.into(),
        ..BlobAnswer::done(200).with("Content-Type", "application/xml")
    })
}

fn get_blob(slot: &Slot) -> Result<BlobAnswer, BlobAnswer> {
    let committed = slot.committed.as_ref().ok_or_else(not_there)?;
    let pieces = committed.blocks.iter().map(|(_, piece)| piece);
    Ok(BlobAnswer {
        body: joined(pieces).unwrap_or_default(),
        ..BlobAnswer::done(200)
            .with("Content-Type", committed.content_type.as_str())
            .with("x-ms-blob-type", "BlockBlob")
    })
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

/// Reads pieces as if they were one file, without joining them.
struct Rope {
    /// Each piece with the offset at which it begins.
    pieces: Vec<(u64, Bytes)>,
    length: u64,
    position: u64,
}

impl Rope {
    fn new(contents: Vec<Bytes>) -> Self {
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
