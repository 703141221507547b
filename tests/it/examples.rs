//! The example programs as a pipeline runs them: another process, told by its environment where the service is.

use std::path::PathBuf;
use std::process::{Command, Output};

use msstore::auth::CredentialKind;
use msstore::testing::{FakeStore, Fault, RecordedRequest, SamplePackage, sample_image};
use serde_json::{Value, json};

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
    signed_in(name, fake, CredentialKind::ClientSecret)
}

/// With credentials of this kind.
fn signed_in(name: &str, fake: &FakeStore, kind: CredentialKind) -> Command {
    let mut command = program(name);
    command.envs(fake.variables(kind).unwrap());
    command
}

/// The exit code, and what it wrote to stdout and to stderr.
async fn run_apart(mut command: Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

async fn run(command: Command) -> (i32, String) {
    let (code, stdout, stderr) = run_apart(command).await;
    (code, stdout + &stderr)
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

    fn package(name: &str) -> Self {
        Self::new(name, &SamplePackage::new("2.0.0.0").to_bytes())
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    /// The folder, with the other files that it is to have.
    fn folder_with(&self, others: &[(&str, &str)]) -> &str {
        let folder = self.0.parent().unwrap();
        for (name, content) in others {
            std::fs::write(folder.join(name), content).unwrap();
        }
        folder.to_str().unwrap()
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

/// The body of the one update that was sent.
fn update(fake: &FakeStore) -> Value {
    let is_update = |request: &RecordedRequest| request.method == "PUT" && !request.path.contains("/blob/");
    let updates: Vec<_> = fake.requests().into_iter().filter(is_update).collect();
    assert_eq!(updates.len(), 1);
    updates[0].json().unwrap()
}

const NEW: &str = "PaperLantern_2.0.0.0_x64.msix";
const SUBMIT: [&str; 5] = ["POST token", "POST submissions", "PUT submission", "PUT blob", "POST commit"];

#[tokio::test]
async fn a_release_sends_its_writes_in_order_and_with_the_right_headers() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let foreign = fake.seed_draft(APP);
    fake.script_statuses(APP, ["PreProcessing"]);
    let package = File::package(NEW);
    let mut command = with_fake("release", &fake);
    command.args([
        APP,
        package.path(),
        "--notes",
        "Faster.",
        "--pending",
        "replace",
        "--rollout",
        "10",
    ]);
    let (code, stdout, stderr) = run_apart(command).await;
    assert_eq!(code, 0, "{stdout}{stderr}");
    let expected = [
        "POST token",
        "DELETE submission",
        "POST submissions",
        "PUT submission",
        "PUT blob",
        "POST commit",
    ];
    assert_eq!(writes(&fake), expected, "{stderr}");
    let says_deleted = |line: &str| line.contains("deleted, as --pending replace says") && line.contains(foreign.as_str());
    assert!(stderr.lines().any(says_deleted), "{stderr}");
    assert!(
        stderr.contains("PreProcessing") && stderr.contains("HTTP 202, correlation id"),
        "{stderr}"
    );
    assert!(stderr.contains("100 %") && !stderr.contains('\u{1b}'), "{stderr}");

    let submission = fake.pending_submission(APP).unwrap();
    let id = submission["id"].as_str().unwrap();
    assert!(
        stdout.starts_with(&format!("submission {id}: PreProcessing")) && stdout.lines().count() == 1,
        "{stdout}"
    );
    for language in ["en-us", "de-de"] {
        assert_eq!(submission["listings"][language]["baseListing"]["releaseNotes"], "Faster.");
    }
    assert_eq!(
        submission["packageDeliveryOptions"]["packageRollout"]["packageRolloutPercentage"],
        10.0
    );

    let requests = fake.requests();
    let is_bare = |request: &&RecordedRequest| request.method == "POST" && !request.path.ends_with("token");
    for request in requests.iter().filter(is_bare) {
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
}

#[tokio::test]
async fn a_package_of_the_same_name_takes_the_place_of_the_one_in_the_store() {
    let name = "PaperLantern_1.0.0.0_x64.msix";
    for program in ["release", "submit_app", "submit_app_step_by_step"] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        fake.script_statuses(APP, ["PreProcessing"]);
        let package = File::package(name);
        let mut command = with_fake(program, &fake);
        command.args([APP, package.path()]);
        let (code, output) = run(command).await;
        assert_eq!(code, 0, "{program}: {output}");
        let update = update(&fake);
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
async fn existing_packages_go_if_that_is_asked_for() {
    let package = File::package(NEW);
    let (stays, goes, comes) = ("Uploaded", "PendingDelete", "PendingUpload");
    // The Store has packages for x64 and arm64; the new one is for x64.
    for (choice, expected) in [
        ("keep", [stays, stays, comes]),
        ("matching", [goes, stays, comes]),
        ("all", [goes, goes, comes]),
    ] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        fake.script_statuses(APP, ["PreProcessing"]);
        let mut command = with_fake("release", &fake);
        command.args([APP, package.path(), "--existing", choice]);
        let (code, output) = run(command).await;
        assert_eq!(code, 0, "{output}");
        let update = update(&fake);
        let packages = update["applicationPackages"].as_array().unwrap();
        let statuses: Vec<_> = packages
            .iter()
            .map(|package| package["fileStatus"].as_str().unwrap())
            .collect();
        assert_eq!(statuses, expected, "{choice}: {output}");
    }
}

#[tokio::test]
async fn a_failure_says_why_and_a_wait_that_is_over_says_how_to_go_on() {
    let failed = json!({"status": "CommitFailed", "statusDetails": {
        "errors": [{"code": "InvalidState", "details": "The age rating is missing."}],
        "warnings": [{"code": "ListingOptOutWarning", "details": "French is gone."}],
        "certificationReports": [{"date": "2026-02-10T07:24:27Z", "reportUrl": "https://example.com/report"}],
    }});
    let package = File::package(NEW);
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.script_statuses(APP, [failed]);
    let mut command = with_fake("release", &fake);
    command.args([APP, package.path()]);
    let (code, stdout, stderr) = run_apart(command).await;
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    for part in [
        "final status: CommitFailed",
        "The age rating is missing.",
        "French is gone.",
        "https://example.com/report",
        "fix the problem, then run again with --pending reuse, or begin anew with --pending replace",
    ] {
        assert!(stderr.contains(part), "lacks {part}: {stderr}");
    }

    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.script_statuses(APP, ["CommitStarted"]);
    let mut command = with_fake("release", &fake);
    command.args([APP, package.path(), "--timeout", "1"]);
    // The option goes before the variable.
    command.env("MSSTORE_WAIT_TIMEOUT", "3600");
    let (code, stdout, stderr) = run_apart(command).await;
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    let pending = fake.pending_submission(APP).unwrap();
    let how = format!(
        "submission {}, which is committed and goes on there",
        pending["id"].as_str().unwrap()
    );
    assert!(stderr.contains(&how) && stderr.contains("MSSTORE_PENDING=reuse"), "{stderr}");
    assert!(!stderr.contains("PendingPolicy") && !stderr.contains("publish()"), "{stderr}");
    assert_eq!(stderr.matches("--pending reuse").count(), 1, "{stderr}");

    // And that is how: it attaches, and writes nothing.
    for in_the_environment in [false, true] {
        fake.script_statuses(APP, ["Certification"]);
        fake.forget_requests();
        let mut command = with_fake("release", &fake);
        command.args([APP, package.path()]);
        match in_the_environment {
            true => command.env("MSSTORE_PENDING", "reuse"),
            false => command.args(["--pending", "reuse"]).env("MSSTORE_PENDING", "fail"),
        };
        let (code, output) = run(command).await;
        assert_eq!(code, 0, "{output}");
        assert_eq!(writes(&fake), ["POST token"], "{output}");
    }
}

#[tokio::test]
async fn what_stops_a_release_is_told_in_the_words_of_its_options() {
    let package = File::package(NEW);
    for (under_way, plan) in [(false, false), (false, true), (true, false), (true, true)] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let draft = fake.seed_draft(APP);
        if under_way {
            fake.set_status(&draft, "Certification");
        }
        let mut command = with_fake("release", &fake);
        // A variable that is set to nothing is not set.
        command
            .args([APP, package.path()])
            .env("MSSTORE_PENDING", "")
            .env("MSSTORE_WAIT_TIMEOUT", " ");
        if plan {
            command.arg("--plan");
        }
        let (code, output) = run(command).await;
        assert_eq!(code, 1, "{output}");
        assert!(
            output.contains("--pending reuse") && output.contains(draft.as_str()),
            "{output}"
        );
        assert!(!output.contains("PendingPolicy"), "{output}");
        assert_eq!(writes(&fake), ["POST token"], "{output}");
    }
}

/// A draft that the service does not take any more is not to be gone on with, and one that was there before is not left by a run.
#[tokio::test]
async fn what_is_left_is_told_by_the_run_that_left_it_and_never_leads_back_to_the_same_answer() {
    let package = File::package(NEW);
    let fake = FakeStore::start_with_sample().await.unwrap();
    let body = r#"{"code":"InvalidState","data":[],"details":[],"message":"Cannot update the submission because it is in the state 'None'.","source":"Ingestion Api","target":"submission"}"#;
    fake.fault(Fault::on("PUT", "/submissions/*").first(2).answer(409, body));
    let release = |arguments: &[&str]| {
        let mut command = with_fake("release", &fake);
        command.args([APP, package.path()]).args(arguments);
        run(command)
    };
    let (code, output) = release(&[]).await;
    assert!(code == 1 && output.contains("left on the server"), "{output}");
    assert!(
        output.contains("again with --pending replace") && !output.contains("--pending reuse"),
        "{output}"
    );
    let (code, output) = release(&["--pending", "reuse"]).await;
    assert!(code == 1 && output.contains("again with --pending replace"), "{output}");
    assert!(
        !output.contains("left on the server") && !output.contains("--pending reuse"),
        "{output}"
    );
    let (code, output) = release(&["--pending", "replace", "--leave-draft"]).await;
    assert_eq!(code, 0, "{output}");
    // Another package: the first one is named, and nobody gives it.
    let other = File::package("PaperLantern_2.0.0.0_other.msix");
    let mut command = with_fake("release", &fake);
    command.args([APP, other.path(), "--pending", "reuse"]);
    let (code, output) = run(command).await;
    assert!(code == 1 && output.contains("go with --pending replace"), "{output}");
    assert!(
        output.contains("--existing all") && !output.contains("left on the server"),
        "{output}"
    );
}

#[tokio::test]
async fn json_is_one_document_on_stdout_and_all_else_is_on_stderr() {
    let package = File::package(NEW);
    let release = async |fake: &FakeStore, more: &[&str]| {
        let mut command = with_fake("release", fake);
        command.args([APP, package.path(), "--json"]).args(more);
        let (code, stdout, stderr) = run_apart(command).await;
        let document: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"));
        (code, document, stderr)
    };

    let fake = FakeStore::start_with_sample().await.unwrap();
    let (code, document, _) = release(&fake, &["--plan"]).await;
    assert_eq!((code, &document["isClear"]), (0, &json!(true)), "{document}");
    assert_eq!(document["plan"]["packages"][2]["fileName"], NEW, "{document}");
    assert_eq!(writes(&fake), ["POST token"]);

    fake.script_statuses(APP, ["PreProcessing"]);
    let (code, document, stderr) = release(&fake, &[]).await;
    let id = fake.pending_submission(APP).unwrap()["id"].clone();
    assert_eq!((code, &document["report"]["submission"]), (0, &id), "{document}");
    assert!(stderr.contains("the submission was committed"), "{stderr}");

    // It is under way now.
    let (code, document, _) = release(&fake, &["--plan"]).await;
    assert_eq!((code, &document["isClear"]), (1, &json!(false)), "{document}");
    assert_eq!(document["problems"].as_array().map(Vec::len), Some(1), "{document}");
    let (code, document, stderr) = release(&fake, &[]).await;
    assert_eq!((code, &document["error"]["kind"]), (1, &json!("pending")), "{document}");
    assert_eq!(document["error"]["submission"], id, "{document}");
    assert!(stderr.contains("error: "), "{stderr}");

    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.script_statuses(APP, ["CommitStarted"]);
    let (code, document, _) = release(&fake, &["--timeout", "1"]).await;
    assert_eq!((code, &document["error"]["kind"]), (2, &json!("waitTimedOut")), "{document}");
    assert_eq!(document["error"]["committed"], true, "{document}");
    assert_eq!(document["error"]["status"], "CommitStarted", "{document}");

    // What cannot be read at all, and what is read and wrong.
    for wrong in [["--until", "soon"], ["--notes-dir", "no such folder"]] {
        fake.forget_requests();
        let (code, document, stderr) = release(&fake, &wrong).await;
        assert_eq!((code, &document["error"]["kind"]), (64, &json!("usage")), "{document}");
        assert!(stderr.contains("error: "), "{stderr}");
        assert!(fake.requests().is_empty(), "{wrong:?}");
        let message = document["error"]["message"].as_str().unwrap();
        assert!(!message.contains("error: ") && !message.contains("--help"), "{message}");
        let expected = "advice causes code committed correlationId guard httpStatus kind message status submission";
        let mut members: Vec<_> = document["error"].as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members.join(" "), expected);
    }
}

#[tokio::test]
async fn json_is_in_the_words_of_the_options_too() {
    let package = File::package(NEW);
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.seed_draft(APP);
    let list = File::new("patch.json", br#"{"applicationPackages": []}"#);
    for (arguments, part) in [
        (&["--plan"][..], "--pending replace or --pending reuse"),
        (&[], "--pending replace or --pending reuse"),
        (
            &["--plan", "--pending", "replace", "--merge", list.path()],
            "leave applicationPackages out of --merge",
        ),
        (
            &["--pending", "replace", "--merge", list.path()],
            "leave applicationPackages out of --merge",
        ),
    ] {
        let mut command = with_fake("release", &fake);
        command.args([APP, package.path(), "--json"]).args(arguments);
        let (code, stdout, stderr) = run_apart(command).await;
        assert_eq!(code, 1, "{stdout}{stderr}");
        assert!(stdout.contains(part), "lacks {part}: {stdout}");
        assert!(
            !stdout.contains("PendingPolicy") && !stdout.contains("file_status"),
            "{stdout}"
        );
        assert_eq!(writes(&fake), ["POST token"], "{stderr}");
        fake.forget_requests();
    }
}

#[tokio::test]
async fn a_release_of_nothing_is_refused_before_anything_is_sent() {
    let flight = FakeStore::SAMPLE_FLIGHT;
    for arguments in [
        &[][..],
        &[""],
        &["--notes", ""],
        &["--rollout", "10"],
        &["--pending", "reuse"],
        &["--flight", flight],
    ] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let mut command = with_fake("release", &fake);
        command.arg(APP).args(arguments);
        let (code, output) = run(command).await;
        assert_eq!(code, 64, "{arguments:?}: {output}");
        let says = |part: &str| output.contains(part);
        assert!(says("give a package") || (arguments == [""] && says("[PACKAGE]")), "{output}");
        assert!(fake.requests().is_empty(), "{arguments:?}");
    }
    let fake = FakeStore::start_with_sample().await.unwrap();
    let mut command = with_fake("release", &fake);
    command.args([APP, "--plan"]);
    let (code, output) = run(command).await;
    assert_eq!(code, 0, "{output}");
}

#[tokio::test]
async fn a_submission_without_its_package_is_not_to_be_gone_on_with() {
    let package = File::package(NEW);
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.script_statuses(APP, ["Release"]);
    fake.fault(Fault::on("POST", "/commit").drop_packages());
    let mut command = with_fake("release", &fake);
    command.args([APP, package.path(), "--json"]);
    let (code, stdout, stderr) = run_apart(command).await;
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(
        stderr.contains("without a package") && stderr.contains("submit again"),
        "{stderr}"
    );
    assert!(!stderr.contains("--pending reuse"), "{stderr}");
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&document["error"]["advice"], &document["error"]["committed"]),
        (&Value::Null, &json!(true))
    );
}

