//! Uploads to a real blob server: Azurite, from `tests/azurite/`.
//!
//! They run when `MSSTORE_TEST_AZURITE` is set, and then fail if it cannot start.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};

use crate::error::{Error, UploadKind};
use crate::http::clock::Clock;
use crate::http::{Http, Settings};
use crate::secret::UploadUrl;
use crate::upload::tests::{BLOCK, Temporary, bytes, kind};
use crate::upload::{Source, Upload, checksum};

const ACCOUNT: &str = "msstore";
const KEY: &[u8] = b"a key for an emulator, not a secret";
const SIGNED_VERSION: &str = "2018-11-09";
const CHILD_LINK: &str = "MSSTORE_TEST_AZURITE_CHILD_LINK";
const CHILD_FILE: &str = "MSSTORE_TEST_AZURITE_CHILD_FILE";

struct Azurite {
    process: Child,
    base: String,
    http: reqwest::Client,
}

impl Azurite {
    /// With an empty container, or nothing if it is not asked for.
    async fn start() -> Option<Self> {
        std::env::var_os("MSSTORE_TEST_AZURITE")?;
        let main = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/azurite/node_modules/azurite/dist/src/blob/main.js");
        assert!(main.exists(), "run `npm ci` in tests/azurite");
        let mut process = Command::new("node")
            .arg(main)
            .args([
                "--inMemoryPersistence",
                "--disableTelemetry",
                "--silent",
                "--blobHost",
                "127.0.0.1",
                "--blobPort",
                "0",
            ])
            .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{}", STANDARD.encode(KEY)))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let base = loop {
            let line = lines.next().expect("Azurite ended").unwrap();
            if let Some((_, address)) = line.split_once("successfully listens on ") {
                break format!("{address}/{ACCOUNT}");
            }
        };
        let azurite = Self {
            process,
            base,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        };
        let end = end(3600);
        let text = format!("{ACCOUNT}\nrwl\nb\nc\n\n{end}\n\n\n{SIGNED_VERSION}\n");
        let query = format!(
            "sv={SIGNED_VERSION}&ss=b&srt=c&sp=rwl&se={}&sig={}",
            encode(&end),
            encode(&sign(&text))
        );
        let container = format!("{}/ingestion?restype=container&{query}", azurite.base);
        let made = azurite.http.put(container).header("content-length", 0).send().await.unwrap();
        assert_eq!(made.status(), 201, "{}", made.text().await.unwrap());
        Some(azurite)
    }

    /// A link as the service makes it: `sr=b`, `sp=rwl`.
    fn link(&self, blob: &str, end: &str) -> String {
        self.link_signed(blob, end, &encode(&signature(blob, end)))
    }

    fn link_signed(&self, blob: &str, end: &str, signature: &str) -> String {
        let end = encode(end);
        format!(
            "{}/ingestion/{blob}?sv={SIGNED_VERSION}&se={end}&sr=b&sp=rwl&sig={signature}",
            self.base
        )
    }

    async fn content(&self, link: &str) -> Vec<u8> {
        let answer = self.http.get(link).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/zip");
        answer.bytes().await.unwrap().to_vec()
    }

    /// Puts a block as another client would.
    async fn put_block(&self, link: &str, id: &str, content: &[u8], checksum: u64) -> (u16, String) {
        let answer = self
            .http
            .put(format!("{link}&comp=block&blockid={}", encode(id)))
            .header("x-ms-version", "2021-12-02")
            .header("x-ms-content-crc64", checksum::header(checksum))
            .body(content.to_vec())
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn end(seconds: u64) -> String {
    let end = crate::date::format(SystemTime::now() + Duration::from_secs(seconds));
    format!("{}Z", &end[..19])
}

fn sign(text: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(KEY).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn signature(blob: &str, end: &str) -> String {
    sign(&format!(
        "rwl\n\n{end}\n/blob/{ACCOUNT}/ingestion/{blob}\n\n\n\n{SIGNED_VERSION}\nb\n\n\n\n\n\n"
    ))
}

fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn upload_to(link: &str, source: impl Into<Source>) -> Upload {
    let http = Http::new(reqwest::Client::builder(), true, Settings::default(), Clock::real()).unwrap();
    Upload::new(http, true, UploadUrl::new(link), source.into())
        .block_size(BLOCK as u64)
        .concurrency(4)
}

#[tokio::test]
async fn azurite_takes_small_and_large_content() {
    let Some(azurite) = Azurite::start().await else { return };
    for (blob, length) in [("small", 1), ("one-block", BLOCK), ("large", 20 * BLOCK + 7)] {
        let link = azurite.link(blob, &end(3600));
        let content = bytes(length);
        let file = Temporary::new(&content);
        let report = upload_to(&link, &file.0).await.unwrap();
        assert_eq!((report.http_status, report.retries), (201, 0));
        assert!(report.request_id.is_some());
        assert!(azurite.content(&link).await == content, "{blob}");
    }
    // Again, over what is there.
    let link = azurite.link("large", &end(3600));
    let content = bytes(3 * BLOCK);
    upload_to(&link, content.clone()).await.unwrap();
    assert!(azurite.content(&link).await == content);
}

/// What the process that is killed runs; by itself it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn azurite_child() {
    let (Ok(link), Some(file)) = (std::env::var(CHILD_LINK), std::env::var_os(CHILD_FILE)) else {
        return;
    };
    let half = |progress: crate::upload::Progress| {
        if progress.blocks * 2 >= progress.blocks_total {
            println!("half");
            loop {
                std::thread::park();
            }
        }
    };
    let _ = upload_to(&link, Path::new(&file)).on_progress(half).await;
    panic!("it was to be killed");
}

#[tokio::test]
async fn azurite_keeps_the_blocks_of_a_killed_process() {
    let Some(azurite) = Azurite::start().await else { return };
    let link = azurite.link("killed", &end(3600));
    let content = bytes(40 * BLOCK + 1);
    let file = Temporary::new(&content);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "upload::tests::azurite::azurite_child", "--nocapture"])
        .env(CHILD_LINK, &link)
        .env(CHILD_FILE, &file.0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("half")));
    child.kill().unwrap();
    child.wait().unwrap();
    let report = upload_to(&link, &file.0).await.unwrap();
    assert!(report.blocks_skipped >= 21, "{report:?}");
    assert_eq!(report.blocks, 41);
    assert!(azurite.content(&link).await == content);
}

