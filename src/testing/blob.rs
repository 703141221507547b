//! The blob endpoint: what Azure accepts and refuses of uploads with a shared access signature.
//!
//! A signature is valid for one blob, one expiry and one set of permissions, as in Azure; a raw `+` in the query is a
//! blank. Content is kept once, in the pieces in which it came; with `discard` only lengths and checksums are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::blob_operations::{get_blob, get_block_list, put_blob, put_block, put_block_list};
use super::blob_slot::{BlobAnswer, BlobCall, Piece, Slot};
use super::dates;
use super::query;
use super::rope::Rope;

pub(super) const VERSION: &str = "2024-05-04";

#[derive(Debug, Default)]
pub(super) struct Blobs {
    slots: HashMap<String, Slot>,
    pub(super) discard: bool,
}

/// What a commit finds where the archive should be.
pub(super) enum Archive {
    Missing,
    /// Its content was not kept.
    Unknown,
    Broken,
    /// The names of its files, and all of it.
    Entries(BTreeSet<String>, Rope),
}

impl Blobs {
    /// Makes a slot, or gives the one that is there another signature and end, and returns the query of its link.
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
        let slot = self.slots.entry(guid.to_owned()).or_insert_with(|| Slot {
            signature: String::new(),
            expiry_text: String::new(),
            expires,
            uncommitted: BTreeMap::new(),
            committed: None,
        });
        (slot.signature, slot.expiry_text, slot.expires) = (signature, expiry_text, expires);
        query
    }

    /// Whether the link of a slot has ended.
    pub(super) fn has_ended(&self, guid: &str, now: SystemTime) -> bool {
        self.slots.get(guid).is_some_and(|slot| slot.expires <= now)
    }

    /// Ends all links, whatever they say themselves.
    pub(super) fn end_links(&mut self, now: SystemTime) {
        for slot in self.slots.values_mut() {
            slot.expires = slot.expires.min(now);
        }
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
        let opened = zip::ZipArchive::new(Rope::new(contents)).ok().and_then(|archive| {
            let names = archive.file_names().map(|name| name.map(|name| name.replace('\\', "/")));
            let names = names.collect::<Result<_, _>>().ok()?;
            Some(Archive::Entries(names, archive.into_inner()))
        });
        opened.unwrap_or(Archive::Broken)
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
    let limit = size_limit(
        call.header("x-ms-version").unwrap_or(VERSION),
        call.query.contains("comp=block"),
    );
    if call.body.length > limit {
        return Err(BlobAnswer::refused(
            413,
            "RequestBodyTooLarge",
            "The request body is too large and exceeds the maximum permissible limit.",
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

/// What one request may carry, in bytes; it depends on the version of the protocol.
fn size_limit(version: &str, is_block: bool) -> u64 {
    let mebibytes = match is_block {
        true if version < "2016-05-31" => 4,
        true if version < "2019-12-12" => 100,
        true => 4000,
        false if version < "2016-05-31" => 64,
        false if version < "2019-12-12" => 256,
        false => 5000,
    };
    mebibytes << 20
}
