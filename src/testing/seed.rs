//! What a fake knows before a test begins, and what happens to it besides the API.
//!
//! An id that is not known is ignored by what changes things, so that a test fails at what it looks at, not here.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use super::catalog::{new_flight, new_in_app_product, new_parent};
use super::commit::arrive;
use super::dates::UNSET;
use super::fake::FakeStore;
use super::manifests::{self, Looks};
use super::sample;
use super::state::{Kind, Parent, State, Submission};
use super::submissions;
use crate::id::{ApplicationId, FlightId, InAppProductId, ParseIdError, SubmissionId};
use crate::package::inspect_bytes;

impl FakeStore {
    pub(super) fn seed_sample(&self) {
        let app = self.seed_application(Self::SAMPLE_APPLICATION);
        let mut state = self.state();
        let add_on = new_in_app_product(Self::SAMPLE_IN_APP_PRODUCT, app.as_str(), "lantern-pack", "Durable");
        seed(&mut state, add_on);
        add_flight(&mut state, Self::SAMPLE_FLIGHT, app.as_str(), "Insiders");
        drop(state);
        self.seed_msi_product(Self::SAMPLE_MSI_PRODUCT);
    }

    /// Adds an app with a published submission: two listings (`en-us`, `de-de`) with an image each, two packages, a
    /// price of `Tier1012`, and members that no documentation knows.
    pub fn seed_application(&self, id: impl fmt::Display) -> ApplicationId {
        let id = self.seed_unpublished_application(id);
        let mut state = self.state();
        publish(&mut state, id.as_str());
        id
    }

    /// Adds an app that was never published.
    pub fn seed_unpublished_application(&self, id: impl fmt::Display) -> ApplicationId {
        let id = id.to_string();
        let members = json!({
            "id": id,
            "primaryName": format!("Paper Lantern {id}"),
            "PackageFamilyName": "LanternWorks.PaperLantern_4fak3st0r3abc",
            "packageIdentityName": super::package::SamplePackage::IDENTITY,
            "publisherName": super::package::SamplePackage::PUBLISHER,
            "firstPublishedDate": UNSET,
            "hasAdvancedListingPermission": true,
        });
        let parent = new_parent(Kind::Application, &id, &id, members);
        self.state().model.parents.push(parent);
        typed(id)
    }

    /// Adds that many apps that were never published, for lists of several pages.
    pub fn seed_applications(&self, count: usize) -> Vec<ApplicationId> {
        (0..count)
            .map(|_| {
                let id = self.state().numbers.store_id();
                self.seed_unpublished_application(id)
            })
            .collect()
    }

    /// Adds a durable add-on with a published submission.
    pub fn seed_in_app_product(&self, app: impl fmt::Display, product_id: &str) -> InAppProductId {
        let mut state = self.state();
        let id = state.numbers.store_id();
        let parent = new_in_app_product(&id, &app.to_string(), product_id, "Durable");
        seed(&mut state, parent);
        typed(id)
    }

    /// Adds a flight with a published submission.
    pub fn seed_flight(&self, app: impl fmt::Display, name: &str) -> FlightId {
        let mut state = self.state();
        let id = state.numbers.guid();
        add_flight(&mut state, &id, &app.to_string(), name);
        typed(id)
    }

    /// Makes this the last published submission of an app, add-on or flight. Its `id` is the fake's, its status
    /// `Published`; all other members stand as they are given.
    ///
    /// # Panics
    ///
    /// If the fake has no such app, add-on or flight.
    #[track_caller]
    pub fn set_published_submission(&self, parent: impl fmt::Display, document: Value) -> SubmissionId {
        let parent = self.known(parent);
        let mut state = self.state();
        typed(put_published(&mut state, &parent, document))
    }

