//! The layers of the source, and where its edge is: what `src/lib.rs` and
//! `docs/architecture.md` say about them is checked here, file by file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules, a row for each layer, the edge first. A module uses only what is in the
/// rows below its own, so two in one row never use each other.
const LAYERS: [&[&str]; 8] = [
    &["cli"],
    &["plakar"],
    &[
        "dump", "restore", "check", "forget", "gc", "extract", "stats",
    ],
    &["crawl"],
    &["notion", "repo"],
    &["model", "fsio"],
    &["report", "clock"],
    &["stop"],
];

/// What only the edge may do, as it is written.
const EDGE_ONLY: [(&str, &str); 9] = [
    ("println!", "prints"),
    ("print!", "prints"),
    ("eprintln!", "prints"),
    ("eprint!", "prints"),
    ("io::stdout", "prints"),
    ("io::stderr", "prints"),
    ("std::env", "reads the environment"),
    ("env::var", "reads the environment"),
    ("process::exit", "ends the process"),
];

/// The most lines of a file.
const LONGEST: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder, as paths from the root, sorted.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no sources");
    found.sort();
    found
}

/// A file's code: no comments, and strings without what is in them.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let mut code = String::new();
    for line in text.lines() {
        let line = line.replace("\\\"", "");
        for (index, part) in line.split('"').enumerate() {
            if index % 2 == 1 {
                code.push_str("\"\"");
                continue;
            }
            let (part, commented) = match part.split_once("//") {
                Some((before, _)) => (before, true),
                None => (part, false),
            };
            code.push_str(part);
            if commented {
                break;
            }
        }
        code.push('\n');
    }
    code
}

/// The module at the top level of the crate that a file belongs to; none for the
/// crate's two roots.
fn module(path: &Path) -> Option<String> {
    let first = path.strip_prefix("src").unwrap().iter().next()?;
    let name = first.to_str()?.trim_end_matches(".rs");
    (!["lib", "main"].contains(&name)).then(|| name.to_owned())
}

/// The modules at the top level that a piece of code names after `crate::`.
fn used(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut name = String::new();
            for letter in group.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (depth == 1 && letter == ',') {
                    used.extend(first_name(name.trim_start()));
                    name.clear();
                } else {
                    name.push(letter);
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            used.extend(first_name(rest));
        }
    }
    used
}

fn first_name(text: &str) -> Option<String> {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let name = &text[..end.unwrap_or(text.len())];
    (!name.is_empty()).then(|| name.to_owned())
}

/// The longest chain of `super` in the code.
fn supers(code: &str) -> usize {
    let words =
        code.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':');
    words
        .map(|word| word.matches("super::").count())
        .max()
        .unwrap_or(0)
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

#[test]
fn no_file_uses_a_layer_above_its_own() {
    let mut wrong = Vec::new();
    for path in sources("src") {
        let Some(own) = module(&path) else { continue };
        let place = path.display();
        let Some(at) = layer(&own) else {
            wrong.push(format!(
                "{place} belongs to no layer; add `{own}` where it goes"
            ));
            continue;
        };
        let code = code(&path);
        for name in used(&code) {
            match layer(&name) {
                _ if name == own => {}
                Some(below) if below > at => {}
                Some(_) => wrong.push(format!("{place} uses `{name}`, which is not below `{own}`")),
                None => wrong.push(format!("{place} uses `{name}`, which is in no layer")),
            }
        }
        // `tests` inside a file is one level deeper than the file.
        let depth = path.components().count() - 1 + usize::from(code.contains("mod tests {"));
        let depth = depth - usize::from(path.ends_with("mod.rs"));
        if supers(&code) >= depth {
            wrong.push(format!(
                "{place} leaves `{own}` by `super`; write `crate::`"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn only_the_edge_prints_reads_the_environment_or_exits() {
    let mut wrong = Vec::new();
    for path in sources("src") {
        if module(&path).as_deref() == Some("cli") {
            continue;
        }
        let code = code(&path);
        // A test may tell that it could not be made.
        if is_test(&path) {
            continue;
        }
        for (what, does) in EDGE_ONLY {
            if code.contains(what) {
                wrong.push(format!(
                    "{} {does} (`{what}`), which only `cli` may",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Whether a file is compiled for tests alone.
fn is_test(path: &Path) -> bool {
    let names = ["tests", "testing", "fixed"];
    let mut parts = path.iter().filter_map(|part| part.to_str());
    parts.any(|part| names.contains(&part.trim_end_matches(".rs")))
}

#[test]
fn nothing_is_unsafe() {
    for path in sources("src").into_iter().chain(sources("tests")) {
        let code = code(&path);
        let mut words = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        assert!(
            words.all(|word| word != "unsafe"),
            "{} has unsafe code",
            path.display()
        );
    }
}

#[test]
fn no_file_is_too_long() {
    for path in sources("src").into_iter().chain(sources("tests")) {
        let lines = fs::read_to_string(root().join(&path))
            .unwrap()
            .lines()
            .count();
        assert!(
            lines <= LONGEST,
            "{} has {lines} lines, more than {LONGEST}: split it by ideas",
            path.display()
        );
    }
}

#[test]
fn every_file_of_this_suite_is_part_of_it() {
    for path in sources("tests/suite") {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let folder = path.parent().unwrap();
        if stem == "main" {
            continue;
        }
        let owner = match folder.ends_with("suite") {
            true => folder.join("main.rs"),
            false => folder.with_extension("rs"),
        };
        let declared = code(&owner)
            .lines()
            .any(|line| line.trim_start_matches("pub ") == format!("mod {stem};"));
        assert!(
            declared,
            "{} is never run: {} does not declare it",
            path.display(),
            owner.display()
        );
    }
}

#[test]
fn names_are_found_however_they_are_written() {
    let code = "use crate::{a, b::{c, d}, e};\nlet x = crate::f::g();\nuse crate::h;";
    let names: Vec<String> = used(code).into_iter().collect();
    assert_eq!(names, ["a", "b", "e", "f", "h"]);
    assert_eq!(supers("use super::super::x; super::y"), 2);
}
