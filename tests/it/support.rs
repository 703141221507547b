//! A server that keeps what came over the wire byte for byte, and short ways to say what it answers.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use msstore::auth::{AccessToken, BoxFuture, TokenContext, TokenProvider};
use msstore::config::RateLimit;
use msstore::{
    ApplicationId, Error, ErrorKind, FlightId, InAppProductId, Outcome, StoreClient, StoreClientBuilder, SubmissionId,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The base path below which the API lives.
pub(crate) const BASE: &str = "/v1.0/my/";
pub(crate) const TOKEN: &str = "a-token-for-tests";

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    /// Path and query, neither decoded nor normalised.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    /// All values of a header field, so that one sent twice is seen.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(" | "))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Method and target below the base.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target.strip_prefix(BASE).unwrap_or(&self.target))
    }
}

/// What a recorder answers.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl ToString) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

/// A server on loopback. It ends when it is dropped.
pub(crate) struct Recorder {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Recorded>>>,
    accepting: JoinHandle<()>,
}

impl Recorder {
    pub(crate) async fn start(respond: impl Fn(&Recorded) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = (Arc::new(respond), Arc::clone(&seen));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (respond, seen) = shared.clone();
                tokio::spawn(async move { serve(stream, &*respond, &seen).await });
            }
        });
        Self {
            address,
            seen,
            accepting,
        }
    }

    /// Answers these in their order, and 418 when there are no more.
    pub(crate) async fn scripted(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<Vec<_>>().into_iter());
        Self::start(move |_| answers.lock().unwrap().next().unwrap_or_else(|| Answer::new(418, ""))).await
    }

    /// Answers the same to everything.
    pub(crate) async fn always(status: u16, body: impl ToString) -> Self {
        let answer = Answer::new(status, body);
        Self::start(move |_| answer.clone()).await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("{}{BASE}", self.origin())
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.requests().iter().map(Recorded::line).collect()
    }

    pub(crate) fn client_builder(&self) -> StoreClientBuilder {
        StoreClient::builder(FixedToken)
            .endpoint(self.endpoint())
            .rate_limit(RateLimit::off())
    }

    pub(crate) fn client(&self) -> StoreClient {
        self.client_builder().build().unwrap()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(mut stream: TcpStream, respond: &(dyn Fn(&Recorded) -> Answer + Send + Sync), seen: &Mutex<Vec<Recorded>>) {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await {
        let answer = respond(&request);
        seen.lock().unwrap().push(request);
        let mut head = format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let bytes = format!("{head}\r\n{}", answer.body);
        if stream.write_all(bytes.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The next request of a connection; none when it ends. A body without a length is not read.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Recorded> {
    let head = loop {
        if let Some(at) = buffer.windows(4).position(|end| end == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..at]).into_owned();
            buffer.drain(..at + 4);
            break head;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut request = Recorded {
        method,
        target,
        headers,
        body: Vec::new(),
    };
    let length = request
        .header("content-length")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    request.body = buffer.drain(..length).collect();
    Some(request)
}

/// Always the same token, so that a recorder sees calls of the API only.
#[derive(Debug)]
pub(crate) struct FixedToken;

impl TokenProvider for FixedToken {
    fn token<'a>(&'a self, _context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async { Ok(AccessToken::new(TOKEN, Duration::from_secs(3600))) })
    }
}

pub(crate) fn app() -> ApplicationId {
    "9TESTAPP0001".parse().unwrap()
}

pub(crate) fn add_on() -> InAppProductId {
    "9TESTADDON01".parse().unwrap()
}

pub(crate) fn flight() -> FlightId {
    "3f1c0a52-8d7e-4b60-a1f9-6e2d5c4b3a21".parse().unwrap()
}

pub(crate) fn submission() -> SubmissionId {
    "1152921505000000042".parse().unwrap()
}

/// A draft that can stand for each kind of submission, with what the documentation does not know.
pub(crate) fn draft() -> Value {
    json!({
        "id": submission(),
        "flightId": flight(),
        "status": "PendingCommit",
        "statusDetails": null,
        "fileUploadUrl": "https://blobs.example/ingestion/draft?sv=2014-02-14&sr=b&sig=c2ln&sp=rwl",
        "pricing": {"priceId": "Tier2", "trialPeriod": "NoFreeTrial", "sales": [], "marketSpecificPricings": {"XX": "Tier9"}},
        "targetPublishDate": "1601-01-01T00:00:00.0000000Z",
        "packageDeliveryOptions": {"packageRollout": {"packageRolloutPercentage": 0.0, "weight": 0}},
        "listings": {},
        "somethingNew": {"list": [1, 2.0, null], "text": "ünïcode"},
    })
}

/// A future with its output thrown away, so that calls of all kinds fit into one table.
pub(crate) fn call<T>(future: impl Future<Output = Result<T, Error>> + Send + 'static) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { future.await.map(|_| ()) })
}

/// An error with its sources, as a program would print it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// Asserts that an error is bad input, told in one sentence with these words.
pub(crate) fn assert_input(error: &Error, words: &str) {
    let text = error.to_string();
    assert!(error.kind() == ErrorKind::InvalidInput, "{error:?}");
    assert!(text.contains(words), "{words:?} is not in {text:?}");
    assert!(!text.contains('\n') && text.contains("cannot be used: "), "{text}");
    assert_eq!(error.outcome(), Outcome::NotApplied);
}

/// Asserts that so many seconds of the fake's clock passed, and little more: real time goes on in between.
pub(crate) fn assert_about(time: Duration, seconds: u64) {
    assert!(
        (seconds..seconds + 5).contains(&time.as_secs()),
        "{time:?} instead of {seconds} s"
    );
}
