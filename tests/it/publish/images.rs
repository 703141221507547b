//! Images: exactly those that are given, or one more; looked at before anything is sent.

use std::io::Cursor;
use std::path::PathBuf;

use msstore::ErrorKind;
use msstore::api::Milestone;
use msstore::model::{ApplicationSubmission, Guard, ImageType};
use msstore::publish::{Finding, PendingPolicy, Publish};
use serde_json::{Value, json};

use super::{APP, Shop, guard_of, notes, nothing};

/// A published listing with images that several tools have named, and one in another language.
fn name_images(shop: &Shop) {
    let image = |name: &str, image_type: &str, id: &str| json!({ "fileName": name, "fileStatus": "Uploaded", "imageType": image_type, "id": id });
    shop.fake.edit_submission(shop.published_id(), |submission| {
        submission["listings"]["en-us"]["baseListing"]["images"] = json!([
            image("01.png", "Screenshot", "71"),
            image("en-us\\02.png", "Screenshot", "72"),
            image("en-us/03.png", "Screenshot", "73"),
            image("tile.png", "Icon", "74"),
        ]);
        submission["listings"]["de-de"]["baseListing"]["images"] = json!([image("01.png", "Screenshot", "75")]);
    });
}

/// So many screenshots, each in a folder of its own name.
fn shots(shop: &Shop, names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(|name| shop.folder.image(name, 1366, 768)).collect()
}

fn images(submission: &Value, language: &str) -> Vec<String> {
    let images = submission["listings"][language]["baseListing"]["images"].as_array();
    let text = |image: &Value, name: &str| image[name].as_str().unwrap_or_default().to_owned();
    let images = images.into_iter().flatten();
    images
        .map(|image| {
            format!(
                "{} {} {}",
                text(image, "fileName"),
                text(image, "imageType"),
                text(image, "fileStatus")
            )
        })
        .collect()
}

fn put_body(shop: &Shop) -> Value {
    let puts = shop.fake.requests_to("PUT", "/submissions/*");
    assert_eq!(puts.len(), 1);
    puts[0].json().unwrap()
}

fn archive_entries(shop: &Shop) -> Vec<String> {
    let blob = shop.fake.blob(shop.pending_id()).unwrap();
    let archive = zip::ZipArchive::new(Cursor::new(blob.content.unwrap())).unwrap();
    archive.file_names().map(|name| name.unwrap().into_owned()).collect()
}

#[tokio::test]
async fn the_images_of_a_kind_are_exactly_the_given_ones() {
    let shop = Shop::open().await;
    name_images(&shop);
    let paths = shots(&shop, &["b.png", "01.png", "c.png"]);
    let job = || shop.app().publish().images("en-US", ImageType::Screenshot, paths.clone());
    let plan = job().plan().await.unwrap();
    assert!(plan.is_clear(), "{plan}");
    assert!(
        plan.guards
            .iter()
            .any(|found| found.guard == Guard::Images && found.finding == Finding::Passed),
        "{plan}"
    );
    job().leave_draft().await.unwrap();
    let expected = [
        "01.png Screenshot PendingDelete",
        "en-us\\02.png Screenshot PendingDelete",
        "en-us/03.png Screenshot PendingDelete",
        "tile.png Icon Uploaded",
        "en-us/b.png Screenshot PendingUpload",
        "en-us/01.png Screenshot PendingUpload",
        "en-us/c.png Screenshot PendingUpload",
    ];
    let body = put_body(&shop);
    assert_eq!(images(&body, "en-us"), expected);
    assert_eq!(images(&body, "de-de"), ["01.png Screenshot Uploaded"]);
    assert_eq!(archive_entries(&shop), ["en-us/b.png", "en-us/01.png", "en-us/c.png"]);
    // Done again, there is nothing to do.
    let again = job().pending(PendingPolicy::Reuse).until(Milestone::Published).await.unwrap();
    assert_eq!(again.changes, []);
    let published = shop.fake.published_submission(APP).unwrap();
    let names = [
        "tile.png Icon",
        "en-us/b.png Screenshot",
        "en-us/01.png Screenshot",
        "en-us/c.png Screenshot",
    ];
    assert_eq!(images(&published, "en-us"), names.map(|name| format!("{name} Uploaded")));
}

