//! Files that are broken, or made to be hard to read.

use std::io::{Read, Seek, SeekFrom};

use super::*;
use crate::package::read::fault::Budget;
use crate::package::read::look::look;

/// Where the directory of an archive without a comment begins.
fn directory(zip: &[u8]) -> usize {
    let end = zip.len() - 22;
    u32::from_le_bytes(zip[end + 16..end + 20].try_into().unwrap()) as usize
}

/// With other bytes at a place.
fn patched(zip: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip.to_vec();
    zip[at..at + bytes.len()].copy_from_slice(bytes);
    zip
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever() {
    let whole = x64();
    for len in 0..whole.len() {
        let refusal = refusal("a.msix", &whole[..len]);
        assert!(refusal.contains("it is empty") == (len == 0), "{len}: {refusal}");
        let container = stored([("a.msix", &whole[..len])]);
        assert!(refusal.contains("it is empty") || super::refusal("a.msixupload", &container).contains("a.msix in it: "));
    }
    assert!(refusal("a.msix", b"no ZIP at all").contains("it is not a package, or it is damaged"));
}

#[test]
fn a_directory_that_lies_is_refused() {
    let manifest = manifest("x64", "");
    let (stored, deflated) = (
        stored([("AppxManifest.xml", manifest.as_bytes())]),
        deflated([("AppxManifest.xml", manifest.as_bytes())]),
    );
    let (entry, end) = (directory(&stored), stored.len() - 22);
    let (packed_entry, size) = (directory(&deflated), u32::try_from(manifest.len()).unwrap());
    for (what, zip) in [
        ("number of entries", patched(&stored, end + 10, &[2, 0])),
        ("number without a record", patched(&stored, end + 10, &[0xff, 0xff])),
        ("place of the directory", patched(&stored, end + 16, &[0, 0, 0, 0])),
        ("place past the end", patched(&stored, end + 16, &[0xff, 0xff, 0xff, 0xfe])),
        ("length of the comment", patched(&stored, end + 20, &[1, 0])),
        ("length of the name", patched(&stored, entry + 28, &[0xff, 0xff])),
        ("length of the extra field", patched(&stored, entry + 30, &[0xff, 0x00])),
        ("place of the header", patched(&stored, entry + 42, &[1, 0, 0, 0])),
        (
            "place of the header past the end",
            patched(&stored, entry + 42, &[0xff, 0xff, 0xff, 0xff]),
        ),
        ("method", patched(&stored, entry + 10, &[99, 0])),
        ("checksum", patched(&stored, entry + 16, &[0; 4])),
        (
            "packed size of stored content",
            patched(&stored, entry + 20, &(size - 1).to_le_bytes()),
        ),
        (
            "size of stored content",
            patched(&stored, entry + 24, &(size - 1).to_le_bytes()),
        ),
        (
            "larger size",
            patched(&deflated, packed_entry + 24, &(size + 1).to_le_bytes()),
        ),
        (
            "smaller size",
            patched(&deflated, packed_entry + 24, &(size - 1).to_le_bytes()),
        ),
        ("content", patched(&deflated, 60, &[0xff; 40])),
        (
            "size in 64 bits without them",
            patched(&deflated, packed_entry + 24, &[0xff; 4]),
        ),
    ] {
        assert!(inspect_bytes("a.msix", &zip).is_err(), "{what}");
    }
}

#[test]
fn a_manifest_that_is_too_much_is_refused_in_no_time() {
    let spaces = " ".repeat(5 << 20);
    let deep = "<a>".repeat(1 << 20);
    let deep_but_few = ["<a>".repeat(200_000), "</a>".repeat(200_000)].concat();
    let attributes: String = (0..300_000).map(|number| format!(" a{number}=''")).collect();
    let namespaces: String = (0..60_000).map(|number| format!("<a xmlns:a{number}='u'/>")).collect();
    for (more, reason) in [
        (spaces, Some("larger than 4 MiB")),
        (deep, Some("nodes limit")),
        (deep_but_few, None),
        (format!("<a{attributes}/>"), Some("more than 1000 attributes")),
        (namespaces, Some("more than 1000 attributes")),
    ] {
        let manifest = manifest("x64", &more);
        let looked = inspect_bytes("a.msix", &with_manifest(manifest.as_bytes()));
        assert_eq!(
            looked.as_ref().err().map(ToString::to_string).is_some(),
            reason.is_some(),
            "{reason:?}"
        );
        if let (Err(error), Some(reason)) = (looked, reason) {
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}

#[test]
fn a_bomb_is_read_no_further_than_its_size_says() {
    let bomb = deflated([("AppxManifest.xml", &vec![b' '; 50 << 20][..])]);
    assert!(refusal("a.msix", &bomb).contains("larger than 4 MiB"));
    let small = patched(&bomb, directory(&bomb) + 24, &1000_u32.to_le_bytes());
    assert!(refusal("a.msix", &small).contains("damaged"));
    // A package in a container may be large, but not endlessly.
    let container = deflated([("a.msix", &x64()[..])]);
    let large = patched(&container, directory(&container) + 24, &[0xff, 0xff, 0xff, 0xfe]);
    assert!(refusal("a.msixupload", &large).contains("it ends too early"));
    let budget = Budget::default();
    budget.unpacking.set(100);
    let info = look(&mut Cursor::new(&container), "a.msixupload", &budget).unwrap();
    assert_eq!(info.packages[0].unreadable.as_deref(), Some("it is too large to look into"));
}

#[test]
fn one_package_that_stands_for_many_uses_up_what_may_be_read() {
    let package = x64();
    let files: Vec<_> = (0..50).map(|number| format!("{number:02}.msix")).collect();
    let bundle = bundle(files.iter().map(|name| (name.as_str(), &package[..])));
    let readable = |budget: &Budget| {
        let info = look(&mut Cursor::new(&bundle), "a.msixbundle", budget).unwrap();
        info.packages.iter().filter(|package| package.unreadable.is_none()).count()
    };
    assert_eq!(readable(&Budget::default()), 50);
    for (directories, manifests) in [(8_000, 1 << 20), (1 << 20, 10_000)] {
        let budget = Budget::default();
        budget.directories.set(directories);
        budget.manifests.set(manifests);
        assert!((1..50).contains(&readable(&budget)));
    }
}

#[test]
fn more_files_than_16_bits_count_are_walked_through() {
    let names: Vec<String> = (0..66_000).map(|number| format!("{number}")).collect();
    let manifest = manifest("x64", "");
    let files = names.iter().map(|name| (name.as_str(), &b""[..]));
    let zip = stored(files.chain([("AppxManifest.xml", manifest.as_bytes())]));
    assert_eq!(inspect_bytes("a.msix", &zip).unwrap().architectures, ["x64"]);
    let budget = Budget::default();
    budget.directories.set(1 << 20);
    let info = look(&mut Cursor::new(&zip), "a.msix", &budget).unwrap();
    assert_eq!(info.unreadable.as_deref(), Some("it is too large to look into"));
}

/// A file of zeros, but for what stands at its beginning and at its end.
struct Sparse {
    first: Vec<u8>,
    last: Vec<u8>,
    at: u64,
}

impl Sparse {
    const LEN: u64 = 1 << 50;
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(Self::LEN - self.at).unwrap());
        for byte in &mut buffer[..wanted] {
            let from_end = usize::try_from(Self::LEN - self.at).unwrap();
            let last = self.last.len().checked_sub(from_end).map(|at| self.last[at]);
            let first = usize::try_from(self.at).ok().and_then(|at| self.first.get(at).copied());
            *byte = last.or(first).unwrap_or_default();
            self.at += 1;
        }
        Ok(wanted)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(to) => to.min(Self::LEN),
            SeekFrom::Current(by) => self.at.saturating_add_signed(by).min(Self::LEN),
            SeekFrom::End(by) => Self::LEN.saturating_add_signed(by).min(Self::LEN),
        };
        Ok(self.at)
    }
}

