//! Holds `src/` to ARCHITECTURE.md: who may use whom, no circles of files, and who does without tokio and reqwest.
//!
//! Reads what ships, as rustfmt writes it. Who uses what a `mod.rs` re-exports uses the file that it comes from.

use std::collections::{BTreeMap, BTreeSet};

/// Whatever is reachable from a module may be used by it.
const ARROWS: &str = "testing>client testing>package client>publish client>auth client>msi msi>publish publish>api publish>archive publish>package publish>upload api>service api>document \
    auth>service upload>service service>http http>error archive>error package>error document>error error>model model>id model>secret model>date \
    secret>date";
const PURE: [&str; 5] = ["model", "id", "secret", "date", "document"];

/// The code of each file by its module, as `crate::upload::link`, with all paths from the root.
fn read(folder: &std::path::Path, module: &str, found: &mut BTreeMap<String, String>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let inner = format!("{module}::{name}");
        if path.is_dir() && name != "tests" {
            read(&path, &inner, found);
        } else if !["lib", "tests"].contains(&name) {
            let text = std::fs::read_to_string(&path).unwrap();
            let (ships, tests) = text.split_once("\n#[cfg(test)]\nmod tests {").unwrap_or((&text, ""));
            assert!(!tests.contains("\n}\n\n"), "{inner} goes on after its tests");
            let code = ships.lines().filter(|line| !line.trim_start().starts_with("//"));
            let module = if name == "mod" { module } else { &inner };
            let code = code.collect::<String>().replace("self::", &format!("{module}::"));
            let above = module.rsplit_once("::").map_or("", |(above, _)| above);
            found.insert(module.to_owned(), code.replace("super::", &format!("{above}::")));
        }
    }
}

/// All names and paths in the code; those in braces with what stands before.
fn paths(code: &str) -> Vec<String> {
    let (mut found, mut group) = (Vec::new(), "");
    let ends = |c: char| !c.is_alphanumeric() && c != '_' && c != ':';
    for token in code.split_inclusive(ends) {
        let path = token.trim_end_matches(ends);
        let opens = token.ends_with("::{");
        group = if opens { path } else { group };
        found.extend((!opens && !path.is_empty()).then(|| format!("{group}{path}")));
        group = if token.ends_with('}') { "" } else { group };
    }
    found
}

fn top(path: &str) -> &str {
    path.trim_start_matches("crate::").split("::").next().unwrap()
}

fn reaches<'a>(arrows: &BTreeSet<(&'a str, &'a str)>, from: &str, to: &str, seen: &mut BTreeSet<&'a str>) -> bool {
    let mut next = arrows.iter().filter(|arrow| arrow.0 == from);
    next.any(|(_, next)| *next == to || seen.insert(next) && reaches(arrows, next, to, seen))
}

#[test]
fn src_keeps_to_the_house() {
    let (mut files, mut passed, mut named) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    read(concat!(env!("CARGO_MANIFEST_DIR"), "/src").as_ref(), "crate", &mut files);
    for (module, code) in &files {
        let names = paths(code);
        for statement in code.split(';') {
            let passes = statement.contains("pub") && statement.contains(" use ");
            for mut path in paths(statement).into_iter().filter(|path| path.contains("::")) {
                let is_child = files.contains_key(&format!("{module}::{}", top(&path)));
                path = if is_child { format!("{module}::{path}") } else { path };
                let name = path.rsplit("::").next().unwrap().to_owned();
                (!passes || names.contains(&name)).then(|| named.push((module, path.clone())));
                passes.then(|| passed.insert(format!("{module}::{name}"), path));
            }
        }
    }
    let (mut arrows, mut wrong) = (BTreeSet::new(), BTreeSet::new());
    for (module, path) in &named {
        let impure = PURE.contains(&top(module)) && ["tokio", "reqwest"].contains(&top(path));
        wrong.extend(impure.then(|| format!("{module} names {path}")));
        let mut to = path.as_str();
        while to.starts_with("crate::") && !files.contains_key(to) {
            to = passed.get(to).map_or(to.rsplit_once("::").unwrap().0, String::as_str);
        }
        (to.starts_with("crate") && to != *module).then(|| arrows.insert((module.as_str(), to)));
    }
    let house = ARROWS.split(' ').filter_map(|arrow| arrow.split_once('>')).collect();
    for (from, to) in &arrows {
        if top(from) != top(to) && !reaches(&house, top(from), top(to), &mut BTreeSet::new()) {
            wrong.insert(format!("{from} may not use {to}"));
        }
        let circle = reaches(&arrows, to, from, &mut BTreeSet::new());
        wrong.extend(circle.then(|| format!("{from} and {to} are in a circle")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
