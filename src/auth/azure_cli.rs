//! Tokens of the Azure CLI, which is another program.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::sync::oneshot;

use crate::auth::entra::check_tenant;
use crate::auth::{AccessToken, BoxFuture, TokenContext, TokenProvider};
use crate::error::sign_in::{of_number, passes};
use crate::error::{Error, entra_numbers};
use crate::secret::scrub;

/// As it stands in errors.
const NAME: &str = "the Azure CLI";

/// How it is called, the first that is there.
const PROGRAMS: &[&str] = if cfg!(windows) {
    &["az.cmd", "az.exe", "az.bat"]
} else {
    &["az"]
};

/// What is kept of its output, in bytes.
const MOST: usize = 64 << 10;

/// The program is looked at so often whether it has ended.
const POLL: Duration = Duration::from_millis(20);

/// How long its output is waited for once it has ended: a program that it has started may hold it.
const LEFTOVER: Duration = Duration::from_secs(1);

/// Gets tokens from the Azure CLI, as whoever is signed in there:
/// `az account get-access-token --output json --scope … [--tenant …]`.
///
/// It serves a developer's machine, and what the crate has no provider for: a certificate
/// (`az login --service-principal --certificate FILE`) or a managed identity (`az login --identity`, which takes no tenant). It is never
/// tried unless it is asked for. The token must be that of an app: to people Entra is expected to give none for the Store (`AADSTS65001`,
/// `AADSTS65002`). After `azure/login` with OIDC it gives one token and no second, because the assertion of the login lives five minutes:
/// take [`GitHubActions`](crate::auth::GitHubActions) there. It has a cache of its own, and may give the same token again after the Store has
/// refused it.
///
/// Version 2.54 or newer is needed. `az` is looked for in the absolute folders of `PATH`, never in the working directory. It is ended, with
/// what it has started, if the call that needs the token ends.
///
/// See <https://learn.microsoft.com/cli/azure/account#az-account-get-access-token>.
#[derive(Debug, Clone, Default)]
pub struct AzureCli {
    tenant_id: Option<String>,
    program: Option<PathBuf>,
}

impl AzureCli {
    /// Creates a provider of the tenant that is signed in to.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the tenant id or domain, if it is not the one that is signed in to.
    #[must_use]
    pub fn tenant_id(mut self, tenant_id: impl Into<String>) -> Self {
        self.tenant_id = Some(tenant_id.into());
        self
    }

    /// Sets the program instead of the `az` of `PATH`. A name without a folder is looked for as `az` is; another relative path starts
    /// at the working directory.
    #[must_use]
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = Some(path.into());
        self
    }

    /// Checks the form of the tenant id. Nothing is started.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), whose [`target`](Error::target) names the tenant id.
    pub fn check(&self) -> Result<(), Error> {
        self.check_as("the tenant id")
    }

    pub(super) fn check_as(&self, tenant: &str) -> Result<(), Error> {
        self.tenant_id.as_ref().map_or(Ok(()), |id| check_tenant(id, tenant))
    }

    /// The absolute path of the program, because it is not started in the working directory.
    fn located(&self, path: &OsStr, is_file: impl Fn(&Path) -> bool) -> Option<PathBuf> {
        match &self.program {
            None => find(path, PROGRAMS, is_file),
            Some(name) if name.parent() == Some(Path::new("")) => find(path, &[name], is_file),
            Some(program) => std::path::absolute(program).ok(),
        }
    }

    fn command(&self, scope: &str) -> Result<Command, Error> {
        self.check()?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = self.located(&path, Path::is_file).ok_or_else(|| {
            Error::no_token(NAME, "is not on PATH").advise("install it, or choose another way to sign in: see msstore::auth")
        })?;
        let mut command = Command::new(&program);
        command.args(["account", "get-access-token", "--output", "json", "--scope", scope]);
        if let Some(tenant) = &self.tenant_id {
            command.args(["--tenant", tenant]);
        }
        // Neither cmd nor Python look for anything in the working directory then, nor az for a `.azure/config`.
        if let Some(folder) = program.parent() {
            command.current_dir(folder);
        }
        // `core.only_show_errors`: warnings would come before the error that is shown. See
        // https://learn.microsoft.com/cli/azure/azure-cli-configuration
        command.env("AZURE_CORE_ONLY_SHOW_ERRORS", "true");
        // A group of its own, which can be ended as a whole.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command)
    }
}

