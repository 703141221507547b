//! The plan of an upload: how a length is cut into blocks, how many go at once, and how a block is named. Pure.
//!
//! A name before base64 is `{index:05}-{checksum:016x}`: it says which bytes the block holds, so that another process
//! can tell what is there already. All names are equally long, as the blob store demands.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::Error;

const MIB: u64 = 1 << 20;

/// The blob store's limits.
const MAX_BLOCKS: u64 = 50_000;
const MAX_BLOCK: u64 = 4000 * MIB;

const DEFAULT_BLOCK: u64 = 4 * MIB;
const DEFAULT_CONCURRENCY: u64 = 16;
const DEFAULT_IN_FLIGHT: u64 = DEFAULT_BLOCK * DEFAULT_CONCURRENCY;

/// Of a name before base64.
pub(super) const NAME_LENGTH: usize = 22;

/// How a length is cut. Every block but the last is `block` bytes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) total: u64,
    pub(super) block: u64,
    pub(super) concurrency: usize,
}

impl Plan {
    /// What is not given is chosen such that at most 64 MiB are in flight. A block grows if there would be too many;
    /// then fewer go at once.
    pub(super) fn new(total: u64, block: Option<u64>, concurrency: Option<usize>) -> Result<Self, Error> {
        let wanted = block.unwrap_or(DEFAULT_BLOCK);
        if !(1..=MAX_BLOCK).contains(&wanted) {
            return Err(Error::invalid(
                "the block size",
                format!("{wanted} bytes is not between 1 byte and 4000 MiB"),
            ));
        }
        if concurrency == Some(0) {
            return Err(Error::invalid(
                "the concurrency",
                "0 blocks at once would never end: use at least 1",
            ));
        }
        // Whole MiB, so that a file that grew a little is cut at the same places.
        let least = total.div_ceil(MAX_BLOCKS).next_multiple_of(MIB);
        let block = if total.div_ceil(wanted) > MAX_BLOCKS { least } else { wanted };
        if block > MAX_BLOCK {
            return Err(Error::invalid(
                "the file",
                format!("{total} bytes is more than a blob can hold (50,000 blocks of 4000 MiB)"),
            ));
        }
        let in_flight = concurrency.map_or(DEFAULT_IN_FLIGHT, |concurrency| wanted.saturating_mul(concurrency as u64));
        let at_once = concurrency.map_or(DEFAULT_CONCURRENCY, |concurrency| concurrency as u64);
        let at_once = at_once.min(in_flight / block).max(1).min(total.div_ceil(block).max(1));
        Ok(Self {
            total,
            block,
            concurrency: usize::try_from(at_once).unwrap_or(usize::MAX),
        })
    }

    pub(super) fn count(&self) -> u64 {
        self.total.div_ceil(self.block)
    }

    /// Where a block begins and how long it is.
    pub(super) fn range(&self, index: u64) -> (u64, u64) {
        let start = (index * self.block).min(self.total);
        (start, self.block.min(self.total - start))
    }

    /// The most that is under way at once.
    pub(super) fn in_flight(&self) -> u64 {
        self.block.saturating_mul(self.concurrency as u64).min(self.total)
    }
}

pub(super) fn name(index: u64, checksum: u64) -> String {
    format!("{index:05}-{checksum:016x}")
}

/// A name as the blob store knows it.
pub(super) fn id(name: &str) -> String {
    STANDARD.encode(name)
}

/// The name of an id, if it is one of ours.
pub(super) fn name_of(id: &str) -> Option<String> {
    let name = String::from_utf8(STANDARD.decode(id).ok()?).ok()?;
    let (index, checksum) = name.split_once('-')?;
    let digits = index.len() == 5 && index.bytes().all(|byte| byte.is_ascii_digit());
    let hex = checksum.len() == 16 && checksum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (digits && hex).then_some(name)
}

