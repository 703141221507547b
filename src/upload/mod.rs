//! Uploads to the link of a submission: [`Upload`], which is made by [`StoreClient::upload`](crate::StoreClient::upload).
//!
//! Small content goes in one call, large content in blocks that survive bad networks. The link goes nowhere but to its own host,
//! and the bearer never goes there.

// Decisions are pure and stand alone: the plan (`blocks`), what is there (`resume`), the time (`pace`), what is no archive
// (`package`). `job` walks the path; `source` and `buffer` keep memory bounded by blocks in flight.

mod blocks;
mod body;
mod buffer;
mod checksum;
mod job;
mod link;
mod pace;
mod package;
mod progress;
mod resume;
mod source;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) use self::link::expired;
pub use self::progress::Progress;
pub use self::source::Source;
use crate::error::Result;
use crate::http::{BoxFuture, Http};
use crate::model::receipt::Receipt;
use crate::secret::UploadUrl;
use crate::service::Peer;
use crate::service::dialect::BLOBS;
use crate::upload::blocks::Plan;
use crate::upload::buffer::Pool;
use crate::upload::job::Job;
use crate::upload::link::Link;
use crate::upload::pace::Pace;
use crate::upload::progress::{Meter, Observer};

/// An upload to the link of a submission; it runs when it is awaited, and gives the [`Progress`] at its end with the receipt of
/// the call that made the content valid.
///
/// Content of one block is sent in one call. Larger content is cut into blocks, several of which go at once; each is
/// checked by the blob store against its CRC-64 and sent again on its own if it fails. A file is read as it is sent:
/// memory holds the blocks in flight and little else.
///
/// An upload that was interrupted goes on where it was, also in another process: blocks that are there with the same
/// content are not sent again. The blob store keeps them for a week, the link lives about 24 hours. A link that may write and
/// not read does not show them: then everything is sent.
///
/// # Limits
///
/// A block is at most 4000 MiB and an upload at most 50,000 blocks, about 190 TiB. A block grows when there would be
/// more. Each block is repeated as the client's [`RetryPolicy`](crate::config::RetryPolicy) says, and five times at least; its
/// `call_timeout` holds for the calls without content only.
///
/// An attempt of a block may take 30 s and as long as all that is in flight takes at 100 kB/s; once a block is done,
/// 30 s and four times the slowest block. Each of the first four repeats gets twice the time.
///
/// # Errors
///
/// - [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), before anything is sent: a missing or empty file; a file that
///   is a package itself; a link that is not https, or has user information or no signature; a block size or concurrency out of
///   range.
/// - [`ErrorKind::Upload`](crate::ErrorKind::Upload): its [`UploadKind`](crate::error::UploadKind) says whether the link has
///   expired or was refused, the file changed or could not be read, or the blob store could not be reached.
///
/// # Cancel safety
///
/// Dropping the future stops the upload. Blocks that have arrived stay and are found by the next upload. What the link
/// led to before stays until the last call, unless another client's blocks stood in the way and were thrown away with it.
#[must_use = "an upload runs when it is awaited"]
pub struct Upload {
    http: Http,
    local_endpoint: bool,
    url: UploadUrl,
    source: Source,
    block_size: Option<u64>,
    concurrency: Option<usize>,
    observer: Option<Observer>,
    attempt_timeout: Option<Duration>,
    resume: bool,
    raw: bool,
}

impl Upload {
    /// `local_endpoint` says that the service's endpoint is on loopback, so that the link may be too.
    pub(crate) fn new(http: Http, local_endpoint: bool, url: UploadUrl, source: Source) -> Self {
        Self {
            http,
            local_endpoint,
            url,
            source,
            block_size: None,
            concurrency: None,
            observer: None,
            attempt_timeout: None,
            resume: true,
            raw: false,
        }
    }

    /// Sets the size of a block in bytes, from 1 byte to 4000 MiB. The default is 4 MiB, or more if the limit of 50,000 blocks
    /// demands it.
    pub fn block_size(mut self, bytes: u64) -> Self {
        self.block_size = Some(bytes);
        self
    }

    /// Sets how many blocks are sent at once, at least 1. Each is held in memory. The default is 16, or as many as make 64 MiB.
    pub fn concurrency(mut self, blocks: usize) -> Self {
        self.concurrency = Some(blocks);
        self
    }

    /// Sets a function that is called as bytes are sent and when a block is done or sent again. The calls come from several
    /// threads but never overlap, and the upload waits for them.
    pub fn on_progress(mut self, observer: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Sets whether blocks that an earlier upload sent are used. The default is true; with false they are discarded first.
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Sets whether a file that is a package itself, by its extension and first bytes, is uploaded as it is. The default is
    /// false, because the service takes such a file and then ignores it.
    pub fn raw(mut self, raw: bool) -> Self {
        self.raw = raw;
        self
    }

    /// Sets the time of each attempt. By default it follows the speed of the link.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Looks at the link and the source, and begins nothing yet.
    pub(crate) async fn open(self) -> Result<OpenUpload> {
        let link = Link::new(&self.url, self.local_endpoint)?;
        let source = self.source.open(self.raw).await?;
        let plan = Plan::new(source.len(), self.block_size, self.concurrency)?;
        let job = Job {
            pool: Pool::new(plan.concurrency),
            pace: Arc::new(Pace::new(self.attempt_timeout, plan.in_flight())),
            meter: Arc::new(Meter::new(plan.total, plan.count(), self.observer)),
            peer: Peer::new(self.http, &BLOBS),
            link,
            source,
            plan,
            attempt_timeout: self.attempt_timeout,
            counted: Mutex::default(),
        };
        Ok(OpenUpload {
            job,
            local_endpoint: self.local_endpoint,
            resume: self.resume,
        })
    }
}

/// An upload that may go on with another link if its own is to blame: what was sent and counted stays so.
pub(crate) struct OpenUpload {
    job: Job,
    local_endpoint: bool,
    resume: bool,
}

impl OpenUpload {
    pub(crate) async fn run(&mut self) -> Result<Receipt<Progress>> {
        let answer = self.job.run(self.resume).await?;
        Ok(Receipt::new(
            answer.status,
            None,
            answer.call.request_id,
            self.job.meter.now(),
        ))
    }

    /// Takes this link instead. The next run asks what is there, whatever the first one was told.
    #[cfg_attr(not(feature = "archive"), allow(dead_code, reason = "publish() has nothing to upload then"))]
    pub(crate) fn go_on_with(&mut self, url: &UploadUrl) -> Result<()> {
        self.job.link = Link::new(url, self.local_endpoint)?;
        self.resume = true;
        Ok(())
    }
}

impl IntoFuture for Upload {
    type Output = Result<Receipt<Progress>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.open().await?.run().await })
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("url", &self.url)
            .field("source", &self.source)
            .field("block_size", &self.block_size)
            .field("concurrency", &self.concurrency)
            .field("resume", &self.resume)
            .field("raw", &self.raw)
            .finish_non_exhaustive()
    }
}