impl TokenProvider for AzureCli {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async {
            let mut command = self.command(context.scope())?;
            let child = command
                .spawn()
                .map_err(|error| Error::no_token(NAME, "could not be started").caused_by(error))?;
            let ended = tokio::time::timeout(context.time_left(), Running::new(child).end()).await;
            let late = |_| Error::no_token(NAME, "did not answer in time, and was ended").retryable();
            let (status, stdout, stderr) = ended
                .map_err(late)?
                .map_err(|error| Error::no_token(NAME, "could not be waited for").caused_by(error))?;
            if status.success() {
                read(&stdout, context.http.clock().system_now())
            } else {
                Err(refused(status, &String::from_utf8_lossy(&stderr)))
            }
        })
    }
}

/// The first of these programs in the folders of a `PATH`. Relative ones, also empty ones, would lead to the working directory.
fn find(path: &OsStr, programs: &[impl AsRef<Path>], is_file: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    let candidates = folders.flat_map(|folder| programs.iter().map(move |program| folder.join(program)));
    candidates.into_iter().find(|program| is_file(program))
}

/// A program that is ended when it is dropped.
struct Running {
    child: Child,
    stdout: Output,
    stderr: Output,
}

impl Running {
    fn new(mut child: Child) -> Self {
        Self {
            stdout: Output::of(child.stdout.take()),
            stderr: Output::of(child.stderr.take()),
            child,
        }
    }

    /// Waits for its end.
    async fn end(mut self) -> std::io::Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
        // On a thread nothing could end it meanwhile, and tokio's own waiting costs two crates.
        let status = loop {
            match self.child.try_wait()? {
                Some(status) => break status,
                None => tokio::time::sleep(POLL).await,
            }
        };
        let stdout = self.stdout.take().await;
        Ok((status, stdout, self.stderr.take().await))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, and there is nobody to tell that it cannot be ended.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = end_tree(self.child.id());
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Ends a program and what it has started: `az` is a script that runs Python, and would leave it behind.
fn end_tree(id: u32) -> std::io::Result<ExitStatus> {
    let mut command = if cfg!(windows) {
        let mut command = Command::new("taskkill");
        command.args(["/F", "/T", "/PID", &id.to_string()]);
        command
    } else {
        // Of the shell, because small systems have no program of this name; and not of `PATH`, which may have relative folders.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("kill -s KILL -- -{id}")]);
        command
    };
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
}

/// What a program writes, read on a thread of its own: a pool would wait for it at the end of the runtime, and a program that is left
/// behind may keep it open.
struct Output {
    read: Arc<Mutex<Vec<u8>>>,
    end: oneshot::Receiver<()>,
}

impl Output {
    fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let read = Arc::new(Mutex::new(Vec::new()));
        let (ended, end) = oneshot::channel();
        let kept = Arc::clone(&read);
        std::thread::spawn(move || {
            let mut piece = vec![0; 8192];
            let mut pipe = pipe;
            // To its end, or the program would wait for somebody who reads.
            while let Some(length) = pipe
                .as_mut()
                .and_then(|pipe| pipe.read(&mut piece).ok())
                .filter(|length| *length > 0)
            {
                let mut kept = lock(&kept);
                let room = MOST.saturating_sub(kept.len());
                kept.extend_from_slice(&piece[..length.min(room)]);
            }
            drop(ended);
        });
        Self { read, end }
    }

    async fn take(&mut self) -> Vec<u8> {
        // What is not there by then belongs to somebody else.
        let _ = tokio::time::timeout(LEFTOVER, &mut self.end).await;
        std::mem::take(&mut lock(&self.read))
    }
}

fn lock(bytes: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads its answer. Nothing of it is shown.
fn read(stdout: &[u8], now: SystemTime) -> Result<AccessToken, Error> {
    let lacks = |what: &str| Error::no_token(NAME, format!("answered without {what}"));
    let answer: Value = serde_json::from_slice(stdout).map_err(|_| lacks("JSON"))?;
    let token = answer
        .get("accessToken")
        .and_then(Value::as_str)
        .filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| lacks("an accessToken"))?;
    // `expiresOn` is a local time without its zone.
    let end = match answer.get("expires_on") {
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Number(number)) => number.as_u64(),
        _ => None,
    };
    let end = end.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    let end = end.ok_or_else(|| lacks("expires_on").advise("update the Azure CLI to version 2.54 or newer"))?;
    match end.duration_since(now) {
        Ok(life) if !life.is_zero() => Ok(AccessToken::new(token, life)),
        _ => {
            // It keeps tokens, and may give a new one next time.
            let error = Error::no_token(NAME, "gave a token that has ended").retryable();
            Err(error.advise("check the clock, and sign in again with `az login`"))
        }
    }
}