#[tokio::test]
async fn a_refused_upload_says_once_how_to_go_on() {
    let package = File::package(NEW);
    let fake = FakeStore::start_with_sample().await.unwrap();
    let body = "<Error><Code>AuthenticationFailed</Code><Message>No.</Message></Error>";
    fake.fault(Fault::on("PUT", "/blob/**").answer(403, body).always());
    let mut command = with_fake("release", &fake);
    command.args([APP, package.path()]);
    let (code, _, stderr) = run_apart(command).await;
    assert_eq!(code, 1, "{stderr}");
    assert_eq!(stderr.matches("--pending replace").count(), 1, "{stderr}");
    assert!(
        !stderr.contains("--pending reuse")
            && !stderr.contains("read the submission again")
            && !stderr.contains("go on with it, or delete"),
        "{stderr}"
    );
}

/// The commands of the pipeline, for two releases in a row.
#[tokio::test]
async fn the_pipeline_template_runs_twice() {
    let template = include_str!("../../examples/github-actions.yml");
    let scripts: Vec<_> = template
        .lines()
        .filter_map(|line| {
            let line = line.trim().trim_start_matches("- ");
            let line = line.strip_prefix("run: ").unwrap_or(line);
            ["release \"", "cargo ", "./", "chmod "]
                .iter()
                .any(|start| line.starts_with(start))
                .then_some(line)
        })
        .collect();
    assert!(
        scripts.len() > 4 && !scripts.iter().any(|script| script.contains("${{")),
        "{scripts:?}"
    );
    // Each job that releases has what signs it in, and the others have not.
    let jobs: Vec<&str> = template
        .split("\n\n")
        .filter(|part| part.contains("\n    runs-on: "))
        .collect();
    assert_eq!(jobs.len(), 5);
    for job in jobs {
        let releases = job.contains("release \"");
        assert_eq!(job.contains("      id-token: write"), releases, "{job}");
        assert_eq!(job.contains("    environment: store"), releases, "{job}");
    }
    let fake = FakeStore::start_with_sample().await.unwrap();
    let notes = File::new("en-us.txt", b"Faster.");
    for version in ["2.0.0.0", "3.0.0.0"] {
        let of = SamplePackage::new(version);
        let bundle = SamplePackage::bundle(&[of.clone(), of.architecture("arm64")]);
        let package = File::new(&format!("PaperLantern_{version}.msixbundle"), &bundle);
        for script in scripts.iter().filter_map(|script| script.strip_prefix("release ")) {
            for parent in [APP, FakeStore::SAMPLE_FLIGHT] {
                fake.script_statuses(parent, ["Certification"]);
            }
            let mut command = signed_in("release", &fake, CredentialKind::GitHubActions);
            command.args(script.split(' ').map(|word| match word {
                "\"$APPLICATION\"" => APP,
                "\"$FLIGHT\"" => FakeStore::SAMPLE_FLIGHT,
                "\"$PACKAGE\"" => package.path(),
                "store/notes" => notes.folder_with(&[]),
                word => word,
            }));
            command.arg("--json");
            let (code, stdout, stderr) = run_apart(command).await;
            assert_eq!(code, 0, "{script}: {stdout}{stderr}");
            let document: Value = serde_json::from_str(&stdout).unwrap();
            if let Some(id) = document["report"]["submission"].as_str() {
                fake.set_status(id, "Published");
            }
        }
    }
}

