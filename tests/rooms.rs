//! Imports between the rooms of `src/` point downwards only, in the order of `src/rooms.txt`. Cycles are impossible with
//! that: a cycle has at least one import that points upwards.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const SRC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

/// The rooms, lowest first.
fn rooms() -> Vec<String> {
    let text = fs::read_to_string(Path::new(SRC).join("rooms.txt")).unwrap();
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(str::to_string).collect()
}

/// Everything below `folder` that ends in `.rs`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The room of a file, by its path below `src/`; `None` for the crate's roots.
fn room_of(path: &Path) -> Option<String> {
    let first = path.components().next()?.as_os_str().to_str()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (!["lib", "main"].contains(&room)).then(|| room.to_string())
}

/// The text with comments blanked out. Links in documentation may point anywhere.
fn without_comments(text: &str) -> String {
    let code = |line: &str| line.find("//").map_or(line.to_string(), |at| line[..at].to_string());
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// The top-level names that follow `crate::`, or `crate::{`, each with its line. `root` is `crate` or the crate's name.
fn imports(code: &str, root: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let prefix = format!("{root}::");
    for (at, _) in code.match_indices(&prefix) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + prefix.len()..];
        let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        let Some(group) = rest.strip_prefix('{') else {
            found.push((line, name(rest)));
            continue;
        };
        let mut depth = 0;
        let mut begins = true;
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                _ if begins && !c.is_whitespace() => {
                    found.push((line + group[..i].matches('\n').count(), name(&group[i..])));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    found
}

/// What is wrong with the imports of a file in `room`, a line each.
fn faults(rooms: &[String], room: &str, file: &str, text: &str) -> Vec<String> {
    let rank = |name: &str| rooms.iter().position(|room| room == name);
    let code = without_comments(text);
    // The command line is a crate of its own, on top of the library.
    let root = if room == "cli" { "resshift" } else { "crate" };
    let mut faults = Vec::new();
    for (line, name) in imports(&code, root) {
        // `crate::Error` and `crate::Result` are what the root exports again.
        let target = if name.starts_with(char::is_uppercase) { "error" } else { &name };
        match (rank(room), rank(target)) {
            (Some(own), Some(other)) if other <= own => {}
            (Some(_), Some(_)) => faults.push(format!("{file}:{line}: {room} imports {target}, which lies above it")),
            _ => faults.push(format!("{file}:{line}: {target} is no room of src/rooms.txt")),
        }
    }
    // `super` must not be a way around: it may not reach the crate's root.
    let modules = file.matches('/').count() + usize::from(!file.ends_with("/mod.rs"));
    for (index, line) in code.lines().enumerate() {
        let inner = usize::from(line.starts_with(' ') && code.contains("mod tests {"));
        let climbs = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        if climbs.map(|path| path.matches("super::").count()).max() >= Some(modules + inner) {
            faults.push(format!("{file}:{}: super reaches the crate's root; write crate::", index + 1));
        }
    }
    faults
}

#[test]
fn imports_point_downwards() {
    let rooms = rooms();
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    for path in sources(Path::new(SRC)) {
        let below = path.strip_prefix(SRC).unwrap();
        let Some(room) = room_of(below) else { continue };
        let file = below.to_str().unwrap().replace('\\', "/");
        all.extend(faults(&rooms, &room, &file, &fs::read_to_string(&path).unwrap()));
        seen.insert(room);
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
    assert_eq!(seen, rooms.into_iter().collect(), "src/rooms.txt must name every room, and no other");
}

#[test]
fn upward_imports_are_found() {
    let rooms = rooms();
    let faults = |text| faults(&rooms, "gpu", "gpu/list.rs", text);
    for (text, line) in [
        ("use crate::layer::ConvShape;\nuse crate::ops::Map;", 2),
        ("use crate::{\n    Error,\n    layer::{Activation, ConvShape}, chain,\n};", 3),
        ("fn f() {\n    crate::chain::canvas::Canvas::zeros(1, 1, 1);\n}", 2),
        ("use crate::nowhere::Map;", 1),
        ("use super::super::ops::Map;", 1),
    ] {
        let found = faults(text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&format!("gpu/list.rs:{line}: ")), "{found:?}");
    }
    for text in
        ["use crate::{Error, Result};", "use super::device::Gpu;", "//! See [`crate::ops`].", "use crate::gpu::Node;"]
    {
        assert_eq!(faults(text), Vec::<String>::new());
    }
}
