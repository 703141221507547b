//! The images of listings: places, uploads to the blob endpoint, and the commit that replaces both lists.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::super::answer::{Answer, Answered};
use super::super::blob_slot::joined;
use super::super::body::member;
use super::super::state::{Call, State};
use super::envelope::{bad_request, refuse_active, success, updated};
use super::members::{list, object, of_languages, text};
use super::model::{Image, Listing, Product, Slot};

/// Each kind with its name in a request, and the most that a listing has of it.
const SCREENSHOTS: (&str, usize) = ("Screenshot", 10);
const LOGOS: (&str, usize) = ("Logo", 2);

const LINK_LIFE: Duration = Duration::from_secs(3600);

/// Refuses with this text.
fn refused(message: impl Into<String>) -> Answer {
    bad_request("listings", message)
}

pub(crate) fn of_listing(listing: &Listing) -> Value {
    let images = |images: &[Image]| {
        let shown = images.iter().map(|image| {
            let size = json!({ "width": image.width, "height": image.height });
            json!({ "id": image.id, "assetUrl": image.url, "imageSize": size })
        });
        shown.collect::<Value>()
    };
    json!({
        "language": listing.language(),
        "storeLogos": images(&listing.logos),
        "screenshots": images(&listing.screenshots),
    })
}

pub(crate) fn get(product: &Product, call: &Call) -> Answered {
    let items = product
        .listings
        .iter()
        .map(|listing| (listing.language(), of_listing(listing)));
    Ok(success(Vec::new(), &json!({ "listingAssets": of_languages(call, items)? })))
}

pub(crate) fn create(state: &mut State, product: &mut Product, call: &Call) -> Answered {
    refuse_active(product)?;
    let body = object(call, "listings")?;
    let language = language_of(product, &body)?;
    let Some(Value::Object(asked)) = member(&body, "createAssetRequest") else {
        return Err(refused("createAssetRequest is missing."));
    };
    let count = |(name, most): (&str, usize)| {
        let count = member(asked, name).map_or(Some(0), Value::as_u64);
        let count = count.and_then(|count| usize::try_from(count).ok());
        count
            .filter(|count| *count <= most)
            .ok_or_else(|| refused(format!("{name} must be a number from 0 to {most}.")))
    };
    let (screenshots, logos) = (count(SCREENSHOTS)?, count(LOGOS)?);
    if screenshots + logos == 0 {
        return Err(refused("No image is asked for."));
    }
    let mut made = |is_logo: bool, count: usize| {
        let slots = (0..count).map(|_| new_slot(state, product, &language, is_logo));
        slots.collect::<Value>()
    };
    let data = json!({ "listingAssets": {
        "language": language,
        "storeLogos": made(true, logos),
        "screenshots": made(false, screenshots),
    } });
    Ok(success(Vec::new(), &data))
}

/// The language that a body names, as the listing of it has it.
fn language_of(product: &Product, body: &Map<String, Value>) -> Result<String, Answer> {
    let language = text(body, "language");
    let listing = product.listing(language);
    let listing = listing.ok_or_else(|| refused(format!("There is no listing of the language '{language}'.")))?;
    Ok(listing.language().to_owned())
}

fn new_slot(state: &mut State, product: &mut Product, language: &str, is_logo: bool) -> Value {
    let id = state.numbers.guid();
    let blobs = ["primary", "secondary"].map(|host| {
        let blob = format!("{id}-{host}");
        let link = state.escaped_link(&blob, LINK_LIFE);
        (blob, link)
    });
    let [primary, secondary] = blobs.clone().map(|(_, link)| link);
    product.slots.push(Slot {
        id: id.clone(),
        language: language.to_owned(),
        is_logo,
        blobs,
    });
    json!({
        "id": id,
        "primaryAssetUploadUrl": primary,
        "secondaryAssetUploadUrl": secondary,
        "httpMethod": "PUT",
        "httpHeaders": { "x-ms-blob-type": "BlockBlob", "Content-Length": "" },
    })
}