#[tokio::test]
async fn without_paths_all_of_a_kind_go() {
    let shop = Shop::open().await;
    name_images(&shop);
    let none = || {
        shop.app()
            .publish()
            .images("de-de", ImageType::Screenshot, Vec::<PathBuf>::new())
    };
    none().leave_draft().await.unwrap();
    assert_eq!(images(&put_body(&shop), "de-de"), ["01.png Screenshot PendingDelete"]);
    let error = none().images("fr-fr", ImageType::Icon, [""; 0]).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Pending, "{error:?}");
    let job = none().images("fr-FR", ImageType::Icon, [""; 0]).pending(PendingPolicy::Reuse);
    let error = job.await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::InvalidInput && error.to_string().contains("\"fr-FR\""),
        "{error}"
    );
}

#[tokio::test]
async fn what_an_earlier_run_left_waiting_is_taken_out_and_the_plan_says_so() {
    let shop = Shop::open().await;
    let first = shots(&shop, &["a.png", "b.png"]);
    let job = |paths: Vec<PathBuf>| shop.app().publish().images("en-us", ImageType::Screenshot, paths);
    job(first.clone()).leave_draft().await.unwrap();
    shop.fake.forget_requests();
    let second = || job(vec![first[1].clone(), shop.folder.image("c.png", 1920, 1080)]).pending(PendingPolicy::Reuse);
    let plan = second().plan().await.unwrap();
    assert!(plan.is_clear(), "{plan}");
    let text = plan.to_string();
    assert!(
        text.lines()
            .any(|line| line.contains("removed") && line.contains("en-us/a.png")),
        "{text}"
    );
    second().leave_draft().await.unwrap();
    let expected = [
        "screens/one.png Screenshot PendingDelete",
        "en-us/b.png Screenshot PendingUpload",
        "en-us/c.png Screenshot PendingUpload",
    ];
    assert_eq!(images(&put_body(&shop), "en-us"), expected);
    assert_eq!(archive_entries(&shop), ["en-us/b.png", "en-us/c.png"]);
}

#[tokio::test]
async fn one_spelling_of_a_language_is_one_folder_and_equal_names_are_told_apart() {
    let shop = Shop::open().await;
    let [a, b] = ["a", "b"].map(|folder| {
        std::fs::create_dir(shop.folder.0.join(folder)).unwrap();
        shop.folder.image(&format!("{folder}/1.png"), 1920, 1080)
    });
    let job = |job: Publish<ApplicationSubmission>| {
        job.image("en-US", ImageType::Screenshot, &a)
            .image("en-us", ImageType::Screenshot, &b)
            .image("EN-US", ImageType::PromotionalArt16x9, &a)
    };
    let report = job(shop.app().publish()).leave_draft().await.unwrap();
    let names: Vec<_> = report.files.iter().map(|file| (file.name.as_str(), &file.path)).collect();
    assert_eq!(names, [("en-us/1.png", &a), ("en-us/1-2.png", &b), ("en-us/1-3.png", &a)]);
    let expected = [
        "screens/one.png Screenshot Uploaded",
        "en-us/1.png Screenshot PendingUpload",
        "en-us/1-2.png Screenshot PendingUpload",
        "en-us/1-3.png PromotionalArt16x9 PendingUpload",
    ];
    assert_eq!(images(&put_body(&shop), "en-us"), expected);
    // The same one twice is a mistake.
    shop.fake.forget_requests();
    let error = job(job(shop.app().publish())).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::InvalidInput && error.to_string().contains("already"),
        "{error}"
    );
    assert_eq!(shop.fake.requests().len(), 0);
}

#[tokio::test]
async fn a_submission_under_way_is_the_same_only_with_the_same_images() {
    let shop = Shop::open().await;
    name_images(&shop);
    let paths = shots(&shop, &["01.png", "02.png"]);
    let job = |paths: &[PathBuf]| {
        let job = shop.app().publish().edit(notes).pending(PendingPolicy::Reuse);
        job.images("en-us", ImageType::Screenshot, paths)
    };
    shop.fake
        .script_statuses(APP, ["CommitStarted", "PreProcessing", "Certification"]);
    let first = job(&paths).until(Milestone::Accepted).await.unwrap();
    shop.fake.forget_requests();
    // It may be written back in the way of another tool.
    shop.fake.edit_submission(&first.submission, |submission| {
        let images = submission["listings"]["en-us"]["baseListing"]["images"]
            .as_array_mut()
            .unwrap();
        images.iter_mut().find(|image| image["fileName"] == "en-us/01.png").unwrap()["fileName"] = "en-us\\01.png".into();
    });
    let report = job(&paths).until(Milestone::Accepted).await.unwrap();
    assert_eq!((report.submission, report.adopted), (first.submission, true));
    let more = [paths.clone(), shots(&shop, &["03.png"])].concat();
    for other in [&paths[..1], &more] {
        let error = job(other).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Pending, "{error:?}");
    }
    assert_eq!(shop.sent(), [""; 0]);
}

