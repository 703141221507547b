//! Uploads that are refused, before anything is sent or by the blob store.

use std::path::Path;
use std::time::Duration;

use crate::error::{ErrorKind, UploadKind};
use crate::http::clock::Clock;
use crate::http::{Http, Settings};
use crate::secret::UploadUrl;
use crate::upload::tests::server::{Fault, Server};
use crate::upload::tests::{BLOCK, Temporary, bytes, kind, upload, upload_to};
use crate::upload::{Source, Upload};

#[tokio::test]
async fn links_that_cannot_be_right_are_refused_before_anything_is_sent() {
    let table = [
        ("", "there is none"),
        ("  ", "there is none"),
        ("store/blob?sig=x", "it is no URL"),
        ("http://example.com/b?sig=s3cret", "it must be https"),
        ("ftp://example.com/b?sig=s3cret", "it must be https"),
        ("https://user:s3cret@example.com/b?sig=s3cret", "user name"),
        ("https://example.com/b?sv=1&se=2026", "no signature"),
        ("https://example.com/b?sig=", "no signature"),
        ("https://example.com/b", "no signature"),
    ];
    for (link, problem) in table {
        let error = upload_to(link, bytes(1)).await.unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput, "{link}: {error:?}");
        assert!(error.to_string().contains(problem), "{link}: {error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
    let server = Server::start().await;
    let http = Http::new(reqwest::Client::builder(), true, Settings::default(), Clock::real()).unwrap();
    let remote = Upload::new(http, false, UploadUrl::new(server.link()), bytes(1).into());
    let error = remote.await.unwrap_err();
    assert!(error.to_string().contains("leads to this machine"), "{error}");
    assert!(server.kinds().is_empty());
}

#[tokio::test]
async fn content_that_cannot_be_right_is_refused_before_anything_is_sent() {
    let server = Server::start().await;
    let empty = Temporary::new(b"");
    let folder = std::env::temp_dir();
    let table: [(Source, &str); 4] = [
        (Vec::new().into(), "it is empty"),
        ((&empty.0).into(), "it is empty"),
        (Path::new("/nowhere/at/all.zip").into(), "/nowhere/at/all.zip cannot be used"),
        (folder.into(), "cannot be"),
    ];
    for (source, problem) in table {
        let shown = format!("{source:?}");
        let error = upload(&server, source).await.unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput, "{shown}: {error:?}");
        assert!(error.to_string().contains(problem), "{shown}: {error}");
    }
    for (size, concurrency) in [(0, 1), (1, 0)] {
        let error = upload_to(&server.link(), bytes(1))
            .block_size(size)
            .concurrency(concurrency)
            .await;
        assert!(matches!(error, Err(error) if error.kind() == ErrorKind::InvalidInput));
    }
    assert!(server.kinds().is_empty());
}

#[tokio::test]
async fn a_bare_package_needs_a_word() {
    let server = Server::start().await;
    let content = b"PK\x03\x04 and more".to_vec();
    for name in ["App.msix", "App.MSIXBUNDLE", "App.appxupload"] {
        let file = Temporary::named(name, &content);
        let error = upload(&server, &file.0).await.unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput, "{error:?}");
        assert!(error.to_string().contains("package itself"), "{error}");
        assert!(server.kinds().is_empty());
    }
    let package = Temporary::named("App.msix", &content);
    upload_to(&server.link(), &package.0).raw(true).await.unwrap();
    assert_eq!(server.content(), content);
    // The ZIP of a submission, whatever is in it.
    let archive = Temporary::named("App.msix.zip", &content);
    upload(&server, &archive.0).await.unwrap();
}

