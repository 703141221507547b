//! A blob server in memory, on a raw socket, so that it can misbehave below HTTP.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

use crate::upload::checksum;

/// What is done to a request.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    None,
    /// This answer, after the body was read.
    Answer(u16, &'static str),
    /// The body is half read and the connection reset.
    Reset,
    /// The body is half read and nothing more happens.
    Stall,
    /// A bit of the body flips on its way.
    Corrupt,
    /// Done, and then the connection is closed without an answer.
    LoseAnswer,
    /// Answered only when as many requests wait as the barrier is for.
    Gather(Arc<Barrier>),
}

#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) target: String,
    pub(super) headers: HashMap<String, String>,
    /// Bytes of the body that were read.
    pub(super) read: usize,
}

impl Seen {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn kind(&self) -> &'static str {
        match (self.method.as_str(), self.parameter("comp")) {
            ("PUT", None) => "blob",
            ("PUT", Some("block")) => "block",
            ("PUT", Some("blocklist")) => "list",
            ("GET", Some("blocklist")) => "get",
            _ => "?",
        }
    }
}

#[derive(Default)]
pub(super) struct Blob {
    pub(super) uncommitted: BTreeMap<String, Vec<u8>>,
    pub(super) committed: BTreeMap<String, Vec<u8>>,
    pub(super) content: Option<Vec<u8>>,
    pub(super) seen: Vec<Seen>,
    pub(super) under_way: usize,
    pub(super) most_under_way: usize,
}

type Script = dyn Fn(&Seen, usize) -> Fault + Send + Sync;

#[derive(Clone)]
pub(super) struct Server {
    address: SocketAddr,
    pub(super) blob: Arc<Mutex<Blob>>,
}

impl Server {
    pub(super) async fn start() -> Self {
        Self::with(|_, _| Fault::None).await
    }

    /// `script` gets each request and how many of its kind came before.
    pub(super) async fn with(script: impl Fn(&Seen, usize) -> Fault + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            blob: Arc::default(),
        };
        let blob = Arc::clone(&server.blob);
        let script: Arc<Script> = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&blob), Arc::clone(&script)));
            }
        });
        server
    }

    pub(super) fn link(&self) -> String {
        format!("http://{}/store/blob?sv=2021-12-02&sr=b&sig=a%2Bb%3D&sp=rwl", self.address)
    }

    pub(super) fn content(&self) -> Vec<u8> {
        self.blob.lock().unwrap().content.clone().unwrap()
    }

    pub(super) fn seen(&self, kind: &str) -> Vec<Seen> {
        let blob = self.blob.lock().unwrap();
        blob.seen.iter().filter(|seen| seen.kind() == kind).cloned().collect()
    }

    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.blob.lock().unwrap().seen.iter().map(Seen::kind).collect()
    }
}

async fn serve(mut socket: TcpStream, blob: Arc<Mutex<Blob>>, script: Arc<Script>) {
    let mut buffer = Vec::new();
    loop {
        let head_end = loop {
            if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if socket.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let mut seen = head(std::str::from_utf8(&buffer[..head_end]).unwrap());
        buffer.drain(..head_end);
        let length: usize = seen.headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let number = blob.lock().unwrap().seen.iter().filter(|s| s.kind() == seen.kind()).count();
        let fault = script(&seen, number);
        let wanted = match fault {
            Fault::Reset | Fault::Stall => length / 2,
            _ => length,
        };
        let index = {
            let mut blob = blob.lock().unwrap();
            blob.seen.push(seen.clone());
            blob.under_way += 1;
            blob.most_under_way = blob.most_under_way.max(blob.under_way);
            blob.seen.len() - 1
        };
        let mut gone = false;
        while buffer.len() < wanted && !gone {
            gone = socket.read_buf(&mut buffer).await.unwrap_or(0) == 0;
        }
        {
            let mut blob = blob.lock().unwrap();
            blob.seen[index].read = buffer.len();
            if !matches!(fault, Fault::Gather(_)) {
                blob.under_way -= 1;
            }
        }
        if gone {
            return;
        }
        let mut body: Vec<u8> = buffer.drain(..wanted).collect();
        seen.read = wanted;
        let (status, answer) = match fault {
            // What is unread at the end of a connection makes it a reset.
            Fault::Reset => return,
            Fault::Stall => return std::future::pending().await,
            Fault::Answer(status, answer) => (status, answer.to_owned()),
            Fault::Corrupt => {
                body[0] ^= 1;
                apply(&mut blob.lock().unwrap(), &seen, body)
            }
            Fault::LoseAnswer => {
                apply(&mut blob.lock().unwrap(), &seen, body);
                return;
            }
            Fault::Gather(barrier) => {
                barrier.wait().await;
                let mut blob = blob.lock().unwrap();
                blob.under_way -= 1;
                apply(&mut blob, &seen, body)
            }
            Fault::None => apply(&mut blob.lock().unwrap(), &seen, body),
        };
        let answer = format!(
            "HTTP/1.1 {status} X\r\nx-ms-request-id: r{index}\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if socket.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn head(text: &str) -> Seen {
    let mut lines = text.lines();
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
    let url = url::Url::parse(&format!("http://h{target}")).unwrap();
    let header = |line: &str| {
        line.split_once(": ")
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
    };
    Seen {
        method,
        query: url.query_pairs().into_owned().collect(),
        target,
        headers: lines.filter_map(header).collect(),
        read: 0,
    }
}

/// What the blob store does with a request that arrived.
fn apply(blob: &mut Blob, seen: &Seen, body: Vec<u8>) -> (u16, String) {
    let error = |status, code: &str| {
        let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>No.</Message></Error>");
        (status, text)
    };
    let checksum = seen.headers.get("x-ms-content-crc64");
    if checksum.is_some_and(|wanted| *wanted != checksum::header(checksum::crc64(&body))) {
        return error(400, "Crc64Mismatch");
    }
    match seen.kind() {
        "blob" => {
            blob.uncommitted.clear();
            blob.committed.clear();
            blob.content = Some(body);
        }
        "block" => {
            let id = seen.parameter("blockid").unwrap().to_owned();
            if blob.uncommitted.keys().any(|other| other.len() != id.len()) {
                return error(400, "InvalidBlobOrBlock");
            }
            blob.uncommitted.insert(id, body);
        }
        "list" => {
            let text = String::from_utf8(body).unwrap();
            let (mut content, mut committed) = (Vec::new(), BTreeMap::new());
            for id in text.split("<Latest>").skip(1).filter_map(|part| part.split_once("</Latest>")) {
                let Some(block) = blob.uncommitted.get(id.0).or_else(|| blob.committed.get(id.0)) else {
                    return error(400, "InvalidBlockList");
                };
                content.extend(block);
                committed.insert(id.0.to_owned(), block.clone());
            }
            blob.uncommitted.clear();
            blob.committed = committed;
            blob.content = Some(content);
        }
        "get" => {
            if blob.uncommitted.is_empty() && blob.content.is_none() {
                return error(404, "BlobNotFound");
            }
            let blocks = blob.uncommitted.iter();
            let blocks: String = blocks
                .map(|(id, block)| format!("<Block><Name>{id}</Name><Size>{}</Size></Block>", block.len()))
                .collect();
            let list = format!("<BlockList><CommittedBlocks /><UncommittedBlocks>{blocks}</UncommittedBlocks></BlockList>");
            return (200, list);
        }
        _ => return error(405, "UnsupportedHttpVerb"),
    }
    (201, String::new())
}