#[test]
fn an_archive_that_says_it_is_enormous_takes_no_memory() {
    let place = Sparse::LEN - 56 - 20 - 22;
    let record = |length: u64, count: u64| {
        let head = [
            &b"PK\x06\x06"[..],
            &length.to_le_bytes(),
            &[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        let numbers = [count, count, count * 46, 1 << 44].map(u64::to_le_bytes);
        [&head[..], &numbers.concat()].concat()
    };
    let end = |place: u64| {
        let locator = [&b"PK\x06\x07\0\0\0\0"[..], &place.to_le_bytes(), &[1, 0, 0, 0]].concat();
        [&locator[..], b"PK\x05\x06\0\0\0\0", &[0xff; 12], &[0, 0]].concat()
    };
    let many_files = ("b", [record(44, 1 << 43), end(place)].concat());
    let long_record = (record(Sparse::LEN - 12 - 20 - 22, 0), end(0));
    for (first, last) in [(many_files.0.into(), many_files.1), long_record] {
        let mut file = Sparse { first, last, at: 0 };
        let info = look(&mut file, "a.msix", &Budget::default()).unwrap();
        assert_eq!(info.unreadable.as_deref(), Some("it is too large to look into"));
    }
}

#[test]
fn names_that_leave_the_archive_or_stand_for_two_files_are_refused() {
    let manifest = manifest("x64", "");
    let manifest = ("AppxManifest.xml", manifest.as_bytes());
    for name in [
        "../a.dll",
        "a/../../b.dll",
        "a\\..\\b.dll",
        "/etc/a",
        "C:/a",
        "%2e%2e/a",
        "%2Fa",
        "a%5C..%5Cb",
        "a%00",
    ] {
        let refusal = refusal("a.msix", &stored([(name, &b"x"[..]), manifest]));
        assert!(refusal.contains("leads out of it"), "{name}: {refusal}");
    }
    for name in ["a..b", "..a/b", "100%", "%zz", "%2", "a/b/"] {
        assert!(
            inspect_bytes("a.msix", &stored([(name, &b"x"[..]), manifest])).is_ok(),
            "{name}"
        );
    }
    let twice = stored([("appxmanifest.xml", &b"x"[..]), manifest]);
    assert!(refusal("a.msix", &twice).contains("twice"));
    let mut same = stored([("a.dll", &b"x"[..]), ("b.dll", &b"y"[..]), manifest]);
    let places: Vec<_> = (0..same.len() - 5).filter(|at| same[*at..].starts_with(b"b.dll")).collect();
    places.into_iter().for_each(|at| same[at] = b'a');
    assert!(refusal("a.msix", &same).contains("two files of one name"));
}

#[test]
fn what_is_in_the_wrong_place_is_refused() {
    let x64 = x64();
    let container = stored([("a.msix", &x64[..])]);
    let inner = bundle([("a.msix", &x64[..])]);
    for (name, bytes, reason) in [
        ("a.msix", container.clone(), "a ZIP archive without AppxManifest.xml"),
        (
            "a.msixbundle",
            container.clone(),
            "without AppxMetadata/AppxBundleManifest.xml: bundles are made by",
        ),
        ("a.zip", container.clone(), "a ZIP archive without AppxManifest.xml"),
        ("a.msixupload", stored([("a.exe", &b"MZ"[..])]), "holds no package"),
        ("a.msixbundle", bundle([]), "holds no package"),
        (
            "a.msixbundle",
            bundle([("b.msixbundle", &inner[..])]),
            "b.msixbundle in it: bundles do not belong there",
        ),
        (
            "a.msixupload",
            stored([("b.msixupload", &container[..])]),
            "b.msixupload in it: upload containers do not",
        ),
        (
            "a.msixupload",
            stored([("b.msix", &container[..])]),
            "b.msix in it: it is a ZIP archive without",
        ),
        ("a.msixupload", stored([("b.msix", &b""[..])]), "b.msix in it: it is empty"),
        (
            "a.msixupload",
            stored([("b.msixbundle", &bundle([("c.msix", &b"x"[..])])[..])]),
            "b.msixbundle in it: c.msix in it: ",
        ),
    ] {
        let refusal = refusal(name, &bytes);
        assert!(refusal.contains(reason), "{refusal}");
    }
}
