//! The main job on the fake: create, change, commit, wait.

use msstore::ApplicationId;
use msstore::api::Milestone;
use msstore::model::SubmissionStatus;
use msstore::testing::FakeStore;

#[tokio::test]
async fn a_submission_goes_all_the_way() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let client = fake.client().unwrap();
    let app: ApplicationId = FakeStore::SAMPLE_APPLICATION.parse().unwrap();
    let submissions = client.applications().submissions(&app);
    let mut draft = submissions.ensure_created().await.unwrap().document;
    draft.listing_mut("en-us").unwrap().base_listing.release_notes = "Faster.".into();
    assert_eq!(draft.changes().unwrap().len(), 1);
    let draft = submissions.update(&draft).await.unwrap();
    let done = submissions
        .commit_and_wait(draft.id().unwrap())
        .until(Milestone::Published)
        .await
        .unwrap();
    assert_eq!(done.report.status, SubmissionStatus::Published);
    let app = client.applications().get(&app).await.unwrap();
    assert_eq!(app.last_published_submission_id(), draft.id.as_ref());
}
