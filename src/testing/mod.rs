//! A fake of the service for tests of release pipelines (feature `testing`).
//!
//! [`FakeStore`] speaks the whole submission API over HTTP on the loopback: apps, add-ons, package flights, their
//! submissions and rollouts, the token endpoints and the blob store to which archives are uploaded; and the API for MSI and
//! EXE apps, which is another one. It keeps state as the service does, refuses what the service refuses, and does on request
//! what networks and services do on bad days ([`Fault`]). It reads the protocol by itself and shares no code with the client; only packages it reads with
//! [`package`](crate::package), as the client does.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use msstore::testing::{FakeStore, Fault};
//!
//! let fake = FakeStore::start_with_sample().await?;
//! // The gateway gives up on the first creation, although it takes effect.
//! fake.fault(Fault::on("POST", "/submissions").apply_then().answer(504, "<html>Gateway Timeout</html>"));
//! // Let a pipeline run against `fake.endpoint()` and `fake.authority()`, then look at what it did:
//! assert!(fake.applied_to("POST", "/submissions").is_empty());
//! assert!(fake.pending_submission(FakeStore::SAMPLE_APPLICATION).is_none());
//! # Ok(())
//! # }
//! ```
//!
//! # What it models
//!
//! * One pending submission for each app, add-on and flight, cloned from the last published one. A commit opens the
//!   uploaded archive. Each read of `/status` goes one step on, by default `CommitStarted`,
//!   `PreProcessing`, `Certification`, `Release`, `Publishing`, `Published`; with a publish mode of `Manual` or
//!   `SpecificDate` it rests at `Release`.
//! * An update replaces the whole submission: members left out are gone, a missing `priceId` makes it free.
//! * What makes releases fail is refused, an update with 400 or a commit with `CommitFailed` and the reasons in
//!   `statusDetails`: each [`Rule`], until [`FakeStore::enforce`] lifts it.
//! * A package that is taken is described from its manifest ([`SamplePackage`] makes small ones). A file that is no ZIP archive is
//!   described from its name, as `App_1.2.0.0_x64.msix`, and nothing is held against it.
//! * Members the fake does not know are stored as sent; the service's own rules on texts and sizes are not checked.
//! * Calls are not counted against a limit; [`Fault::throttle`] does that.
//! * Clients sign in with a secret or with an assertion that the fake issued, as a job of GitHub Actions, a job of Azure
//!   Pipelines or a cluster gets it ([`FakeStore::variables`]). Assertions are refused with Entra ID's numbers.
//! * An MSI or EXE product has one draft, which is always there and locked while a submission is under way. A PATCH keeps
//!   what it leaves out, a PUT gives it the default; a PUT of packages renumbers them; a commit of images replaces both lists
//!   of a language. After a commit of packages each read of `/status` goes one step on, by default twice `modulenotready` and
//!   then ready ([`FakeStore::script_msi_status`]); each read of a submission's status does, by default twice `INPROGRESS` and
//!   then `PUBLISHED` ([`FakeStore::script_msi_submission`]). Without markets or a category, or while a listing lacks a
//!   description, a logo or a screenshot, the draft is not ready either. No package is fetched; files to be fetched by others
//!   can be put on the fake ([`FakeStore::host_file`]).
//! * Time is the fake's own: it stands on real time and is moved on by [`FakeStore::advance`] and by clients that
//!   share its clock. Tokens, upload links, assertions and throttling run on it.

mod aadsts;
mod account;
mod answer;
mod api;
mod assertions;
mod blob;
mod blob_list;
mod blob_operations;
mod blob_slot;
mod body;
mod catalog;
mod commit;
mod dates;
mod exchange;
mod fake;
mod faults;
mod image;
mod manifests;
mod msi;
mod names;
mod oidc;
mod package;
mod query;
mod recorded;
mod refusals;
mod request;
mod rollouts;
mod rope;
mod rules;
mod sample;
mod seed;
mod server;
mod sign_in;
mod state;
mod submissions;
#[cfg(test)]
mod tests;
mod token;
mod update;
mod wire;

pub use self::fake::{FakeStore, UploadedBlob};
pub use self::faults::{CutEnd, Fault, RetryHint};
pub use self::image::sample_image;
pub use self::msi::model::MsiStatus;
pub use self::package::SamplePackage;
pub use self::recorded::{AppliedWrite, RecordedBody, RecordedRequest};
pub use self::rules::Rule;
