//! What the caller gives: looked at before anything is sent, and its own errors handed through.

use std::error::Error as _;
use std::path::PathBuf;

use msstore::ErrorKind;
use msstore::model::ImageType;
use msstore::publish::{ExistingPackages, Package};

use super::{PACKAGE, Shop};

#[tokio::test]
async fn what_cannot_be_used_is_refused_before_anything_is_sent() {
    let shop = Shop::open().await;
    let missing = || shop.folder.0.join("missing.msix");
    let empty = shop.folder.file("empty.msix", 0);
    let file = shop.folder.file("some.txt", 10);
    let job = || shop.job();
    let lists = |package: Package| job().package(package).existing_packages(ExistingPackages::ReplaceMatching);
    let encrypted = shop.folder.0.join("other.msix");
    std::fs::write(&encrypted, b"EXPH and more").unwrap();
    let other = || Package::new(&encrypted);
    let table = [
        ("a missing package", job().package(Package::new(missing())), "missing.msix"),
        ("a missing file", job().file("x", missing()), "missing.msix"),
        (
            "a missing image",
            job().image("en-us", ImageType::Screenshot, missing()),
            "missing.msix",
        ),
        ("an empty file", job().package(Package::new(&empty)), "it is empty"),
        ("a folder", job().file("x", &shop.folder.0), "it is not a file"),
        (
            "no file name",
            job().package(Package::new(PathBuf::from("/"))),
            "it has no name",
        ),
        ("a package twice", job().package(shop.package(PACKAGE)), "already"),
        ("a name twice", job().file(PACKAGE.to_lowercase(), &file), "already"),
        (
            "a name twice, with the other slash",
            job().file("a\\b", &file).file("a/b", &file),
            "already",
        ),
        ("a name that leaves the archive", job().file("../x", &file), ".."),
        ("an absolute name", job().file("/x", &file), "relative"),
        (
            "an archive folder that is none",
            job().archive_folder(shop.folder.0.join("missing")),
            "it is not a folder",
        ),
        (
            "a percentage that is none",
            job().rollout_percentage(f64::NAN),
            "NaN is not from 0 to 100",
        ),
        (
            "a percentage above 100",
            job().rollout_percentage(100.1),
            "100.1 is not from 0 to 100",
        ),
        (
            "a percentage below 0",
            job().rollout_percentage(-1.0),
            "-1 is not from 0 to 100",
        ),
        (
            "no architecture",
            lists(other().min_os("10.0.17763.0")),
            "needs its architecture",
        ),
        (
            "no minimum version",
            lists(other().architecture("x64")),
            "needs its minimum version of Windows, but it is encrypted",
        ),
        (
            "no version",
            lists(other().architecture("x64").min_os("Windows 10")),
            "\"Windows 10\", is not like 10.0.17763.0",
        ),
    ];
    for (what, job, says) in table {
        let error = job.await.expect_err(what);
        assert!(error.kind() == ErrorKind::InvalidInput, "{what}: {error:?}");
        assert!(error.to_string().contains(says), "{what}: {error}");
        assert_eq!(shop.fake.requests().len(), 0, "{what}");
    }
    // The packages alone, so that each is judged by what it lacks.
    let alone = |package| {
        shop.app()
            .publish()
            .package(package)
            .existing_packages(ExistingPackages::ReplaceMatching)
    };
    let table = [
        (other(), "needs its architecture"),
        (other().min_os("10.0.17763.0"), "needs its architecture"),
        (other().architecture("x64"), "needs its minimum version of Windows"),
        (
            other().architecture("x64").min_os("Windows 10"),
            "\"Windows 10\", is not like 10.0.17763.0",
        ),
    ];
    for (package, says) in table {
        let what = format!("{package:?}");
        for error in [
            alone(package.clone()).await.unwrap_err(),
            alone(package).plan().await.unwrap_err(),
        ] {
            assert!(error.to_string().contains(says), "{what}: {error}");
        }
        assert_eq!(shop.fake.requests().len(), 0, "{what}");
    }
}

#[derive(Debug)]
struct OurOwn;

impl std::fmt::Display for OurOwn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no notes for this release")
    }
}

impl std::error::Error for OurOwn {}

#[tokio::test]
async fn an_error_of_the_edit_is_the_source() {
    let shop = Shop::open().await;
    let error = shop.app().publish().edit(|_| Err(OurOwn.into())).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Edit, "{error:?}");
    assert!(error.source().unwrap().downcast_ref::<OurOwn>().is_some(), "{error:?}");
    assert_eq!(shop.writes(), [""; 0]);
}

#[tokio::test]
async fn an_error_of_the_crate_comes_through_the_edit() {
    let shop = Shop::open().await;
    let job = shop.app().publish().edit(|draft| {
        draft.listing_mut("fr-fr")?;
        Ok(())
    });
    let error = job.await.unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidInput, "{error:?}");
    assert!(
        error.to_string().contains("\"fr-fr\"") && error.to_string().contains("de-de, en-us"),
        "{error}"
    );
    assert_eq!(shop.writes(), [""; 0]);
    // The plan says the same.
    let job = shop.app().publish().edit(|_| Err(OurOwn.into()));
    assert!(matches!(job.plan().await, Err(error) if error.kind() == ErrorKind::Edit));
}
