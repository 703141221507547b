//! The fake as a test holds it: started and stopped, told what to do, asked what it saw.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;

use super::account::{CLIENT_ID, CLIENT_SECRET, SELLER_ID, TENANT_ID};
use super::blob_slot::joined;
use super::catalog::describe;
use super::faults::{Armed, Fault};
use super::image::sample_image;
use super::recorded::{AppliedWrite, RecordedRequest, method_fits, path_fits};
use super::rules::Rule;
use super::server::Server;
use super::state::{State, lock};
use crate::auth::ClientSecret;
use crate::client::{StoreClient, StoreClientBuilder};
use crate::error::Result;
use crate::http::clock::Clock;

/// A fake of the Microsoft Store submission API on the loopback. It ends when it is dropped.
///
/// Wherever an id is asked for, its text or one of the crate's id types serves.
pub struct FakeStore {
    state: Arc<Mutex<State>>,
    pub(super) clock: Clock,
    started: Instant,
    origin: String,
    /// Removed with the fake.
    files: PathBuf,
    _server: Server,
}

/// An archive that was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedBlob {
    /// The length in bytes.
    pub length: u64,
    /// The CRC-64/NVME of the content.
    pub crc64: u64,
    /// The content, unless [`FakeStore::discard_blobs`] was on.
    pub content: Option<Bytes>,
    /// Its content type.
    pub content_type: String,
    /// The lengths of the blocks it was made of; one when it was uploaded in one go.
    pub blocks: Vec<u64>,
}

impl FakeStore {
    /// The app of [`start_with_sample`](Self::start_with_sample).
    pub const SAMPLE_APPLICATION: &str = "9FAKELANTERN";
    /// The add-on of [`start_with_sample`](Self::start_with_sample).
    pub const SAMPLE_IN_APP_PRODUCT: &str = "9FAKEADDONS1";
    /// The flight of [`start_with_sample`](Self::start_with_sample).
    pub const SAMPLE_FLIGHT: &str = "0d9e3b51-6c7a-4f28-9b64-5a1e7c3d2f80";
    /// The MSI or EXE product of [`start_with_sample`](Self::start_with_sample).
    pub const SAMPLE_MSI_PRODUCT: &str = "e1c7a6d4-53b8-4f0d-a92e-8b40f6d1c375";
    /// The seller of the MSI and EXE products.
    pub const SAMPLE_SELLER: &str = SELLER_ID;

