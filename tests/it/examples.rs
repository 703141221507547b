//! The example programs as a pipeline runs them: another process, told by its environment where the service is.

use std::path::PathBuf;
use std::process::{Command, Output};

use msstore::testing::FakeStore;

/// `cargo test` builds the examples beside the tests.
fn program(name: &str) -> Command {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.parent().and_then(|deps| deps.parent()).unwrap().join("examples");
    let mut command = Command::new(folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
    command.env_clear();
    // What a process needs on Windows.
    for name in ["PATH", "SystemRoot", "TEMP", "TMP"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// With the credentials of the fake.
fn with_fake(name: &str, fake: &FakeStore) -> Command {
    let mut command = program(name);
    command
        .env("MSSTORE_TENANT_ID", fake.tenant_id())
        .env("MSSTORE_CLIENT_ID", fake.client_id())
        .env("MSSTORE_CLIENT_SECRET", fake.client_secret())
        .env("MSSTORE_ENDPOINT", fake.endpoint())
        .env("AZURE_AUTHORITY_HOST", fake.authority());
    command
}

async fn run(mut command: Command) -> (i32, String) {
    let Output { status, stdout, stderr } = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (
        status.code().unwrap(),
        format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)),
    )
}

/// A file in a folder of its own, removed when dropped.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: &[u8]) -> Self {
        let folder = std::env::temp_dir().join(format!("msstore-it-{}-{}", std::process::id(), next_number()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        Self(path)
    }
}

fn next_number() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}

const APP: &str = FakeStore::SAMPLE_APPLICATION;

/// Methods and what the paths end in.
fn writes(fake: &FakeStore) -> Vec<String> {
    let writes = fake.requests().into_iter().filter(|request| request.method != "GET");
    writes
        .map(|request| {
            let last = request.path.rsplit('/').next().unwrap().to_owned();
            let what = match request.path.as_str() {
                path if path.contains("/blob/") => "blob",
                _ if last == "commit" || last == "submissions" || last == "token" => &last,
                _ => "submission",
            };
            format!("{} {what}", request.method)
        })
        .collect()
}

#[tokio::test]
async fn both_ways_to_submit_an_app_send_the_same_writes_in_order() {
    for name in ["submit_app", "submit_app_step_by_step"] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let foreign = fake.seed_draft(APP);
        fake.script_statuses(APP, ["PreProcessing"]);
        let package = File::new("New_2.0.msix", b"a package");
        let mut command = with_fake(name, &fake);
        command.arg(APP).arg(&package.0).arg("Faster.");
        let (code, output) = run(command).await;
        assert_eq!(code, 0, "{name}: {output}");
        let mut sent = writes(&fake);
        // The update may come before or after the upload.
        sent[3..5].sort();
        let expected = [
            "POST token",
            "DELETE submission",
            "POST submissions",
            "PUT blob",
            "PUT submission",
            "POST commit",
        ];
        assert_eq!(sent, expected, "{name}: {output}");
        let says_deleted = |line: &str| line.contains("deleted") && line.contains(&format!("submission {foreign}"));
        assert!(output.lines().any(says_deleted), "{output}");
        assert!(
            output.contains("PreProcessing") && output.contains("HTTP 202, correlation id"),
            "{output}"
        );

        let requests = fake.requests();
        for request in requests
            .iter()
            .filter(|request| request.method == "POST" && !request.path.ends_with("token"))
        {
            assert_eq!(request.header("content-type"), Some("application/json"));
            assert_eq!(request.header("content-length"), Some("0"));
        }
        for request in requests.iter().filter(|request| request.path.contains("/blob/")) {
            assert_eq!(request.header("authorization"), None);
            assert!(
                !request.query.contains('+') && request.query.contains("%2B"),
                "{}",
                request.query
            );
            assert_eq!(request.header("x-ms-blob-type"), Some("BlockBlob"));
        }
        let submission = fake.pending_submission(APP).unwrap();
        for language in ["en-us", "de-de"] {
            assert_eq!(submission["listings"][language]["baseListing"]["releaseNotes"], "Faster.");
        }
    }
}

#[tokio::test]
async fn a_package_of_the_same_name_takes_the_place_of_the_one_in_the_store() {
    let name = "PaperLantern_1.0.0.0_x64.msix";
    for program in ["submit_app", "submit_app_step_by_step"] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        fake.script_statuses(APP, ["PreProcessing"]);
        let package = File::new(name, b"a package");
        let mut command = with_fake(program, &fake);
        command.arg(APP).arg(&package.0);
        let (code, output) = run(command).await;
        assert_eq!(code, 0, "{program}: {output}");
        let requests = fake.requests();
        let is_update =
            |request: &&msstore::testing::RecordedRequest| request.method == "PUT" && !request.path.contains("/blob/");
        let update = requests.iter().find(is_update).unwrap().json().unwrap();
        let of_the_name = update["applicationPackages"].as_array().unwrap().iter();
        let mut statuses: Vec<_> = of_the_name
            .filter(|package| package["fileName"] == name)
            .map(|package| package["fileStatus"].as_str().unwrap())
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses, ["PendingDelete", "PendingUpload"], "{program}: {output}");
    }
}