#[tokio::test]
async fn what_is_no_image_of_its_kind_is_refused_before_anything_is_sent() {
    let shop = Shop::open().await;
    name_images(&shop);
    let jpeg = shop.folder.0.join("renamed.png");
    std::fs::write(&jpeg, b"\xff\xd8\xff\xe0\0\x10JFIF\0").unwrap();
    let cut = shop.folder.0.join("cut.png");
    std::fs::write(&cut, &msstore::testing::sample_image(1366, 768)[..20]).unwrap();
    let large = shop.folder.image("large.png", 1366, 768);
    std::fs::File::options()
        .write(true)
        .open(&large)
        .unwrap()
        .set_len((50 << 20) + 1)
        .unwrap();
    let tall = shop.folder.image("tall.PNG", 768, 1366);
    let small = shop.folder.image("small.png", 1280, 720);
    let many: Vec<_> = (0..8)
        .map(|number| shop.folder.image(&format!("many{number}.png"), 1366, 768))
        .collect();
    let job = || shop.app().publish();
    let shot = |path: &PathBuf| job().image("en-us", ImageType::Screenshot, path);
    let table = [
        (
            "a renamed JPEG",
            shot(&jpeg),
            "renamed.png is a JPEG, and Screenshot needs a PNG",
        ),
        ("a cut file", shot(&cut), "cut.png is a PNG that is cut off or broken"),
        ("a huge file", shot(&large), "large.png has 52428801 bytes"),
        (
            "too small",
            shot(&small),
            "small.png is 1280 × 720, and Screenshot needs a PNG of at least 1366 × 768",
        ),
        (
            "no icon",
            job().image("en-us", ImageType::Icon, &tall),
            "needs a PNG of 300 × 300",
        ),
        (
            "11 screenshots",
            many.iter()
                .fold(job(), |job, path| job.image("en-us", ImageType::Screenshot, path)),
            "11 images of the kind Screenshot",
        ),
        (
            "named by an edit",
            job()
                .edit(|draft| {
                    let images = &mut draft.listing_mut("en-us")?.base_listing.images;
                    images.push(msstore::model::Image::pending_upload("x.png", ImageType::XboxTitledHeroArt));
                    Ok(())
                })
                .file("x.png", &small),
            "small.png is 1280 × 720, and XboxTitledHeroArt needs a PNG of 1920 × 1080",
        ),
    ];
    for (what, job, says) in table {
        let error = job.await.expect_err(what);
        assert_eq!(guard_of(&error), Some(Guard::Images), "{what}: {error:?}");
        assert!(error.to_string().contains(says), "{what}: {error}");
        assert_eq!(shop.sent(), [""; 0], "{what}");
    }
    let empty = shop.folder.file("empty.png", 0);
    let error = shot(&empty).await.unwrap_err();
    assert!(
        error.to_string().contains("empty.png") && error.to_string().contains("it is empty"),
        "{error}"
    );

    // The plan tells it, and it can be lifted.
    let plan = shot(&small).plan().await.unwrap();
    assert!(!plan.is_clear() && plan.to_string().contains("  FAILED: images: "), "{plan}");
    let lifted = shot(&small).allow(Guard::Images);
    let plan = lifted.plan().await.unwrap();
    assert!(
        plan.guards
            .iter()
            .any(|guard| guard.guard == Guard::Images && matches!(guard.finding, Finding::Lifted(_))),
        "{plan}"
    );
    // Portrait, and an ending in capitals, are fine; a kind that the crate does not know is not looked at.
    shot(&tall)
        .image("en-us", "VrScreenshot".into(), &jpeg)
        .leave_draft()
        .await
        .unwrap();
}

#[tokio::test]
async fn the_icon_of_an_add_on_is_looked_at_too() {
    let shop = Shop::open().await;
    let icon = shop.folder.image("icon.png", 310, 310);
    let error = shop.add_on().publish().edit(nothing).icon("en", icon).await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::Images), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("icon.png is 310 × 310, and add-on icon needs a PNG of 300 × 300"),
        "{error}"
    );
    assert_eq!(shop.sent(), [""; 0]);
}
