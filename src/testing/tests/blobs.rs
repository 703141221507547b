//! The blob endpoint.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::*;

/// Sends a request to an upload link and returns its status and error code.
async fn send(http: &Http, method: &str, url: &str, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Reply {
    let mut request = http
        .client
        .request(Method::from_bytes(method.as_bytes()).unwrap(), url)
        .body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Reply::of(request.send().await.unwrap()).await
}

#[track_caller]
fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(
        (reply.status, reply.header("x-ms-error-code")),
        (status, code),
        "{}",
        reply.text
    );
    assert!(reply.text.contains(&format!("<Error><Code>{code}</Code>")), "{}", reply.text);
    assert_eq!(reply.header("x-ms-request-id").len(), 36);
    assert!(reply.header("ms-correlationid").is_empty());
}

fn block_id(text: &str) -> String {
    BASE64.encode(text).replace('+', "%2B").replace('=', "%3D")
}

fn checksum(content: &[u8]) -> String {
    BASE64.encode(crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, content).to_le_bytes())
}

fn list(ids: &[&str]) -> String {
    let names: String = ids
        .iter()
        .map(|id| format!("<Latest>{}</Latest>", BASE64.encode(id)))
        .collect();
    format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{names}</BlockList>")
}

#[tokio::test]
async fn a_raw_plus_in_the_signature_is_a_blank() {
    let http = Http::sample().await;
    let (_, draft) = http.draft(&app()).await;
    let raw = text(&draft["fileUploadUrl"]);
    let signature = raw.split("sig=").nth(1).unwrap().split('&').next().unwrap();
    assert!(signature.contains('+') && raw.ends_with("&sp=rwl"), "{raw}");
    let blob = [("x-ms-blob-type", "BlockBlob")];
    refused(&send(&http, "PUT", raw, &blob, "x").await, 403, "AuthenticationFailed");
    assert!(http.fake.blob(text(&draft["id"])).is_none());
    assert_eq!(send(&http, "PUT", &link(&draft), &blob, "x").await.status, 201);
    assert_eq!(http.fake.applied_to("PUT", "/blob/ingestion/*").len(), 1);

    http.fake.escape_signatures(true);
    let (_, draft) = http.draft(&flight()).await;
    assert!(!text(&draft["fileUploadUrl"]).contains('+'));
    assert_eq!(
        send(&http, "PUT", text(&draft["fileUploadUrl"]), &blob, "x").await.status,
        201
    );
}

#[tokio::test]
async fn a_link_is_good_for_what_was_signed() {
    let http = Http::sample().await;
    let (_, draft) = http.draft(&app()).await;
    let good = link(&draft);
    let blob = [("x-ms-blob-type", "BlockBlob")];
    let (path, query) = good.split_once('?').unwrap();
    let wrong = [
        good.replace("sp=rwl", "sp=rwdl"),
        good.replace("se=20", "se=21"),
        good.replace("sig=q", "sig=r"),
        good.replace("sr=b", "sr=c"),
        format!("{path}0?{query}"),
        path.to_owned(),
    ];
    for url in &wrong {
        refused(&send(&http, "PUT", url, &blob, "x").await, 403, "AuthenticationFailed");
    }
    let bearer = [("x-ms-blob-type", "BlockBlob"), ("Authorization", "Bearer abc")];
    refused(
        &send(&http, "PUT", &good, &bearer, "x").await,
        400,
        "InvalidAuthenticationInfo",
    );
    refused(
        &send(&http, "DELETE", &good, &[], "").await,
        403,
        "AuthorizationPermissionMismatch",
    );

    http.fake.advance(Duration::from_secs(24 * 3600 - 60));
    assert_eq!(send(&http, "PUT", &good, &blob, "x").await.status, 201);
    http.fake.advance(Duration::from_secs(61));
    refused(&send(&http, "PUT", &good, &blob, "x").await, 403, "AuthenticationFailed");
}

