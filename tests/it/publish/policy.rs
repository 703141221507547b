//! What is pending, and what each policy does about it.

use msstore::api::Milestone;
use msstore::model::{NewFlight, SubmissionStatus};
use msstore::publish::PendingPolicy;
use msstore::testing::Fault;
use msstore::{ApplicationId, ErrorKind, FlightId, Outcome, SubmissionId};

use super::{APP, PACKAGE, Shop, id_of, notes, nothing, package_names};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Cell {
    /// Nothing is sent, and the error says this.
    Refused(&'static str),
    Replaced,
    Edited,
}
use Cell::{Edited, Refused, Replaced};
use PendingPolicy::{Fail, Replace, Reuse};

#[tokio::test]
async fn the_table_of_drafts() {
    let portal = Refused("made in Partner Center and has no upload link");
    let named = Refused("choose PendingPolicy::Replace or PendingPolicy::Reuse");
    let table = [
        ("PendingCommit", true, [(Fail, named), (Replace, Replaced), (Reuse, Edited)]),
        ("CommitFailed", true, [(Fail, named), (Replace, Replaced), (Reuse, Edited)]),
        (
            "CertificationFailed",
            true,
            [(Fail, named), (Replace, Replaced), (Reuse, Edited)],
        ),
        ("ReleaseFailed", true, [(Fail, named), (Replace, Replaced), (Reuse, Edited)]),
        ("PendingCommit", false, [(Fail, portal), (Replace, portal), (Reuse, portal)]),
        ("CommitFailed", false, [(Fail, portal), (Replace, portal), (Reuse, portal)]),
    ];
    for (status, link, cells) in table {
        for (policy, expected) in cells {
            let what = format!("{status}, link {link}, {policy:?}");
            let shop = Shop::open().await;
            let id = if link {
                shop.fake.seed_draft(APP)
            } else {
                shop.fake.seed_portal_draft(APP)
            };
            shop.fake.set_status(&id, status);
            let before = shop.fake.submission(&id);
            let found = shop.job().pending(policy).until(Milestone::Published).await;
            if let Refused(says) = expected {
                let error = found.expect_err(&what);
                let text = error.to_string();
                assert!(error.kind() == ErrorKind::Pending && error.is_conflict(), "{what}: {error:?}");
                for says in [says, id.as_str(), status] {
                    assert!(text.contains(says), "{what}: {text}");
                }
                assert_eq!(shop.sent(), [""; 0], "{what}");
                assert_eq!(shop.fake.submission(&id), before, "{what}");
                continue;
            }
            let report = found.expect(&what);
            assert_eq!(report.status(), Some(&SubmissionStatus::Published), "{what}");
            assert_eq!(report.adopted, expected == Edited, "{what}");
            assert_eq!(report.submission == id, expected == Edited, "{what}");
            let writes = shop.writes();
            let expected: &[&str] = match expected {
                Edited => &["update", "blob", "commit"],
                _ => &["delete", "create", "update", "blob", "commit"],
            };
            assert_eq!(writes, expected, "{what}");
        }
    }
}

/// Commits a submission as another run of the usual job did, and lets it stand at this status; the next read of its status is
/// the last before `Published`.
async fn under_way(shop: &Shop, status: &str) -> SubmissionId {
    let draft = shop.job().leave_draft().await.unwrap();
    shop.fake.script_statuses(APP, [status, "Publishing", "Published"]);
    shop.app().commit(&draft.submission).await.unwrap();
    let now = shop.app().status(&draft.submission).await.unwrap();
    assert_eq!(now.value.status.as_str(), status);
    shop.fake.forget_requests();
    draft.submission
}

#[tokio::test]
async fn the_table_of_submissions_under_way() {
    let statuses = [
        "CommitStarted",
        "PreProcessing",
        "Certification",
        "Release",
        "PendingPublication",
        "Publishing",
        "Signing",
    ];
    for status in statuses {
        for policy in [Fail, Replace] {
            let shop = Shop::open().await;
            let id = under_way(&shop, status).await;
            let error = shop.job().pending(policy).await.unwrap_err();
            let text = error.to_string();
            assert!(
                error.kind() == ErrorKind::Pending && error.is_conflict(),
                "{status} {policy:?}: {error:?}"
            );
            for says in [
                "committed and under way",
                "attach to it with PendingPolicy::Reuse",
                id.as_str(),
                status,
            ] {
                assert!(text.contains(says), "{status} {policy:?}: {text}");
            }
            assert_eq!(shop.sent(), [""; 0], "{status} {policy:?}");
        }
        // It is attached to if it is what is to be published, and only then.
        let shop = Shop::open().await;
        let id = under_way(&shop, status).await;
        let other = shop.job().edit(|draft| {
            draft.listing_mut("de-de")?.base_listing.release_notes = "Schneller.".into();
            Ok(())
        });
        let more = shop.job().package(shop.package("PaperLantern_2.0.0.0_arm64.msix"));
        let gradual = shop.job().rollout_percentage(10.0);
        // A package that was in the Store before is not a new one, whatever its name.
        let old = shop.job().package(shop.package("PaperLantern_1.0.0.0_arm64.msix"));
        let plan = shop.job().package(shop.package("PaperLantern_1.0.0.0_arm64.msix"));
        let plan = plan.pending(Reuse).plan().await.unwrap();
        assert!(
            !plan.is_clear() && plan.to_string().contains("is not what is to be published"),
            "{status}: {plan}"
        );
        for job in [other, more, gradual, old] {
            let error = job.pending(Reuse).await.unwrap_err();
            assert!(
                error.to_string().contains("is not what is to be published"),
                "{status}: {error}"
            );
        }
        let report = shop.job().pending(Reuse).until(Milestone::Published).await.unwrap();
        assert_eq!(
            (report.submission, report.adopted, report.committed),
            (id, true, true),
            "{status}"
        );
        assert_eq!(report.history.last().unwrap().status, SubmissionStatus::Published, "{status}");
        assert_eq!(
            (report.changes.len(), report.files.len(), report.bytes_sent),
            (0, 1, 0),
            "{status}"
        );
        assert_eq!(shop.sent(), [""; 0], "{status}");
    }
}

#[tokio::test]
async fn the_first_draft_of_a_flight_is_never_deleted() {
    let cannot = "deleting it cannot be undone";
    for (policy, says) in [(Fail, cannot), (Replace, cannot), (Reuse, "")] {
        for status in ["PendingCommit", "PreProcessingFailed"] {
            let shop = Shop::open().await;
            let flights = shop.client.flights(APP.parse::<ApplicationId>().unwrap());
            let flight = flights.create(NewFlight::new("Beta").group_id("7")).await.unwrap();
            let flight: FlightId = flight.id().unwrap();
            let id = shop.fake.seed_draft(&flight);
            shop.fake.set_status(&id, status);
            shop.fake.forget_requests();
            let job = flights.submissions(&flight).publish().package(shop.package(PACKAGE));
            let found = job.pending(policy).until(Milestone::Published).await;
            if policy == Reuse {
                assert_eq!(found.unwrap().submission, id);
                let published = shop.fake.published_submission(&flight).unwrap();
                assert_eq!(package_names(&published), [PACKAGE]);
            } else {
                let error = found.unwrap_err().to_string();
                assert!(error.contains(says) && error.contains(id.as_str()), "{policy:?}: {error}");
                assert!(
                    error.contains("PendingPolicy::Reuse") && !error.contains("delete it"),
                    "{error}"
                );
                assert_eq!(shop.sent(), [""; 0], "{policy:?}");
            }
        }
    }
}

#[tokio::test]
async fn nothing_pending_is_the_same_to_all_policies() {
    for policy in [Fail, Replace, Reuse] {
        let shop = Shop::open().await;
        let report = shop.app().publish().edit(notes).pending(policy).await.unwrap();
        assert!(!report.adopted, "{policy:?}");
        assert_eq!(shop.writes(), ["create", "update", "commit"], "{policy:?}");
    }
}

#[tokio::test]
async fn a_replaced_draft_is_waited_for_until_it_is_gone() {
    let shop = Shop::open().await;
    let id = shop.fake.seed_draft(APP);
    // Reads lag: the first two after the deletion still show the draft.
    shop.fake.fault(Fault::on("GET", "/applications/*").stale().first(2));
    let report = shop.app().publish().edit(notes).pending(Replace).await.unwrap();
    assert_ne!(report.submission, id);
    assert_eq!(shop.writes(), ["delete", "create", "update", "commit"]);
    let requests = shop.fake.requests();
    let at = |method: &str| {
        requests
            .iter()
            .rposition(|request| request.method == method && !request.path.contains("/commit"))
    };
    let deleted = at("DELETE").unwrap();
    let created = requests
        .iter()
        .position(|request| request.path.ends_with("/submissions"))
        .unwrap();
    let looks = &requests[deleted..created];
    let looks = looks.iter().filter(|request| request.path.ends_with(APP)).count();
    assert!(looks >= 3, "{looks}");
}

/// Nothing pending to begin with; a draft of somebody else's shows up just before the create.
#[tokio::test]
async fn a_foreign_draft_that_wins_the_race_is_neither_adopted_nor_deleted() {
    for policy in [Fail, Replace, Reuse] {
        let shop = Shop::open().await;
        let id = shop.fake.seed_draft(APP);
        let foreign = shop.fake.submission(&id);
        shop.fake
            .fault(Fault::on("GET", "/applications/*").first(2).edit_answer(|app| {
                app.as_object_mut().unwrap().remove("pendingApplicationSubmission");
            }));
        let error = shop.job().pending(policy).await.unwrap_err();
        assert!(error.is_conflict(), "{policy:?}: {error:?}");
        assert_eq!(shop.writes(), [""; 0], "{policy:?}");
        assert_eq!(shop.fake.submission(&id), foreign, "{policy:?}");
    }
}

#[tokio::test]
async fn a_submission_that_is_named_is_gone_on_with_wherever_it_stands() {
    // A draft is edited.
    let shop = Shop::open().await;
    let id = shop.fake.seed_draft(APP);
    let report = shop.job().submission(&id).until(Milestone::Published).await.unwrap();
    assert_eq!((report.submission, report.adopted), (id.clone(), true));
    assert_eq!(shop.writes(), ["update", "blob", "commit"]);

    // Published, and another one is pending: it is done all the same.
    let other = shop.fake.seed_draft(APP);
    shop.fake.forget_requests();
    let report = shop.job().submission(&id).until(Milestone::Published).await.unwrap();
    assert_eq!(
        (&report.submission, report.status()),
        (&id, Some(&SubmissionStatus::Published))
    );
    assert_eq!(shop.sent(), [""; 0]);
    let plan = shop.job().submission(&id).plan().await.unwrap().to_string();
    assert!(
        plan.contains("in Published: is published already") && !plan.contains("pending"),
        "{plan}"
    );

    // Not what is to be published.
    let job = || {
        shop.app().publish().submission(&id).edit(|draft| {
            draft.listing_mut("en-us")?.base_listing.release_notes = "Slower.".into();
            Ok(())
        })
    };
    let error = job().await.unwrap_err();
    let plan = job().plan().await.unwrap();
    assert!(!plan.is_clear(), "{plan}");
    for said in [error.to_string(), plan.to_string()] {
        for says in [
            id.as_str(),
            "is published already, and is not what is to be published",
            "without .submission(id)",
        ] {
            assert!(said.contains(says), "{said}");
        }
        assert!(!said.contains("pending") && !said.contains("under way"), "{said}");
    }
    assert!(error.kind() == ErrorKind::InvalidInput && !error.is_conflict(), "{error:?}");

    // Not there.
    let error = shop
        .job()
        .submission("42".parse::<SubmissionId>().unwrap())
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error:?}");

    // Made in Partner Center.
    let shop = Shop::open().await;
    let id = shop.fake.seed_portal_draft(APP);
    let error = shop.app().publish().edit(nothing).submission(&id).await.unwrap_err();
    assert!(error.to_string().contains("Partner Center"), "{error}");
    assert_eq!(shop.sent(), [""; 0]);
    assert_ne!(other, id_of(&shop.fake.pending_submission(APP).unwrap()));
}