#[tokio::test]
async fn release_notes_come_from_a_folder_in_any_spelling_of_the_language() {
    let package = File::package(NEW);
    let notes = File::new("EN-US.txt", "\u{feff}Faster.\r\nBrighter.\r\n".as_bytes());
    let folder = notes.folder_with(&[("De-de.TXT", "Schneller – schön!\n"), ("readme.md", "Not a language.")]);
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.script_statuses(APP, ["PreProcessing"]);
    let mut command = with_fake("release", &fake);
    command.args([APP, package.path(), "--notes-dir", folder]);
    let (code, output) = run(command).await;
    assert_eq!(code, 0, "{output}");
    let update = update(&fake);
    let listings = update["listings"].as_object().unwrap();
    assert_eq!(listings.len(), 2, "{update}");
    assert_eq!(listings["en-us"]["baseListing"]["releaseNotes"], "Faster.\nBrighter.");
    assert_eq!(listings["de-de"]["baseListing"]["releaseNotes"], "Schneller – schön!");

    notes.folder_with(&[("fr-fr.txt", "Plus vite.")]);
    for plan in [false, true] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let mut command = with_fake("release", &fake);
        command.args([APP, package.path(), "--notes-dir", folder]);
        if plan {
            command.arg("--plan");
        }
        let (code, output) = run(command).await;
        assert_eq!(code, 1, "{output}");
        assert!(output.contains("fr-fr") && output.contains("de-de, en-us"), "{output}");
        assert!(
            output.contains("--notes-dir has fr-fr.txt") && output.contains("with --merge"),
            "{output}"
        );
        assert_eq!(writes(&fake), ["POST token"], "{output}");
    }
}

