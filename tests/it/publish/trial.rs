//! Nothing is deleted, created or sent for what the edit, the files, the settings or the guards refuse.

use msstore::model::{ApplicationSubmission, Guard, NewInAppProduct, ProductType};
use msstore::publish::{PendingPolicy, Publish};
use msstore::{ApplicationId, ErrorKind};

use super::{APP, Shop, guard_of, nothing};

type Job = Publish<ApplicationSubmission>;

/// What is refused, by what it says.
type Refused = (&'static str, fn(&Shop, Job) -> Job);

const REFUSED: [Refused; 6] = [
    ("the edit of the submission failed", |_, job| {
        job.edit(|_| Err("a typo".into()))
    }),
    ("en-uk", |_, job| {
        job.edit(|draft| {
            draft.listing_mut("en-uk")?.base_listing.title = "Lantern".into();
            Ok(())
        })
    }),
    ("pricing.priceId is Base", |_, job| {
        job.edit(|draft| {
            draft.pricing.price_id = "Base".into();
            Ok(())
        })
    }),
    ("does not name as PendingUpload: stray.txt", |shop, job| {
        job.file("stray.txt", shop.folder.file("stray.txt", 10))
    }),
    ("missing.msix", |shop, job| job.file("x", shop.folder.0.join("missing.msix"))),
    ("is not from 0 to 100", |_, job| job.rollout_percentage(101.0)),
];

#[tokio::test]
async fn what_is_refused_costs_no_draft() {
    for (says, refuse) in REFUSED {
        for (policy, pending) in [
            (PendingPolicy::Replace, true),
            (PendingPolicy::Reuse, true),
            (PendingPolicy::Replace, false),
            (PendingPolicy::Fail, false),
        ] {
            let what = format!("{says}, {policy:?}, pending: {pending}");
            let shop = Shop::open().await;
            if pending {
                shop.fake.seed_draft(APP);
            }
            let before = shop.fake.pending_submission(APP);
            let error = refuse(&shop, shop.job()).pending(policy).await.expect_err(&what);
            assert!(error.to_string().contains(says), "{what}: {error}");
            assert_eq!(shop.sent(), [""; 0], "{what}");
            assert_eq!(shop.fake.pending_submission(APP), before, "{what}");
            assert_eq!(error.outcome(), msstore::Outcome::NotApplied, "{what}");
        }
    }
}

/// The copy may be another than the draft turns out to be, so that the edit and the guards have the last word there.
#[tokio::test]
async fn the_edit_is_made_again_on_the_draft() {
    let shop = Shop::open().await;
    let published = shop.published_id();
    let job = shop.job().edit(move |draft| {
        if draft.id.as_ref() == Some(&published) {
            return Ok(());
        }
        draft.pricing.price_id = "Base".into();
        Ok(())
    });
    let error = job.await.unwrap_err();
    let (path, cause) = super::left(&error);
    assert_eq!(path, format!("applications/{APP}/submissions/{}", shop.pending_id()));
    assert_eq!(guard_of(cause), Some(Guard::Price));
    assert_eq!(shop.writes(), ["create"]);
}

/// There is nothing to copy: an empty one will do, but for an app, whose first submission the API cannot make.
#[tokio::test]
async fn the_first_submission_of_all() {
    let shop = Shop::open().await;
    let app: ApplicationId = APP.parse().unwrap();
    let new = NewInAppProduct::new(app, "night", ProductType::Durable);
    let product = shop.client.in_app_products().create(new).await.unwrap().id().unwrap();
    shop.fake.forget_requests();
    let submissions = shop.client.in_app_products().submissions(&product);
    let job = || {
        submissions.publish().edit(|draft| {
            let listing = draft.listings.entry("en".to_owned()).or_default();
            listing.title = "Night mode".into();
            Ok(())
        })
    };
    let error = job().edit(|_| Err("a typo".into())).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Edit, "{error:?}");
    assert_eq!(shop.sent(), [""; 0]);
    let plan = job().plan().await.unwrap();
    assert!(plan.is_clear() && plan.based_on.is_none(), "{plan}");
    assert!(plan.to_string().contains("  not checked: price"), "{plan}");
    job().await.unwrap();
    assert_eq!(shop.writes(), ["create", "update", "commit"]);

    let shop = Shop::open().await;
    let app = shop.fake.seed_unpublished_application("9FAKEUNSEEN1");
    let submissions = shop.client.applications().submissions(&app);
    let error = submissions.publish().edit(nothing).await.unwrap_err();
    assert!(error.to_string().contains("made in Partner Center"), "{error}");
    assert_eq!(shop.sent(), [""; 0]);
}

/// A plan is what the run obeys: it is clear exactly if the run is not stopped before it sends something.
#[tokio::test]
async fn the_plan_and_the_run_agree() {
    let policies = [PendingPolicy::Fail, PendingPolicy::Replace, PendingPolicy::Reuse];
    let statuses = [
        "",
        "portal",
        "PendingCommit",
        "CommitFailed",
        "CommitStarted",
        "Certification",
        "Publishing",
    ];
    let price = |draft: &mut msstore::Document<ApplicationSubmission>| {
        draft.pricing.price_id = "Base".into();
        Ok(())
    };
    let changes: [fn(&Shop, Job) -> Job; 4] = [
        |_, job| job,
        |_, job| job.edit(|_| Err("a typo".into())),
        |shop, job| {
            shop.fake.seed_rollout(APP, 10.0);
            job
        },
        |shop, job| job.file("stray.txt", shop.folder.file("stray.txt", 10)),
    ];
    for policy in policies {
        for status in statuses {
            for (n, change) in changes.iter().enumerate() {
                for edits in [0, 1] {
                    let what = format!("{policy:?}, {status:?}, change {n}, edits {edits}");
                    let shop = Shop::open().await;
                    match status {
                        "" => {}
                        "portal" => drop(shop.fake.seed_portal_draft(APP)),
                        status => shop.fake.set_status(shop.fake.seed_draft(APP), status),
                    }
                    let job = || {
                        let job = change(&shop, shop.job().pending(policy));
                        if edits == 1 { job.edit(price) } else { job }
                    };
                    let plan = job().plan().await;
                    assert_eq!(shop.sent(), [""; 0], "{what}");
                    let run = job().await;
                    match plan {
                        Ok(plan) if plan.is_clear() => drop(run.expect(&what)),
                        Ok(plan) => {
                            let error = run.expect_err(&what);
                            let said = serde_json::to_string(&plan).unwrap();
                            let why = error.to_string();
                            let why = why.rsplit(": ").next().unwrap();
                            assert!(said.contains(&why.replace('"', "\\\"")), "{what}: {error} in {plan}");
                            assert_eq!(shop.sent(), [""; 0], "{what}");
                        }
                        Err(error) => {
                            assert_eq!(run.expect_err(&what).to_string(), error.to_string(), "{what}");
                            assert_eq!(shop.sent(), [""; 0], "{what}");
                        }
                    }
                }
            }
        }
    }
}