#[tokio::test]
async fn azurite_refuses_expired_and_wrong_links() {
    let Some(azurite) = Azurite::start().await else { return };
    let past = crate::date::format(SystemTime::now() - Duration::from_secs(3600));
    let past = format!("{}Z", &past[..19]);
    let expired = azurite.link("dead", &past);
    let before = upload_to(&expired, bytes(1)).await.unwrap_err();
    assert_eq!((kind(&before), before.status()), (UploadKind::LinkExpired, None));

    // It ends while the upload runs.
    let last = end(4);
    let over = crate::date::parse(&last).unwrap() + Duration::from_secs(1);
    let dying = azurite.link("dying", &last);
    let wait = move |progress: crate::upload::Progress| {
        while progress.blocks > 0 && SystemTime::now() < over {
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    let after = upload_to(&dying, bytes(9 * BLOCK)).on_progress(wait).await.unwrap_err();
    assert_eq!((kind(&after), after.status()), (UploadKind::LinkExpired, Some(403)));

    let wrong = azurite.link_signed("wrong", &end(3600), &encode(&signature("another", &end(3600))));
    let refused = upload_to(&wrong, bytes(3 * BLOCK)).await.unwrap_err();
    assert_eq!((kind(&refused), refused.status()), (UploadKind::LinkRefused, Some(403)));
    assert_eq!(refused.code(), Some("AuthorizationFailure"));
    let shown = format!("{refused} {refused:?}");
    assert!(!shown.contains(&signature("another", &end(3600))[..20]), "{shown}");
}

#[tokio::test]
async fn azurite_wants_the_plus_of_a_signature_encoded() {
    let Some(azurite) = Azurite::start().await else { return };
    let end = (3600..).map(end).find(|end| signature("plus", end).contains('+')).unwrap();
    let raw = azurite.link_signed("plus", &end, &signature("plus", &end));
    let as_it_is = azurite
        .http
        .put(&raw)
        .header("x-ms-blob-type", "BlockBlob")
        .body("x")
        .send()
        .await
        .unwrap();
    assert_eq!(as_it_is.status(), 403);
    let content = bytes(2 * BLOCK);
    assert_eq!(upload_to(&raw, content.clone()).await.unwrap().http_status, 201);
    assert!(azurite.content(&azurite.link("plus", &end)).await == content);
}

#[tokio::test]
async fn azurite_refuses_a_corrupted_block() {
    let Some(azurite) = Azurite::start().await else { return };
    let link = azurite.link("corrupted", &end(3600));
    let id = STANDARD.encode("1");
    let (status, body) = azurite.put_block(&link, &id, b"content", checksum::crc64(b"kontent")).await;
    assert_eq!(status, 400);
    assert!(body.contains("<Code>Crc64Mismatch</Code>"), "{body}");
    let (status, _) = azurite.put_block(&link, &id, b"content", checksum::crc64(b"content")).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn azurite_forgets_the_blocks_of_another_client() {
    let Some(azurite) = Azurite::start().await else { return };
    let link = azurite.link("foreign", &end(3600));
    let content = bytes(5 * BLOCK);
    for resume in [true, false] {
        let (status, _) = azurite
            .put_block(&link, &STANDARD.encode("short"), b"other", checksum::crc64(b"other"))
            .await;
        assert_eq!(status, 201);
        let (status, body) = azurite
            .put_block(&link, &STANDARD.encode("rather longer"), b"other", checksum::crc64(b"other"))
            .await;
        assert_eq!(status, 400, "{body}");
        let report = upload_to(&link, content.clone()).resume(resume).await.unwrap();
        assert_eq!(report.blocks_skipped, 0);
        assert!(azurite.content(&link).await == content);
    }
}

#[tokio::test]
async fn azurite_answers_for_a_container_that_is_not_there() {
    let Some(azurite) = Azurite::start().await else { return };
    let end = end(3600);
    let text = format!("rwl\n\n{end}\n/blob/{ACCOUNT}/nowhere/blob\n\n\n\n{SIGNED_VERSION}\nb\n\n\n\n\n\n");
    let link = format!(
        "{}/nowhere/blob?sv={SIGNED_VERSION}&se={}&sr=b&sp=rwl&sig={}",
        azurite.base,
        encode(&end),
        encode(&sign(&text))
    );
    let error: Error = upload_to(&link, bytes(3 * BLOCK)).await.unwrap_err();
    assert_eq!((kind(&error), error.status()), (UploadKind::LinkRefused, Some(404)));
}
