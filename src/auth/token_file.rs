//! Assertions that somebody else writes to a file.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use secrecy::SecretString;

use crate::auth::client_assertion::jwt;
use crate::auth::{AssertionSource, BoxFuture, TokenContext};
use crate::error::Error;

/// The largest file that is read, in bytes.
const MOST: u64 = 64 * 1024;

/// For so long a file that is missing, empty or half there counts as being written.
const WRITING: Duration = Duration::from_secs(1);

const PAUSE: Duration = Duration::from_millis(50);

/// Reads assertions from a file that somebody else keeps fresh, as the workload identity of Kubernetes does with the file of
/// `AZURE_FEDERATED_TOKEN_FILE`, and as a step of a pipeline can. It is read anew for each token, up to 64 KiB; blanks and line ends
/// around the JWT do not count. If it is missing, empty or half there it is read again for a second, because it may be being written.
///
/// See <https://azure.github.io/azure-workload-identity/docs/>.
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    /// Creates a source that reads this file. It need not be there yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl AssertionSource for TokenFile {
    fn assertion<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<SecretString, Error>> {
        Box::pin(async {
            let end = Instant::now() + WRITING.min(context.time_left());
            loop {
                let path = self.path.clone();
                let read = tokio::task::spawn_blocking(move || read(&path)).await.map_err(Error::auth)?;
                match read {
                    Err(error) if error.is_retryable() && Instant::now() < end => tokio::time::sleep(PAUSE).await,
                    read => return read,
                }
            }
        })
    }
}

fn read(path: &Path) -> Result<SecretString, Error> {
    let who = format!("the token file {}", path.display());
    let unreadable = |error: std::io::Error| {
        let is_missing = error.kind() == std::io::ErrorKind::NotFound;
        let advice =
            "check its path (MSSTORE_CLIENT_ASSERTION_FILE or AZURE_FEDERATED_TOKEN_FILE), and that what writes it has run";
        let error = Error::no_token(&who, "cannot be read").advise(advice).caused_by(error);
        if is_missing { error.retryable() } else { error }
    };
    // A pipe would be waited for, without an end.
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(Error::no_token(&who, "is not a file"));
    }
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MOST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MOST {
        return Err(Error::no_token(&who, "is larger than 64 KiB"));
    }
    // Empty or half, it may be that it is being written.
    jwt(&text, &who).map_err(Error::retryable)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_file_is_trimmed_and_what_is_no_assertion_is_told() {
        let folder = std::env::temp_dir().join(format!("msstore-token-file-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("token");
        let large = "x".repeat(70_000);
        for (content, expected) in [
            (&b" a.b.c\r\n"[..], Ok("a.b.c")),
            (b"", Err(("is empty", true))),
            (b"Bearer a.b.c", Err(("is not a JWT", true))),
            (b"a.b.\xff", Err(("cannot be read", false))),
            (large.as_bytes(), Err(("is larger than 64 KiB", false))),
        ] {
            std::fs::write(&path, content).unwrap();
            match (read(&path), expected) {
                (Ok(read), Ok(expected)) => assert_eq!(read.expose_secret(), expected),
                (Err(error), Err((words, retryable))) => {
                    let text = error.to_string();
                    assert!(text.contains("the token file ") && text.contains(words), "{text}");
                    assert!(!text.contains("a.b.c") && error.is_retryable() == retryable, "{text}");
                }
                (read, _) => panic!("{read:?} instead of {expected:?}"),
            }
        }
        let error = read(&folder).unwrap_err().to_string();
        assert!(error.ends_with("is not a file"), "{error}");
        std::fs::remove_dir_all(&folder).unwrap();
        let error = read(&path).unwrap_err();
        assert!(
            error.to_string().contains("cannot be read; check its path") && std::error::Error::source(&error).is_some(),
            "{error}"
        );
    }
}
