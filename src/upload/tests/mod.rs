//! Whole uploads against a server that misbehaves.

mod azurite;
mod refusals;
mod server;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use self::server::{Fault, Seen, Server};
use crate::error::{Error, ErrorKind, UploadKind};
use crate::http::clock::Clock;
use crate::http::{Http, Settings};
use crate::model::receipt::Receipt;
use crate::secret::UploadUrl;
use crate::upload::{Progress, Source, Upload, blocks};

const BLOCK: usize = 64 << 10;

fn upload_to(link: &str, source: impl Into<Source>) -> Upload {
    let http = Http::new(reqwest::Client::builder(), true, Settings::default(), Clock::jumping()).unwrap();
    Upload::new(http, true, UploadUrl::new(link), source.into())
        .block_size(BLOCK as u64)
        .concurrency(4)
}

async fn upload(server: &Server, source: impl Into<Source>) -> Result<Receipt<Progress>, Error> {
    upload_to(&server.link(), source).await
}

fn bytes(length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(length as u64);
    (0..length).map(|_| random.u8(..)).collect()
}

fn kind(error: &Error) -> UploadKind {
    match error.kind() {
        ErrorKind::Upload(kind) => kind,
        _ => panic!("{error:?}"),
    }
}

/// A file that is gone at the end of its test.
struct Temporary(PathBuf);

impl Temporary {
    fn new(content: &[u8]) -> Self {
        Self::named("file", content)
    }

