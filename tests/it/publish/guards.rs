//! Each guard stops a run with its words and names the draft; lifted, the run goes on to what the service says.

use msstore::ErrorKind;
use msstore::error::FailureKind;
use msstore::model::{ApplicationPackage, ApplicationSubmission, FileStatus, Guard};
use msstore::publish::{PendingPolicy, Publish};
use msstore::testing::{Fault, SamplePackage};

use super::{ADD_ON, APP, Shop, guard_of, left, packages};

type Job = Publish<ApplicationSubmission>;

/// What happens once the guard is lifted.
#[derive(Debug, Clone, Copy)]
enum Lifted {
    Goes,
    /// The service refuses the update.
    Refused(&'static str),
    /// Another guard stops it.
    Stopped(Guard),
    /// The commit fails for a missing file.
    FileIsMissing,
}

struct Case {
    guard: Guard,
    says: &'static str,
    harm: fn(&Shop, Job) -> Job,
    lifted: Lifted,
    /// Whether the update has been sent when the guard stops the run.
    after_update: bool,
}

fn before(guard: Guard, says: &'static str, lifted: Lifted, harm: fn(&Shop, Job) -> Job) -> Case {
    Case {
        guard,
        says,
        harm,
        lifted,
        after_update: false,
    }
}

fn after(guard: Guard, says: &'static str, harm: fn(&Shop, Job) -> Job) -> Case {
    let after_update = true;
    let lifted = Lifted::Goes;
    Case {
        guard,
        says,
        harm,
        lifted,
        after_update,
    }
}

/// Changes the pricing of what the next draft is a copy of.
fn published_price(shop: &Shop, change: fn(&mut serde_json::Map<String, serde_json::Value>)) {
    let id = shop.published_id();
    shop.fake
        .edit_submission(id, |submission| change(submission["pricing"].as_object_mut().unwrap()));
}

fn cases() -> Vec<Case> {
    use Lifted::{FileIsMissing, Goes, Refused, Stopped};
    vec![
        before(
            Guard::ExistingPackages,
            "must keep every package that is there, but lacks PaperLantern_1.0.0.0_x64.msix",
            Refused("Please keep all file entries"),
            |_, job| {
                job.edit(|draft| {
                    draft.application_packages.remove(0);
                    Ok(())
                })
            },
        ),
        before(
            Guard::ExistingPackages,
            "set its file_status to PendingDelete",
            Stopped(Guard::Files),
            |_, job| {
                job.edit(|draft| {
                    draft.package_mut("PaperLantern_1.0.0.0_x64.msix")?.file_status = FileStatus::PendingUpload;
                    Ok(())
                })
            },
        ),
        before(
            Guard::PackageCount,
            "31 packages are more than the 30",
            Refused("must be 30 or less"),
            |shop, mut job| {
                for n in 1..29 {
                    let package = SamplePackage::new(format!("2.0.{n}.0"));
                    job = job.package(shop.release(&format!("{n}.msix"), &package));
                }
                job
            },
        ),
        before(
            Guard::NewPackages,
            "has version, which only the service sets",
            Goes,
            |shop, job| {
                let path = shop.folder.file("x.msix", 10);
                job.file("x.msix", path).edit(|draft| {
                    let mut package = ApplicationPackage::pending_upload("x.msix");
                    package.version = "2.0.0.0".into();
                    draft.application_packages.push(package);
                    Ok(())
                })
            },
        ),
        before(
            Guard::NewPackages,
            "has the status \"Uploaded\": a new one is PendingUpload",
            Refused("a new one must be PendingUpload"),
            |_, job| {
                job.edit(|draft| {
                    let mut package = ApplicationPackage::pending_upload("x.msix");
                    package.file_status = FileStatus::Uploaded;
                    draft.application_packages.push(package);
                    Ok(())
                })
            },
        ),
        before(
            Guard::Price,
            "pricing.priceId is missing, which makes a paid product free",
            Stopped(Guard::PriceChanged),
            |shop, job| {
                published_price(shop, |pricing| drop(pricing.remove("priceId")));
                job
            },
        ),
        before(
            Guard::Price,
            "pricing.priceId is missing, which makes a paid product free",
            Stopped(Guard::PriceChanged),
            |shop, job| {
                published_price(shop, |pricing| pricing["priceId"] = serde_json::Value::Null);
                job
            },
        ),
        before(
            Guard::Price,
            "pricing.priceId is Base",
            Refused("'Base' is not a valid PriceId"),
            |shop, job| {
                published_price(shop, |pricing| pricing["priceId"] = "Base".into());
                job
            },
        ),
        before(
            Guard::Listings,
            "needs at least one",
            Refused("AppListings must be 1 or more"),
            |shop, _| {
                let job = shop.app().publish();
                job.edit(|draft| {
                    draft.listings.clear();
                    Ok(())
                })
            },
        ),
        before(
            Guard::Files,
            "does not name as PendingUpload: stray.txt",
            Goes,
            |shop, job| job.file("stray.txt", shop.folder.file("stray.txt", 10)),
        ),
        before(Guard::Files, "files that are not given: x.msix", FileIsMissing, |_, job| {
            job.edit(|draft| {
                draft.application_packages.push(ApplicationPackage::pending_upload("x.msix"));
                Ok(())
            })
        }),
        after(
            Guard::PriceChanged,
            "has Tier2 for priceId where Tier1012 was sent",
            |shop, job| {
                shop.fake.fault(Fault::on("PUT", "/submissions/*").change_price("Tier2"));
                job
            },
        ),
        after(
            Guard::PriceChanged,
            "for trialPeriod where NoFreeTrial was sent",
            |shop, job| {
                shop.fake.fault(Fault::on("PUT", "/submissions/*").edit_answer(|submission| {
                    submission["pricing"]["trialPeriod"] = "OneDay".into();
                }));
                job
            },
        ),
        after(
            Guard::PriceChanged,
            "has Free for the market DE where nothing was sent",
            |shop, job| {
                shop.fake.fault(Fault::on("PUT", "/submissions/*").edit_answer(|submission| {
                    submission["pricing"]["marketSpecificPricings"]["DE"] = "Free".into();
                }));
                job
            },
        ),
        after(Guard::PackagesChanged, "see PaperLantern_2.0.0.0_x64.msix", |shop, job| {
            shop.fake.fault(Fault::on("PUT", "/submissions/*").edit_answer(|submission| {
                submission["applicationPackages"].as_array_mut().unwrap().pop();
            }));
            job
        }),
    ]
}

#[tokio::test]
async fn each_stops_with_its_words_and_names_the_draft_if_there_is_one() {
    for Case {
        guard,
        says,
        harm,
        after_update,
        ..
    } in cases()
    {
        let shop = Shop::open().await;
        let error = harm(&shop, shop.job()).await.unwrap_err();
        let cause = if after_update {
            let (path, cause) = left(&error);
            let id = shop.pending_id();
            assert_eq!(path, format!("applications/{APP}/submissions/{id}"), "{says}");
            cause
        } else {
            &error
        };
        assert_eq!(guard_of(cause), Some(guard), "{says}: {cause:?}");
        assert!(cause.to_string().contains(says), "{says}: {cause}");
        assert_eq!(shop.count("update"), usize::from(after_update), "{says}");
        assert_eq!(shop.count("blob") + shop.count("commit"), 0, "{says}: {:?}", shop.writes());
    }
}

#[tokio::test]
async fn each_can_be_lifted() {
    for Case {
        guard,
        says,
        harm,
        lifted,
        ..
    } in cases()
    {
        let shop = Shop::open().await;
        let found = harm(&shop, shop.job()).allow(guard).await;
        match lifted {
            Lifted::Goes => {
                found.expect(says);
                assert_eq!(shop.count("commit"), 1, "{says}");
                continue;
            }
            Lifted::FileIsMissing => {
                let error = found.expect_err(says);
                let failed = error.kind() == ErrorKind::SubmissionFailed(FailureKind::Failed);
                assert!(failed && error.to_string().contains("x.msix"), "{says}: {error}");
                continue;
            }
            _ => {}
        }
        let error = found.expect_err(says);
        match (lifted, error.kind()) {
            (Lifted::Refused(words), ErrorKind::Api) => {
                assert_eq!(error.status(), Some(400), "{says}");
                assert!(error.to_string().contains(words), "{says}: {error}");
            }
            (Lifted::Stopped(other), ErrorKind::Guard(stopped)) => assert_eq!(stopped, other, "{says}"),
            _ => panic!("{says}: {lifted:?}, but {error:?}"),
        }
        assert_eq!(shop.count("commit"), 0, "{says}");
    }
}

/// The trap: the service takes an update without a price and makes the product free without a word.
#[tokio::test]
async fn a_paid_app_becomes_free_only_if_both_guards_of_the_price_are_lifted() {
    for lost in [None, Some(serde_json::Value::Null)] {
        let shop = Shop::open().await;
        let id = shop.fake.seed_draft(APP);
        let lose = |submission: &mut serde_json::Value| {
            let pricing = submission["pricing"].as_object_mut().unwrap();
            pricing.remove("priceId");
            pricing.extend(lost.clone().map(|lost| ("priceId".to_owned(), lost)));
        };
        shop.fake.edit_submission(&id, lose);
        let job = || shop.job().pending(PendingPolicy::Reuse);
        assert_eq!(guard_of(&job().await.unwrap_err()), Some(Guard::Price));
        assert_eq!(shop.sent(), [""; 0]);
        // Mended in the edit, it is no longer in the way.
        let mended = job().edit(|draft| {
            draft.pricing.price_id = "Tier1012".into();
            Ok(())
        });
        mended.await.unwrap();
        assert_eq!(shop.fake.submission(&id).unwrap()["pricing"]["priceId"], "Tier1012");
    }
    let shop = Shop::open().await;
    published_price(&shop, |pricing| drop(pricing.remove("priceId")));
    shop.job().allow(Guard::Price).allow(Guard::PriceChanged).await.unwrap();
    assert_eq!(shop.fake.pending_submission(APP).unwrap()["pricing"]["priceId"], "Free");
}

/// The service fills in what an update lacks; only prices that change are a reason to stop.
#[tokio::test]
async fn what_the_service_fills_in_is_no_change_of_price() {
    let shop = Shop::open().await;
    published_price(&shop, |pricing| {
        pricing.remove("trialPeriod");
        pricing["marketSpecificPricings"] = serde_json::json!({ "DE": "Tier2" });
    });
    shop.job().await.unwrap();
    let pricing = shop.fake.pending_submission(APP).unwrap()["pricing"].clone();
    assert_eq!(pricing["trialPeriod"], "NoFreeTrial");
    assert_eq!(pricing["marketSpecificPricings"]["LB"], "NotAvailable");
}

#[tokio::test]
async fn add_ons_have_those_of_price_listing_and_files() {
    let shop = Shop::open().await;
    let id = super::id_of(&shop.fake.published_submission(ADD_ON).unwrap());
    shop.fake
        .edit_submission(&id, |submission| submission["pricing"]["priceId"] = serde_json::Value::Null);
    let error = shop.add_on().publish().await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::Price));
    let job = shop.add_on().publish().pending(PendingPolicy::Replace).edit(|draft| {
        draft.pricing.price_id = "Tier3".into();
        draft.listings.clear();
        Ok(())
    });
    assert_eq!(guard_of(&job.await.unwrap_err()), Some(Guard::Listings));
    let job = shop.add_on().publish().pending(PendingPolicy::Replace).edit(|draft| {
        draft.pricing.price_id = "Tier3".into();
        Ok(())
    });
    let job = job.file("stray.png", shop.folder.file("stray.png", 10));
    assert_eq!(guard_of(&job.await.unwrap_err()), Some(Guard::Files));
    assert_eq!((shop.count("update"), shop.count("commit")), (0, 0));
}

