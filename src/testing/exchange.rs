//! One request from its head to its answer: recorded, hit by a fault or not, read, applied, answered.
//!
//! A body of the blob endpoint is checksummed as it arrives and kept once, or not at all.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use crc_fast::{CrcAlgorithm, Digest};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, http};

use super::answer::Answer;
use super::api;
use super::blob;
use super::blob_slot::{BlobCall, Piece};
use super::dates;
use super::faults::{CutEnd, Head, Hit, Outcome, RetryHint, first_due};
use super::recorded::{AppliedWrite, RecordedBody, RecordedRequest, without_signature};
use super::request;
use super::state::{State, lock};
use super::wire::Wire;

/// Larger bodies of the blob endpoint are recorded as a length and a checksum.
const RECORDED_BLOB: usize = 64 * 1024;

/// How much is reserved on a client's word.
const RESERVED: u64 = 128 * 1024 * 1024;

/// The connection is to end without an answer.
#[derive(Debug)]
pub(super) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection ends without an answer")
    }
}

impl std::error::Error for Broken {}

/// The head of a request.
struct Asked {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    /// Where it is recorded.
    at: usize,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn length(&self) -> Option<u64> {
        self.header("content-length").and_then(|text| text.parse().ok())
    }

    /// The name of the blob, if this is a request for one.
    fn blob(&self) -> Option<&str> {
        self.path.strip_prefix("/blob/ingestion/")
    }
}