#[tokio::test]
async fn a_merge_patch_is_applied_and_the_notes_go_before_it() {
    let package = File::package(NEW);
    let patch = json!({
        "notesForCertification": "The lantern needs a microphone.",
        "listings": {"EN-us": {"baseListing": {"keywords": ["lantern"], "releaseNotes": "Not these."}}},
    });
    let patch = File::new("patch.json", format!("\u{feff}{patch}").as_bytes());
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.script_statuses(APP, ["PreProcessing"]);
    let mut command = with_fake("release", &fake);
    command.args([APP, package.path(), "--merge", patch.path(), "--notes", "Faster."]);
    let (code, output) = run(command).await;
    assert_eq!(code, 0, "{output}");
    let update = update(&fake);
    assert_eq!(update["notesForCertification"], "The lantern needs a microphone.");
    assert_eq!(update["listings"].as_object().unwrap().len(), 2, "{update}");
    let listing = &update["listings"]["en-us"]["baseListing"];
    assert_eq!(listing["keywords"], json!(["lantern"]));
    assert_eq!(
        (&listing["title"], &listing["releaseNotes"]),
        (&json!("Paper Lantern"), &json!("Faster."))
    );
}

#[tokio::test]
async fn exactly_the_images_of_a_folder_become_the_screenshots() {
    let package = File::package(NEW);
    let image = File::new("b.png", &sample_image(1920, 1080));
    let folder = image.folder_with(&[("notes.txt", "No image.")]);
    std::fs::write(image.0.with_file_name("a.PNG"), sample_image(1366, 768)).unwrap();
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.script_statuses(APP, ["PreProcessing"]);
    let mut command = with_fake("release", &fake);
    command.args([APP, package.path(), "--images", &format!("EN-us={folder}")]);
    let (code, output) = run(command).await;
    assert_eq!(code, 0, "{output}");
    let update = update(&fake);
    let images = |language: &str| {
        let images = update["listings"][language]["baseListing"]["images"]
            .as_array()
            .unwrap()
            .iter();
        let named = images.map(|image| [&image["imageType"], &image["fileName"], &image["fileStatus"]]);
        named
            .map(|named| named.map(|text| text.as_str().unwrap().to_lowercase()).join(" "))
            .collect::<Vec<_>>()
    };
    let expected = [
        "screenshot screens/one.png pendingdelete",
        "screenshot en-us/a.png pendingupload",
        "screenshot en-us/b.png pendingupload",
    ];
    let mut of_english = images("en-us");
    // New ones in order; where the old one stands does not matter.
    of_english.sort_by_key(|image| !image.contains("screens/"));
    assert_eq!(of_english, expected, "{update}");
    assert_eq!(images("de-de"), ["screenshot screens/one.png uploaded"], "{update}");

    let fake = FakeStore::start_with_sample().await.unwrap();
    let mut command = with_fake("release", &fake);
    command.args([APP, package.path(), "--images", &format!("fr-fr={folder}")]);
    let (code, output) = run(command).await;
    assert_eq!(code, 1, "{output}");
    assert!(
        output.contains("--images names fr-fr") && output.contains("de-de, en-us"),
        "{output}"
    );
    assert_eq!(writes(&fake), ["POST token"], "{output}");
}

#[tokio::test]
async fn a_rollout_that_would_be_inherited_is_chosen_or_left_out() {
    let package = File::package(NEW);
    let table = [(None, Value::Null), (Some("none"), json!(false)), (Some("25"), json!(true))];
    for (choice, expected) in table {
        let fake = FakeStore::start_with_sample().await.unwrap();
        fake.script_statuses(APP, ["PreProcessing"]);
        let last = fake.published_submission(APP).unwrap()["id"].as_str().unwrap().to_owned();
        fake.edit_submission(last, |submission| {
            let rollout = &mut submission["packageDeliveryOptions"]["packageRollout"];
            rollout["isPackageRollout"] = true.into();
            rollout["packageRolloutPercentage"] = 10.0.into();
            rollout["packageRolloutStatus"] = "PackageRolloutComplete".into();
        });
        let mut command = with_fake("release", &fake);
        command.args([APP, package.path()]);
        if let Some(choice) = choice {
            command.args(["--rollout", choice]);
        }
        let (code, output) = run(command).await;
        assert_eq!(code, i32::from(choice.is_none()), "{output}");
        if choice.is_none() {
            assert!(output.contains("choose --rollout none or --rollout PERCENT"), "{output}");
            assert_eq!(writes(&fake), ["POST token"], "{output}");
            continue;
        }
        let rollout = &update(&fake)["packageDeliveryOptions"]["packageRollout"];
        assert_eq!(rollout["isPackageRollout"], expected, "{rollout}");
    }
}

/// What is put into other words is what the library says, or nobody would notice that it has changed.
#[test]
fn the_phrases_that_a_release_replaces_are_those_of_the_library() {
    fn read(folder: &std::path::Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, text);
            } else {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut library = String::new();
    read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut library);
    for setter in [".architecture(…)", ".min_os(…)"] {
        assert!(library.contains(&format!("{setter:?}")));
        library = library.replace(
            ": state it with {setter}",
            &format!(": state it with {setter} or: state it with {{setter}}"),
        );
    }
    let words = include_str!("../../examples/release/words.rs");
    let (_, table) = words.split_once("= [").unwrap();
    let (table, _) = table.split_once("\n];").unwrap();
    let literals: Vec<&str> = table.split('"').skip(1).step_by(2).collect();
    assert!(literals.len() > 2 && literals.len().is_multiple_of(2));
    for pair in literals.chunks(2) {
        assert!(library.contains(pair[0]), "the library does not say {:?}", pair[0]);
    }
}

#[tokio::test]
async fn a_release_that_is_published_already_ends_well_and_sends_nothing() {
    let package = File::package(NEW);
    let fake = FakeStore::start_with_sample().await.unwrap();
    let release = async || {
        fake.forget_requests();
        let mut command = with_fake("release", &fake);
        command.args([APP, package.path(), "--json"]);
        let (code, stdout, stderr) = run_apart(command).await;
        assert_eq!(code, 0, "{stdout}{stderr}");
        serde_json::from_str::<Value>(&stdout).unwrap()["report"].clone()
    };
    fake.script_statuses(APP, ["PreProcessing"]);
    let first = release().await;
    assert_eq!(first["alreadyPublished"], false, "{first}");
    fake.set_status(first["submission"].as_str().unwrap(), "Published");
    let second = release().await;
    assert_eq!(second["alreadyPublished"], true, "{second}");
    assert_eq!(second["submission"], first["submission"], "{second}");
    assert_eq!(writes(&fake), ["POST token"]);
}

