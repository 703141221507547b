//! The operations on a blob whose link was accepted: Put Blob, Put Block, Put Block List, Get Block List, Get Blob.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::blob_list::{self, Which};
use super::blob_slot::{BlobAnswer, BlobCall, Committed, Piece, Slot, joined};

const MAX_BLOCKS: usize = 50_000;

fn checksum(crc64: u64) -> String {
    BASE64.encode(crc64.to_le_bytes())
}

pub(super) fn put_blob(slot: &mut Slot, call: BlobCall<'_>) -> Result<BlobAnswer, BlobAnswer> {
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

pub(super) fn put_block(slot: &mut Slot, call: BlobCall<'_>, id: Option<&str>) -> Result<BlobAnswer, BlobAnswer> {
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

pub(super) fn put_block_list(slot: &mut Slot, call: &BlobCall<'_>) -> Result<BlobAnswer, BlobAnswer> {
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

pub(super) fn get_block_list(slot: &Slot, which: Option<&str>) -> Result<BlobAnswer, BlobAnswer> {
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

pub(super) fn get_blob(slot: &Slot) -> Result<BlobAnswer, BlobAnswer> {
    let committed = slot.committed.as_ref().ok_or_else(not_there)?;
    let pieces = committed.blocks.iter().map(|(_, piece)| piece);
    Ok(BlobAnswer {
        body: joined(pieces).unwrap_or_default(),
        ..BlobAnswer::done(200)
            .with("Content-Type", committed.content_type.as_str())
            .with("x-ms-blob-type", "BlockBlob")
    })
}