#[tokio::test]
async fn put_blob_checks_its_headers() {
    let http = Http::sample().await;
    let (_, draft) = http.draft(&app()).await;
    let url = link(&draft);
    refused(&send(&http, "PUT", &url, &[], "abc").await, 400, "MissingRequiredHeader");
    refused(
        &send(&http, "PUT", &url, &[("x-ms-blob-type", "PageBlob")], "abc").await,
        400,
        "InvalidHeaderValue",
    );
    let versioned = [("x-ms-blob-type", "BlockBlob"), ("x-ms-version", "latest")];
    refused(&send(&http, "PUT", &url, &versioned, "abc").await, 400, "InvalidHeaderValue");
    let sum = checksum(b"abd");
    let summed = [("x-ms-blob-type", "BlockBlob"), ("x-ms-content-crc64", sum.as_str())];
    refused(&send(&http, "PUT", &url, &summed, "abc").await, 400, "Crc64Mismatch");
    let both = [summed[0], summed[1], ("Content-MD5", "abc")];
    refused(&send(&http, "PUT", &url, &both, "abd").await, 400, "InvalidHeaderValue");
    let short = [summed[0], ("x-ms-content-crc64", "YWJj")];
    refused(&send(&http, "PUT", &url, &short, "abd").await, 400, "InvalidHeaderValue");
    let pieces = futures_util::stream::iter([Ok::<_, io::Error>("abc")]);
    let (length, rest) = (http.fake.requests().len(), &[("x-ms-blob-type", "BlockBlob")]);
    let chunked = send(&http, "PUT", &url, rest, wrap(pieces)).await;
    refused(&chunked, 411, "MissingContentLengthHeader");
    assert_eq!(http.fake.requests()[length].header("transfer-encoding"), Some("chunked"));

    let version = [
        summed[0],
        summed[1],
        ("x-ms-version", "2021-12-02"),
        ("Content-Type", "application/zip"),
    ];
    let reply = send(&http, "PUT", &url, &version, "abd").await;
    assert_eq!((reply.status, reply.header("x-ms-content-crc64")), (201, sum.as_str()));
    assert_eq!(reply.header("x-ms-version"), "2021-12-02");
    let blob = http.fake.blob(text(&draft["id"])).unwrap();
    assert_eq!(blob.content.as_deref(), Some(&b"abd"[..]));
    assert_eq!((blob.length, blob.content_type.as_str()), (3, "application/zip"));
}

/// A body of unknown length.
fn wrap<S>(stream: S) -> reqwest::Body
where
    S: futures_util::Stream<Item = Result<&'static str, io::Error>> + Send + Sync + 'static,
{
    use futures_util::StreamExt as _;
    let frames = stream.map(|item| item.map(|text| hyper::body::Frame::data(Bytes::from_static(text.as_bytes()))));
    reqwest::Body::wrap(http_body_util::StreamBody::new(frames))
}

#[tokio::test]
async fn blocks_make_a_blob_in_the_order_of_the_list() {
    let http = Http::sample().await;
    let (_, draft) = http.draft(&app()).await;
    let url = link(&draft);
    let of = |which: &str| format!("{url}&comp=blocklist&blocklisttype={which}");
    refused(&send(&http, "GET", &of("uncommitted"), &[], "").await, 404, "BlobNotFound");
    for (id, content) in [("b", "two"), ("a", "one"), ("c", "no")] {
        let sum = checksum(content.as_bytes());
        let block = format!("{url}&comp=block&blockid={}", block_id(id));
        let reply = send(&http, "PUT", &block, &[("x-ms-content-crc64", &sum)], content).await;
        assert_eq!((reply.status, reply.header("x-ms-content-crc64")), (201, sum.as_str()));
    }
    let expected = [("YQ==".to_owned(), 3), ("Yg==".to_owned(), 3), ("Yw==".to_owned(), 2)];
    assert_eq!(http.fake.uncommitted_blocks(text(&draft["id"])), expected);
    let uncommitted = send(&http, "GET", &of("uncommitted"), &[], "").await;
    assert!(
        uncommitted
            .text
            .contains("<BlockList><UncommittedBlocks><Block><Name>YQ==</Name><Size>3</Size></Block><Block><Name>Yg==</Name>")
    );
    assert!(http.fake.blob(text(&draft["id"])).is_none());
    refused(&send(&http, "GET", &url, &[], "").await, 404, "BlobNotFound");

    let commit = format!("{url}&comp=blocklist");
    refused(
        &send(&http, "PUT", &commit, &[], list(&["a", "x"])).await,
        400,
        "InvalidBlockList",
    );
    refused(
        &send(&http, "PUT", &commit, &[], "<BlockList>").await,
        400,
        "InvalidXmlDocument",
    );
    let zip = [("x-ms-blob-content-type", "application/zip")];
    assert_eq!(send(&http, "PUT", &commit, &zip, list(&["a", "b"])).await.status, 201);
    // Again, as after a lost answer: the blocks are committed ones now.
    assert_eq!(send(&http, "PUT", &commit, &zip, list(&["a", "b"])).await.status, 201);
    let blob = http.fake.blob(text(&draft["id"])).unwrap();
    assert_eq!(blob.content.as_deref(), Some(&b"onetwo"[..]));
    assert_eq!(
        (blob.content_type.as_str(), blob.blocks.as_slice()),
        ("application/zip", &[3, 3][..])
    );
    assert_eq!(BASE64.encode(blob.crc64.to_le_bytes()), checksum(b"onetwo"));
    let got = send(&http, "GET", &url, &[], "").await;
    assert_eq!((got.status, got.text.as_str()), (200, "onetwo"));
    let all = send(&http, "GET", &of("all"), &[], "").await.text;
    assert!(
        all.contains("<CommittedBlocks><Block><Name>YQ==") && all.contains("<UncommittedBlocks />"),
        "{all}"
    );
    let committed = send(&http, "GET", &commit, &[], "").await.text;
    assert!(
        committed.contains("<CommittedBlocks>") && !committed.contains("Uncommitted"),
        "{committed}"
    );

    // A blob in one go replaces all of it.
    let block = format!("{url}&comp=block&blockid={}", block_id("d"));
    assert_eq!(send(&http, "PUT", &block, &[], "late").await.status, 201);
    assert_eq!(
        send(&http, "PUT", &url, &[("x-ms-blob-type", "BlockBlob")], "whole")
            .await
            .status,
        201
    );
    assert!(http.fake.uncommitted_blocks(text(&draft["id"])).is_empty());
    refused(&send(&http, "PUT", &commit, &[], list(&["a"])).await, 400, "InvalidBlockList");
    assert_eq!(send(&http, "GET", &url, &[], "").await.text, "whole");
}