#[tokio::test]
async fn a_release_to_a_flight_leaves_the_app_alone() {
    let package = File::package(NEW);
    let flight = FakeStore::SAMPLE_FLIGHT;
    let patch = File::new("patch.json", br#"{"notesForCertification": "Fold it."}"#);
    for plan in [true, false] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        fake.script_statuses(flight, ["PreProcessing"]);
        let mut command = with_fake("release", &fake);
        command.args([APP, "--flight", flight, package.path(), "--merge", patch.path()]);
        if plan {
            command.arg("--plan");
        }
        let (code, output) = run(command).await;
        assert_eq!(code, 0, "{output}");
        let expected = if plan { &SUBMIT[..1] } else { &SUBMIT[..] };
        assert_eq!(writes(&fake), expected, "{output}");
        if !plan {
            let submission = fake.pending_submission(flight).unwrap();
            assert_eq!(submission["notesForCertification"], "Fold it.", "{output}");
        }
        // The flight's package, and not those of the app.
        assert_eq!(plan, output.contains("stays PaperLantern_1.1.0.0_x64.msix"), "{output}");
        let sent = fake
            .requests()
            .into_iter()
            .filter(|request| request.path.contains("/submissions"));
        for request in sent {
            assert!(
                request.path.contains(&format!("/flights/{flight}/submissions")),
                "{}",
                request.path
            );
        }
    }
}

/// Sends the signal when this stands on a line of stderr. `kill` is there on every Unix.
#[cfg(unix)]
async fn interrupt(mut command: Command, signal: &'static str, at: &'static str) -> (Option<i32>, String, String) {
    use std::io::{BufRead, BufReader, Read};
    use std::process::Stdio;

    let job = move || {
        let mut program = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(program.stderr.take().unwrap());
        let mut text = String::new();
        while !text.lines().last().unwrap_or_default().contains(at) {
            assert_ne!(stderr.read_line(&mut text).unwrap(), 0, "it ended: {text}");
        }
        let sent = Command::new("kill").args([signal, &program.id().to_string()]).status();
        assert!(sent.unwrap().success());
        stderr.read_to_string(&mut text).unwrap();
        let ended = program.wait_with_output().unwrap();
        (ended.status.code(), String::from_utf8(ended.stdout).unwrap(), text)
    };
    tokio::task::spawn_blocking(job).await.unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_says_what_is_left_and_how_to_go_on() {
    let package = File::package(NEW);
    let create = || Fault::on("POST", "/submissions").stall();
    let upload = || Fault::on("PUT", "/blob/**").stall();
    let commit = || Fault::on("POST", "/commit").apply_then().stall();
    type Stall = fn() -> Fault;
    let table: [(Option<Stall>, &str, &str, Value); 4] = [
        (
            Some(create),
            "nothing is pending",
            "a draft may have been created",
            Value::Null,
        ),
        (
            Some(upload),
            "the archive was packed",
            "a draft that is not committed",
            json!(false),
        ),
        (
            Some(commit),
            "the archive was uploaded",
            "which may be committed by now",
            Value::Null,
        ),
        (
            None,
            "the status is CommitStarted",
            "which is committed and goes on there",
            json!(true),
        ),
    ];
    for ((fault, at, left, committed), signal) in table.into_iter().zip(["-INT", "-TERM", "-INT", "-TERM"]) {
        let fake = FakeStore::start_with_sample().await.unwrap();
        fake.script_statuses(APP, ["CommitStarted"]);
        if let Some(fault) = fault {
            fake.fault(fault());
        }
        let mut command = with_fake("release", &fake);
        command.args([APP, package.path(), "--json"]);
        let (code, stdout, stderr) = interrupt(command, signal, at).await;
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains(left) && stderr.contains("--pending reuse"), "{at}: {stderr}");
        let document: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(document["error"]["kind"], "interrupted", "{document}");
        assert_eq!(document["error"]["committed"], committed, "{document}");
        if let Some(id) = document["error"]["submission"].as_str() {
            assert_eq!(fake.pending_submission(APP).unwrap()["id"], id, "{document}");
            assert!(stderr.contains(&format!("left on the server: submission {id}")), "{stderr}");
        } else {
            assert!(fake.pending_submission(APP).is_none(), "{document}");
        }

        // The archive is not left beside the package.
        let files = std::fs::read_dir(package.0.parent().unwrap()).unwrap();
        let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(names, [NEW], "{at}");

        // And so it goes on.
        fake.clear_faults();
        fake.forget_requests();
        fake.script_statuses(APP, ["PreProcessing"]);
        let mut command = with_fake("release", &fake);
        command.args([APP, package.path(), "--pending", "reuse"]);
        let (code, output) = run(command).await;
        assert_eq!(code, 0, "{at}: {output}");
        let creates = writes(&fake).iter().filter(|write| *write == "POST submissions").count();
        assert_eq!(creates, usize::from(left.contains("may have been created")), "{at}: {output}");
    }
}

#[tokio::test]
async fn without_credentials_and_arguments_it_runs_on_the_fake() {
    for arguments in [&[][..], &["--plan"], &["--json"], &["--plan", "--json"]] {
        let mut command = program("release");
        command.args(arguments);
        let (code, stdout, stderr) = run_apart(command).await;
        assert_eq!(code, 0, "{arguments:?}: {stdout}{stderr}");
        assert!(
            stderr.lines().next().is_some_and(|line| line.contains("FakeStore")),
            "{stderr}"
        );
        let is_json = serde_json::from_str::<Value>(&stdout).is_ok();
        assert_eq!(is_json, arguments.contains(&"--json"), "{stdout}");
    }
    let (code, output) = run(program("submit_app")).await;
    assert_eq!(code, 0, "{output}");
    assert!(
        output.lines().next().is_some_and(|line| line.contains("FakeStore")),
        "{output}"
    );

    // Half of the credentials, or something to release, is no trial.
    for name in ["MSSTORE_TENANT_ID", "AZURE_CLIENT_SECRET"] {
        let mut command = program("release");
        command.env(name, "x");
        let (code, output) = run(command).await;
        assert_eq!(code, 64, "{output}");
    }
    let mut command = program("release");
    command.args([APP, "--plan"]);
    let (code, output) = run(command).await;
    assert_eq!(code, 64, "{output}");
    assert!(output.contains("MSSTORE_CLIENT_SECRET are not set"), "{output}");
}

#[tokio::test]
async fn every_template_runs_against_another_server() {
    let package = File::package(NEW);
    let icon = File::new("coins.png", &sample_image(300, 300));
    let (package, icon) = (package.path(), icon.path());
    let (product, flight) = (FakeStore::SAMPLE_IN_APP_PRODUCT, FakeStore::SAMPLE_FLIGHT);
    let programs: [(&str, Vec<&str>, &[&str]); 10] = [
        ("obtain_token", vec![], &["POST token"]),
        ("list_catalog", vec![], &["POST token"]),
        ("submit_app", vec![APP, package, "Faster."], &SUBMIT),
        ("submit_app_step_by_step", vec![APP, package], &SUBMIT),
        ("submit_flight", vec![APP, flight, package], &SUBMIT),
        ("submit_add_on", vec![product, "en", icon], &SUBMIT),
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
        (
            "gradual_rollout",
            vec![APP, "", "finalize"],
            &["POST token", "POST submission"],
        ),
    ];
    for (name, mut arguments, expected) in programs {
        let fake = FakeStore::start_with_sample().await.unwrap();
        for parent in [APP, product, flight] {
            fake.script_statuses(parent, ["PreProcessing"]);
        }
        let rolled_out;
        if name == "gradual_rollout" {
            rolled_out = fake.seed_rollout(APP, 10.0).unwrap();
            arguments[1] = rolled_out.as_str();
        }
        let mut command = with_fake(name, &fake);
        command.args(&arguments);
        let (code, output) = run(command).await;
        assert_eq!(code, 0, "{name}: {output}");
        assert_eq!(writes(&fake), expected, "{name}: {output}");
        assert!(!output.contains("FakeStore"), "{name}: {output}");
    }
}

