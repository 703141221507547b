//! The look at an installer, where the Store is to fetch it: as the Store does, without signing in and without following redirects.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use url::Url;

use crate::error::{Error, ErrorKind, Result, TransportKind};
use crate::http::request::{Method, Replay, Request};
use crate::model::guard::Guard;
use crate::model::msi::PackageType;
use crate::service::dialect::DOWNLOADS;
use crate::service::{Peer, Service};

/// How much is compared at once.
const PIECE: u64 = 4 << 20;

/// What was found at a URL.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Installer {
    /// Its length in bytes.
    pub length: u64,
    /// What its first bytes say that it is.
    pub package_type: Option<PackageType>,
    /// Whether parts of it can be had.
    pub ranges: bool,
}

/// Looks at an installer, and compares it with the file that it should be. What the Store could not fetch, and other bytes, are an
/// error of [`Guard::PackageUrl`].
pub(crate) async fn look(service: &Service, url: &Url, file: Option<&Path>) -> Result<Installer> {
    let peer = Peer::new(service.http().clone(), &DOWNLOADS);
    let refused = |error: Error| {
        Error::guard(
            Guard::PackageUrl,
            format!("the Store could not fetch {}: {error}", shown(url)),
        )
    };
    // Some servers refuse HEAD, or programs that they do not know.
    let head = peer.send(&request(Method::HEAD, url)).await;
    let start = match peer.send(&part(url, 0..8)).await {
        Ok(start) => Some(start),
        // It sends all of it.
        Err(error) if error.kind() == ErrorKind::Transport(TransportKind::TooLarge) => None,
        Err(error) => return Err(refused(error)),
    };
    let (found, from_start) = (
        head.ok().and_then(|head| head.length),
        start.as_ref().and_then(|start| start.length),
    );
    let Some(length) = found.filter(|length| *length > 0).or(from_start) else {
        let why = format!(
            "{} is answered without a length, with which the Store fails to install it: let the server send Content-Length",
            shown(url)
        );
        return Err(Error::guard(Guard::PackageUrl, why));
    };
    let ranges = start.as_ref().is_some_and(|start| start.status == 206);
    let installer = Installer {
        length,
        package_type: start.and_then(|start| kind_of(&start.body)),
        ranges,
    };
    if let Some(file) = file {
        compare(&peer, url, &installer, file).await?;
    }
    Ok(installer)
}

/// Compares an installer with the file that it should be, byte by byte.
async fn compare(peer: &Peer, url: &Url, installer: &Installer, file: &Path) -> Result<()> {
    let unreadable = |error| Error::invalid(format!("the file {}", file.display()), "it cannot be read").caused_by(error);
    let differs = |what: String| {
        Err(Error::guard(
            Guard::PackageUrl,
            format!("{} does not serve {}: {what}", shown(url), file.display()),
        ))
    };
    let length = tokio::fs::metadata(file).await.map_err(unreadable)?.len();
    if length != installer.length {
        return differs(format!("it has {} bytes instead of {length}", installer.length));
    }
    if !installer.ranges {
        return differs("it cannot be compared, because its server sends no parts of it".to_owned());
    }
    for start in (0..length).step_by(usize::try_from(PIECE).unwrap_or(1)) {
        let end = length.min(start + PIECE);
        let theirs = peer.send(&part(url, start..end)).await?;
        let path = file.to_owned();
        let ours = tokio::task::spawn_blocking(move || read(&path, start, end - start)).await;
        if theirs.body
            != ours
                .map_err(std::io::Error::other)
                .and_then(|ours| ours)
                .map_err(unreadable)?
        {
            return differs(format!("they differ between the bytes {start} and {end}"));
        }
    }
    Ok(())
}

fn read(path: &Path, start: u64, length: u64) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut piece = Vec::new();
    file.take(length).read_to_end(&mut piece)?;
    Ok(piece)
}

fn request(method: Method, url: &Url) -> Request {
    Request::to(method, url.clone(), shown(url), "installer", Replay::Safe)
}

/// A part of it, and no more than that.
fn part(url: &Url, bytes: std::ops::Range<u64>) -> Request {
    let mut request = request(Method::GET, url).header("Range", format!("bytes={}-{}", bytes.start, bytes.end - 1));
    request.max_answer = usize::try_from(bytes.end - bytes.start).ok();
    request
}

/// Without the query, which may be a signature.
fn shown(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPath].to_owned()
}

/// What the first bytes say.
fn kind_of(start: &[u8]) -> Option<PackageType> {
    match start {
        [b'M', b'Z', ..] => Some(PackageType::Exe),
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => Some(PackageType::Msi),
        _ => None,
    }
}
