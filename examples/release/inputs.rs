//! The files that the options name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

pub(crate) fn check_file(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let file = std::fs::metadata(path).with_context(|| format!("the file {shown} cannot be read"))?;
    ensure!(file.is_file(), "{shown} is not a file");
    ensure!(file.len() > 0, "the file {shown} is empty");
    Ok(())
}

/// Reads `<language>.txt`, by language in lower case. Without a BOM, with lines that end in LF, and no end of line at the end.
pub(crate) fn notes(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut notes = BTreeMap::new();
    for path in files(folder, "txt")? {
        let language = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let text = std::fs::read_to_string(&path).with_context(|| format!("the file {} cannot be read", path.display()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n");
        if notes.insert(language, text.trim_end_matches('\n').to_owned()).is_some() {
            let language = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
            bail!("{} has two files for the language {language}", folder.display());
        }
    }
    Ok(notes)
}

/// The PNG files of a folder, by name.
pub(crate) fn pictures(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    files(folder, "png")
}

/// Reads a merge patch: an object, because any other would replace the whole draft.
pub(crate) fn patch(path: &Path) -> anyhow::Result<Value> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("the file {shown} cannot be read"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let patch: Value = serde_json::from_str(text).with_context(|| format!("the file {shown} is not JSON"))?;
    ensure!(patch.is_object(), "the file {shown} is not a JSON object");
    Ok(patch)
}

/// The files with this extension, in any case of it, by name. There must be one: to submit nothing is a mistake.
fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let cannot = || format!("the folder {} cannot be read", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        let fits = path.extension().is_some_and(|has| has.eq_ignore_ascii_case(extension));
        if fits && path.is_file() {
            found.push(path);
        }
    }
    ensure!(!found.is_empty(), "the folder {} has no .{extension} files", folder.display());
    found.sort();
    Ok(found)
}
