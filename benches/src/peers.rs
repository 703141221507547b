//! One upload by one peer, in a process that does nothing else.

use std::num::NonZero;
use std::path::Path;
use std::time::{Duration, Instant};

use azure_core::http::Body;
use azure_storage_blob::BlockBlobClient;
use azure_storage_blob::models::BlockBlobClientUploadOptions;
use azure_storage_blob::stream::tokio::FileStream;
use futures_util::stream;
use tokio::io::AsyncReadExt;

const CHUNK: usize = 1 << 20;

/// What a process says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub wall: f64,
    pub cpu: f64,
    /// `VmHWM` in MiB.
    pub memory: f64,
    pub retries: f64,
}

/// Runs one upload and prints its usage. `concurrency` 0 means the peer's default.
pub async fn run(peer: &str, link: &str, file: &Path, concurrency: usize, timeout: Option<Duration>) {
    let started = Instant::now();
    let retries = match peer {
        "msstore" => msstore(link, file, concurrency, timeout).await,
        "azure_storage_blob" => azure(link, file, concurrency).await,
        "single PUT" => single_put(link, file).await,
        other => panic!("{other}"),
    };
    let wall = started.elapsed().as_secs_f64();
    let ticks: f64 = std::fs::read_to_string("/proc/self/stat")
        .unwrap()
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<f64>().unwrap())
        .sum();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let memory = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let memory: f64 = memory.trim().trim_end_matches("kB").trim().parse().unwrap();
    // Ticks are hundredths of a second on every Linux.
    println!("{wall} {} {} {retries}", ticks / 100.0, memory / 1024.0);
}

async fn msstore(link: &str, file: &Path, concurrency: usize, timeout: Option<Duration>) -> u64 {
    let client = msstore::StoreClient::builder(msstore::ClientSecret::new("tenant", "client", "secret"))
        .endpoint("http://127.0.0.1:1/v1.0/my/")
        .build()
        .unwrap();
    let mut upload = client.upload(msstore::model::UploadUrl::new(link), file);
    if concurrency > 0 {
        upload = upload.concurrency(concurrency);
    }
    if let Some(timeout) = timeout {
        upload = upload.attempt_timeout(timeout);
    }
    upload.await.unwrap().retries
}

async fn azure(link: &str, file: &Path, concurrency: usize) -> u64 {
    let client = BlockBlobClient::new(link.parse().unwrap(), None, None).unwrap();
    let options = BlockBlobClientUploadOptions {
        parallel: NonZero::new(concurrency),
        ..BlockBlobClientUploadOptions::default()
    };
    let file = tokio::fs::File::open(file).await.unwrap();
    let body: Body = FileStream::builder(file).build().await.unwrap().into();
    client.upload(body.into(), Some(options)).await.unwrap();
    0
}

/// What the documentation's samples do, streamed: the floor.
async fn single_put(link: &str, file: &Path) -> u64 {
    let file = tokio::fs::File::open(file).await.unwrap();
    let length = file.metadata().await.unwrap().len();
    let chunks = stream::unfold(file, |mut file| async {
        let mut chunk = Vec::with_capacity(CHUNK);
        while chunk.len() < CHUNK {
            if file.read_buf(&mut chunk).await.unwrap() == 0 {
                break;
            }
        }
        (!chunk.is_empty()).then_some((Ok::<_, std::io::Error>(chunk), file))
    });
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .put(link)
        .header("x-ms-blob-type", "BlockBlob")
        .header("content-length", length)
        .body(reqwest::Body::wrap_stream(chunks))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    0
}
