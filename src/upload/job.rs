//! One upload under way: a thin path from the plan to the blob store.
//!
//! Every call may be sent again: a block by its id, the list because it names the latest blocks. Dropping the future
//! ends everything; blocks that the blob store has stay there for a week, for the next upload to find.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::error::{Error, Result};
use crate::http::request::{Body, Method, Request};
use crate::service::{Peer, Response};
use crate::upload::blocks::{Plan, id, list, name};
use crate::upload::body::BlockBody;
use crate::upload::buffer::Pool;
use crate::upload::checksum::header;
use crate::upload::link::Link;
use crate::upload::pace::Pace;
use crate::upload::progress::Meter;
use crate::upload::resume::Leftover;
use crate::upload::source::{Block, Opened};

/// A call with a block is bounded by the time for repeats, and by nothing shorter than the life of a link.
const BLOCK_CALL: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a block is sent at least, because one attempt may take longer than the time for repeats, and how often at most if
/// it arrives corrupted.
const TRIES: u32 = 5;
/// Of 50,000 committed and 100,000 uncommitted blocks, with the longest ids that there are.
const LONGEST_LIST: usize = 32 << 20;

pub(super) struct Job {
    pub(super) peer: Peer,
    pub(super) link: Link,
    pub(super) source: Opened,
    pub(super) plan: Plan,
    pub(super) pool: Pool,
    pub(super) pace: Arc<Pace>,
    pub(super) meter: Arc<Meter>,
    /// Instead of the usual time of an attempt.
    pub(super) attempt_timeout: Option<Duration>,
    /// The blocks that are counted as done, and whether they were there: of a run before, whose link ended.
    pub(super) counted: Mutex<BTreeMap<u64, bool>>,
}

impl Job {
    /// The answer that made the blob valid.
    pub(super) async fn run(&self, resume: bool) -> Result<Response> {
        self.link.check_alive(self.peer.http().clock().system_now())?;
        if self.plan.count() == 1 {
            self.put_blob().await
        } else {
            self.put_blocks(resume).await
        }
    }

    async fn put_blob(&self) -> Result<Response> {
        let block = self.source.read(0, self.plan.total, &self.pool).await?;
        self.source.check_unchanged().await?;
        let request = self
            .link
            .request(Method::PUT, &[])
            .header("x-ms-blob-type", "BlockBlob")
            .header("content-type", "application/zip");
        self.put(request, block, "the file").await
    }

    async fn put_blocks(&self, resume: bool) -> Result<Response> {
        let leftover = self.leftover(resume).await?;
        let blocks = stream::iter(0..self.plan.count())
            .map(|index| self.block(index, &leftover))
            .buffer_unordered(self.plan.concurrency);
        let mut blocks: Vec<(u64, String)> = blocks.try_collect().await?;
        blocks.sort_unstable();
        let ids: Vec<String> = blocks.into_iter().map(|(_, id)| id).collect();
        self.source.check_unchanged().await?;
        self.put_list(&ids, "the list of blocks").await
    }

    /// What an earlier upload left; what stands in the way is thrown away.
    async fn leftover(&self, resume: bool) -> Result<Leftover> {
        if resume {
            let mut request = self
                .link
                .request(Method::GET, &[("comp", "blocklist"), ("blocklisttype", "all")]);
            request.max_answer = Some(LONGEST_LIST);
            let found = match self.send(request).await {
                Ok(answer) => Leftover::read(&String::from_utf8_lossy(&answer.body), self.plan.count()),
                Err(error) if error.is_not_found() || may_not_read(&error) => Some(Leftover::default()),
                Err(error) => return Err(self.failed(error, "the list of blocks that are there")),
            };
            if let Some(found) = found {
                return Ok(found);
            }
        }
        // An empty list keeps none; an empty Put Blob should not either, but does with Azurite.
        self.put_list(&[], "the removal of blocks that are there").await?;
        Ok(Leftover::default())
    }

    async fn put_list(&self, ids: &[String], what: &str) -> Result<Response> {
        let mut request = self
            .link
            .request(Method::PUT, &[("comp", "blocklist")])
            .header("content-type", "application/xml")
            .header("x-ms-blob-content-type", "application/zip");
        request.body = Body::Bytes(list(ids).into());
        let answer = self.send(request).await;
        answer.map_err(|error| self.failed(error, what))
    }

    /// Sends a block, unless it is there. Its index and its id.
    async fn block(&self, index: u64, leftover: &Leftover) -> Result<(u64, String)> {
        let (offset, length) = self.plan.range(index);
        let block = self.source.read(offset, length, &self.pool).await?;
        let name = name(index, block.checksum);
        let id = id(&name);
        let is_there = leftover.has(&name, length);
        let counted = self.counted().get(&index).copied();
        if let (false, Some(skipped)) = (is_there, counted) {
            // The new link leads to another blob.
            self.counted().remove(&index);
            self.meter.update(|progress| {
                progress.bytes -= length;
                progress.blocks -= 1;
                progress.bytes_skipped -= if skipped { length } else { 0 };
                progress.blocks_skipped -= u64::from(skipped);
            });
        }
        if is_there && counted.is_none() {
            self.meter.update(|progress| {
                progress.bytes += length;
                progress.bytes_skipped += length;
                progress.blocks += 1;
                progress.blocks_skipped += 1;
            });
            self.counted().insert(index, true);
        } else if !is_there {
            let request = self.link.request(Method::PUT, &[("comp", "block"), ("blockid", &id)]);
            self.put(request, block, &format!("block {} of {}", index + 1, self.plan.count()))
                .await?;
            self.counted().insert(index, false);
        }
        Ok((index, id))
    }

    fn counted(&self) -> MutexGuard<'_, BTreeMap<u64, bool>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a block's content. What was corrupted on its way is sent again, which a 400 is not otherwise.
    async fn put(&self, request: Request, block: Block, what: &str) -> Result<Response> {
        let body = BlockBody::new(block.bytes, Arc::clone(&self.pace), Arc::clone(&self.meter));
        let _given_up = body.taken_back_unless_done();
        let mut request = request.header("x-ms-content-crc64", header(block.checksum));
        request.body = Body::Stream(Box::new(body.clone()));
        request.call_timeout = Some(BLOCK_CALL);
        request.at_least = TRIES;
        let retry = &self.peer.http().settings().retry;
        let tries = if retry.is_off() { 1 } else { TRIES };
        let mut corrupted = 0;
        loop {
            match self.peer.send(&request).await {
                Ok(answer) => {
                    body.done();
                    return Ok(answer);
                }
                Err(error) if is_corrupted(&error) && corrupted + 1 < tries => {
                    corrupted += 1;
                    self.peer.http().clock().sleep(retry.base_delay).await;
                }
                Err(error) => return Err(self.failed(error, what)),
            }
        }
    }

    async fn send(&self, mut request: Request) -> Result<Response> {
        request.attempt_timeout = self.attempt_timeout;
        self.peer.send(&request).await
    }

    fn failed(&self, error: Error, what: impl Into<String>) -> Error {
        self.link.failed(error, what, self.peer.http().clock().system_now())
    }
}

/// Whether a link that is good does not allow this. A link that is not good fails at each call.
fn may_not_read(error: &Error) -> bool {
    error.status() == Some(403) && error.code() != Some("AuthenticationFailed")
}

fn is_corrupted(error: &Error) -> bool {
    matches!(error.code(), Some("Crc64Mismatch" | "Md5Mismatch"))
}
