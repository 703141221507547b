//! Typed async client for the [Microsoft Store submission API]: apps, add-ons, package flights, their submissions and
//! gradual rollouts.
//!
//! This page is a tutorial. What calls guarantee when the service or the network fails stands at [`Outcome`]; how the crate is
//! built, in [ARCHITECTURE.md]. It is not affiliated with Microsoft.
//!
//! # The first call
//!
//! A [`StoreClient`] is cheap to clone; its clones share connections, the access token and the rate limit (20 requests a
//! minute). The credentials are those of an Entra app with the Manager role in Partner Center; [`StoreClient::from_env`] takes them from
//! the environment: a secret, or what GitHub Actions, Azure Pipelines or Kubernetes vouch for. [`auth`] has the rule, and the other ways.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use msstore::{ApplicationId, ClientSecret, StoreClient};
//!
//! let client = StoreClient::builder(ClientSecret::new("tenant", "client id", "secret")).build()?;
//! for app in client.applications().list().all().await? {
//!     println!("{}", app.primary_name);
//! }
//! let id: ApplicationId = "9NBLGGH4R315".parse()?;
//! let app = client.applications().get(&id).await?;
//! println!("{:?} is pending", app.pending_submission_id());
//! # Ok(())
//! # }
//! ```
//!
//! Handles such as [`Applications`](api::Applications) and [`Submissions`](api::Submissions) are owned and cost no I/O to make. There is one
//! [`Submissions`](api::Submissions) for the three kinds of submission: `client.applications().submissions(app)`,
//! `client.in_app_products().submissions(product)` and `client.flights(app).submissions(flight)`. An endpoint that the crate does
//! not know is reached by [`StoreClient::request`].
//!
//! # Editing a document
//!
//! An update replaces the whole submission, so whatever a client drops is deleted. Single resources therefore come as
//! [`Document`]s: the JSON as received, with a typed view that it dereferences to. What you do not edit goes back as it came,
//! also what the view does not know.
//!
//! ```no_run
//! # async fn run(client: msstore::StoreClient, app: msstore::ApplicationId) -> Result<(), Box<dyn std::error::Error>> {
//! let submissions = client.applications().submissions(app);
//! let mut draft = submissions.ensure_created().await?.document;
//!
//! draft.listing_mut("en-us")?.base_listing.release_notes = "Faster.".into();
//! draft.notes_for_certification = "Log in with demo / demo.".into();
//! // What the view does not know is written by a JSON pointer.
//! draft.set("/aMemberOfNextYear", serde_json::json!(true))?;
//!
//! for change in draft.changes()? {
//!     println!("{change}");
//! }
//! let draft = submissions.update(&draft).await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Document::merge`] applies a JSON merge patch, so that a repository can keep only the members that it manages. Languages are found in
//! any case; `listing_or_insert("fr-FR")` adds one that is not there yet.
//!
//! # Submitting
//!
//! [`Submissions::publish`](api::Submissions::publish) is the whole job: it reads the packages, deals with a pending submission as you say, creates a draft,
//! edits it, checks it, builds the ZIP and uploads it, commits, waits, and looks whether the Store has taken the packages.
//!
//! ```no_run
//! # async fn run(client: msstore::StoreClient, app: msstore::ApplicationId) -> Result<(), Box<dyn std::error::Error>> {
//! use msstore::api::Milestone;
//! use msstore::publish::Package;
//!
//! let report = client
//!     .applications()
//!     .submissions(app)
//!     .publish()
//!     .edit(|draft| {
//!         draft.listing_mut("en-us")?.base_listing.release_notes = "Faster.".into();
//!         Ok(())
//!     })
//!     .package(Package::new("dist/App_1.4.0.0_x64.msix"))
//!     .until(Milestone::Certified) // for 3 days at most, unless .timeout(..) says otherwise
//!     .on_event(|event| println!("{event}"))
//!     .await?;
//! println!("{report}");
//! # Ok(())
//! # }
//! ```
//!
//! With `.plan()` in place of `.await` it only reads, and says what it would change and upload and what its guards find. The
//! steps are there one by one too: [`Submissions::create`](api::Submissions::create), [`Submissions::update`](api::Submissions::update), [`StoreClient::upload`],
//! [`Submissions::commit`](api::Submissions::commit).
//!
//! # Waiting
//!
//! A commit only begins. A [`Wait`](api::Wait) polls until a [`Milestone`](api::Milestone) is reached; it has a finite deadline, and it fails at once, with the
//! service's own reasons, when the submission does. It can be dropped and taken up again at any time, also by another program.
//!
//! ```no_run
//! # async fn run(client: msstore::StoreClient, app: msstore::ApplicationId) -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use msstore::api::Milestone;
//! use msstore::SubmissionId;
//!
//! let id: SubmissionId = "1152921504621243680".parse()?;
//! let last = client
//!     .applications()
//!     .submissions(app)
//!     .watch(id)
//!     .until(Milestone::Published)
//!     .timeout(Duration::from_secs(24 * 3600))
//!     .on_status(|now| println!("{}", now.report.status))
//!     .await?;
//! if last.held {
//!     println!("certified; it is published by hand or on its date");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Errors and outcomes
//!
//! There is one [`Error`]. Besides what went wrong it says whether the failed call has changed something at the service:
//! [`Error::outcome`] is [`NotApplied`](Outcome::NotApplied), [`MaybeApplied`](Outcome::MaybeApplied) (the answer was lost, or was
//! a 5xx, which this service also sends after doing the work) or [`Applied`](Outcome::Applied).
//!
//! ```no_run
//! # async fn run(client: msstore::StoreClient, app: msstore::ApplicationId) -> Result<(), Box<dyn std::error::Error>> {
//! use msstore::{ErrorKind, Outcome};
//!
//! let submissions = client.applications().submissions(app);
//! match submissions.create().await {
//!     Ok(draft) => println!("draft {}", draft.id()?),
//!     Err(error) if error.is_conflict() => println!("another submission is pending"),
//!     Err(error) if error.outcome() == Outcome::MaybeApplied => println!("look whether a draft is there: {error}"),
//!     Err(error) if error.kind() == ErrorKind::Auth => println!("check the credentials: {error}"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Calls that are safe to repeat are repeated by the crate for three minutes ([`RetryPolicy`](config::RetryPolicy)). Calls that are not, are sent
//! once, and the `ensure_…` and `…_or_find` methods resolve an ambiguous outcome by looking: [`Submissions::ensure_created`](api::Submissions::ensure_created),
//! [`Submissions::ensure_deleted`](api::Submissions::ensure_deleted), [`Submissions::ensure_committed`](api::Submissions::ensure_committed), [`InAppProducts::create_or_find`](api::InAppProducts::create_or_find), [`Flights::create_or_find`](api::Flights::create_or_find). Secrets never show in an
//! error, in `Debug` or in `tracing` events.
//!
//! # Testing your own pipeline
//!
//! `testing::FakeStore` (feature `testing`) is the service in your process: stateful, over HTTP on the loopback, with
//! the faults of bad days on request. Its clients share a clock that jumps where they would wait.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use msstore::testing::{FakeStore, Fault};
//! use msstore::api::Milestone;
//! use msstore::ApplicationId;
//!
//! let fake = FakeStore::start_with_sample().await?;
//! // The gateway gives up on the create, although it takes effect.
//! fake.fault(Fault::on("POST", "/submissions").apply_then().answer(504, "<html>Gateway Timeout</html>"));
//!
//! let app: ApplicationId = FakeStore::SAMPLE_APPLICATION.parse()?;
//! let submissions = fake.client()?.applications().submissions(app);
//! let draft = submissions.ensure_created().await?;
//! assert!(draft.adopted);
//! assert_eq!(fake.applied_to("POST", "/submissions").len(), 1);
//!
//! // Hours of polling take milliseconds.
//! let done = submissions.commit_and_wait(draft.document.id()?).until(Milestone::Published).await?;
//! assert!(done.waited.as_secs() > 0);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `rustls` | yes | TLS by rustls with aws-lc-rs and the platform's certificate verifier |
//! | `native-tls` | no | TLS by the platform: SChannel, Secure Transport or OpenSSL |
//! | `rustls-no-provider` | no | rustls without a crypto provider: the program installs one |
//! | `archive` | yes | builds the ZIP that goes with a submission |
//! | `package` | yes | reads what lies in a package |
//! | `testing` | no | `testing::FakeStore` |
//!
//! [Microsoft Store submission API]: https://learn.microsoft.com/windows/uwp/monetize/create-and-manage-submissions-using-windows-store-services
//! [ARCHITECTURE.md]: https://github.com/msstore-rs/msstore/blob/main/ARCHITECTURE.md

// docs.rs says of an item which feature it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod api;
#[cfg(feature = "archive")]
pub mod archive;
pub mod auth;
mod client;
mod date;
mod document;
pub mod error;
mod http;
mod id;
pub mod model;
pub mod msi;
pub mod package;
pub mod publish;
mod secret;
mod service;
#[cfg(feature = "testing")]
pub mod testing;
pub mod upload;

/// Settings of a client: [`RetryPolicy`](config::RetryPolicy) and [`RateLimit`](config::RateLimit).
pub mod config {
    pub use crate::http::limit::RateLimit;
    pub use crate::http::retry::RetryPolicy;
}

#[doc(inline)]
pub use crate::auth::ClientSecret;
pub use crate::client::{StoreClient, StoreClientBuilder};
pub use crate::document::Document;
#[doc(inline)]
pub use crate::error::{Error, ErrorKind, Outcome, Result};
pub use crate::id::{ApplicationId, FlightId, InAppProductId, ProductId, SellerId, SubmissionId};

// Types of these stand in signatures: `Bytes`, `Stream`, `ClientBuilder`, `Method`, `SecretString`, `Value`, `Url`.
#[doc(no_inline)]
pub use {bytes, futures_core, reqwest, secrecy, serde_json, url};

/// The quick start of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