#[tokio::test]
async fn a_dead_link_is_noticed_before_and_after() {
    let server = Server::with(|_, _| Fault::Answer(403, "<Error><Code>AuthenticationFailed</Code></Error>")).await;
    let dead = format!("{}&se=2020-01-01T00:00:00Z", server.link());
    let error = upload_to(&dead, bytes(1)).await.unwrap_err();
    assert_eq!(kind(&error), UploadKind::LinkExpired);
    assert!(server.kinds().is_empty());

    // It ends while the upload runs: the clock jumps over its end by a pause.
    let clock = Clock::jumping();
    let http = Http::new(reqwest::Client::builder(), true, Settings::default(), clock.clone()).unwrap();
    let jumps = Server::with(move |_, number| {
        if number == 0 {
            Fault::Answer(503, "")
        } else {
            Fault::Answer(403, "<Error><Code>AuthenticationFailed</Code></Error>")
        }
    })
    .await;
    let end = crate::date::format(clock.system_now() + Duration::from_secs(60));
    let link = UploadUrl::new(format!("{}&se={end}", jumps.link()));
    let jump = clock.clone();
    let error = Upload::new(http, true, link, bytes(1).into())
        .on_progress(move |progress| {
            if progress.retries == 1 {
                futures_util::FutureExt::now_or_never(jump.sleep(Duration::from_secs(3600)));
            }
        })
        .await
        .unwrap_err();
    assert_eq!(kind(&error), UploadKind::LinkExpired);
    assert_eq!(error.status(), Some(403));

    // By the blob store's clock.
    let told = Server::with(|_, _| {
        let detail =
            "<AuthenticationErrorDetail>Signature not valid in the specified time frame: Expiry [x]</AuthenticationErrorDetail>";
        Fault::Answer(
            403,
            Box::leak(format!("<Error><Code>AuthenticationFailed</Code>{detail}</Error>").into_boxed_str()),
        )
    })
    .await;
    let error = upload(&told, bytes(1)).await.unwrap_err();
    assert_eq!(kind(&error), UploadKind::LinkExpired);
}

#[tokio::test]
async fn a_refused_link_says_so_and_shows_no_signature() {
    let echo = "<Error><Code>AuthenticationFailed</Code><Message>a+b= a%2Bb%3D sig=other was wrong</Message></Error>";
    for (length, status) in [(1, 403), (2 * BLOCK, 403), (1, 404), (1, 401)] {
        let server = Server::with(move |_, _| Fault::Answer(status, echo)).await;
        let error = upload(&server, bytes(length)).await.unwrap_err();
        assert_eq!(kind(&error), UploadKind::LinkRefused);
        assert_eq!((error.status(), error.code()), (Some(status), Some("AuthenticationFailed")));
        let shown = format!("{error} {error:?} {}", std::error::Error::source(&error).unwrap());
        assert!(
            !shown.contains("a+b=") && !shown.contains("a%2Bb") && !shown.contains("other"),
            "{shown}"
        );
        assert_eq!(server.kinds().len(), 1);
    }
}

/// Without `r` in its permissions a link does not show the blocks that are there.
#[tokio::test]
async fn a_link_that_may_not_read_uploads_afresh() {
    let answer = "<Error><Code>AuthorizationPermissionMismatch</Code></Error>";
    let server = Server::with(move |seen, _| match seen.kind() {
        "get" => Fault::Answer(403, answer),
        _ => Fault::None,
    })
    .await;
    let content = bytes(3 * BLOCK);
    for _ in 0..2 {
        let report = upload(&server, content.clone()).await.unwrap();
        assert_eq!(server.content(), content);
        assert_eq!((report.blocks, report.blocks_skipped), (3, 0));
    }
    assert_eq!(server.seen("block").len(), 6);
    assert_eq!(server.seen("list").len(), 2);

    // If it may not write either, it is refused.
    for refused in ["block", "list"] {
        let server = Server::with(move |seen, _| match seen.kind() {
            kind if kind == refused || kind == "get" => Fault::Answer(403, answer),
            _ => Fault::None,
        })
        .await;
        let error = upload(&server, content.clone()).await.unwrap_err();
        assert_eq!(kind(&error), UploadKind::LinkRefused, "{refused}");
        assert_eq!(
            (error.status(), error.code()),
            (Some(403), Some("AuthorizationPermissionMismatch"))
        );
        assert_eq!(server.seen("get").len(), 1);
    }
}

#[tokio::test]
async fn a_failed_connection_shows_no_signature() {
    let error = upload_to("http://127.0.0.1:1/b?sig=s3cret", bytes(1)).await.unwrap_err();
    assert_eq!(kind(&error), UploadKind::Send);
    let shown = format!("{error} {error:?} {}", std::error::Error::source(&error).unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
}