/// The error of a program that has failed. Its words are good, but no sign of what passes, such as no connection, is looked for in
/// them: only a number of Entra is one.
fn refused(status: ExitStatus, stderr: &str) -> Error {
    let Some(code) = status.code() else {
        return Error::no_token(NAME, "was ended by a signal").retryable();
    };
    let words = scrub(stderr.trim(), &[]);
    let words = words.strip_prefix("ERROR: ").unwrap_or(&words).trim_end_matches('.');
    let problem = match words {
        "" => format!("failed with exit code {code}"),
        words => format!("failed with exit code {code}: {words}"),
    };
    let known = entra_numbers(stderr)
        .into_iter()
        .find_map(|number| Some((number, of_number(number)?)));
    let error = Error::no_token(NAME, problem);
    match known {
        Some((number, advice)) if passes(number) => error.advise(advice).retryable(),
        Some((_, advice)) => error.advise(advice),
        None if stderr.contains("managed identity") => {
            error.advise("leave the tenant id out: a managed identity has one tenant only")
        }
        None if stderr.contains("az login") => error.advise("sign in there as the app, with `az login --service-principal`"),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn az_is_looked_for_in_absolute_folders_alone() {
        let (root, other) = if cfg!(windows) {
            (r"C:\bin", r"C:\tools")
        } else {
            ("/bin-1", "/tools")
        };
        let path = std::env::join_paths(["", ".", "bin", root, other]).unwrap();
        let names = ["az.cmd", "az.exe"];
        let find = |there: &[PathBuf]| find(&path, &names, |file| there.iter().any(|it| it == file));
        let file = |folder: &str, name: &str| Path::new(folder).join(name);
        assert_eq!(find(&[file("", "az.cmd"), file(".", "az.cmd"), file("bin", "az.cmd")]), None);
        assert_eq!(find(&[file(other, "az.cmd")]), Some(file(other, "az.cmd")));
        assert_eq!(
            find(&[file(other, "az.cmd"), file(root, "az.exe")]),
            Some(file(root, "az.exe"))
        );
        assert_eq!(
            find(&[file(root, "az.cmd"), file(root, "az.exe")]),
            Some(file(root, "az.cmd"))
        );
    }

    #[test]
    fn the_answer_is_read_and_not_shown() {
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let table = [
            (
                r#"{"accessToken":"hunter2","expires_on":1800003599,"expiresOn":"2027-01-15 09:00:00"}"#,
                Ok(3599),
            ),
            (r#"{"accessToken":"hunter2","expires_on":"1800000060"}"#, Ok(60)),
            (
                r#"{"accessToken":"hunter2","expiresOn":"2027-01-15 09:00:00"}"#,
                Err("without expires_on; update the Azure CLI"),
            ),
            (r#"{"accessToken":"hunter2","expires_on":1800000000}"#, Err("has ended")),
            (r#"{"accessToken":"","expires_on":1800003599}"#, Err("without an accessToken")),
            (r#"{"access_token":"hunter2"}"#, Err("without an accessToken")),
            ("hunter2", Err("without JSON")),
        ];
        for (stdout, expected) in table {
            match (read(stdout.as_bytes(), now), expected) {
                (Ok(token), Ok(seconds)) => {
                    assert_eq!(
                        (token.secret().expose_secret(), token.lifetime()),
                        ("hunter2", Duration::from_secs(seconds))
                    );
                }
                (Err(error), Err(words)) => {
                    let text = format!("{error} {error:?}");
                    assert_eq!(error.is_retryable(), words == "has ended", "{text}");
                    assert!(
                        text.starts_with("no access token: the Azure CLI ") && text.contains(words),
                        "{text}"
                    );
                    assert!(!text.contains("hunter2"), "{text}");
                }
                (read, _) => panic!("{stdout}: {read:?}"),
            }
        }
    }

    #[test]
    fn a_given_program_is_looked_for_outside_the_working_directory_too() {
        let folder = Path::new(if cfg!(windows) { r"C:\tools" } else { "/tools" });
        let path = std::env::join_paths([Path::new(""), Path::new("."), folder]).unwrap();
        let here = std::env::current_dir().unwrap();
        let whole = folder.join("bin").join("az");
        let table = [
            (Path::new("other"), Some(folder.join("other"))),
            (Path::new("bin/az"), Some(here.join("bin").join("az"))),
            (Path::new("./az"), Some(here.join("az"))),
            (&whole, Some(whole.clone())),
            (Path::new(""), None),
        ];
        for (given, expected) in table {
            let found = AzureCli::new().program(given).located(&path, |_| true);
            assert_eq!(found, expected, "{}", given.display());
        }
        assert_eq!(AzureCli::new().program("other").located(&path, |_| false), None);
    }

    /// The Azure CLI is a batch file there.
    #[cfg(windows)]
    #[tokio::test]
    async fn a_batch_file_is_started_on_windows() {
        use crate::http::clock::Clock;
        use crate::http::{Http, Settings};
        use crate::service::provider::{Resource, TokenReason};

        let folder = std::env::temp_dir().join(format!("msstore az {}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let script =
            "@echo off\r\necho %* > \"%~dp0arguments\"\r\necho {\"accessToken\":\"a-token\",\"expires_on\":4102444800}\r\n";
        std::fs::write(folder.join("az.cmd"), script).unwrap();
        let clock = Clock::real();
        let context = TokenContext {
            http: Http::new(reqwest::Client::builder(), false, Settings::default(), clock.clone()).unwrap(),
            resource: Resource {
                scope: "https://manage.devcenter.microsoft.com/.default",
                v1: None,
            },
            reason: TokenReason::First,
            deadline: clock.now() + Duration::from_secs(60),
        };
        let provider = AzureCli::new()
            .tenant_id("contoso.onmicrosoft.com")
            .program(folder.join("az.cmd"));
        let token = provider.token(&context).await.unwrap();
        assert_eq!(token.secret().expose_secret(), "a-token");
        let arguments = std::fs::read_to_string(folder.join("arguments")).unwrap();
        let expected = "account get-access-token --output json --scope https://manage.devcenter.microsoft.com/.default --tenant contoso.onmicrosoft.com";
        assert_eq!(arguments.trim().replace('"', ""), expected);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    mod on_unix {
        use std::os::unix::fs::PermissionsExt as _;
        use std::time::Instant;

        use secrecy::ExposeSecret as _;

        use super::*;
        use crate::error::ErrorKind;
        use crate::http::clock::Clock;
        use crate::http::{Http, Settings};
        use crate::service::provider::{Resource, TokenReason};

        /// A script as `az`, in a folder of its own.
        struct Script(PathBuf);

        impl Script {
            fn new(name: &str, script: &str) -> Self {
                let folder = std::env::temp_dir().join(format!("msstore-az-{}-{name}", std::process::id()));
                std::fs::create_dir_all(&folder).unwrap();
                let path = folder.join("az");
                std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
                Self(folder)
            }

            async fn token(&self, provider: AzureCli, time: Duration) -> Result<AccessToken, Error> {
                let clock = Clock::real();
                let context = TokenContext {
                    http: Http::new(reqwest::Client::builder(), false, Settings::default(), clock.clone()).unwrap(),
                    resource: Resource {
                        scope: "https://manage.devcenter.microsoft.com/.default",
                        v1: None,
                    },
                    reason: TokenReason::First,
                    deadline: clock.now() + time,
                };
                provider.program(self.0.join("az")).token(&context).await
            }

            fn file(&self, name: &str) -> String {
                std::fs::read_to_string(self.0.join(name)).unwrap_or_default()
            }
        }

        impl Drop for Script {
            fn drop(&mut self) {
                let _ = std::fs::remove_dir_all(&self.0);
            }
        }

        const LONG: Duration = Duration::from_secs(30);
        const ANSWER: &str = r#"echo '{"accessToken":"a-token","expires_on":4102444800}'"#;

        #[tokio::test]
        async fn it_is_called_with_scope_and_tenant() {
            let records = "echo \"$@\" > arguments; pwd > folder; echo \"$AZURE_CORE_ONLY_SHOW_ERRORS\" > errors";
            let script = Script::new("called", &format!("{records}\n{ANSWER}"));
            let token = script.token(AzureCli::new(), LONG).await.unwrap();
            assert_eq!(token.secret().expose_secret(), "a-token");
            let arguments = "account get-access-token --output json --scope https://manage.devcenter.microsoft.com/.default";
            assert_eq!(script.file("arguments").trim(), arguments);
            assert!(script.file("folder").trim().ends_with("-called"), "not the working directory");
            assert_eq!(script.file("errors").trim(), "true");
            script
                .token(AzureCli::new().tenant_id("contoso.onmicrosoft.com"), LONG)
                .await
                .unwrap();
            assert_eq!(
                script.file("arguments").trim(),
                format!("{arguments} --tenant contoso.onmicrosoft.com")
            );
            let error = script.token(AzureCli::new().tenant_id("a & b"), LONG).await.unwrap_err();
            assert_eq!(error.target(), Some("the tenant id"));
        }

        #[tokio::test]
        async fn its_words_are_shown_and_no_token() {
            let table = [
                (
                    "ERROR: Please run 'az login' to setup account.",
                    "failed with exit code 1: Please run 'az login' to setup account; sign in there as the app",
                ),
                (
                    "ERROR: AADSTS65002: Consent between first party application and resource must be configured.",
                    "a person cannot get a token",
                ),
                (
                    "AADSTS700024: Client assertion eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2ln is not within its valid time range.",
                    "assertion [redacted] is not within",
                ),
                ("", "failed with exit code 1"),
                (
                    "ERROR: Tenant shouldn't be specified for managed identity account",
                    "leave the tenant id out",
                ),
                ("ERROR: The network is down.", "failed with exit code 1: The network is down"),
            ];
            for (index, (stderr, words)) in table.into_iter().enumerate() {
                let script = Script::new(
                    &format!("words-{index}"),
                    &format!("echo eyJ0.hunter2.x; cat >&2 <<'END'\n{stderr}\nEND\nexit 1"),
                );
                let error = script.token(AzureCli::new(), LONG).await.unwrap_err();
                let text = format!("{error} {error:?}");
                assert!(error.kind() == ErrorKind::Auth && text.contains(words), "{text}");
                assert!(!text.contains("hunter2") && !text.contains("eyJ"), "{text}");
            }
            let script = Script::new("gone", "");
            std::fs::remove_file(script.0.join("az")).unwrap();
            let error = script.token(AzureCli::new(), LONG).await.unwrap_err();
            assert!(
                error.to_string().contains("the Azure CLI could not be started") && std::error::Error::source(&error).is_some(),
                "{error}"
            );
        }

        #[tokio::test]
        async fn what_passes_is_retryable() {
            let table = [
                ("echo 'AADSTS90033: A transient error has occurred.' >&2; exit 1", true),
                ("echo 'AADSTS50034: no. AADSTS90033: no.' >&2; exit 1", false),
                ("echo 'AADSTS900331: no.' >&2; exit 1", false),
                ("echo 'Please run az login' >&2; exit 1", false),
                ("echo 'Max retries exceeded with url' >&2; exit 1", false),
                ("kill -s KILL $$", true),
            ];
            for (index, (words, passes)) in table.into_iter().enumerate() {
                let script = Script::new(&format!("passes-{index}"), words);
                let error = script.token(AzureCli::new(), LONG).await.unwrap_err();
                assert_eq!(error.is_retryable(), passes, "{words}: {error}");
            }
        }

        #[tokio::test]
        async fn however_much_it_writes_it_comes_to_its_end() {
            let flood = "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789 >&2; i=$((i+1)); done";
            let script = Script::new("flood", &format!("{flood}\n{ANSWER}"));
            script.token(AzureCli::new(), LONG).await.unwrap();
            // A program that it leaves behind holds its output.
            let script = Script::new("left", &format!("sleep 20 & echo $! > left\n{ANSWER}"));
            script.token(AzureCli::new(), LONG).await.unwrap();
            let _ = Command::new("kill").arg(script.file("left").trim()).status();
        }

        /// Waits until a process is gone.
        async fn assert_gone(pid: &str) {
            let end = Instant::now() + LONG;
            while Command::new("kill")
                .args(["-0", pid])
                .stderr(Stdio::null())
                .status()
                .unwrap()
                .success()
            {
                assert!(Instant::now() < end, "{pid} is still there");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }

        #[tokio::test]
        async fn it_is_ended_at_the_deadline_and_when_nobody_waits() {
            let hangs = "sleep 600 & echo $! > pid; wait";
            let script = Script::new("deadline", hangs);
            let error = script.token(AzureCli::new(), Duration::from_millis(500)).await.unwrap_err();
            assert!(
                error.is_retryable() && error.to_string().contains("did not answer in time"),
                "{error}"
            );
            assert_gone(script.file("pid").trim()).await;

            // Also one that has closed its output.
            let script = Script::new("dropped", "echo $$ > pid; exec >&- 2>&-; exec sleep 600");
            {
                let token = script.token(AzureCli::new(), LONG);
                tokio::pin!(token);
                let end = Instant::now() + LONG;
                while !script.file("pid").ends_with('\n') {
                    assert!(Instant::now() < end, "it has not begun");
                    let _ = tokio::time::timeout(Duration::from_millis(20), &mut token).await;
                }
            }
            assert_gone(script.file("pid").trim()).await;
        }
    }
}
