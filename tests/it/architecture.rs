//! Holds `src/` to the house drawn in ARCHITECTURE.md: who may use whom, and who may name reqwest and tokio.
//!
//! Sources are read as text. Comments, literals and `#[cfg(test)]` items are blanked first, so that only code that ships
//! counts; `lib.rs` and files of tests are left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The arrows. Whatever is reachable from a module may be used by it; a module that is not named here may not be used at all.
const ARROWS: &[(&str, &[&str])] = &[
    ("testing", &["client"]),
    ("client", &["publish"]),
    ("publish", &["api", "archive", "upload"]),
    ("api", &["rest", "document"]),
    ("rest", &["auth"]),
    ("auth", &["transport"]),
    ("upload", &["transport"]),
    ("transport", &["error"]),
    ("archive", &["error"]),
    ("document", &["error"]),
    ("error", &["model"]),
    ("model", &["id", "secret", "date"]),
    ("secret", &["date"]),
    ("id", &[]),
    ("date", &[]),
];

/// The only places outside tests where reqwest is named.
const REQWEST: &[&str] = &["transport/", "error/transport.rs", "client/"];

/// Modules without I/O.
const PURE: &[&str] = &["model", "id", "secret", "date", "document"];

/// All that is reachable from a module.
fn reachable(from: &str) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(module) = open.pop() {
        let arrows = ARROWS.iter().find(|(name, _)| *name == module);
        for &target in arrows.into_iter().flat_map(|(_, targets)| *targets) {
            if found.insert(target) {
                open.push(target.to_owned());
            }
        }
    }
    found
}

/// What a file does that it may not. `path` is relative to `src/`, with forward slashes.
fn violations(path: &str, source: &str) -> Vec<String> {
    if is_exempt(path) {
        return Vec::new();
    }
    let code = without_tests(&blanked(source));
    let own = path.split(['/', '.']).next().unwrap_or_default();
    let allowed = reachable(own);
    let mut found = Vec::new();
    for module in modules_used(&code) {
        if module != own && !allowed.contains(module.as_str()) {
            found.push(format!("{path}: {own} may not use crate::{module}"));
        }
    }
    if climbs_to_root(path, &code) {
        found.push(format!("{path}: super:: leads to the root; write crate::module::X"));
    }
    if names(&code, "reqwest") && !REQWEST.iter().any(|place| path.starts_with(place)) {
        found.push(format!("{path}: names reqwest"));
    }
    if names(&code, "tokio") && PURE.contains(&own) {
        found.push(format!("{path}: names tokio"));
    }
    found
}

/// `lib.rs` re-exports only, and tests may use what they like.
fn is_exempt(path: &str) -> bool {
    path == "lib.rs" || path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// The first segment after each `crate::`, of groups each one's.
fn modules_used(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate") {
        let after = code[at + "crate".len()..].trim_start();
        let (false, Some(path)) = (ends_in_name(&code[..at]), after.strip_prefix("::")) else {
            continue;
        };
        match path.trim_start().strip_prefix('{') {
            None => found.extend(first_name(path)),
            Some(group) => found.extend(top_level(group).into_iter().filter_map(first_name)),
        }
    }
    found
}

