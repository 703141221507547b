//! What an earlier upload left: the blob store's lists of blocks, read into what may be kept. Pure.
//!
//! A block is kept if its name is one of ours; the name says what it holds, its size is checked all the same. That holds
//! for committed blocks too: after an upload that came to its end nothing is sent again. A blob whose uncommitted ids
//! differ in length takes no block with another length, so foreign ids make everything go.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::upload::blocks::{NAME_LENGTH, name_of};

/// The blob store holds no more uncommitted blocks than this.
const MAX_UNCOMMITTED: u64 = 100_000;

/// The sizes of the blocks that are there, by their names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Leftover(HashMap<String, u64>);

impl Leftover {
    /// Reads the answer of Get Block List. `count` is how many blocks are to come. Returns `None` if what is there stands in the
    /// way and must be thrown away first.
    pub(super) fn read(xml: &str, count: u64) -> Option<Self> {
        let mut sizes = HashMap::new();
        let mut in_all = count;
        // The uncommitted ones last: of two of a name it is them that `Latest` means.
        for (id, size) in blocks(xml, "CommittedBlocks") {
            sizes.extend(name_of(id).map(|name| (name, size)));
        }
        for (id, size) in blocks(xml, "UncommittedBlocks") {
            in_all += 1;
            match name_of(id) {
                Some(name) => drop(sizes.insert(name, size)),
                None if STANDARD.decode(id).is_ok_and(|id| id.len() == NAME_LENGTH) => {}
                None => return None,
            }
        }
        (in_all <= MAX_UNCOMMITTED).then_some(Self(sizes))
    }

    pub(super) fn has(&self, name: &str, size: u64) -> bool {
        self.0.get(name) == Some(&size)
    }
}

/// The ids and sizes in one of the lists.
fn blocks<'x>(xml: &'x str, list: &str) -> impl Iterator<Item = (&'x str, u64)> {
    let list = elements(xml, list).next().unwrap_or_default();
    elements(list, "Block").map(|block| {
        let text = |name| elements(block, name).next().unwrap_or_default().trim();
        (text("Name"), text("Size").parse().unwrap_or(0))
    })
}

/// The contents of the elements of a name. Enough for this answer: its elements have no attributes, and ids in base64
/// have nothing to escape.
fn elements<'x>(mut xml: &'x str, name: &str) -> impl Iterator<Item = &'x str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    std::iter::from_fn(move || {
        let (_, rest) = xml.split_once(&open)?;
        let (content, rest) = rest.split_once(&close)?;
        xml = rest;
        Some(content)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upload::blocks::{id, name};

    fn answer(committed: &[(String, u64)], uncommitted: &[(String, u64)]) -> String {
        let blocks = |blocks: &[(String, u64)]| -> String {
            blocks
                .iter()
                .map(|(id, size)| format!("\n<Block><Name>{id}</Name>\n<Size>{size}</Size></Block>"))
                .collect()
        };
        format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList><CommittedBlocks>{}</CommittedBlocks><UncommittedBlocks>{}\n</UncommittedBlocks></BlockList>",
            blocks(committed),
            blocks(uncommitted)
        )
    }

    #[test]
    fn our_blocks_are_kept_if_their_size_fits() {
        let foreign = STANDARD.encode("00000001");
        let xml = answer(
            &[(id(&name(9, 9)), 4), (foreign, 4)],
            &[(id(&name(0, 1)), 4), (id(&name(1, 2)), 3)],
        );
        let leftover = Leftover::read(&xml, 2).unwrap();
        assert!(leftover.has(&name(0, 1), 4));
        assert!(!leftover.has(&name(0, 2), 4));
        assert!(!leftover.has(&name(1, 2), 4));
        assert!(leftover.has(&name(9, 9), 4));
    }

    #[test]
    fn ids_of_another_length_make_everything_go() {
        for foreign in [STANDARD.encode("00000001"), "no base64!".to_owned(), String::new()] {
            let xml = answer(&[], &[(id(&name(0, 1)), 4), (foreign.clone(), 4)]);
            assert_eq!(Leftover::read(&xml, 2), None, "{foreign}");
        }
    }

    #[test]
    fn foreign_ids_of_our_length_do_no_harm() {
        let xml = answer(&[], &[(STANDARD.encode("x".repeat(NAME_LENGTH)), 4), (id(&name(0, 1)), 4)]);
        let leftover = Leftover::read(&xml, 2).unwrap();
        assert!(leftover.has(&name(0, 1), 4));
    }

    #[test]
    fn too_many_make_everything_go() {
        let many: Vec<_> = (0..50_001).map(|index| (id(&name(index % 50_000, index)), 4)).collect();
        assert!(Leftover::read(&answer(&[], &many), 50_000).is_none());
        assert!(Leftover::read(&answer(&[], &many), 49_999).is_some());
    }

    #[test]
    fn nothing_is_nothing() {
        for xml in [
            "",
            "<BlockList/>",
            "<BlockList><UncommittedBlocks /></BlockList>",
            "<BlockList><CommittedBlocks></CommittedBlocks></BlockList>",
            "<UncommittedBlocks><Block><Name>",
        ] {
            assert_eq!(Leftover::read(xml, 1), Some(Leftover::default()), "{xml}");
        }
    }
}
