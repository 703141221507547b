//! The upload of an image to its place.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use secrecy::SecretString;

use crate::error::{Error, Result};
use crate::http::is_loopback;
use crate::http::request::{Method, Replay, Request};
use crate::model::msi::AssetSlot;
use crate::msi::product::Product;
use crate::publish::picture::{ENOUGH, Picture};
use crate::secret::UploadUrl;
use crate::service::Peer;
use crate::service::dialect::BLOBS;

impl Product {
    /// Uploads an image to its place, with the method and the header fields that the service gave, and without the token. If the first
    /// host does not take it the second is tried. Returns the link that was used, for [`AssetSlot::uploaded`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a place without a usable link; the refusal of the blob store.
    ///
    /// # Cancel safety
    ///
    /// It may be sent again; dropping the future may leave it uploaded, which changes nothing before the commit.
    pub async fn upload_asset<'s>(&self, slot: &'s AssetSlot, png: impl Into<Bytes>) -> Result<&'s UploadUrl> {
        let (png, peer) = (png.into(), Peer::new(self.service().http().clone(), &BLOBS));
        let (first, second) = (&slot.primary_asset_upload_url, &slot.secondary_asset_upload_url);
        match peer.send(&self.put(slot, first, &png)?).await {
            Ok(_) => Ok(first),
            Err(error) if error.is_retryable() && second.is_set() => {
                tracing::warn!(%error, "the first host does not take the image; the second is tried");
                peer.send(&self.put(slot, second, &png)?).await?;
                Ok(second)
            }
            Err(error) => Err(error),
        }
    }

    fn put(&self, slot: &AssetSlot, link: &UploadUrl, png: &Bytes) -> Result<Request> {
        let refused = |why: &str| Error::invalid("the upload link of an image", why);
        let url = link.url().map_err(|_| refused("it is no URL"))?.clone();
        if url.scheme() != "https" && !(is_loopback(&url) && self.service().is_local()) {
            return Err(refused("it is not https"));
        }
        let method = Method::from_bytes(slot.http_method.as_bytes()).unwrap_or(Method::PUT);
        let path = url.path().to_owned();
        let mut request = Request::to(method, url, path, "{blob}", Replay::Safe).with_body(png.clone());
        request.secrets = link.signatures();
        // An empty one is for the sender to fill, as the length, which goes with the body.
        let given = slot.http_headers.iter().filter(|(_, value)| !value.trim().is_empty());
        let mut headers: Vec<(&str, &str)> = given.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        for (name, value) in [("x-ms-blob-type", "BlockBlob"), ("Content-Type", "image/png")] {
            if !headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
                headers.push((name, value));
            }
        }
        let headers = headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), SecretString::from(value)));
        request.secret_headers = headers.collect();
        Ok(request)
    }
}

/// Refuses a file that is no PNG.
pub(crate) fn check_png(path: &Path) -> Result<()> {
    let refused = |why: String| Error::invalid(format!("the image {}", path.display()), why);
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(ENOUGH).read_to_end(&mut start));
    read.map_err(|error| refused("it cannot be read".to_owned()).caused_by(error))?;
    match Picture::of(&start) {
        Picture::Png { .. } => Ok(()),
        Picture::Broken => Err(refused("it is a PNG that is cut off".to_owned())),
        Picture::Other(what) => Err(refused(format!("it is {what}, and must be a PNG"))),
    }
}