#[tokio::test]
async fn an_archive_without_the_files_of_an_earlier_run_says_that_it_takes_the_place_of_theirs() {
    let shop = Shop::open().await;
    shop.job().leave_draft().await.unwrap();
    let job = || shop.app().publish().pending(PendingPolicy::Reuse);
    let second = || shop.package("PaperLantern_2.0.0.0_other.msix");
    let replaced = "takes the place of one that was uploaded before";
    for (job, is_replaced) in [(job().package(second()), true), (job(), false)] {
        let plan = job.allow(Guard::Files).plan().await.unwrap().to_string();
        assert!(
            plan.contains("lifted: files: the submission names files that are not given"),
            "{plan}"
        );
        assert_eq!(plan.contains(replaced), is_replaced, "{plan}");
    }
    shop.fake.forget_requests();
    let error = job().package(second()).await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::Files), "{error}");
    for says in [replaced, "go with PendingPolicy::Replace"] {
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(shop.sent(), [""; 0]);
    // And so it goes on.
    let job = shop.app().publish().pending(PendingPolicy::Replace).package(second());
    job.leave_draft().await.unwrap();
}

#[tokio::test]
async fn the_packages_that_go_are_marked_and_pass_the_guards() {
    let shop = Shop::open().await;
    let job = shop.app().publish().leave_draft().edit(|draft| {
        draft.package_mut("PaperLantern_1.0.0.0_x64.msix")?.file_status = FileStatus::PendingDelete;
        Ok(())
    });
    job.await.unwrap();
    let statuses: Vec<String> = packages(&shop.fake.pending_submission(APP).unwrap())
        .into_iter()
        .map(|(_, status)| status)
        .collect();
    assert_eq!(statuses, ["Uploaded", "PendingDelete"]);
}
