//! The whole job in one call, on the wire against the fake.

// `clippy.toml` allows it in test functions, not in what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crash;
mod guards;
mod images;
mod inherited;
mod inputs;
mod kinds;
mod links;
mod listings;
mod packages;
mod plan;
mod policy;
mod release;
mod report;
mod trial;

use std::error::Error as StdError;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use msstore::api::{Submission, Submissions};
use msstore::model::{ApplicationSubmission, FlightSubmission, Guard, InAppProductSubmission};
use msstore::publish::{Event, Package, Publish};
use msstore::testing::{FakeStore, SamplePackage};
use msstore::{ApplicationId, Document, Error, ErrorKind, FlightId, InAppProductId, StoreClient, SubmissionId};
use serde_json::Value;

const APP: &str = FakeStore::SAMPLE_APPLICATION;
const ADD_ON: &str = FakeStore::SAMPLE_IN_APP_PRODUCT;
const FLIGHT: &str = FakeStore::SAMPLE_FLIGHT;

/// What the tests submit. The sample's app has version 1.0.0.0 for x64 and for arm64.
const PACKAGE: &str = "PaperLantern_2.0.0.0_x64.msix";

/// More than one block of an upload, less than two.
const TWO_BLOCKS: usize = 5 << 20;

type BoxedError = Box<dyn StdError + Send + Sync>;

/// A folder of one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("msstore-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// A file of this length; no two blocks of it are equal.
    fn file(&self, name: &str, length: usize) -> PathBuf {
        let content = (0_u64..).flat_map(|at| at.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
        let content: Vec<u8> = content.take(length).collect();
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A PNG of this size in pixels.
    fn image(&self, name: &str, width: u32, height: u32) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, msstore::testing::sample_image(width, height)).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What a test leaves open cannot be removed on Windows; that is not what it tests.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The fake with its sample, a client of it, and files to submit.
struct Shop {
    fake: FakeStore,
    client: StoreClient,
    folder: Folder,
}

impl Shop {
    async fn open() -> Self {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let client = fake.client().unwrap();
        let folder = Folder::new();
        Self { fake, client, folder }
    }

    fn app(&self) -> Submissions<ApplicationSubmission> {
        self.client.applications().submissions(APP.parse::<ApplicationId>().unwrap())
    }

    fn add_on(&self) -> Submissions<InAppProductSubmission> {
        let id: InAppProductId = ADD_ON.parse().unwrap();
        self.client.in_app_products().submissions(id)
    }

    fn flight(&self) -> Submissions<FlightSubmission> {
        let app: ApplicationId = APP.parse().unwrap();
        self.client.flights(app).submissions(FLIGHT.parse::<FlightId>().unwrap())
    }

    fn package(&self, name: &str) -> Package {
        self.release(name, &SamplePackage::new("2.0.0.0").content(1000))
    }

    /// The usual one, in two blocks of an upload.
    fn large_package(&self) -> Package {
        self.release(PACKAGE, &SamplePackage::new("2.0.0.0").content(TWO_BLOCKS))
    }

    /// The length of a file of its folder.
    fn length(&self, name: &str) -> u64 {
        std::fs::metadata(self.folder.0.join(name)).unwrap().len()
    }

    fn release(&self, name: &str, package: &SamplePackage) -> Package {
        let path = self.folder.0.join(name);
        package.write(&path).unwrap();
        Package::new(path)
    }

    /// The usual job: new notes and a new package.
    fn job(&self) -> Publish<ApplicationSubmission> {
        self.app().publish().edit(notes).package(self.package(PACKAGE))
    }

    fn pending_id(&self) -> SubmissionId {
        id_of(&self.fake.pending_submission(APP).expect("a pending submission"))
    }

    fn published_id(&self) -> SubmissionId {
        id_of(&self.fake.published_submission(APP).expect("a published submission"))
    }

    /// The writes that took effect, each as one word.
    fn writes(&self) -> Vec<String> {
        let word = |write: &msstore::testing::AppliedWrite| {
            let last = write.path.rsplit('/').next().unwrap_or_default();
            let query = format!("{}&", write.query);
            match (write.method.as_str(), last) {
                _ if write.path.starts_with("/blob/") && query.contains("comp=blocklist&") => "list",
                _ if write.path.starts_with("/blob/") && query.contains("comp=block&") => "block",
                _ if write.path.starts_with("/blob/") => "blob",
                ("POST", "submissions") => "create",
                ("PUT", _) => "update",
                ("DELETE", _) => "delete",
                (_, last) => last,
            }
            .to_owned()
        };
        self.fake.applied().iter().map(word).collect()
    }

    fn count(&self, word: &str) -> usize {
        self.writes().iter().filter(|write| *write == word).count()
    }

    /// The requests that are no reads and do not fetch a token, whether or not they took effect.
    fn sent(&self) -> Vec<String> {
        let requests = self.fake.requests();
        let writes = requests
            .iter()
            .filter(|request| request.method != "GET" && !request.path.ends_with("/token"));
        writes.map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

fn id_of(submission: &Value) -> SubmissionId {
    submission["id"].as_str().unwrap().parse().unwrap()
}

fn notes(draft: &mut Document<ApplicationSubmission>) -> Result<(), BoxedError> {
    draft.listing_mut("en-us")?.base_listing.release_notes = "Faster.".into();
    Ok(())
}

fn nothing<S>(_: &mut Document<S>) -> Result<(), BoxedError> {
    Ok(())
}

/// Name and status of each package, sorted.
fn packages(submission: &Value) -> Vec<(String, String)> {
    let list = submission.get("applicationPackages").or(submission.get("flightPackages"));
    let text = |package: &Value, name: &str| package[name].as_str().unwrap_or_default().to_owned();
    let packages = list.and_then(Value::as_array).into_iter().flatten();
    let mut packages: Vec<_> = packages
        .map(|package| (text(package, "fileName"), text(package, "fileStatus")))
        .collect();
    packages.sort();
    packages
}

fn package_names(submission: &Value) -> Vec<String> {
    packages(submission).into_iter().map(|(name, _)| name).collect()
}

/// A job that keeps what its observer is told.
fn observed<S: Submission>(job: Publish<S>) -> (Publish<S>, Arc<Mutex<Vec<Event>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&events);
    (job.on_event(move |event| kept.lock().unwrap().push(event.clone())), events)
}

/// What an event tells, as one word.
fn step(event: &Event) -> String {
    let event = serde_json::to_value(event).unwrap();
    event["event"].as_str().unwrap().to_owned()
}

/// What failed, with the path of the draft that is left.
fn left(error: &Error) -> (&str, &Error) {
    assert!(error.left_behind().is_some(), "no draft is named: {error:?}");
    (error.path().unwrap(), error)
}

fn guard_of(error: &Error) -> Option<Guard> {
    match error.kind() {
        ErrorKind::Guard(guard) => Some(guard),
        _ => None,
    }
}
