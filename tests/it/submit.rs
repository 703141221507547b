//! The job that release pipelines do, for the tests that disturb it: app, pending draft, create, edit, upload, commit, wait.

use std::io::Write as _;
use std::time::Duration;

use msstore::api::WaitReport;
use msstore::model::ApplicationPackage;
use msstore::{Error, Outcome, SubmissionId};

use crate::faulty::{World, chain};

pub(crate) const PACKAGE: &str = "PaperLantern_2.0.0.0_x64.msix";
/// The time of an attempt of the upload.
const STALL: Duration = Duration::from_millis(500);
pub(crate) const NOTES: &str = "Brighter.";

/// What went wrong, and what is left where as far as the job knows.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) text: String,
    pub(crate) outcome: Outcome,
}

impl Failed {
    fn new(left: impl std::fmt::Display, error: Error) -> Self {
        let text = format!("{left}: {}", chain(&error));
        let outcome = error.outcome();
        Self { text, outcome }
    }
}

/// `ours` is a draft that an earlier run has left and that may go; any other is somebody else's.
pub(crate) async fn submit(world: &World, ours: Option<&SubmissionId>) -> Result<WaitReport, Failed> {
    let submissions = world.app_submissions();
    let app = world.client.applications().get(&world.app).await;
    let app = app.map_err(|error| Failed::new("nothing done", error))?;
    if let Some(pending) = app.pending_submission_id().filter(|pending| Some(*pending) == ours) {
        let deleted = submissions.ensure_deleted(pending).await;
        deleted.map_err(|error| Failed::new(format!("{pending} was there and may be gone"), error))?;
    }
    let ensured = submissions.ensure_created().await;
    let mut draft = ensured
        .map_err(|error| Failed::new("no draft to go on with", error))?
        .document;
    let id = draft.id().unwrap();
    let left = |error| Failed::new(format!("{id} is left"), error);
    draft.listing_mut("en-us").map_err(left)?.base_listing.release_notes = NOTES.into();
    draft.application_packages.push(ApplicationPackage::pending_upload(PACKAGE));
    let draft = submissions.update(&draft).await.map_err(left)?;
    let upload = world.client.upload(&draft.file_upload_url, archive()).attempt_timeout(STALL);
    upload.await.map_err(left)?;
    submissions.commit_and_wait(&id).await.map_err(left)
}

/// The ZIP with the package.
fn archive() -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file(PACKAGE, stored).unwrap();
    archive.write_all(b"package").unwrap();
    archive.finish().unwrap().into_inner()
}