    /// Makes these files the packages of the last published submission, by name and content, as if they had been submitted: a
    /// [`SamplePackage`](crate::testing::SamplePackage) is described from its manifest, what is no package from its name.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use msstore::testing::{FakeStore, SamplePackage};
    ///
    /// let fake = FakeStore::start_with_sample().await?;
    /// let arm = SamplePackage::new("1.3.0.0").architecture("arm64").device_family("Windows.Desktop", "10.0.19041.0");
    /// let packages: [(&str, &[u8]); 2] = [("Lantern_arm64.msix", &arm.to_bytes()), ("Lantern_1.2.0.0_x64.msix", b"")];
    /// fake.set_published_packages(FakeStore::SAMPLE_APPLICATION, &packages);
    /// let published = fake.published_submission(FakeStore::SAMPLE_APPLICATION).unwrap();
    /// assert_eq!(published["applicationPackages"][0]["version"], "1.3.0.0");
    /// assert_eq!(published["applicationPackages"][1]["architecture"], "x64");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the fake has no such app or flight, or it was never published.
    #[track_caller]
    pub fn set_published_packages(&self, parent: impl fmt::Display, files: &[(&str, &[u8])]) {
        let parent = self.known(parent);
        let mut state = self.state();
        let State { model, numbers, .. } = &mut *state;
        let published = model.parent(&parent).and_then(|parent| parent.published.clone());
        let published = published.and_then(|id| model.submissions.get_mut(&id));
        let submission = published.unwrap_or_else(|| panic!("{parent} has no published submission"));
        let packages = files.iter().map(|(name, content)| {
            let mut package = json!({ "fileName": name, "minimumDirectXVersion": "None", "minimumSystemRam": "None" });
            let info = inspect_bytes(name, content).ok();
            manifests::describe(&mut package, info.as_ref(), submission.kind == Kind::Application, numbers);
            package
        });
        let packages = packages.collect();
        let member = submission.packages_member();
        submission.document[member] = packages;
    }

    /// Changes the JSON of a submission behind the API's back.
    pub fn edit_submission(&self, id: impl fmt::Display, edit: impl FnOnce(&mut Value)) {
        // Without the lock, for `edit` may look at the fake.
        let id = id.to_string();
        let Some(mut document) = self.submission(&id) else {
            return;
        };
        edit(&mut document);
        if let Some(submission) = self.state().model.submissions.get_mut(&id) {
            submission.document = document;
        }
    }

    /// Starts a draft as the API does, as another run of a pipeline would have left it. Of a parent with a pending
    /// submission it is that one.
    ///
    /// # Panics
    ///
    /// If the fake has no such app, add-on or flight.
    #[track_caller]
    pub fn seed_draft(&self, parent: impl fmt::Display) -> SubmissionId {
        let parent = self.known(parent);
        let mut state = self.state();
        let started = submissions::start(&mut state, &parent);
        let pending = || state.model.parent(&parent).and_then(|parent| parent.pending.clone());
        typed(started.ok().or_else(pending).unwrap_or_default())
    }

    /// Starts a draft as Partner Center does: without an upload link, and not to be touched by the API.
    pub fn seed_portal_draft(&self, parent: impl fmt::Display) -> SubmissionId {
        let id = self.seed_draft(parent);
        if let Some(submission) = self.state().model.submissions.get_mut(id.as_str()) {
            submission.portal = true;
            submission.document["fileUploadUrl"] = Value::Null;
        }
        id
    }

    /// Makes the published submission one whose rollout is in progress, at this percentage.
    pub fn seed_rollout(&self, parent: impl fmt::Display, percentage: f64) -> Option<SubmissionId> {
        let mut state = self.state();
        let id = state.model.parent(&parent.to_string())?.published.clone()?;
        let fallback = state.numbers.submission();
        let submission = state.model.submissions.get_mut(&id)?;
        submission.document["packageDeliveryOptions"]["packageRollout"] = json!({
            "isPackageRollout": true,
            "packageRolloutPercentage": percentage,
            "packageRolloutStatus": "PackageRolloutInProgress",
            "fallbackSubmissionId": fallback,
        });
        Some(typed(id))
    }

