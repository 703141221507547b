//! The files of a run, looked at before anything is sent.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::error::{Error, Result};
use crate::publish::decide::new_package::Found;
use crate::publish::picture::{ENOUGH, Picture};

/// A file of the archive of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ArchiveFile {
    /// Its name in the archive.
    pub name: String,
    /// Its path on this machine.
    #[serde(serialize_with = "shown")]
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// What it is if it is an image; `None` if nobody has looked.
    #[serde(skip)]
    pub(crate) picture: Option<Picture>,
}

/// A path that is not Unicode must not keep the rest from being serialised.
fn shown<S: Serializer>(path: &Path, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

impl ArchiveFile {
    pub(crate) fn new(name: impl Into<String>, path: impl Into<PathBuf>, bytes: u64) -> Self {
        Self {
            name: name.into(),
            path: path.into(),
            bytes,
            picture: None,
        }
    }
}

/// Looks at each file, which the archive has by this name.
pub(super) async fn look_at(wanted: Vec<(String, &Path)>) -> Result<Vec<ArchiveFile>> {
    let mut files: Vec<ArchiveFile> = Vec::new();
    for (name, path) in wanted {
        #[cfg(feature = "archive")]
        let name = crate::archive::normalised(&name)?;
        let problem = |problem: String| Error::invalid(format!("the file {}", path.display()), problem);
        if files.iter().any(|known| known.name.to_lowercase() == name.to_lowercase()) {
            return Err(problem(format!("the archive has {name} already")));
        }
        let metadata = tokio::fs::metadata(path).await.map_err(|error| problem(error.to_string()))?;
        if !metadata.is_file() {
            return Err(problem("it is not a file".to_owned()));
        }
        if metadata.len() == 0 {
            return Err(problem("it is empty".to_owned()));
        }
        let unread = |error: io::Error| problem(format!("it cannot be read ({error})"));
        let picture = picture(path).await.map_err(unread)?;
        files.push(ArchiveFile {
            picture: Some(picture),
            ..ArchiveFile::new(name, path, metadata.len())
        });
    }
    Ok(files)
}

/// Tells what lies in a package.
#[cfg(feature = "package")]
pub(super) async fn look_into(path: &Path) -> Found {
    match crate::package::inspected(path).await {
        Ok(info) => match &info.unreadable {
            Some(why) => Found::Unreadable(why.clone()),
            None => Found::Read(Box::new(info)),
        },
        Err(problem) => Found::Broken(problem),
    }
}

#[cfg(not(feature = "package"))]
#[expect(clippy::unused_async, reason = "the other one is")]
pub(super) async fn look_into(_: &Path) -> Found {
    Found::Unreadable("msstore was built without its feature `package`".to_owned())
}

/// What the file is, by its first bytes.
async fn picture(path: &Path) -> io::Result<Picture> {
    let path = path.to_owned();
    let read = move || {
        let mut begins = Vec::new();
        File::open(path)?.take(ENOUGH).read_to_end(&mut begins)?;
        Ok(Picture::of(&begins))
    };
    tokio::task::spawn_blocking(read).await?
}

/// The folder for the archive must be there.
#[cfg(feature = "archive")]
pub(super) async fn check_folder(folder: &Path) -> Result<()> {
    let is_folder = tokio::fs::metadata(folder).await.is_ok_and(|metadata| metadata.is_dir());
    let problem = || Error::invalid(format!("the archive folder {}", folder.display()), "it is not a folder");
    if is_folder { Ok(()) } else { Err(problem()) }
}
