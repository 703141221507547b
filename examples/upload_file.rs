//! Uploads a file to an upload link, goes on where an interrupted upload stopped, and shows how far it is.
//!
//! `upload_file [FILE]`
//!
//! The link is taken from `MSSTORE_UPLOAD_URL`: the `file_upload_url` of a submission. With neither link nor file it uploads a
//! generated file to the [`FakeStore`]. Exit codes: 0 done, 1 refused or failed, 64 usage.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use msstore::model::UploadUrl;
use msstore::testing::FakeStore;
use msstore::upload::Progress;
use msstore::{ApplicationId, ClientSecret, StoreClient};

const USAGE: &str = "usage: upload_file FILE";

async fn work(client: &StoreClient, link: UploadUrl, file: PathBuf) -> msstore::Result<()> {
    let sent = client.upload(link, file).on_progress(bar).await?;
    println!(
        "{} bytes, blocks: {} ({} there already), retries: {}, {:.1} MiB/s: HTTP {}, request id {}",
        sent.bytes,
        sent.blocks,
        sent.blocks_skipped,
        sent.retries,
        sent.rate() / f64::from(1 << 20),
        sent.http_status,
        sent.request_id.as_deref().unwrap_or("none")
    );
    Ok(())
}

fn checked_file(path: &str) -> Result<PathBuf, Box<dyn Error>> {
    match std::fs::metadata(path) {
        Ok(file) if file.is_file() && file.len() > 0 => Ok(PathBuf::from(path)),
        Ok(file) if file.is_file() => Err(format!("the file {path} is empty").into()),
        Ok(_) => Err(format!("{path} is not a file").into()),
        Err(error) => Err(format!("the file {path} cannot be read: {error}").into()),
    }
}

/// Shows how far the upload is, in one line.
fn bar(now: Progress) {
    // A log gets the last line only.
    if now.blocks < now.blocks_total && !std::io::stdout().is_terminal() {
        return;
    }
    let done = (now.bytes * 40).checked_div(now.bytes_total).unwrap_or(40);
    let end = if now.blocks == now.blocks_total { "\n" } else { "" };
    let (sent, total) = (now.bytes.div_ceil(1024), now.bytes_total.div_ceil(1024));
    print!(
        "\r[{:<40}] {sent} of {total} KiB{end}",
        "#".repeat(usize::try_from(done).unwrap_or(40))
    );
    // Without the end of a line nothing shows by itself.
    let _ = std::io::stdout().flush();
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (client, link, file, _fake) = match prepare(&arguments).await {
        Ok(prepared) => prepared,
        Err(error) => {
            eprintln!("{USAGE}");
            return fail(64, &*error);
        }
    };
    match work(&client, link, file).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &error),
    }
}

async fn prepare(arguments: &[String]) -> Result<(StoreClient, UploadUrl, PathBuf, Option<FakeStore>), Box<dyn Error>> {
    let link = std::env::var("MSSTORE_UPLOAD_URL").unwrap_or_default();
    match (link.as_str(), arguments) {
        ("", []) => {}
        ("", _) => return Err("MSSTORE_UPLOAD_URL is not set".into()),
        (link, [file]) => {
            // The link is the credential. A link on loopback, as of an emulator, is taken if the endpoint is on loopback too.
            let mut builder = StoreClient::builder(ClientSecret::new("unused", "unused", "unused"));
            if let Some(endpoint) = std::env::var("MSSTORE_ENDPOINT").ok().filter(|endpoint| !endpoint.is_empty()) {
                builder = builder.endpoint(endpoint);
            }
            return Ok((builder.build()?, UploadUrl::new(link), checked_file(file)?, None));
        }
        _ => return Err("the arguments do not fit".into()),
    }
    println!("No link is set: this runs on the FakeStore, inside this program.");
    let fake = FakeStore::start_with_sample().await?;
    let client = fake.client()?;
    let app: ApplicationId = FakeStore::SAMPLE_APPLICATION.parse()?;
    let draft = client.applications().submissions(app).create().await?;
    let file = fake.sample_file("sample.zip", 40 << 20)?;
    let link = draft.file_upload_url.clone();
    Ok((client, link, file, Some(fake)))
}

/// Prints an error and what lies below it.
fn fail(code: u8, error: &dyn Error) -> ExitCode {
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
    ExitCode::from(code)
}
