//! The whole job in one call: [`Publish`], which is made by [`Submissions::publish`](crate::api::Submissions::publish).
//!
//! ```no_run
//! # async fn run(submissions: msstore::api::Submissions<msstore::model::ApplicationSubmission>) -> msstore::Result<()> {
//! use msstore::publish::Package;
//!
//! let job = || submissions.publish().package(Package::new("dist/App_1.4.0.0_x64.msix"));
//! let plan = job().plan().await?;
//! if !plan.is_clear() {
//!     println!("nothing was sent: {}", plan.problems().join("; "));
//!     return Ok(());
//! }
//! match job().await {
//!     Ok(report) => println!("{report}"),
//!     Err(error) => match error.left_behind() {
//!         Some(draft) => println!("{error}; {draft} is left: run again with PendingPolicy::Reuse"),
//!         None => println!("{error}"),
//!     },
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A run plans and then executes: one walk reads, tries the edits on a copy and decides; [`Publish::plan`] prints that decision,
//! and the run obeys it.

mod decide;
pub(crate) mod event;
mod execute;
mod files;
#[cfg(feature = "archive")]
mod given;
mod job;
pub(crate) mod picture;
mod plan;
#[cfg(feature = "archive")]
mod renew;
mod settings;
mod walk;

pub use self::decide::guards::{Finding, PlannedGuard};
pub use self::decide::inherited::{InheritedSetting, Mandatory};
pub use self::decide::limits::Advice;
pub use self::decide::new_package::Package;
pub use self::decide::packages::{ExistingPackages, PackageFate, PlannedPackage};
pub use self::decide::policy::{ExistingRollout, InTheWay, PendingPolicy};
pub use self::event::{Event, EventKind, PublishReport, Seen};
pub use self::files::ArchiveFile;
pub use self::job::Publish;
pub use self::plan::Plan;
#[doc(no_inline)]
pub use crate::model::Guard;