#[tokio::test]
async fn a_file_is_uploaded_to_a_link() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let draft = fake.seed_draft(APP);
    let link = fake.submission(&draft).unwrap()["fileUploadUrl"].as_str().unwrap().to_owned();
    let file = File::new("archive.zip", b"an archive");
    let mut command = program("upload_file");
    command
        .arg(file.path())
        .env("MSSTORE_UPLOAD_URL", &link)
        .env("MSSTORE_ENDPOINT", fake.endpoint());
    let (code, output) = run(command).await;
    assert_eq!(code, 0, "{output}");
    assert_eq!(fake.blob(&draft).unwrap().content.unwrap(), "an archive", "{output}");
}

#[tokio::test]
async fn the_list_goes_on_after_an_app_that_the_api_refuses() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.seed_application("9FAKEZZ");
    let refusal = r#"{"code":"Forbidden","message":"This app is not managed by the API."}"#;
    fake.fault(
        Fault::on("GET", format!("/applications/{APP}/*"))
            .answer(403, refusal)
            .always(),
    );
    let (code, output) = run(with_fake("list_catalog", &fake)).await;
    assert_eq!(code, 0, "{output}");
    for part in [
        "refused: ",
        "This app is not managed by the API",
        "9FAKEZZ",
        "apps: 2, of which the API has refused 1",
    ] {
        assert!(output.contains(part), "lacks {part}: {output}");
    }
}

