//! An upload link that ends or is refused under way: the draft is read again.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use msstore::error::UploadKind;
use msstore::model::ApplicationSubmission;
use msstore::publish::{Event, PendingPolicy, Publish};
use msstore::testing::Fault;
use msstore::upload::Progress;
use msstore::{Error, ErrorKind};
use serde_json::Value;

use super::{FLIGHT, Shop, observed, step};

const MIB: u64 = 1 << 20;
const DAY: Duration = Duration::from_secs(24 * 3600);
const REFUSED: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>AuthenticationFailed</Code><Message>Signature did not match.</Message></Error>";

type Kept<T> = Arc<Mutex<Vec<T>>>;

/// A job with an archive of five full blocks and a rest, what it tells, and how far its upload is.
fn job(shop: &Shop, concurrency: usize) -> (Publish<ApplicationSubmission>, Kept<Event>, Kept<Progress>) {
    let package = shop.large_package();
    let (job, events) = observed(shop.app().publish().package(package).pending(PendingPolicy::Reuse));
    let progress = Kept::<Progress>::default();
    let seen = Arc::clone(&progress);
    let job = job.upload(move |upload| {
        let upload = upload.block_size(MIB).concurrency(concurrency);
        upload.on_progress(move |now| seen.lock().unwrap().push(now))
    });
    (job, events, progress)
}

fn block(number: u32) -> Fault {
    Fault::on("PUT", "/blob/ingestion/*").query("comp=block&").nth(number)
}

fn read() -> Fault {
    Fault::on("GET", "/submissions/*")
}

/// How many different blocks arrived, and how many arrived again.
fn blocks(shop: &Shop) -> (usize, usize) {
    let puts = shop.fake.applied_to("PUT", "/blob/ingestion/*");
    let pairs = puts.iter().flat_map(|put| put.query.split('&'));
    let mut ids: Vec<&str> = pairs.filter_map(|pair| pair.strip_prefix("blockid=")).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    (ids.len(), all - ids.len())
}

fn count(events: &Kept<Event>, word: &str) -> usize {
    events.lock().unwrap().iter().filter(|event| step(event) == word).count()
}

#[tokio::test]
async fn the_upload_goes_on_with_a_new_link_where_the_old_one_stopped() {
    let list = || Fault::on("PUT", "/blob/ingestion/*").query("comp=blocklist&").nth(1);
    let table = [
        ("at its end", 1, block(4).advance(DAY)),
        ("before the first block", 1, block(1).advance(DAY)),
        ("at the list", 1, list().advance(DAY)),
        ("refused", 1, block(4).answer(403, REFUSED)),
        ("refused at the list", 1, list().answer(403, REFUSED)),
        ("with others on their way", 4, block(3).advance(DAY)),
    ];
    for (what, concurrency, fault) in table {
        let shop = Shop::open().await;
        shop.fake.renew_links(true);
        shop.fake.fault(fault);
        if what.starts_with("refused") {
            // The same blob, by another text.
            shop.fake.fault(read().always().edit_answer(|submission| {
                if let Value::String(link) = &mut submission["fileUploadUrl"] {
                    link.push_str("&again=1");
                }
            }));
        }
        let (job, events, progress) = job(&shop, concurrency);
        let report = job.await.expect(what);
        assert_eq!(blocks(&shop).0, 6, "{what}");
        assert!(concurrency > 1 || blocks(&shop).1 == 0, "{what}: {:?}", shop.writes());
        for (word, times) in [("packed", 1), ("linkRenewed", 1), ("uploaded", 1)] {
            assert_eq!(count(&events, word), times, "{what}: {word}");
        }
        let all = progress.lock().unwrap();
        let last = all.last().unwrap();
        assert_eq!((last.bytes, last.blocks), (last.bytes_total, 6), "{what}");
        assert!(
            all.iter().all(|now| now.bytes <= now.bytes_total && now.blocks <= 6),
            "{what}"
        );
        if concurrency == 1 {
            // Nothing was there before this run.
            assert_eq!((last.bytes_skipped, report.bytes_sent), (0, last.bytes_total), "{what}");
        }
        assert_eq!(shop.fake.blob(&report.submission).unwrap().length, last.bytes_total, "{what}");
    }
}

#[tokio::test]
async fn what_an_earlier_run_sent_is_counted_as_there_once() {
    let shop = Shop::open().await;
    shop.fake.renew_links(true);
    shop.fake
        .fault(block(3).answer(400, "<Error><Code>InvalidInput</Code></Error>"));
    job(&shop, 1).0.await.unwrap_err();
    shop.fake.clear_faults();
    shop.fake.fault(block(2).advance(DAY));
    let (job, events, progress) = job(&shop, 1);
    let report = job.await.unwrap();
    assert_eq!((count(&events, "linkRenewed"), blocks(&shop)), (1, (6, 0)));
    let last = *progress.lock().unwrap().last().unwrap();
    assert_eq!((last.bytes, last.blocks), (last.bytes_total, 6));
    assert_eq!((last.bytes_skipped, last.blocks_skipped), (2 * MIB, 2));
    assert_eq!(report.bytes_sent, last.bytes_total - 2 * MIB);
}