/// The body of Put Block List. `Latest` and not `Uncommitted`, so that it may be sent again after a lost answer.
pub(super) fn list(ids: &[String]) -> String {
    let latest: String = ids.iter().map(|id| format!("<Latest>{id}</Latest>")).collect();
    format!(r#"<?xml version="1.0" encoding="utf-8"?><BlockList>{latest}</BlockList>"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn lengths_are_cut() {
        let table = [
            // total, block size and concurrency as set; block, count and concurrency as planned
            (1, None, None, 4 * MIB, 1, 1),
            (4 * MIB, None, None, 4 * MIB, 1, 1),
            (4 * MIB + 1, None, None, 4 * MIB, 2, 2),
            (GIB, None, None, 4 * MIB, 256, 16),
            (GIB, Some(8 * MIB), None, 8 * MIB, 128, 8),
            (GIB, Some(100 * MIB), None, 100 * MIB, 11, 1),
            (GIB, Some(MIB), None, MIB, 1024, 16),
            (GIB, Some(8 * MIB), Some(32), 8 * MIB, 128, 32),
            (GIB, None, Some(2), 4 * MIB, 256, 2),
            (GIB, None, Some(usize::MAX), 4 * MIB, 256, 256),
            (50_000, Some(1), None, 1, 50_000, 16),
            (50_001, Some(1), None, MIB, 1, 1),
            (50_000 * 4 * MIB, None, None, 4 * MIB, 50_000, 16),
            (50_000 * 4 * MIB + 1, None, None, 5 * MIB, 40_001, 12),
            (50_000 * 4000 * MIB, None, None, 4000 * MIB, 50_000, 1),
        ];
        for (total, block, concurrency, size, count, at_once) in table {
            let plan = Plan::new(total, block, concurrency).unwrap();
            assert_eq!(
                (plan.block, plan.count(), plan.concurrency),
                (size, count, at_once),
                "{total} {block:?} {concurrency:?}"
            );
        }
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let table = [
            (1, Some(0), None, "the block size"),
            (1, Some(4000 * MIB + 1), None, "the block size"),
            (1, None, Some(0), "the concurrency"),
            (50_000 * 4000 * MIB + 1, None, None, "the file"),
        ];
        for (total, block, concurrency, what) in table {
            assert_eq!(Plan::new(total, block, concurrency).unwrap_err().target(), Some(what));
        }
    }

    #[test]
    fn ranges_cover_everything_once() {
        for total in [1, 9, 10, 11, 99, 100] {
            let plan = Plan::new(total, Some(10), None).unwrap();
            let mut end = 0;
            for index in 0..plan.count() {
                let (start, length) = plan.range(index);
                assert_eq!(start, end);
                assert!(length > 0);
                end += length;
            }
            assert_eq!(end, total);
        }
    }

    #[test]
    fn ids_are_equally_long_and_lead_back_to_their_names() {
        for (index, checksum) in [(0, 0), (49_999, u64::MAX), (7, 0xae8b_1486_0a79_9888)] {
            let name = name(index, checksum);
            assert_eq!(name.len(), NAME_LENGTH);
            assert_eq!(name_of(&id(&name)), Some(name));
        }
        assert_eq!(name(7, 0xab), "00007-00000000000000ab");
    }

    #[test]
    fn ids_of_others_have_no_name() {
        for other in [
            "",
            "00007",
            "00007-00000000000000AB",
            "0000x-00000000000000ab",
            "00007_00000000000000ab",
        ] {
            assert_eq!(name_of(&id(other)), None, "{other}");
        }
        assert_eq!(name_of("not base64!"), None);
    }

    #[test]
    fn the_list_is_in_order() {
        let ids = ["YQ==".to_owned(), "Yg==".to_owned()];
        assert_eq!(
            list(&ids),
            r#"<?xml version="1.0" encoding="utf-8"?><BlockList><Latest>YQ==</Latest><Latest>Yg==</Latest></BlockList>"#
        );
    }
}