pub(crate) fn commit(state: &mut State, product: &mut Product, call: &Call) -> Answered {
    refuse_active(product)?;
    let body = object(call, "listings")?;
    let Some(Value::Object(sent)) = member(&body, "listingAssets") else {
        return Err(refused("listingAssets is missing."));
    };
    let language = language_of(product, sent)?;
    let logos = taken(state, product, &language, sent, true)?;
    let screenshots = taken(state, product, &language, sent, false)?;
    let is_taken = |slot: &Slot| logos.iter().chain(&screenshots).any(|image| image.id == slot.id);
    product.slots.retain(|slot| !is_taken(slot));
    if let Some(listing) = product.listing_mut(&language) {
        (listing.logos, listing.screenshots) = (logos, screenshots);
    }
    Ok(updated(product, ""))
}

/// The images of a list: those that the listing has, and new ones that were uploaded.
fn taken(
    state: &mut State,
    product: &Product,
    language: &str,
    sent: &Map<String, Value>,
    is_logo: bool,
) -> Result<Vec<Image>, Answer> {
    let (name, (_, most)) = if is_logo {
        ("storeLogos", LOGOS)
    } else {
        ("screenshots", SCREENSHOTS)
    };
    let items = list(sent, name, "listings")?;
    if items.len() > most {
        return Err(refused(format!("{name} may have {most} at most.")));
    }
    let listing = product.listing(language);
    let there = listing.map_or(&[][..], |listing| if is_logo { &listing.logos } else { &listing.screenshots });
    let mut images = Vec::new();
    for item in items {
        let empty = Map::new();
        let item = item.as_object().unwrap_or(&empty);
        let (id, url) = (text(item, "id"), text(item, "assetUrl"));
        if images.iter().any(|image: &Image| image.id == id) {
            return Err(refused(format!("The asset '{id}' is there twice.")));
        }
        if let Some(image) = there.iter().find(|image| image.id == id && !url.is_empty()) {
            images.push(image.clone());
            continue;
        }
        let fits = |slot: &&Slot| slot.id == id && slot.is_logo == is_logo && slot.language == language;
        let slot = product.slots.iter().find(fits);
        let slot = slot.ok_or_else(|| refused(format!("There is no asset '{id}' of this kind and language.")))?;
        let blob = slot.blobs.iter().find(|(_, link)| link == url);
        let pieces = blob.and_then(|(blob, _)| state.blobs.pieces(blob));
        let content = pieces.map(|(pieces, _)| joined(&pieces));
        let content = content.ok_or_else(|| refused(format!("Nothing was uploaded to the assetUrl of the asset '{id}'.")))?;
        images.push(image(state, id, content)?);
    }
    Ok(images)
}

/// An image of what was uploaded, which can be read again. Of what was not kept the size is not known.
fn image(state: &mut State, id: &str, content: Option<Bytes>) -> Result<Image, Answer> {
    let size = content.as_ref().map_or(Some((0, 0)), |content| png_size(content));
    let (width, height) = size.ok_or_else(|| refused(format!("The asset '{id}' is no PNG.")))?;
    let name = format!("{id}.png");
    let url = state.file_url(&name);
    state.files.insert(name, content.unwrap_or_default());
    Ok(Image {
        id: id.to_owned(),
        url,
        width,
        height,
    })
}

/// The width and the height that a PNG tells in its first chunk.
fn png_size(content: &[u8]) -> Option<(u32, u32)> {
    let rest = content.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")?;
    let (width, rest) = rest.split_first_chunk()?;
    let (height, _) = rest.split_first_chunk()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
}

#[cfg(test)]
mod tests {
    use super::super::super::image::sample_image;
    use super::*;

    #[test]
    fn a_png_tells_its_size() {
        assert_eq!(png_size(&sample_image(1366, 768)), Some((1366, 768)));
        assert_eq!(png_size(&sample_image(1, 1)[..20]), None);
        assert_eq!(png_size(b"GIF89a"), None);
    }
}
