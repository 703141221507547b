//! The XML of block lists, as far as block lists need it.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Committed,
    Uncommitted,
    Latest,
}

/// The blocks that a Put Block List names; none when this is no block list.
pub(super) fn parse(content: &[u8]) -> Option<Vec<(Which, String)>> {
    let text = std::str::from_utf8(content).ok()?.trim_start_matches('\u{feff}').trim();
    let text = match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>")?.1.trim_start(),
        None => text,
    };
    if text == "<BlockList/>" || text == "<BlockList />" {
        return Some(Vec::new());
    }
    let mut rest = text.strip_prefix("<BlockList>")?.strip_suffix("</BlockList>")?.trim();
    let mut blocks = Vec::new();
    while !rest.is_empty() {
        let (tag, after) = rest.strip_prefix('<')?.split_once('>')?;
        let which = match tag {
            "Committed" => Which::Committed,
            "Uncommitted" => Which::Uncommitted,
            "Latest" => Which::Latest,
            _ => return None,
        };
        let (id, after) = after.split_once("</")?;
        rest = after.strip_prefix(tag)?.strip_prefix('>')?.trim_start();
        blocks.push((which, id.trim().to_owned()));
    }
    Some(blocks)
}

/// The answer of Get Block List; a part that was not asked for is left out.
pub(super) fn write(committed: Option<&[(&str, u64)]>, uncommitted: Option<&[(&str, u64)]>) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
    for (name, blocks) in [("CommittedBlocks", committed), ("UncommittedBlocks", uncommitted)] {
        match blocks {
            None => {}
            Some([]) => xml.push_str(&format!("<{name} />")),
            Some(blocks) => {
                xml.push_str(&format!("<{name}>"));
                for (id, size) in blocks {
                    xml.push_str(&format!("<Block><Name>{id}</Name><Size>{size}</Size></Block>"));
                }
                xml.push_str(&format!("</{name}>"));
            }
        }
    }
    xml.push_str("</BlockList>");
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_block_lists_and_nothing_else() {
        let list = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<BlockList>\n<Latest>YQ==</Latest><Uncommitted>Yg==</Uncommitted>\n</BlockList>";
        let expected = vec![(Which::Latest, "YQ==".to_owned()), (Which::Uncommitted, "Yg==".to_owned())];
        assert_eq!(parse(list), Some(expected));
        assert_eq!(parse(b"<BlockList></BlockList>"), Some(Vec::new()));
        for bad in [
            "",
            "<BlockList>",
            "<BlockList><Other>a</Other></BlockList>",
            "<BlockList><Latest>a</Committed></BlockList>",
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