/// The edit is made for another submission; what is in the way is this one.
#[tokio::test]
async fn one_under_way_that_cannot_be_edited_is_not_the_same() {
    let shop = Shop::open().await;
    let id = under_way(&shop, "Certification").await;
    let job = || shop.job().pending(Reuse).edit(|_| Err("there is no such listing".into()));
    let plan = job().plan().await.unwrap();
    let pending = plan.pending.as_ref().unwrap();
    assert!(
        pending.stops && pending.what.contains("is not what is to be published"),
        "{plan}"
    );
    let error = job().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.submission()),
        (ErrorKind::Pending, Some(id)),
        "{error:?}"
    );
    let why = std::error::Error::source(&error).unwrap();
    assert_eq!(why.source().unwrap().to_string(), "there is no such listing");
    assert_eq!(shop.sent(), [""; 0]);
}

/// A run that only waited has changed nothing.
#[tokio::test]
async fn one_under_way_that_cannot_be_read_in_the_end_is_not_verified() {
    let shop = Shop::open().await;
    let id = under_way(&shop, "Certification").await;
    // After the looks at it and at the published one.
    shop.fake.fault(Fault::on("GET", "/submissions/*").answer(403, "").nth(3));
    let error = shop.job().pending(Reuse).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.submission()),
        (ErrorKind::NotVerified, Some(id)),
        "{error:?}"
    );
    assert_eq!(error.outcome(), Outcome::NotApplied);
    assert_eq!(format!("{error:?}").matches("Manager role").count(), 1, "{error:?}");
}

/// There is no draft to leave any more, and nobody asked to wait.
#[tokio::test]
async fn one_under_way_is_not_said_to_be_left_as_a_draft() {
    let shop = Shop::open().await;
    let id = under_way(&shop, "Certification").await;
    let report = shop.job().pending(Reuse).leave_draft().await.unwrap();
    assert_eq!((&report.submission, report.committed), (&id, true));
    assert_eq!(report.status(), Some(&SubmissionStatus::Certification));
    let said = report.to_string();
    assert!(!said.contains("draft") && said.contains("Certification"), "{said}");
    assert_eq!(shop.sent(), [""; 0]);
}