#[tokio::test]
async fn a_new_link_to_another_place_begins_again() {
    let shop = Shop::open().await;
    let other = shop.fake.seed_draft(FLIGHT);
    let link = shop.fake.submission(&other).unwrap()["fileUploadUrl"].clone();
    shop.fake.fault(block(4).answer(403, REFUSED));
    // The first reads are those of the published submission and of the new draft.
    shop.fake.fault(
        read()
            .nth(3)
            .edit_answer(move |submission| submission["fileUploadUrl"] = link.clone()),
    );
    let (job, _, progress) = job(&shop, 1);
    let report = job.leave_draft().await.unwrap();
    let last = *progress.lock().unwrap().last().unwrap();
    assert_eq!((last.bytes, last.blocks, last.bytes_skipped), (last.bytes_total, 6, 0));
    assert_eq!(shop.fake.blob(&other).unwrap().length, last.bytes_total);
    assert_eq!((blocks(&shop), report.bytes_sent), ((6, 3), last.bytes_total));
}

/// The kind, and what to do, said once.
fn check_expired(error: &Error, what: &str) {
    assert!(
        error.kind() == ErrorKind::Upload(UploadKind::LinkExpired),
        "{what}: {error:?}"
    );
    let chain = format!("{error:?}");
    assert_eq!(chain.matches("create a new submission").count(), 1, "{what}: {chain}");
    for contradicts in ["read the submission again", "use the link", "go on with it", "run it again"] {
        assert!(!chain.contains(contradicts), "{what}: {chain}");
    }
    assert!(error.left_behind().is_some(), "{what}: {chain}");
}

#[tokio::test]
async fn the_same_link_or_none_is_an_expired_one() {
    let none = || {
        read()
            .nth(3)
            .edit_answer(|submission| submission["fileUploadUrl"] = Value::Null)
    };
    let table = [
        ("ended and the same", block(4).advance(DAY), None, "its time ended at"),
        ("refused and the same", block(4).answer(403, REFUSED), None, "no other one"),
        (
            "refused and none",
            block(4).answer(403, REFUSED),
            Some(none()),
            "none any more",
        ),
    ];
    for (what, fault, reading, says) in table {
        let shop = Shop::open().await;
        shop.fake.fault(fault);
        reading.into_iter().for_each(|reading| shop.fake.fault(reading));
        let (job, events, _) = job(&shop, 1);
        let error = job.await.unwrap_err();
        check_expired(&error, what);
        assert!(error.to_string().contains(says), "{what}: {error}");
        assert_eq!(shop.fake.requests_to("GET", "/submissions/*").len(), 3, "{what}");
        assert_eq!((count(&events, "packed"), count(&events, "linkRenewed")), (1, 0), "{what}");
        assert_eq!(shop.count("commit"), 0, "{what}");
    }
}

#[tokio::test]
async fn links_that_are_new_each_time_and_never_good_come_to_an_end() {
    let shop = Shop::open().await;
    let reads = AtomicU32::new(0);
    shop.fake.fault(read().always().edit_answer(move |submission| {
        if let Value::String(link) = &mut submission["fileUploadUrl"] {
            link.push_str(&format!("&n={}", reads.fetch_add(1, Ordering::Relaxed)));
        }
    }));
    shop.fake
        .fault(Fault::on("GET", "/blob/ingestion/*").always().answer(403, REFUSED));
    shop.fake
        .fault(Fault::on("PUT", "/blob/ingestion/*").always().answer(403, REFUSED));
    let (job, events, _) = job(&shop, 1);
    check_expired(&job.await.unwrap_err(), "never good");
    assert_eq!(count(&events, "linkRenewed"), 10);
}

/// What failed then is the read; whether there is a new link is not known.
#[tokio::test]
async fn a_draft_that_cannot_be_read_again_says_so() {
    let shop = Shop::open().await;
    shop.fake.fault(block(4).advance(DAY));
    shop.fake.fault(read().nth(3).answer(403, ""));
    let error = job(&shop, 1).0.await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(403)), "{error:?}");
    assert!(error.left_behind().is_some(), "{error:?}");
}

/// A refusal by something in front of the blob store tells nothing about the link.
#[tokio::test]
async fn a_proxy_that_refuses_is_not_an_expired_link() {
    let shop = Shop::open().await;
    shop.fake.fault(
        block(4)
            .answer(403, "<html>Blocked by policy</html>")
            .content_type("text/html"),
    );
    let error = job(&shop, 1).0.await.unwrap_err();
    assert!(error.kind() == ErrorKind::Upload(UploadKind::LinkRefused), "{error:?}");
    assert!(error.to_string().contains("check any proxy"), "{error}");
}