    /// The statuses that a submission of this app, add-on or flight goes through, one with each read of `/status`; the
    /// last one stays. It is the submission under way, or else the one that is committed next. Each is a status (`"CertificationFailed"`) or a whole report as JSON (`status`,
    /// `statusDetails`). A commit that is refused still fails.
    ///
    /// # Panics
    ///
    /// If the fake has no such app, add-on or flight.
    #[track_caller]
    pub fn script_statuses<T: Into<Value>>(&self, parent: impl fmt::Display, statuses: impl IntoIterator<Item = T>) {
        let parent = self.known(parent);
        let script: VecDeque<Value> = statuses.into_iter().map(Into::into).collect();
        let mut state = self.state();
        let model = &mut state.model;
        let pending = model.parent(&parent).and_then(|parent| parent.pending.clone());
        let under_way = pending.and_then(|id| model.submissions.get_mut(&id));
        if let Some(submission) = under_way.filter(|submission| !submission.is_open()) {
            submission.script = script;
        } else if let Some(parent) = model.parent_mut(&parent) {
            parent.script = Some(script);
        }
    }

    /// Lets a submission have this status now (a text, or a whole report as JSON), with all that goes with it, and stay
    /// there.
    pub fn set_status(&self, submission: impl fmt::Display, status: impl Into<Value>) {
        let mut state = self.state();
        let id = submission.to_string();
        if let Some(submission) = state.model.submissions.get_mut(&id) {
            submission.script.clear();
        }
        arrive(&mut state, &id, &status.into());
    }

    /// Publishes a submission that rests at Release, as the button in Partner Center does: the next reads of its
    /// status are Publishing and Published.
    pub fn publish_now(&self, submission: impl fmt::Display) {
        if let Some(submission) = self.state().model.submissions.get_mut(&submission.to_string()) {
            submission.script.extend(["Publishing".into(), "Published".into()]);
        }
    }
}

impl FakeStore {
    /// The id of an app, add-on or flight that there is: a test that seeds another has a misprint.
    #[track_caller]
    fn known(&self, parent: impl fmt::Display) -> String {
        let parent = parent.to_string();
        let there = self
            .state()
            .model
            .parents
            .iter()
            .map(|parent| parent.id.clone())
            .collect::<Vec<_>>();
        assert!(
            there.contains(&parent),
            "the fake has no app, add-on or flight {parent:?}; it has {}",
            there.join(", ")
        );
        parent
    }
}

/// The fake makes no id that does not parse; a test that seeds one is told.
#[track_caller]
fn typed<T: FromStr<Err = ParseIdError>>(id: String) -> T {
    id.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn add_flight(state: &mut State, id: &str, app: &str, name: &str) {
    let groups = ["1152921506000000500".to_owned()];
    let parent = new_flight(&state.model, id, app, name, &groups, None);
    seed(state, parent);
}

fn seed(state: &mut State, parent: Parent) {
    let id = parent.id.clone();
    state.model.parents.push(parent);
    publish(state, &id);
}

fn publish(state: &mut State, id: &str) {
    if let Some(parent) = state.model.parent(id).cloned() {
        let document = sample::published_submission(&parent, &mut state.numbers);
        put_published(state, id, document);
    }
}

fn put_published(state: &mut State, parent_id: &str, mut document: Value) -> String {
    let id = state.numbers.submission();
    let Some(parent) = state.model.parent_mut(parent_id) else {
        return String::new();
    };
    if !document.is_object() {
        document = json!({});
    }
    document["id"] = id.as_str().into();
    document["status"] = "Published".into();
    if parent.members.contains_key("firstPublishedDate") {
        parent
            .members
            .insert("firstPublishedDate".to_owned(), "2024-03-05T09:41:07.1230000Z".into());
    }
    parent.published = Some(id.clone());
    parent.made += 1;
    let submission = Submission {
        id: id.clone(),
        kind: parent.kind,
        parent: parent.id.clone(),
        document,
        script: VecDeque::new(),
        portal: false,
        drop_packages: false,
        to_ingest: false,
        looks: Looks::new(),
        lost: BTreeSet::new(),
        blob: None,
    };
    state.model.submissions.insert(id.clone(), submission);
    id
}
