//! The job that release pipelines do, for the tests that disturb it: app, pending draft, create, edit, upload, commit, wait.

use std::io::Write as _;

use msstore::{ApplicationPackage, Error, Outcome, SubmissionId, UploadUrl, WaitReport};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::faulty::{World, chain};

pub(crate) const PACKAGE: &str = "PaperLantern_2.0.0.0_x64.msix";
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
    let id = draft.id.clone();
    let left = |error| Failed::new(format!("{id} is left"), error);
    draft.listing_mut("en-us").map_err(left)?.base_listing.release_notes = NOTES.into();
    draft.application_packages.push(ApplicationPackage::pending_upload(PACKAGE));
    let draft = submissions.update(&draft).await.map_err(left)?;
    upload(&draft.file_upload_url).await.map_err(|problem| Failed {
        text: format!("{id} is left: {problem}"),
        outcome: Outcome::Applied,
    })?;
    submissions.commit_and_wait(&id).await.map_err(left)
}

/// One Put Blob over a plain socket, a few times if need be.
async fn upload(link: &UploadUrl) -> Result<(), String> {
    let url = url::Url::parse(&link.expose().replace('+', "%2B")).unwrap();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file(PACKAGE, stored).unwrap();
    archive.write_all(b"package").unwrap();
    let body = archive.finish().unwrap().into_inner();
    let mut problem = String::new();
    for _ in 0..8 {
        match put(&url, &body).await {
            Ok(answer) if answer.starts_with("HTTP/1.1 201") => return Ok(()),
            Ok(answer) => problem = answer.lines().next().unwrap_or("no answer").to_owned(),
            Err(error) => problem = error.to_string(),
        }
    }
    Err(format!("the upload failed: {problem}"))
}

async fn put(url: &url::Url, body: &[u8]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((url.host_str().unwrap(), url.port().unwrap())).await?;
    let head = format!(
        "PUT {}?{} HTTP/1.1\r\nHost: fake\r\nConnection: close\r\nContent-Length: {}\r\nx-ms-blob-type: BlockBlob\r\n\
         x-ms-version: 2021-12-02\r\nContent-Type: application/zip\r\n\r\n",
        url.path(),
        url.query().unwrap_or_default(),
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