#[tokio::test]
async fn put_block_checks_its_id_and_content() {
    let http = Http::sample().await;
    let (_, draft) = http.draft(&app()).await;
    let url = link(&draft);
    let block = |id: &str| format!("{url}&comp=block&blockid={id}");
    assert_eq!(send(&http, "PUT", &block(&block_id("aa")), &[], "x").await.status, 201);
    refused(
        &send(&http, "PUT", &block(&block_id("aaaaa")), &[], "x").await,
        400,
        "InvalidBlobOrBlock",
    );
    for id in ["", "%21", &block_id(&"a".repeat(65))] {
        refused(
            &send(&http, "PUT", &block(id), &[], "x").await,
            400,
            "InvalidQueryParameterValue",
        );
    }
    refused(
        &send(&http, "PUT", &format!("{url}&comp=block"), &[], "x").await,
        400,
        "InvalidQueryParameterValue",
    );
    let empty = [("Content-Length", "0")];
    refused(
        &send(&http, "PUT", &block(&block_id("ab")), &empty, "").await,
        400,
        "InvalidHeaderValue",
    );
    let wrong = checksum(b"y");
    let summed = [("x-ms-content-crc64", wrong.as_str())];
    refused(
        &send(&http, "PUT", &block(&block_id("ab")), &summed, "x").await,
        400,
        "Crc64Mismatch",
    );
    refused(
        &send(&http, "PUT", &format!("{url}&comp=lease"), &[], "x").await,
        400,
        "InvalidQueryParameterValue",
    );
}

#[tokio::test]
async fn discarded_blobs_keep_lengths_and_checksums() {
    let http = Http::sample().await;
    http.fake.discard_blobs(true);
    let (path, mut draft) = http.draft(&app()).await;
    draft["applicationPackages"]
        .as_array_mut()
        .unwrap()
        .push(new_package("big.msix"));
    http.put(&path, &draft).await.ok(200);
    let big = vec![7; 300_000];
    let url = link(&draft);
    for id in ["a", "b"] {
        let block = format!("{url}&comp=block&blockid={}", block_id(id));
        assert_eq!(send(&http, "PUT", &block, &[], big.clone()).await.status, 201);
    }
    assert_eq!(
        send(&http, "PUT", &format!("{url}&comp=blocklist"), &[], list(&["a", "b"]))
            .await
            .status,
        201
    );
    let blob = http.fake.blob(text(&draft["id"])).unwrap();
    assert_eq!((blob.length, blob.content), (600_000, None));
    assert_eq!(BASE64.encode(blob.crc64.to_le_bytes()), checksum(&vec![7; 600_000]));
    let recorded = &http.fake.requests_to("PUT", "/blob/ingestion/*")[0];
    assert!(
        matches!(recorded.body, RecordedBody::Large { length: 300_000, .. }),
        "{recorded:?}"
    );
    http.post(&format!("{path}/commit")).await.ok(202);
    http.wait_for(&path, "Published").await;
}

#[tokio::test]
async fn a_link_that_ended_is_renewed_only_if_that_is_switched_on() {
    let http = Http::sample().await;
    let (path, draft) = http.draft(&app()).await;
    let old = link(&draft);
    let part = block_id("aa");
    let block = |url: &str| format!("{url}&comp=block&blockid={part}");
    assert_eq!(send(&http, "PUT", &block(&old), &[], "x").await.status, 201);
    let read = async || http.get(&path).await.ok(200);
    http.fake.renew_links(true);
    assert_eq!(link(&read().await), old, "it lives");
    http.fake.renew_links(false);
    http.fake.expire_links();
    refused(&send(&http, "PUT", &block(&old), &[], "x").await, 403, "AuthenticationFailed");
    assert_eq!(link(&read().await), old, "it is not switched on");
    http.fake.renew_links(true);
    let new = link(&read().await);
    assert_ne!(new, old);
    refused(&send(&http, "PUT", &block(&old), &[], "x").await, 403, "AuthenticationFailed");
    // It leads to the same blob.
    let url = format!("{new}&comp=blocklist");
    assert_eq!(send(&http, "PUT", &url, &[], list(&["aa"])).await.status, 201);
}