    /// Starts an empty fake on a free port, on a thread of its own.
    ///
    /// # Errors
    ///
    /// When the port or the thread cannot be had.
    ///
    /// # Cancel safety
    ///
    /// Nothing is waited for; a fake that nobody takes ends again.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let origin = format!("http://{}:{port}", Ipv4Addr::LOCALHOST);
        let clock = Clock::jumping();
        let state = Arc::new(Mutex::new(State::new(clock.clone(), origin.clone())));
        let server = Server::start(listener, Arc::clone(&state))?;
        Ok(Self {
            state,
            started: clock.now(),
            clock,
            origin,
            files: std::env::temp_dir().join(format!("msstore-fake-{}-{port}", std::process::id())),
            _server: server,
        })
    }

    /// Starts a fake with one app ([`SAMPLE_APPLICATION`](Self::SAMPLE_APPLICATION)), one add-on
    /// ([`SAMPLE_IN_APP_PRODUCT`](Self::SAMPLE_IN_APP_PRODUCT)) and one flight ([`SAMPLE_FLIGHT`](Self::SAMPLE_FLIGHT)),
    /// each with a published submission, and one MSI or EXE product ([`SAMPLE_MSI_PRODUCT`](Self::SAMPLE_MSI_PRODUCT)), as
    /// [`seed_msi_product`](Self::seed_msi_product) adds it.
    ///
    /// # Errors
    ///
    /// When the port or the thread cannot be had.
    ///
    /// # Cancel safety
    ///
    /// As of [`start`](Self::start).
    pub async fn start_with_sample() -> io::Result<Self> {
        let fake = Self::start().await?;
        fake.seed_sample();
        Ok(fake)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The base of the packaged API, with a slash at its end.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}/v1.0/my/", self.origin)
    }

    /// The base of the token endpoint, without a slash at its end.
    #[must_use]
    pub fn authority(&self) -> String {
        self.origin.clone()
    }

    /// The tenant that the fake knows.
    #[must_use]
    pub fn tenant_id(&self) -> &'static str {
        TENANT_ID
    }

    /// The client id that the fake knows.
    #[must_use]
    pub fn client_id(&self) -> &'static str {
        CLIENT_ID
    }

    /// The client secret that the fake knows.
    #[must_use]
    pub fn client_secret(&self) -> &'static str {
        CLIENT_SECRET
    }

    /// A client of this fake. It shares the fake's clock: where it would wait it moves the clock ahead, so that days of
    /// polling take milliseconds.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be made.
    pub fn client(&self) -> Result<StoreClient> {
        self.client_builder().build()
    }

    /// The settings of [`client`](Self::client), to change some of them.
    pub fn client_builder(&self) -> StoreClientBuilder {
        let provider = ClientSecret::new(TENANT_ID, CLIENT_ID, CLIENT_SECRET).authority(self.authority());
        StoreClient::builder(provider)
            .endpoint(self.endpoint())
            .msi_endpoint(self.msi_endpoint())
            .clock(self.clock.clone())
    }

    /// Writes a file of so many bytes, to be submitted as a package or image. It is removed when the fake is dropped.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn sample_file(&self, name: &str, bytes: usize) -> io::Result<PathBuf> {
        self.write_file(name, vec![b'.'; bytes])
    }

    /// Writes a PNG of this size in pixels, to be submitted as an image. It is removed when the fake is dropped.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn sample_image(&self, name: &str, width: u32, height: u32) -> io::Result<PathBuf> {
        self.write_file(name, sample_image(width, height))
    }

    pub(super) fn write_file(&self, name: &str, content: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        std::fs::create_dir_all(&self.files)?;
        let path = self.files.join(name);
        std::fs::write(&path, content)?;
        Ok(path)
    }

    /// Moves the fake's clock on.
    pub fn advance(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// How far the fake's clock has gone since it was started: the time that a pipeline would have taken.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.clock.now() - self.started
    }

    /// Installs a fault. Of several that hit a request, the one installed first acts.
    pub fn fault(&self, fault: Fault) {
        self.state().faults.push(Armed::new(fault));
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.past = None;
    }

    /// Whether a rule of the service holds. By default all do.
    pub fn enforce(&self, rule: Rule, enforced: bool) {
        let mut state = self.state();
        if enforced {
            state.lifted.remove(&rule);
        } else {
            state.lifted.insert(rule);
        }
    }

    /// Makes all tokens issued so far invalid.
    pub fn expire_tokens(&self) {
        self.state().tokens.clear();
    }

    /// How long tokens live that are issued from now on; 3599 seconds by default.
    pub fn set_token_life(&self, life: Duration) {
        self.state().token_life = life;
    }

    /// How long upload links live that are made from now on; 24 hours by default.
    pub fn set_link_life(&self, life: Duration) {
        self.state().link_life = life;
    }

    /// Ends all upload links made so far, at the blob store and whatever they say themselves.
    pub fn expire_links(&self) {
        let mut state = self.state();
        let now = state.clock.system_now();
        state.blobs.end_links(now);
    }

    /// Whether a draft whose upload link has ended has a new one, to the same blob, when it is read. By default it keeps the old
    /// one: what the service does is not documented.
    pub fn renew_links(&self, renew: bool) {
        self.state().renews_links = renew;
    }

    /// Whether `+` is escaped in the signatures of upload links made from now on. By default it is not, as the service
    /// does it now and then, so that a client that does not escape it itself is refused.
    pub fn escape_signatures(&self, escape: bool) {
        self.state().escape_signatures = escape;
    }

    /// Whether only lengths and checksums of uploaded content are kept, which saves memory in benchmarks. Commits then
    /// do not look into archives.
    pub fn discard_blobs(&self, discard: bool) {
        self.state().blobs.discard = discard;
    }

    /// All requests so far, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state().requests.clone()
    }

    /// The requests with this method and path, matched as by [`Fault::on`].
    #[must_use]
    pub fn requests_to(&self, method: &str, path: &str) -> Vec<RecordedRequest> {
        let state = self.state();
        let fits = |request: &&RecordedRequest| method_fits(method, &request.method) && path_fits(path, &request.path);
        state.requests.iter().filter(fits).cloned().collect()
    }

    /// The writes that took effect, whether or not their answers arrived: of the API and of the blob store.
    #[must_use]
    pub fn applied(&self) -> Vec<AppliedWrite> {
        self.state().applied.clone()
    }

    /// The writes that took effect with this method and path, matched as by [`Fault::on`].
    #[must_use]
    pub fn applied_to(&self, method: &str, path: &str) -> Vec<AppliedWrite> {
        let state = self.state();
        let fits = |write: &&AppliedWrite| method_fits(method, &write.method) && path_fits(path, &write.path);
        state.applied.iter().filter(fits).cloned().collect()
    }

    /// Forgets requests and applied writes, for a test with several parts.
    pub fn forget_requests(&self) {
        let mut state = self.state();
        state.forgotten += state.requests.len();
        state.requests.clear();
        state.applied.clear();
    }

    /// The JSON of an app, add-on or flight, as the API shows it.
    #[must_use]
    pub fn resource(&self, id: impl fmt::Display) -> Option<Value> {
        describe(&self.state(), &id.to_string())
    }

    /// A submission, as the API shows it.
    #[must_use]
    pub fn submission(&self, id: impl fmt::Display) -> Option<Value> {
        let state = self.state();
        let submission = state.model.submissions.get(&id.to_string())?;
        Some(submission.document.clone())
    }

    /// The pending submission of an app, add-on or flight.
    #[must_use]
    pub fn pending_submission(&self, parent: impl fmt::Display) -> Option<Value> {
        let id = self.state().model.parent(&parent.to_string())?.pending.clone()?;
        self.submission(id)
    }

    /// The last published submission of an app, add-on or flight.
    #[must_use]
    pub fn published_submission(&self, parent: impl fmt::Display) -> Option<Value> {
        let id = self.state().model.parent(&parent.to_string())?.published.clone()?;
        self.submission(id)
    }

    /// What was uploaded for a submission; none before the upload is complete.
    #[must_use]
    pub fn blob(&self, submission: impl fmt::Display) -> Option<UploadedBlob> {
        let state = self.state();
        let guid = state.model.submissions.get(&submission.to_string())?.blob.as_ref()?;
        let (pieces, content_type) = state.blobs.pieces(guid)?;
        let crc64 = pieces.iter().fold(None, |so_far, piece| {
            let algorithm = crc_fast::CrcAlgorithm::Crc64Nvme;
            Some(match so_far {
                None => piece.crc64,
                Some(sum) => crc_fast::checksum_combine(algorithm, sum, piece.crc64, piece.length),
            })
        });
        Some(UploadedBlob {
            length: pieces.iter().map(|piece| piece.length).sum(),
            crc64: crc64.unwrap_or_default(),
            content: joined(&pieces),
            content_type: content_type.to_owned(),
            blocks: pieces.iter().map(|piece| piece.length).collect(),
        })
    }

    /// The ids (base64) and lengths of the blocks that were uploaded for a submission and are not yet in its blob.
    #[must_use]
    pub fn uncommitted_blocks(&self, submission: impl fmt::Display) -> Vec<(String, u64)> {
        let state = self.state();
        let submission = state.model.submissions.get(&submission.to_string());
        let guid = submission.and_then(|it| it.blob.as_ref());
        guid.map(|guid| state.blobs.uncommitted(guid)).unwrap_or_default()
    }
}

impl fmt::Debug for FakeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeStore")
            .field("endpoint", &self.endpoint())
            .finish_non_exhaustive()
    }
}

impl Drop for FakeStore {
    fn drop(&mut self) {
        // It may never have been made; and what cannot be removed now is left to the system.
        let _ = std::fs::remove_dir_all(&self.files);
    }
}