#[tokio::test]
async fn what_is_incomplete_is_refused_before_anything_is_sent() {
    let package = File::package(NEW);
    let empty = File::new("Empty.msix", b"");
    let listings = File::new("patch.json", br#"{"listings": {}}"#);
    let list = File::new("patch.json", b"[]");
    let broken = File::new("patch.json", b"{");
    let none = list.folder_with(&[]);
    let release: [&[&str]; 26] = [
        &[],
        &["9N/..", package.path()],
        &["", package.path()],
        &[APP, empty.path()],
        &[APP, none],
        &[APP, package.path(), "no such file"],
        &[APP, "--flight", "a/b", package.path()],
        &[APP, "--flight", FakeStore::SAMPLE_FLIGHT, "--notes", "Faster."],
        &[APP, "--flight", FakeStore::SAMPLE_FLIGHT, "--notes-dir", "notes"],
        &[APP, "--flight", FakeStore::SAMPLE_FLIGHT, "--merge", listings.path()],
        &[APP, "--flight", FakeStore::SAMPLE_FLIGHT, "--images", "en-us=images"],
        &[APP, "--notes", "Faster.", "--notes-dir", "notes"],
        &[APP, "--notes-dir", "no such folder"],
        &[APP, "--notes-dir", none],
        &[APP, "--merge", "no such file"],
        &[APP, "--merge", list.path()],
        &[APP, "--merge", broken.path()],
        &[APP, "--images", "en-us"],
        &[APP, "--images", &format!("en-us={none}")],
        &[APP, "--pending", "adopt"],
        &[APP, "--existing", "some"],
        &[APP, "--rollout", "115"],
        &[APP, "--rollout", "NaN"],
        &[APP, "--until", "soon"],
        &[APP, "--timeout", "-1"],
        &[APP, "--no-such-option"],
    ];
    // The templates leave the exit code to the parser.
    let templates: [(&str, &[&str]); 12] = [
        ("submit_app", &[APP]),
        ("submit_app_step_by_step", &[APP]),
        ("submit_flight", &[APP]),
        ("submit_add_on", &["9P"]),
        ("upload_file", &[]),
        ("create_add_on", &[APP]),
        ("create_flight", &[APP]),
        ("gradual_rollout", &[APP, "115", "115"]),
        ("obtain_token", &["x"]),
        ("msi_status", &["1"]),
        ("msi_update_listing", &["1"]),
        ("list_catalog", &["x"]),
    ];
    let release = release.into_iter().map(|arguments| ("release", arguments, 64));
    for (name, arguments, expected) in release.chain(templates.map(|(name, arguments)| (name, arguments, 2))) {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let mut command = with_fake(name, &fake);
        command.args(arguments);
        let (code, stdout, stderr) = run_apart(command).await;
        assert_eq!(code, expected, "{name} {arguments:?}: {stderr}");
        assert!(
            stderr.contains("error: ") && stdout.is_empty(),
            "{name} {arguments:?}: {stdout}{stderr}"
        );
        assert!(fake.requests().is_empty(), "{name} {arguments:?}");
    }

    for (variable, value) in [("MSSTORE_PENDING", "adopt"), ("MSSTORE_WAIT_TIMEOUT", "soon")] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let mut command = with_fake("release", &fake);
        command.args([APP, package.path()]).env(variable, value);
        let (code, output) = run(command).await;
        assert_eq!(code, 64, "{output}");
        assert!(output.contains(variable) && output.contains(value), "{output}");
        assert!(fake.requests().is_empty());
    }

    let mut command = program("release");
    command.env("AZURE_TENANT_ID", "t").args([APP, package.path()]);
    let (code, output) = run(command).await;
    assert_eq!(code, 64, "{output}");
    assert!(
        output.contains("AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are not set"),
        "{output}"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn two_spellings_of_a_language_are_refused() {
    let notes = File::new("en-us.txt", b"Faster.");
    let folder = notes.folder_with(&[("EN-us.txt", "Slower.")]);
    let fake = FakeStore::start_with_sample().await.unwrap();
    let mut command = with_fake("release", &fake);
    command.args([APP, "--notes-dir", folder]);
    let (code, output) = run(command).await;
    assert_eq!(code, 64, "{output}");
    assert!(output.contains("two files for the language en-us"), "{output}");
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn every_program_has_a_help() {
    let programs = [
        "release",
        "submit_app",
        "submit_app_step_by_step",
        "submit_flight",
        "submit_add_on",
        "upload_file",
        "create_add_on",
        "create_flight",
        "gradual_rollout",
        "obtain_token",
        "list_catalog",
        "release_msi",
        "msi_status",
        "msi_update_listing",
        "inspect_package",
    ];
    for name in programs {
        for option in ["-h", "--help"] {
            let mut command = program(name);
            command.arg(option);
            let (code, stdout, stderr) = run_apart(command).await;
            assert_eq!((code, stderr.as_str()), (0, ""), "{name}");
            assert!(stdout.contains("Usage: "), "{name}: {stdout}");
        }
    }
    let mut command = program("release");
    command.arg("--version");
    let (code, output) = run(command).await;
    assert_eq!((code, output.trim()), (0, concat!("release ", env!("CARGO_PKG_VERSION"))));
}

#[tokio::test]
async fn the_log_is_asked_for_by_a_variable_and_holds_no_secret() {
    let mut lengths = Vec::new();
    for level in ["", "msstore=trace"] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        fake.script_statuses(APP, ["PreProcessing"]);
        let package = File::package(NEW);
        let mut command = with_fake("release", &fake);
        command.args([APP, package.path(), "--json"]).env("RUST_LOG", level);
        let (code, stdout, stderr) = run_apart(command).await;
        assert_eq!(code, 0, "{stderr}");
        assert!(serde_json::from_str::<Value>(&stdout).is_ok(), "{stdout}");
        assert!(!stderr.contains(fake.client_secret()) && !stderr.contains("sig="), "{stderr}");
        assert_eq!(stderr.contains("DEBUG"), !level.is_empty(), "{stderr}");
        lengths.push(stderr.len());
    }
    assert!(lengths[0] < lengths[1]);
}

/// The kinds of credentials without a stored secret, and the requests for a token that each makes.
const FEDERATED: [(CredentialKind, &[&str]); 4] = [
    (CredentialKind::FixedAssertion, &["token"]),
    (CredentialKind::TokenFile, &["token"]),
    (CredentialKind::GitHubActions, &["idtoken", "token"]),
    (CredentialKind::AzurePipelines, &["oidctoken", "token"]),
];

/// The last segments of the requests outside the API and the blob store.
fn requests_to_sign_in(fake: &FakeStore) -> Vec<String> {
    let requests = fake.requests().into_iter().map(|request| request.path);
    let others = requests.filter(|path| !path.starts_with("/v1.0/my/") && !path.starts_with("/blob/"));
    others.map(|path| path.rsplit('/').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_release_signs_in_without_a_stored_secret() {
    for (kind, requests) in FEDERATED {
        let fake = FakeStore::start_with_sample().await.unwrap();
        fake.script_statuses(APP, ["PreProcessing"]);
        let package = File::package("PaperLantern_2.0.0.0_x64.msix");
        let mut command = signed_in("release", &fake, kind);
        command.args([APP, package.path()]).env("RUST_LOG", "msstore=trace");
        let (code, stdout, stderr) = run_apart(command).await;
        assert_eq!(code, 0, "{kind}: {stdout}{stderr}");
        assert_eq!(requests_to_sign_in(&fake), requests, "{kind}");
        let told = format!(
            "signing in credentials={kind}, as the app {} of the tenant {}",
            fake.client_id(),
            fake.tenant_id()
        );
        assert!(stderr.contains(&told), "{told:?} is not in {stderr}");
        for variable in ["ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SYSTEM_ACCESSTOKEN"] {
            let variables = fake.variables(kind).unwrap();
            let secret = variables
                .iter()
                .find(|(name, _)| *name == variable)
                .map(|(_, value)| value.as_str());
            assert!(
                secret.is_none_or(|secret| !stderr.contains(secret)),
                "{variable} is in {stderr}"
            );
        }
        assert!(
            !stderr.contains("eyJ") && !stdout.contains("eyJ"),
            "an assertion is in {stderr}"
        );
    }
}

#[tokio::test]
async fn obtain_token_says_which_way_and_whether_partner_center_knows_the_app() {
    let secret = (CredentialKind::ClientSecret, ["token"].as_slice());
    for (kind, requests) in [&FEDERATED[..], &[secret]].concat() {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let mut command = signed_in("obtain_token", &fake, kind);
        command.arg("--check");
        let (code, stdout, stderr) = run_apart(command).await;
        assert_eq!((code, stderr.as_str()), (0, ""), "{kind}");
        for words in [
            &format!("signing in with {kind}, as the app "),
            "expires in 35",
            "Partner Center knows the Entra app; apps on the first page: 1",
        ] {
            assert!(stdout.contains(words), "{words:?} is not in {stdout}");
        }
        assert_eq!(requests_to_sign_in(&fake), requests, "{kind}");
        assert_eq!(fake.requests_to("GET", "/applications").len(), 1, "{kind}");
    }

    let fake = FakeStore::start_with_sample().await.unwrap();
    let identity = json!({"code": "Unauthorized", "message": "Identity cannot be authorized."});
    fake.fault(Fault::on("GET", "/applications").always().answer(401, identity.to_string()));
    let mut command = signed_in("obtain_token", &fake, CredentialKind::GitHubActions);
    command.arg("--check");
    let (code, stdout, stderr) = run_apart(command).await;
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(
        stdout.contains("expires in") && stderr.contains("signed in, but Partner Center does not know this app"),
        "{stdout}{stderr}"
    );

    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.fault(Fault::on("POST", "/token").aadsts(700_213));
    let (code, stdout, stderr) = run_apart(signed_in("obtain_token", &fake, CredentialKind::GitHubActions)).await;
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(
        stdout.starts_with("signing in with an assertion of GitHub Actions") && stderr.contains("the subject does not fit"),
        "{stdout}{stderr}"
    );
    assert!(!stderr.contains("eyJ"), "{stderr}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_release_signs_in_by_the_azure_cli_if_that_is_asked_for() {
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::ExposeSecret as _;

    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.script_statuses(APP, ["PreProcessing"]);
    let package = File::package("PaperLantern_2.0.0.0_x64.msix");
    let token = fake.client().unwrap().access_token().await.unwrap();
    let token = token.secret().expose_secret();
    fake.forget_requests();
    let script =
        format!("#!/bin/sh\necho \"$@\" > arguments\necho '{{\"accessToken\":\"{token}\",\"expires_on\":4102444800}}'\n");
    let az = File::new("az", script.as_bytes());
    std::fs::set_permissions(az.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let release = |script: &File| {
        let mut command = signed_in("release", &fake, CredentialKind::AzureCli);
        let path = std::path::Path::new(script.path()).parent().unwrap().to_owned();
        command
            .args([APP, package.path()])
            .env("PATH", path)
            .env("RUST_LOG", "msstore=trace");
        command
    };
    let (code, stdout, stderr) = run_apart(release(&az)).await;
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(
        stderr.contains("signing in credentials=the Azure CLI") && !stderr.contains(token),
        "{stderr}"
    );
    assert!(requests_to_sign_in(&fake).is_empty(), "{:?}", requests_to_sign_in(&fake));
    let arguments = std::fs::read_to_string(std::path::Path::new(az.path()).with_file_name("arguments")).unwrap();
    assert!(
        arguments.contains("/.default") && arguments.trim().ends_with(&format!("--tenant {}", fake.tenant_id())),
        "{arguments}"
    );

    let nothing = File::new("nothing", b"");
    let (code, stdout, stderr) = run_apart(release(&nothing)).await;
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(stderr.contains("the Azure CLI is not on PATH; install it"), "{stderr}");
}

const PRODUCT: &str = FakeStore::SAMPLE_MSI_PRODUCT;

/// `release_msi` for the product of the fake.
fn release_msi(fake: &FakeStore, arguments: &[&str]) -> Command {
    let mut command = with_fake("release_msi", fake);
    command
        .arg(PRODUCT)
        .args(arguments)
        .env("MSSTORE_SELLER_ID", FakeStore::SAMPLE_SELLER);
    command
}

/// The whole job is in `msi_job`: another process would wait for the fetch of the packages in real time.
#[tokio::test]
async fn the_exit_code_of_a_release_of_an_msi_app_says_how_it_ended() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let bytes = b"MZ and more";
    let url = fake.host_file("lantern-2.5.0-x64.exe", bytes.as_slice());
    let (package, ours) = (format!("x64={url}"), File::new("lantern-2.5.0-x64.exe", bytes));
    let notes = File::new("en-us.txt", b"Brighter.\r\n");
    let folder = notes.folder_with(&[("DE-de.txt", "Heller.")]);
    let given = ["--package", &package, "--file", ours.path(), "--notes-dir", folder];
    let (code, stdout, stderr) = run_apart(release_msi(&fake, &[&given[..], &["--plan", "--json"]].concat())).await;
    assert_eq!(code, 0, "{stdout}{stderr}");
    let plan: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&plan["isClear"], &plan["plan"]["packages"][0]["changes"]),
        (&json!(true), &json!(["packageUrl"]))
    );
    let notes: Vec<&Value> = plan["plan"]["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|notes| &notes["after"])
        .collect();
    assert_eq!(notes, ["Brighter.", "Heller."]);

    // The draft has it all.
    fake.edit_msi_product(PRODUCT, |draft| draft["packages"][0]["packageUrl"] = url.as_str().into());
    for (choice, expected, words) in [
        ("stop", 1, "--unchanged submit, or --unchanged accept"),
        ("accept", 0, "unchanged: "),
    ] {
        let (code, stdout, stderr) = run_apart(release_msi(&fake, &["--package", &package, "--unchanged", choice])).await;
        assert_eq!(code, expected, "{choice}: {stdout}{stderr}");
        assert!((stdout + &stderr).contains(words), "{choice}");
    }

    fake.start_foreign_msi_submission(PRODUCT);
    let (code, stdout, stderr) = run_apart(release_msi(&fake, &given)).await;
    assert_eq!(code, 3, "{stdout}{stderr}");
    assert!(stdout.starts_with("busy: submission "), "{stdout}");
    assert!(fake.applied().is_empty());

    let (code, stdout, stderr) = run_apart(program("release_msi")).await;
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(
        stdout.starts_with("submission ") && stderr.contains("the Store fetches the packages"),
        "{stdout}{stderr}"
    );
}

#[tokio::test]
async fn a_release_of_an_msi_app_stops_before_it_changes_anything() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let url = fake.host_file("lantern.exe", b"MZ and more".as_slice());
    let package = format!("x64={url}");
    let other = File::new("lantern.exe", b"MZ and less");
    for (arguments, expected, words) in [
        (
            vec!["--package", package.as_str(), "--file", other.path()],
            1,
            "they differ between",
        ),
        (
            vec!["--package", "x86=https://dl.example/a.exe"],
            1,
            "the draft has X64, Arm64 only",
        ),
        (vec!["--package", "x64=http://dl.example/a.exe"], 1, "plain http"),
        (vec![], 64, "there is nothing to submit"),
        (vec!["--package", "x64"], 64, "it must be an architecture"),
        (vec!["--notes", "x", "--parameters", "x86=/S"], 64, "--parameters names x86"),
        (vec!["--package", &package, "--file", "/nowhere/at.all"], 64, "is not a file"),
    ] {
        let (code, stdout, stderr) = run_apart(release_msi(&fake, &arguments)).await;
        assert_eq!(code, expected, "{arguments:?}: {stdout}{stderr}");
        assert!(stderr.contains(words), "{words:?} is not in {stderr}");
    }
    let mut command = with_fake("release_msi", &fake);
    command.args([PRODUCT, "--package", &package]);
    let (code, _, stderr) = run_apart(command).await;
    assert!(code == 64 && stderr.contains("MSSTORE_SELLER_ID must be given"), "{stderr}");
    assert!(fake.applied().is_empty());
}

#[tokio::test]
async fn the_draft_of_an_msi_app_is_shown_and_changed() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let mut command = with_fake("msi_status", &fake);
    command.args([FakeStore::SAMPLE_SELLER, PRODUCT]);
    let (code, stdout, stderr) = run_apart(command).await;
    assert_eq!(code, 0, "{stdout}{stderr}");
    for words in [
        "ready to be submitted",
        "package X64 (exe): https://",
        "package Arm64 (msi): https://",
        "listing de-de: ",
    ] {
        assert!(stdout.contains(words), "{words:?} is not in {stdout}");
    }
    let before = fake.msi_metadata(PRODUCT).unwrap();
    let mut command = with_fake("msi_update_listing", &fake);
    command.args([FakeStore::SAMPLE_SELLER, PRODUCT, "EN-us", "Lanterns."]);
    let (code, stdout, stderr) = run_apart(command).await;
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stdout.contains("/listings/0/shortDescription"), "{stdout}");
    let mut expected = before;
    expected["listings"][0]["shortDescription"] = "Lanterns.".into();
    assert_eq!(fake.msi_metadata(PRODUCT).unwrap(), expected);
}

/// The commands of the pipeline for MSI and EXE apps.
#[tokio::test]
async fn the_commands_of_the_pipeline_for_msi_apps_make_plans() {
    let template = include_str!("../../examples/github-actions-tauri.yml");
    let scripts: Vec<&str> = template
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("run: release_msi "))
        .collect();
    assert_eq!(scripts.len(), 2);
    assert!(!scripts.iter().any(|script| script.contains("${{")), "{scripts:?}");
    let fake = FakeStore::start_with_sample().await.unwrap();
    let url = fake.host_file("lantern-2.5.0-x64.exe", b"MZ and more".as_slice());
    let notes = File::new("en-us.txt", b"Brighter.");
    for script in scripts {
        let mut command = signed_in("release_msi", &fake, CredentialKind::GitHubActions);
        command.env("MSSTORE_SELLER_ID", FakeStore::SAMPLE_SELLER);
        command.args(script.split(' ').map(|word| match word {
            "\"$PRODUCT\"" => PRODUCT.to_owned(),
            "\"x64=$DOWNLOADS/$INSTALLER\"" => format!("x64={url}"),
            "store/notes" => notes.folder_with(&[]).to_owned(),
            "\"$UNCHANGED\"" => "stop".to_owned(),
            word => word.to_owned(),
        }));
        if !script.ends_with("--plan") {
            command.arg("--plan");
        }
        let (code, stdout, stderr) = run_apart(command).await;
        assert_eq!(code, 0, "{script}: {stdout}{stderr}");
    }
    assert!(fake.applied().is_empty());
}