/// The members of a group, up to the brace that closes it.
fn top_level(group: &str) -> Vec<&str> {
    let (mut members, mut depth, mut start) = (Vec::new(), 0_u32, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                members.push(&group[start..at]);
                start = at + 1;
                if letter == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    members
}

/// Whether a chain of `super::` is as long as the file's module is deep.
fn climbs_to_root(path: &str, code: &str) -> bool {
    let depth = path.trim_end_matches("/mod.rs").split('/').count();
    let compact: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    compact.contains(&"super::".repeat(depth))
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn ends_in_name(text: &str) -> bool {
    text.chars().next_back().is_some_and(is_name)
}

fn first_name(text: &str) -> Option<String> {
    let name: String = text.trim_start().chars().take_while(|letter| is_name(*letter)).collect();
    Some(name).filter(|name| !name.is_empty())
}

/// Whether a word stands in the code by itself.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word)
        .any(|(at, _)| !ends_in_name(&code[..at]) && !code[at + word.len()..].starts_with(is_name))
}

/// The source with comments and literals replaced by blanks.
fn blanked(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(letter) = rest.chars().next() {
        let skipped = match letter {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => text_literal(rest),
            'r' if !ends_in_name(&code) => raw_literal(rest),
            '\'' => character_literal(rest),
            _ => 0,
        };
        if skipped == 0 {
            code.push(letter);
            rest = &rest[letter.len_utf8()..];
        } else {
            code.push(' ');
            rest = &rest[skipped..];
        }
    }
    code
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn text_literal(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of `r"…"` or `r#"…"#`; 0 for a name that begins with r.
fn raw_literal(text: &str) -> usize {
    let hashes = text[1..].chars().take_while(|letter| *letter == '#').count();
    let Some(body) = text[1 + hashes..].strip_prefix('"') else {
        return 0;
    };
    let end = format!("\"{}", "#".repeat(hashes));
    body.find(&end).map_or(text.len(), |at| 1 + hashes + 1 + at + end.len())
}

/// The length of `'x'` or `'\x'`; 0 for a lifetime.
fn character_literal(text: &str) -> usize {
    let letters: Vec<(usize, char)> = text.char_indices().take(3).collect();
    match letters[..] {
        [_, (_, '\\'), (at, escaped)] => text[at + escaped.len_utf8()..]
            .find('\'')
            .map_or(0, |more| at + escaped.len_utf8() + more + 1),
        [_, _, (at, '\'')] => at + 1,
        _ => 0,
    }
}

/// Blanked code without its `#[cfg(test)]` items.
fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[item_length(rest)..];
    }
    kept.push_str(rest);
    kept
}

/// Up to the semicolon or the closing brace of the item at the beginning.
fn item_length(code: &str) -> usize {
    let mut depth = 0_u32;
    for (at, letter) in code.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Every source file below a folder, with its path relative to `src/`.
fn sources() -> Vec<(String, String)> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    files.sort();
    let relative = |path: &Path| path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
    let sources: Vec<_> = files
        .iter()
        .map(|path| (relative(path), fs::read_to_string(path).unwrap()))
        .collect();
    assert!(sources.iter().any(|(path, _)| path == "lib.rs"), "no sources were found");
    sources
}

#[test]
fn src_keeps_to_the_arrows() {
    let found: Vec<String> = sources().iter().flat_map(|(path, source)| violations(path, source)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_arrows_have_no_circle_and_name_every_module() {
    for (module, targets) in ARROWS {
        assert!(!reachable(module).contains(module), "{module} reaches itself");
        for target in *targets {
            assert!(ARROWS.iter().any(|(name, _)| name == target), "{target} has no row");
        }
    }
    for (path, _) in sources() {
        let module = path.split(['/', '.']).next().unwrap();
        assert!(
            module == "lib" || ARROWS.iter().any(|(name, _)| *name == module),
            "{path} is in no row"
        );
    }
}

#[test]
fn every_private_module_says_what_it_is() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(path, source)| !is_exempt(path) && !source.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "these files do not begin with //!: {}", silent.join(", "));
}

#[test]
fn what_is_forbidden_is_found() {
    let table = [
        // An arrow against the direction, in each way to write it.
        ("model/page.rs", "use crate::error::Error;", true),
        ("id.rs", "use crate::secret::UploadUrl;", true),
        ("document/merge.rs", "fn f() -> crate::api::List { }", true),
        ("api/list.rs", "use crate::{error::Error, publish::{plan, Plan}};", true),
        (
            "api/list.rs",
            "use crate::{\n    error::{Error, Result},\n    client::StoreClient,\n};",
            true,
        ),
        ("rest/mod.rs", "use crate :: api :: list :: List;", true),
        ("upload/mod.rs", "use crate::archive::Archive;", true),
        ("archive/mod.rs", "use crate::document::Document;", true),
        ("publish/mod.rs", "use crate::testing::FakeStore;", true),
        ("auth/mod.rs", "macro_rules! m { () => { $crate::service::Core } }", true),
        (
            "transport/mod.rs",
            "#[cfg(feature = \"testing\")]\nuse crate::testing::FakeStore;",
            true,
        ),
        // Code after a test, and after literals that look like something else.
        (
            "id.rs",
            "#[cfg(test)]\nmod tests { fn f() { {} } }\nuse crate::error::Error;",
            true,
        ),
        (
            "id.rs",
            "const A: char = '\"'; use crate::error::Error; const B: char = '\"';",
            true,
        ),
        ("id.rs", "const A: &str = r#\"\"\"#; use crate::error::Error;", true),
        ("id.rs", "fn f<'a>(a: &'a str, b: &'a str) {} use crate::error::Error;", true),
        ("id.rs", "const A: char = '\\''; use crate::error::Error;", true),
        // Root re-exports and the root by another way.
        ("api/list.rs", "use crate::Error;", true),
        ("api/mod.rs", "use super::client::StoreClient;", true),
        ("document/pairs.rs", "use super::super::api::list;", true),
        // Libraries.
        ("rest/mod.rs", "fn f(_: reqwest::Error) {}", true),
        ("error/mod.rs", "use reqwest as http;", true),
        ("model/mod.rs", "fn f() { tokio::spawn(async {}); }", true),
        ("document/mod.rs", "use tokio::sync::Mutex;", true),
        // Arrows along the direction.
        (
            "client.rs",
            "use crate::{api::list::List, id::ApplicationId, transport::Transport};",
            false,
        ),
        (
            "publish/plan.rs",
            "use crate::archive::Archive; use crate::upload::Upload; use crate::service::Service;",
            false,
        ),
        (
            "testing/mod.rs",
            "use crate::http::clock::Clock; use crate::client::StoreClient;",
            false,
        ),
        (
            "model/timestamp.rs",
            "use crate::date; use crate::id::FlightId; use crate::model::page::Page;",
            false,
        ),
        ("testing/seed.rs", "use super::state::State; pub(crate) fn f() {}", false),
        // What does not ship, and what is no code.
        ("lib.rs", "pub use crate::api::list::List; pub use reqwest;", false),
        (
            "id.rs",
            "#[cfg(test)]\nmod tests { use crate::error::Error; fn f() { reqwest::get(); } }",
            false,
        ),
        ("id.rs", "#[cfg(test)]\nuse crate::{error::Error, api::X};\nfn f() {}", false),
        ("document/tests.rs", "use crate::api::list::List;", false),
        ("upload/tests/links.rs", "use crate::client::StoreClient;", false),
        (
            "id.rs",
            "/// See [`Error`](crate::Error).\n/* crate::api /* tokio */ reqwest */",
            false,
        ),
        (
            "id.rs",
            "const A: &str = \"crate::api \\\" reqwest\"; const B: &str = r\"tokio\";",
            false,
        ),
        // Libraries where they belong, and words that only contain them.
        ("transport/mod.rs", "use reqwest::Client;", false),
        ("error/transport.rs", "struct Source(reqwest::Error);", false),
        ("auth/cache.rs", "fetching: tokio::sync::Mutex<()>,", false),
        ("model/mod.rs", "fn tokio_like() { my_reqwest(); mycrate::api::f(); }", false),
    ];
    for (path, source, forbidden) in table {
        let found = violations(path, source);
        assert_eq!(!found.is_empty(), forbidden, "{path}: {source}\n{found:?}");
    }
}