pub(super) async fn exchange(
    state: Arc<Mutex<State>>,
    wire: Arc<Wire>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Broken> {
    let (head, body) = request.into_parts();
    let (asked, hit) = begin(&mut lock(&state), &head);
    let fault = hit.as_ref().map(|hit| &hit.fault);
    if let Some(delay) = fault.and_then(|fault| fault.delay) {
        tokio::time::sleep(delay).await;
    }
    let outcome = fault.map_or(&Outcome::Serve, |fault| &fault.outcome);
    let apply = fault.is_none_or(|fault| fault.apply);
    match outcome {
        Outcome::Reset if !apply => {
            wire.reset();
            return Err(Broken);
        }
        Outcome::ResetMidRequest => {
            read(&state, &asked, body, Some(asked.length().unwrap_or(2) / 2)).await;
            wire.reset();
            return Err(Broken);
        }
        Outcome::Stall if !apply => return std::future::pending().await,
        _ => {}
    }
    let Some(piece) = read(&state, &asked, body, None).await else {
        return Err(Broken);
    };
    let mut answer = match outcome {
        Outcome::Answer(status, body) if !apply => Answer::guessed(*status, body.clone()),
        Outcome::Throttle(..) => throttled(&lock(&state), hit.as_ref()),
        _ => apply_to(&mut lock(&state), &asked, piece, outcome),
    };
    match outcome {
        Outcome::Reset => {
            wire.reset();
            return Err(Broken);
        }
        Outcome::Stall => return std::future::pending().await,
        Outcome::Answer(status, body) => answer = Answer::guessed(*status, body.clone()),
        Outcome::Truncate => answer.body = answer.body.slice(..answer.body.len() / 2),
        // Nothing to cut in half: it is lost whole.
        Outcome::Cut(CutEnd::Stall) if answer.body.is_empty() => return std::future::pending().await,
        Outcome::Cut(end) if answer.body.is_empty() => {
            if *end == CutEnd::Reset {
                wire.reset();
            }
            return Err(Broken);
        }
        Outcome::Cut(end) => wire.cut(answer.body.len() / 2, *end),
        Outcome::Edit(edit) => {
            if let Ok(mut body) = serde_json::from_slice(&answer.body) {
                edit(&mut body);
                answer.body = body.to_string().into();
            }
        }
        _ => {}
    }
    for (name, value) in fault.map(|fault| fault.headers.as_slice()).unwrap_or_default() {
        answer = answer.with(name, value.as_str());
    }
    if asked.method == "HEAD" && answer.header("transfer-encoding").is_some() {
        // Hyper would tell the length of the body.
        answer.body = Bytes::new();
    }
    if let Some(record) = lock(&state).request_mut(asked.at) {
        record.status = Some(answer.status);
    }
    response(answer).map_err(|_| Broken)
}

fn begin(state: &mut State, head: &http::request::Parts) -> (Asked, Option<Hit>) {
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let asked = Asked {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers,
        at: state.forgotten + state.requests.len(),
    };
    state.requests.push(RecordedRequest {
        method: asked.method.clone(),
        path: asked.path.clone(),
        query: asked.query.clone(),
        headers: asked.headers.clone(),
        body: RecordedBody::Bytes(Bytes::new()),
        at: state.clock.now().saturating_duration_since(state.started),
        status: None,
    });
    let fits = Head {
        method: &asked.method,
        path: &asked.path,
        query: &asked.query,
        now: state.clock.now(),
        has_past: state.past.is_some(),
    };
    let hit = first_due(&mut state.faults, &fits);
    if let Some(hit) = &hit {
        if let Some(time) = hit.fault.advance {
            state.clock.advance(time);
        }
        if matches!(hit.fault.outcome, Outcome::ExpireTokens) {
            state.tokens.clear();
        }
    }
    (asked, hit)
}

/// Reads the body, or the first `until` bytes of it, and records it; none if the client broke off.
async fn read(state: &Mutex<State>, asked: &Asked, mut body: Incoming, until: Option<u64>) -> Option<Piece> {
    let is_blob = asked.blob().is_some();
    let keep = !is_blob || asked.query.contains("comp=blocklist") || !lock(state).blobs.discard;
    let reserved = asked.length().unwrap_or(0).min(RESERVED);
    let mut content = BytesMut::with_capacity(if keep { usize::try_from(reserved).unwrap_or(0) } else { 0 });
    let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
    let mut length = 0;
    let mut whole = true;
    while until.is_none_or(|until| length < until) {
        let Some(frame) = body.frame().await else {
            break;
        };
        let Ok(frame) = frame else {
            whole = false;
            break;
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length += data.len() as u64;
        digest.update(&data);
        if keep {
            content.extend_from_slice(&data);
        }
    }
    let piece = Piece {
        length,
        crc64: digest.finalize(),
        content: keep.then(|| content.freeze()),
    };
    let recorded = match &piece.content {
        Some(content) if !is_blob || content.len() <= RECORDED_BLOB => RecordedBody::Bytes(content.clone()),
        _ => RecordedBody::Large {
            length,
            crc64: piece.crc64,
        },
    };
    if let Some(record) = lock(state).request_mut(asked.at) {
        record.body = recorded;
    }
    whole.then_some(piece)
}

fn apply_to(state: &mut State, asked: &Asked, piece: Piece, outcome: &Outcome) -> Answer {
    if let Some(guid) = asked.blob() {
        return blob_answer(state, asked, guid, piece);
    }
    let request = request::Request {
        method: &asked.method,
        path: &asked.path,
        query: &asked.query,
        headers: &asked.headers,
        body: piece.content.unwrap_or_default(),
        drop_packages: matches!(outcome, Outcome::DropPackages),
        new_price: match outcome {
            Outcome::ChangePrice(price) => Some(price.clone()),
            _ => None,
        },
        stale: matches!(outcome, Outcome::Stale),
    };
    api::handle(state, &request)
}

fn blob_answer(state: &mut State, asked: &Asked, guid: &str, body: Piece) -> Answer {
    let now = state.clock.system_now();
    let call = BlobCall {
        method: &asked.method,
        guid,
        query: &asked.query,
        headers: &asked.headers,
        body,
        now,
    };
    let done = state.blobs.handle(call);
    let request_id = state.numbers.guid();
    let mut answer = Answer::empty(done.status)
        .with("x-ms-request-id", request_id.as_str())
        .with("x-ms-version", asked.header("x-ms-version").unwrap_or(blob::VERSION));
    if let Some(id) = asked.header("x-ms-client-request-id") {
        answer = answer.with("x-ms-client-request-id", id);
    }
    for (name, value) in done.headers {
        answer = answer.with(name, value);
    }
    answer.body = done.body;
    if let Some((code, message)) = done.error {
        let time = dates::ticks(now);
        let xml = format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}\n\
             RequestId:{request_id}\nTime:{time}</Message></Error>"
        );
        answer = answer.with("x-ms-error-code", code).with_body("application/xml", xml);
    } else if asked.method == "PUT" {
        state.applied.push(AppliedWrite {
            method: asked.method.clone(),
            path: asked.path.clone(),
            query: without_signature(&asked.query),
        });
    }
    answer
}

fn throttled(state: &State, hit: Option<&Hit>) -> Answer {
    let left = hit.map_or(Duration::ZERO, |hit| hit.left);
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let answer = Answer::gateway(429, &format!("Rate limit is exceeded. Try again in {seconds} seconds."));
    match hit.map(|hit| &hit.fault.outcome) {
        Some(Outcome::Throttle(RetryHint::Seconds)) => answer.with("Retry-After", seconds.to_string()),
        Some(Outcome::Throttle(RetryHint::Date)) => {
            // A date has whole seconds: the one after the end.
            let end = (state.clock.system_now() + left)
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            let date = UNIX_EPOCH + Duration::from_secs(end.as_secs() + 1);
            answer.with("Retry-After", httpdate::fmt_http_date(date))
        }
        _ => answer,
    }
}

fn response(answer: Answer) -> http::Result<Response<Full<Bytes>>> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name.as_str(), value.as_str());
    }
    response.body(Full::new(answer.body))
}
