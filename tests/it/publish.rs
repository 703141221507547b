//! The whole job in one call.

use std::path::PathBuf;

use msstore::testing::FakeStore;
use msstore::{ApplicationId, ExistingPackages, Milestone, Package};

fn package(folder: &std::path::Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, b"not really a package").unwrap();
    path
}

#[tokio::test]
async fn an_app_is_published() {
    let folder = std::env::temp_dir().join("msstore-publish-test");
    std::fs::create_dir_all(&folder).unwrap();
    let fake = FakeStore::start_with_sample().await.unwrap();
    let client = fake.client().unwrap();
    let app: ApplicationId = FakeStore::SAMPLE_APPLICATION.parse().unwrap();
    let submissions = client.applications().submissions(&app);
    let make = || {
        submissions
            .publish()
            .edit(|draft| {
                draft.listing_mut("en-us")?.base_listing.release_notes = "Faster.".into();
                Ok(())
            })
            .package(
                Package::new(package(&folder, "New_2.0_x64.msix"))
                    .architecture("x64")
                    .min_os("10.0.17763.0"),
            )
            .existing_packages(ExistingPackages::ReplaceMatching)
            .until(Milestone::Published)
            .on_event(|event| println!("{event}"))
    };
    println!("{}", make().plan().await.unwrap());
    let report = make().await.unwrap();
    println!("{report}");
    println!("{:?}", fake.applied());
}