#[tokio::test]
async fn a_failure_says_why_and_a_wait_that_is_over_says_how_to_go_on() {
    let failed = serde_json::json!({"status": "CommitFailed", "statusDetails": {
        "errors": [{"code": "InvalidState", "details": "The age rating is missing."}],
        "warnings": [{"code": "ListingOptOutWarning", "details": "French is gone."}],
        "certificationReports": [{"date": "2026-02-10T07:24:27Z", "reportUrl": "https://example.com/report"}],
    }});
    for name in ["submit_app", "submit_app_step_by_step"] {
        let package = File::new("New_2.0.msix", b"a package");
        let fake = FakeStore::start_with_sample().await.unwrap();
        fake.script_statuses(APP, [failed.clone()]);
        let mut command = with_fake(name, &fake);
        command.arg(APP).arg(&package.0);
        let (code, output) = run(command).await;
        assert_eq!(code, 1, "{name}: {output}");
        for part in [
            "final status: CommitFailed",
            "The age rating is missing.",
            "French is gone.",
            "https://example.com/report",
        ] {
            assert!(output.contains(part), "{name} lacks {part}: {output}");
        }

        let fake = FakeStore::start_with_sample().await.unwrap();
        fake.script_statuses(APP, ["CommitStarted"]);
        let mut command = with_fake(name, &fake);
        command.arg(APP).arg(&package.0).env("MSSTORE_WAIT_TIMEOUT", "1");
        let (code, output) = run(command).await;
        assert_eq!(code, 2, "{name}: {output}");
        let pending = fake.pending_submission(APP).unwrap();
        assert!(
            output.contains(pending["id"].as_str().unwrap()) && output.contains("MSSTORE_PENDING=reuse"),
            "{output}"
        );

        // And that is how: it attaches, and writes nothing.
        fake.script_statuses(APP, ["Certification"]);
        fake.forget_requests();
        let mut command = with_fake(name, &fake);
        command.arg(APP).arg(&package.0).env("MSSTORE_PENDING", "reuse");
        let (code, output) = run(command).await;
        assert_eq!(code, 0, "{name}: {output}");
        assert_eq!(writes(&fake), ["POST token"], "{name}: {output}");
    }
}

#[tokio::test]
async fn every_program_runs_against_another_server() {
    let package = File::new("New_2.0.msix", b"a package");
    let icon = File::new("coins.png", &msstore::testing::sample_image(300, 300));
    let (package, icon) = (package.0.to_str().unwrap(), icon.0.to_str().unwrap());
    let (product, flight) = (FakeStore::SAMPLE_IN_APP_PRODUCT, FakeStore::SAMPLE_FLIGHT);
    let submit = ["POST token", "POST submissions", "PUT submission", "PUT blob", "POST commit"];
    let programs: [(&str, Vec<&str>, &[&str]); 8] = [
        ("obtain_token", vec![], &["POST token"]),
        ("list_catalog", vec![], &["POST token"]),
        ("plan_release", vec![APP, package], &["POST token"]),
        ("submit_flight", vec![APP, flight, package], &submit),
        ("submit_add_on", vec![product, icon], &submit),
        (
            "create_flight",
            vec![APP, "Night watch"],
            &["POST token", "POST submission", "DELETE submission"],
        ),
        (
            "create_add_on",
            vec![APP, "coins.200"],
            &["POST token", "POST submission", "DELETE submission"],
        ),
        ("gradual_rollout", vec![APP, "", "50"], &["POST token", "POST submission"]),
    ];
    for (name, mut arguments, expected) in programs {
        let fake = FakeStore::start_with_sample().await.unwrap();
        for parent in [APP, product, flight] {
            fake.script_statuses(parent, ["PreProcessing"]);
        }
        let rolled_out = fake.seed_rollout(APP, 10.0).unwrap();
        if name == "gradual_rollout" {
            arguments[1] = rolled_out.as_str();
        }
        let mut command = with_fake(name, &fake);
        command.args(&arguments);
        let (code, output) = run(command).await;
        // The rollout in progress stops the next release, and the plan says so.
        assert_eq!(code, i32::from(name == "plan_release"), "{name}: {output}");
        assert_eq!(writes(&fake), expected, "{name}: {output}");
        assert!(!output.contains("FakeStore"), "{name}: {output}");
    }
}

#[tokio::test]
async fn what_is_incomplete_is_refused_before_anything_is_sent() {
    let package = File::new("New.msix", b"a package");
    let empty = File::new("Empty.msix", b"");
    let path = |file: &File| file.0.to_str().unwrap().to_owned();
    let programs = [
        ("submit_app", vec![APP.to_owned()]),
        ("submit_app", vec!["9N/..".to_owned(), path(&package)]),
        ("submit_app", vec![String::new(), path(&package)]),
        ("submit_app", vec![APP.to_owned(), path(&empty)]),
        ("submit_app", vec![APP.to_owned(), "no such file".to_owned()]),
        ("submit_app", vec![]),
        ("submit_app_step_by_step", vec![APP.to_owned()]),
        ("submit_flight", vec![APP.to_owned()]),
        ("submit_add_on", vec!["9P".to_owned()]),
        ("plan_release", vec![APP.to_owned()]),
        ("upload_file", vec!["a".to_owned()]),
        ("create_add_on", vec![APP.to_owned()]),
        ("create_flight", vec![APP.to_owned()]),
        ("gradual_rollout", vec![APP.to_owned(), "115".to_owned()]),
        ("obtain_token", vec!["x".to_owned()]),
        ("list_catalog", vec!["x".to_owned()]),
    ];
    for (name, arguments) in programs {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let mut command = with_fake(name, &fake);
        command.args(&arguments);
        let (code, output) = run(command).await;
        assert_eq!(code, 64, "{name} {arguments:?}: {output}");
        assert!(output.contains("error: "), "{name} {arguments:?}: {output}");
        assert!(fake.requests().is_empty(), "{name} {arguments:?}");
    }
    let mut command = program("submit_app");
    command.env("AZURE_TENANT_ID", "t").arg(APP).arg(&package.0);
    let (code, output) = run(command).await;
    assert_eq!(code, 64, "{output}");
    assert!(
        output.contains("AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are not set"),
        "{output}"
    );
}
