//! Archives on a real disk.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use crate::archive::{Archive, ArchiveBuilder, ArchiveProgress};
use crate::error::ErrorKind;

/// A folder that is gone at the end of its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "msstore-archive-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::SeqCst)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn archives(&self) -> usize {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries
            .filter(|entry| entry.as_ref().unwrap().path().extension() == Some("zip".as_ref()))
            .count()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn unpack(archive: &Archive) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(archive.path()).unwrap()).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut entry = zip.by_index(index).unwrap();
            assert_eq!(entry.compression(), zip::CompressionMethod::Stored);
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.name().unwrap().into_owned(), content)
        })
        .collect()
}

#[tokio::test]
async fn what_goes_in_comes_out_and_the_file_is_removed() {
    let folder = Folder::new();
    let package = folder.write("App.msix", &[7; 3 << 20]);
    folder.write("store/en-us/1.png", b"png");
    let archive = ArchiveBuilder::new()
        .file("App.msix", &package)
        .files_from(folder.0.join("store"), ["en-us\\1.png"])
        .bytes("en-us/2.png", &b"more"[..])
        .build()
        .await
        .unwrap();
    assert_eq!(archive.names(), ["App.msix", "en-us/1.png", "en-us/2.png"]);
    assert_eq!(archive.len(), std::fs::metadata(archive.path()).unwrap().len());
    assert_eq!(archive.path().parent().unwrap(), folder.0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(archive.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let expected = [
        ("App.msix".to_owned(), vec![7; 3 << 20]),
        ("en-us/1.png".to_owned(), b"png".to_vec()),
        ("en-us/2.png".to_owned(), b"more".to_vec()),
    ];
    assert_eq!(unpack(&archive), expected);
    let path = archive.path().to_owned();
    drop(archive);
    assert!(!path.exists());
}

#[tokio::test]
async fn the_same_input_gives_the_same_bytes() {
    let folder = Folder::new();
    let build = async |date: u64| {
        let path = folder.write("App.msix", b"content");
        let modified = std::time::UNIX_EPOCH + std::time::Duration::from_secs(date);
        std::fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(modified)
            .unwrap();
        let builder = ArchiveBuilder::new().file("App.msix", path).bytes("a.png", vec![1; 100]);
        let archive = builder.folder(&folder.0).build().await.unwrap();
        std::fs::read(archive.path()).unwrap()
    };
    assert_eq!(build(1_000_000_000).await, build(1_700_000_000).await);
}

#[tokio::test]
async fn more_entries_than_a_plain_zip_can_count_make_a_zip64() {
    let folder = Folder::new();
    let mut builder = ArchiveBuilder::new().folder(&folder.0);
    for index in 0..65_600 {
        builder = builder.bytes(format!("{index}"), &b"x"[..]);
    }
    let archive = builder.build().await.unwrap();
    assert!(
        std::fs::read(archive.path())
            .unwrap()
            .windows(4)
            .any(|four| four == b"PK\x06\x06")
    );
    let zip = zip::ZipArchive::new(std::fs::File::open(archive.path()).unwrap()).unwrap();
    assert_eq!(zip.len(), 65_600);
}

#[tokio::test]
async fn what_cannot_be_packed_is_refused_and_leaves_nothing() {
    let folder = Folder::new();
    let good = folder.write("good", b"good");
    let empty = folder.write("empty", b"");
    let new = || ArchiveBuilder::new().folder(&folder.0);
    let table = [
        (new(), "nothing to put into it"),
        (new().file("a", folder.0.join("missing")), "cannot be found"),
        (new().file("a", &folder.0), "not a file"),
        (new().file("a", &empty), "it is empty"),
        (new().bytes("a", Vec::new()), "it is empty"),
        (new().file("a", &good).file("A", &good), "by case only"),
        (new().file("a/b", &good).file("a\\b", &good), "it is there twice"),
        (new().file("../a", &good), ".."),
        (new().file("C:\\a", &good), "drive letter"),
        (
            new().file("a", &good).folder(folder.0.join("nowhere")),
            "choose one with 4 bytes free",
        ),
    ];
    for (builder, problem) in table {
        let error = builder.build().await.unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput, "{error:?}");
        assert!(error.to_string().contains(problem), "{error}");
        assert_eq!(folder.archives(), 0);
    }
}

#[tokio::test]
async fn a_file_that_changes_meanwhile_is_refused_and_leaves_nothing() {
    for (length, problem) in [(5 << 20, "grew"), (1, "shrank")] {
        let folder = Folder::new();
        let path = folder.write("App.msix", &[7; 4 << 20]);
        let (change, once) = (path.clone(), Mutex::new(true));
        let error = ArchiveBuilder::new()
            .file("App.msix", &path)
            .on_progress(move |_| {
                if std::mem::take(&mut *once.lock().unwrap()) {
                    std::fs::File::options()
                        .write(true)
                        .open(&change)
                        .unwrap()
                        .set_len(length)
                        .unwrap();
                }
            })
            .build()
            .await
            .unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
        assert_eq!(folder.archives(), 0);
    }
}

#[tokio::test]
async fn progress_ends_at_the_total() {
    let folder = Folder::new();
    let path = folder.write("App.msix", &[7; (2 << 20) + 1]);
    let all = Arc::new(Mutex::new(Vec::<ArchiveProgress>::new()));
    let seen = Arc::clone(&all);
    let builder = ArchiveBuilder::new().file("App.msix", path).bytes("b", vec![1]);
    let observed = builder.on_progress(move |progress| seen.lock().unwrap().push(progress));
    observed.build().await.unwrap();
    let bytes: Vec<u64> = all.lock().unwrap().iter().map(|progress| progress.bytes).collect();
    let total = (2 << 20) + 2;
    assert_eq!(bytes, [1 << 20, 2 << 20, total - 1, total - 1, total, total]);
    let last = *all.lock().unwrap().last().unwrap();
    assert_eq!((last.files, last.files_total, last.bytes_total), (2, 2, total));
}

#[tokio::test]
async fn a_dropped_build_leaves_nothing() {
    let folder = Folder::new();
    let path = folder.write("App.msix", &[7; 4 << 20]);
    let (begun, go_on) = (tokio::sync::oneshot::channel(), std::sync::mpsc::channel::<()>());
    let sender = Mutex::new(Some(begun.0));
    let receiver = Mutex::new(go_on.1);
    let done = Arc::new(());
    let held = Arc::clone(&done);
    let build = ArchiveBuilder::new()
        .file("App.msix", path)
        .on_progress(move |_| {
            let _ = &held;
            if let Some(sender) = sender.lock().unwrap().take() {
                sender.send(()).unwrap();
                receiver.lock().unwrap().recv().unwrap();
            }
        })
        .build();
    let running = tokio::spawn(build);
    begun.1.await.unwrap();
    assert_eq!(folder.archives(), 1);
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    go_on.0.send(()).unwrap();
    // The builder's observer is dropped when the thread is through.
    while Arc::strong_count(&done) > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(folder.archives(), 0);
}

#[test]
fn building_is_send() {
    fn sendable(_: impl Send + 'static) {}
    sendable(ArchiveBuilder::new().file("a", Path::new("b")).build());
}