    /// With a name that ends so.
    fn named(name: &str, content: &[u8]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "msstore-upload-{}-{}-{name}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::SeqCst)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn small_content_goes_in_one_call() {
    let server = Server::start().await;
    let content = bytes(BLOCK);
    let report = upload(&server, content.clone()).await.unwrap();
    assert_eq!(server.content(), content);
    assert_eq!(server.kinds(), ["blob"]);
    assert_eq!(
        (report.bytes, report.blocks, report.retries, report.http_status),
        (BLOCK as u64, 1, 0, 201)
    );
    let seen = &server.seen("blob")[0];
    assert_eq!(seen.headers["x-ms-blob-type"], "BlockBlob");
    assert_eq!(seen.headers["content-type"], "application/zip");
    assert_eq!(seen.headers["x-ms-version"], "2021-12-02");
    assert_eq!(seen.headers["content-length"], BLOCK.to_string());
    assert!(!seen.headers.contains_key("authorization") && !seen.headers.contains_key("transfer-encoding"));
}

#[tokio::test]
async fn large_content_goes_in_blocks() {
    let content = bytes(10 * BLOCK + 1);
    let file = Temporary::new(&content);
    for source in [Source::from(content.clone()), Source::from(&file.0)] {
        let server = Server::start().await;
        let report = upload(&server, source).await.unwrap();
        assert_eq!(server.content(), content);
        assert_eq!(
            (report.bytes, report.blocks, report.blocks_skipped),
            (content.len() as u64, 11, 0)
        );
        assert_eq!(server.seen("block").len(), 11);
        let list = &server.seen("list")[0];
        assert_eq!(list.headers["x-ms-blob-content-type"], "application/zip");
        assert!(
            server
                .seen("block")
                .iter()
                .all(|seen| seen.headers["x-ms-version"] == "2021-12-02"
                    && seen.headers.contains_key("x-ms-content-crc64")
                    && !seen.headers.contains_key("content-md5")
                    && !seen.headers.contains_key("authorization")
                    && !seen.headers.contains_key("transfer-encoding"))
        );
    }
}

#[tokio::test]
async fn as_many_blocks_go_at_once_as_were_asked_for() {
    let barrier = Arc::new(tokio::sync::Barrier::new(4));
    let server = Server::with(move |seen, _| match seen.kind() {
        "block" => Fault::Gather(Arc::clone(&barrier)),
        _ => Fault::None,
    })
    .await;
    let content = bytes(8 * BLOCK);
    upload(&server, content.clone()).await.unwrap();
    assert_eq!(server.content(), content);
    assert_eq!(server.blob.lock().unwrap().most_under_way, 4);
}

#[tokio::test]
async fn the_link_is_sent_as_it_is_but_for_a_raw_plus() {
    let server = Server::start().await;
    let link = server.link().replace("sig=a%2Bb%3D", "sig=a+b%3d");
    upload_to(&link, bytes(2 * BLOCK)).await.unwrap();
    for seen in server.blob.lock().unwrap().seen.clone() {
        assert!(
            seen.target.starts_with("/store/blob?sv=2021-12-02&sr=b&sig=a%2Bb%3d&sp=rwl"),
            "{}",
            seen.target
        );
    }
}

/// Every `nth` block request fails, as often as it comes up.
async fn with_faults(nth: usize, fault: Fault) -> (Server, Vec<u8>, Receipt<Progress>) {
    let time = if matches!(fault, Fault::Stall) { 2 } else { 60 };
    let server = Server::with(move |seen, number| match seen.kind() {
        "block" if number % nth == nth - 1 => fault.clone(),
        _ => Fault::None,
    })
    .await;
    let content = bytes(40 * BLOCK);
    let report = upload_to(&server.link(), content.clone())
        .attempt_timeout(Duration::from_secs(time))
        .await
        .unwrap();
    (server, content, report)
}

#[tokio::test]
async fn failed_blocks_are_sent_again_and_only_they() {
    for fault in [
        Fault::Answer(503, ""),
        Fault::Reset,
        Fault::Stall,
        Fault::Corrupt,
        Fault::LoseAnswer,
    ] {
        let (server, content, report) = with_faults(20, fault.clone()).await;
        assert_eq!(server.content(), content, "{fault:?}");
        assert_eq!(report.retries, 2, "{fault:?}");
        assert_eq!(server.seen("block").len(), 42, "{fault:?}");
        let sent: usize = server.seen("block").iter().map(|seen| seen.read).sum();
        assert!(sent <= content.len() * 11 / 10, "{fault:?}: {sent}");
    }
}

#[tokio::test]
async fn a_lost_answer_to_the_list_does_no_harm() {
    let server = Server::with(|seen, number| match (seen.kind(), number) {
        ("list", 0) => Fault::LoseAnswer,
        _ => Fault::None,
    })
    .await;
    let content = bytes(3 * BLOCK);
    upload(&server, content.clone()).await.unwrap();
    assert_eq!(server.content(), content);
    assert_eq!(server.seen("list").len(), 2);
}

#[tokio::test]
async fn a_block_that_never_arrives_whole_ends_the_upload() {
    let server = Server::with(|seen, _| match seen.kind() {
        "block" => Fault::Corrupt,
        _ => Fault::None,
    })
    .await;
    let error = upload_to(&server.link(), bytes(2 * BLOCK)).concurrency(1).await.unwrap_err();
    assert_eq!(kind(&error), UploadKind::Send);
    assert_eq!((error.status(), error.code()), (Some(400), Some("Crc64Mismatch")));
    assert_eq!(server.seen("block").len(), 5);
    assert!(server.seen("list").is_empty());
}

#[tokio::test]
async fn an_interrupted_upload_goes_on_where_it_was() {
    let broken = Arc::new(Mutex::new(true));
    let switch = Arc::clone(&broken);
    let server = Server::with(move |seen, number| match seen.kind() {
        "block" if number >= 6 && *switch.lock().unwrap() => Fault::Answer(400, "no"),
        _ => Fault::None,
    })
    .await;
    let mut content = bytes(10 * BLOCK);
    // One at a time, so that none is under way when it ends.
    let interrupted = upload_to(&server.link(), content.clone()).concurrency(1);
    interrupted.await.unwrap_err();
    *broken.lock().unwrap() = false;
    let there = server.blob.lock().unwrap().uncommitted.len();
    assert_eq!(there, 6);
    let before = server.seen("block").len();
    let last = Arc::new(Mutex::new(Progress::default()));
    let observer = Arc::clone(&last);
    let report = upload_to(&server.link(), content.clone())
        .on_progress(move |progress| *observer.lock().unwrap() = progress)
        .await
        .unwrap();
    assert_eq!(server.content(), content);
    assert_eq!(report.blocks_skipped, there as u64);
    assert_eq!(report.bytes_skipped, (there * BLOCK) as u64);
    assert_eq!(server.seen("block").len() - before, 10 - there);
    let last = *last.lock().unwrap();
    assert_eq!((last.bytes, last.blocks), (last.bytes_total, last.blocks_total));
    assert_eq!(last.blocks_skipped, there as u64);

    // What changed is sent, what did not is not.
    let blocks: Vec<(String, Vec<u8>)> = content
        .chunks(BLOCK)
        .enumerate()
        .map(|(index, block)| {
            let checksum = crate::upload::checksum::crc64(block);
            (blocks::id(&blocks::name(index as u64, checksum)), block.to_vec())
        })
        .collect();
    server.blob.lock().unwrap().uncommitted = blocks.into_iter().collect();
    content[5 * BLOCK] ^= 1;
    let report = upload(&server, content.clone()).await.unwrap();
    assert_eq!(server.content(), content);
    assert_eq!(report.blocks_skipped, 9);

    // Nor is what an upload sent that came to its end.
    content[7 * BLOCK] ^= 1;
    let report = upload(&server, content.clone()).await.unwrap();
    assert_eq!(server.content(), content);
    assert_eq!(report.blocks_skipped, 9);
}

#[tokio::test]
async fn without_resume_everything_is_sent() {
    let server = Server::start().await;
    let content = bytes(2 * BLOCK);
    server.blob.lock().unwrap().uncommitted.insert("c2hvcnQ=".to_owned(), vec![1]);
    let report = upload_to(&server.link(), content.clone()).resume(false).await.unwrap();
    assert_eq!(server.content(), content);
    assert_eq!(report.blocks_skipped, 0);
    assert_eq!(server.kinds()[0], "list");
    assert!(server.seen("get").is_empty());
}

#[tokio::test]
async fn blocks_of_another_client_are_thrown_away() {
    let server = Server::start().await;
    let content = bytes(2 * BLOCK);
    server.blob.lock().unwrap().uncommitted.insert("c2hvcnQ=".to_owned(), vec![1]);
    upload(&server, content.clone()).await.unwrap();
    assert_eq!(server.content(), content);
    assert_eq!(server.kinds()[..2], ["get", "list"]);
}

#[tokio::test]
async fn progress_moves_within_blocks_and_never_lies() {
    let server = Server::with(|seen, number| match (seen.kind(), number) {
        ("block", 1) => Fault::Answer(503, ""),
        _ => Fault::None,
    })
    .await;
    let all = Arc::new(Mutex::new(Vec::new()));
    let observer = Arc::clone(&all);
    let report = upload_to(&server.link(), bytes(5 << 20))
        .block_size(2 << 20)
        .on_progress(move |progress| observer.lock().unwrap().push(progress))
        .await
        .unwrap();
    let all = all.lock().unwrap();
    assert!(
        all.iter()
            .all(|progress| progress.bytes <= progress.bytes_total && progress.bytes_total == 5 << 20)
    );
    assert!(all.iter().any(|progress| progress.bytes % (2 << 20) == 512 << 10));
    assert!(
        all.windows(2)
            .all(|pair| pair[0].elapsed <= pair[1].elapsed && pair[0].blocks <= pair[1].blocks)
    );
    let last = all.last().unwrap();
    assert_eq!((last.bytes, last.blocks, last.retries), (5 << 20, 3, 1));
    assert_eq!(report.retries, 1);
}

#[tokio::test]
async fn a_file_that_changes_is_not_made_a_blob() {
    let replaced = bytes(3 * BLOCK);
    for change in ["grows", "shrinks", "is replaced"] {
        let file = Temporary::new(&bytes(3 * BLOCK + 1));
        let (path, new) = (file.0.clone(), replaced.clone());
        let server = Server::with(move |seen: &Seen, number| {
            if (seen.kind(), number) == ("block", 0) {
                let handle = || std::fs::OpenOptions::new().write(true).open(&path).unwrap();
                match change {
                    "grows" => handle().set_len(4 * BLOCK as u64).unwrap(),
                    "shrinks" => handle().set_len(BLOCK as u64).unwrap(),
                    _ => {
                        std::fs::remove_file(&path).unwrap();
                        std::fs::write(&path, &new).unwrap();
                    }
                }
            }
            Fault::None
        })
        .await;
        let error = upload_to(&server.link(), &file.0).concurrency(1).await.unwrap_err();
        assert_eq!(kind(&error), UploadKind::SourceChanged, "{change}");
        assert!(server.seen("list").is_empty(), "{change}");
    }
}

#[tokio::test]
async fn the_time_of_an_api_call_does_not_bound_a_block() {
    let server = Server::start().await;
    let mut settings = Settings::default();
    settings.retry.call_timeout = Duration::ZERO;
    settings.attempt_timeout = Duration::ZERO;
    let http = Http::new(reqwest::Client::builder(), true, settings, Clock::jumping()).unwrap();
    let upload = Upload::new(http, true, UploadUrl::new(server.link()), bytes(BLOCK).into());
    upload.await.unwrap();
    assert_eq!(server.content(), bytes(BLOCK));
}

#[tokio::test]
async fn the_limit_of_an_api_answer_does_not_bound_the_list_of_blocks() {
    let server = Server::start().await;
    let content = bytes(3 * BLOCK);
    upload(&server, content.clone()).await.unwrap();
    let settings = Settings {
        max_answer: 16,
        ..Settings::default()
    };
    let http = Http::new(reqwest::Client::builder(), true, settings, Clock::jumping()).unwrap();
    let upload = Upload::new(http, true, UploadUrl::new(server.link()), content.into());
    let report = upload.block_size(BLOCK as u64).await.unwrap();
    assert_eq!(report.blocks_skipped, 3);
}

#[tokio::test]
async fn dropping_an_upload_stops_it() {
    let server = Server::with(|_, _| Fault::Stall).await;
    let running = tokio::time::timeout(Duration::from_millis(200), upload_to(&server.link(), bytes(4 << 20)));
    let started = Instant::now();
    running.await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(server.kinds(), ["get"]);
}

#[test]
fn an_upload_is_send_and_hides_its_signature() {
    fn sendable(_: &(impl Send + 'static)) {}
    let upload = upload_to("https://example.com/b?sig=s3cret", bytes(1));
    assert!(!format!("{upload:?}").contains("s3cret"));
    sendable(&upload);
    sendable(&IntoFuture::into_future(upload));
}
