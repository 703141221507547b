//! Archives on a real disk.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt;

use crate::archive::{Archive, ArchiveBuilder};
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
    let picture = folder.write("store/1.png", b"png");
    let archive = ArchiveBuilder::new()
        .file("App.msix", &package)
        .file("en-us\\1.png", picture)
        .build()
        .await
        .unwrap();
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
    ];
    assert_eq!(unpack(&archive), expected);
    let path = archive.path().to_owned();
    archive.remove().await;
    assert!(!path.exists());
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.max_blocking_threads(1).build().unwrap()
}

#[test]
fn a_dropped_archive_is_removed_by_a_thread_that_may_block_or_at_the_end() {
    let folder = Folder::new();
    let package = folder.write("App.msix", b"content");
    let build = || ArchiveBuilder::new().file("App.msix", &package).build();
    // The one thread for what blocks is busy, so nothing but this thread could remove it at once.
    let (busy, go_on) = std::sync::mpsc::channel::<()>();
    let here = runtime();
    here.block_on(async {
        let archive = build().await.unwrap();
        tokio::task::spawn_blocking(move || go_on.recv());
        drop(archive);
    });
    assert_eq!(folder.archives(), 1);
    drop(busy);
    drop(here);
    assert_eq!(folder.archives(), 0);

    // After the end of its runtime, and without any.
    let archive = runtime().block_on(build()).unwrap();
    assert_eq!(folder.archives(), 1);
    drop(archive);
    assert_eq!(folder.archives(), 0);

    // In the middle of the end of its runtime.
    let there = runtime();
    let archive = there.block_on(build()).unwrap();
    there.spawn(async move {
        let _archive = archive;
        std::future::pending::<()>().await;
    });
    drop(there);
    assert_eq!(folder.archives(), 0);
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
        let builder = ArchiveBuilder::new().file("App.msix", &path).file("a.png", path);
        let archive = builder.folder(&folder.0).build().await.unwrap();
        std::fs::read(archive.path()).unwrap()
    };
    assert_eq!(build(1_000_000_000).await, build(1_700_000_000).await);
}

#[tokio::test]
async fn more_entries_than_a_plain_zip_can_count_make_a_zip64() {
    let folder = Folder::new();
    let file = folder.write("file", b"x");
    let mut builder = ArchiveBuilder::new();
    for index in 0..65_600 {
        builder = builder.file(format!("{index}"), &file);
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

#[test]
fn a_dropped_build_leaves_nothing() {
    let folder = Folder::new();
    let path = folder.write("App.msix", &[7; 4 << 20]);
    let runtime = runtime();
    runtime.block_on(async {
        let build = ArchiveBuilder::new().file("App.msix", path).build();
        assert!(build.now_or_never().is_none());
    });
    // Whatever the thread has come to, the runtime waits for it.
    drop(runtime);
    assert_eq!(folder.archives(), 0);
}

#[test]
fn building_is_send() {
    fn sendable(_: impl Send + 'static) {}
    sendable(ArchiveBuilder::new().file("a", Path::new("b")).build());
}
