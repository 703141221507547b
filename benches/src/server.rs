//! A blob server that throws everything away: it can cap each connection's rate, delay each answer and fail.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    Unavailable,
    Reset,
    Stall,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// Bytes a second a connection.
    pub rate: Option<f64>,
    pub delay: Duration,
    /// Happens to every 20th block request.
    pub fault: Option<Fault>,
}

#[derive(Debug, Default)]
pub struct Counts {
    /// Of all bodies.
    pub bytes: u64,
    pub block_requests: u64,
    /// Acknowledged, with their sizes.
    pub blocks: HashMap<String, u64>,
    /// Acknowledged blocks that were sent again.
    pub repeated: u64,
}

pub struct Server {
    pub address: SocketAddr,
    pub counts: Arc<Mutex<Counts>>,
}

impl Server {
    pub async fn start(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let counts = Arc::<Mutex<Counts>>::default();
        let shared = Arc::clone(&counts);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let _ = socket.set_nodelay(true);
                tokio::spawn(serve(socket, settings, Arc::clone(&shared)));
            }
        });
        Self { address, counts }
    }

    pub fn link(&self) -> String {
        format!(
            "http://{}/account/container/blob?sv=2021-12-02&sr=b&sp=rwl&sig=c2ln",
            self.address
        )
    }
}

async fn serve(mut socket: TcpStream, settings: Settings, counts: Arc<Mutex<Counts>>) -> Option<()> {
    let mut buffer = vec![0; 256 << 10];
    let mut filled = 0;
    loop {
        let end = loop {
            if let Some(at) = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            match socket.read(&mut buffer[filled..]).await {
                Ok(0) | Err(_) => return None,
                Ok(read) => filled += read,
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let length: u64 = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, length)| length.trim().parse().unwrap());
        assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "{head}");
        let target = head.split(' ').nth(1)?.to_owned();
        let block = (target.contains("comp=block&") || target.ends_with("comp=block"))
            .then(|| target.split(['?', '&']).find_map(|pair| pair.strip_prefix("blockid=")))
            .flatten();
        let fault = settings.fault.filter(|_| {
            let mut counts = counts.lock().unwrap();
            counts.block_requests += u64::from(block.is_some());
            block.is_some() && counts.block_requests.is_multiple_of(20)
        });
        let wanted = if matches!(fault, Some(Fault::Reset | Fault::Stall)) {
            length / 2
        } else {
            length
        };
        let ahead = (filled - end) as u64;
        assert!(ahead <= length, "requests are not pipelined");
        let started = Instant::now();
        let mut done = ahead;
        counts.lock().unwrap().bytes += ahead;
        while done < wanted {
            let read = socket.read(&mut buffer).await.ok().filter(|read| *read > 0)? as u64;
            done += read;
            counts.lock().unwrap().bytes += read;
            if let Some(rate) = settings.rate {
                tokio::time::sleep_until(started + Duration::from_secs_f64(done as f64 / rate)).await;
            }
        }
        filled = 0;
        match fault {
            Some(Fault::Reset) => return None,
            Some(Fault::Stall) => std::future::pending().await,
            _ => {}
        }
        tokio::time::sleep(settings.delay).await;
        let (status, body) = match (fault, head.starts_with("GET")) {
            (Some(_), _) => (503, String::new()),
            (None, true) => list(&counts.lock().unwrap()),
            (None, false) => (201, String::new()),
        };
        if let (Some(id), 201) = (block, status) {
            let mut counts = counts.lock().unwrap();
            let id = id.replace("%3D", "=").replace("%2B", "+").replace("%2F", "/");
            let known = counts.blocks.insert(id, length).is_some();
            counts.repeated += u64::from(known);
        }
        let reason = if status == 201 { "Created" } else { "Other" };
        let date = "date: Tue, 10 Feb 2026 07:24:27 GMT\r\netag: \"0x1\"\r\nlast-modified: Tue, 10 Feb 2026 07:24:27 GMT";
        let answer = format!(
            "HTTP/1.1 {status} {reason}\r\n{date}\r\nx-ms-request-id: 1\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(answer.as_bytes()).await.ok()?;
    }
}

fn list(counts: &Counts) -> (u16, String) {
    if counts.blocks.is_empty() {
        return (404, "<Error><Code>BlobNotFound</Code></Error>".to_owned());
    }
    let blocks = counts.blocks.iter();
    let blocks: String = blocks
        .map(|(id, size)| format!("<Block><Name>{id}</Name><Size>{size}</Size></Block>"))
        .collect();
    (
        200,
        format!("<BlockList><CommittedBlocks /><UncommittedBlocks>{blocks}</UncommittedBlocks></BlockList>"),
    )
}
