//! Completions and manuals say what the program does: the committed files are those
//! that it writes today.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::program::Program;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn the_committed_files_are_those_that_the_program_writes() {
    let program = Program::new();
    for (what, folder, only) in [
        ("completions", "completions", None),
        ("man", "docs", Some("notion-backup.1")),
        ("cli-reference", "docs", Some("cli.md")),
    ] {
        let ran = program.run(&format!("generate {what} {what}"));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let made = program.home().join(what);
        match only {
            None => assert_eq!(names(&made), names(&here(folder)), "files in {folder}/"),
            Some(name) => assert_eq!(names(&made), [name.to_owned()].into()),
        }
        for name in names(&made) {
            let committed = here(folder).join(&name);
            assert!(
                std::fs::read(made.join(&name)).unwrap()
                    == std::fs::read(&committed).unwrap_or_default(),
                "{} is out of date; write it again with: cargo run -- generate {what} {folder}",
                committed.display()
            );
        }
    }
}

#[test]
fn what_is_hidden_is_in_no_completion() {
    for name in names(&here("completions")) {
        let text = std::fs::read_to_string(here("completions").join(&name)).unwrap();
        assert!(!text.contains("cli-reference"), "{name}");
        assert!(text.contains("recheck-after"), "{name}");
    }
}

#[test]
fn the_completions_are_accepted_by_their_shell() {
    for (shell, file) in [("bash", "notion-backup.bash"), ("zsh", "_notion-backup")] {
        let parsed = std::process::Command::new(shell)
            .arg("-n")
            .arg(here("completions").join(file))
            .status();
        // A shell that is not installed has no opinion.
        if let Ok(status) = parsed {
            assert!(status.success(), "{file}");
        }
    }
}

#[test]
fn every_message_type_and_exit_code_is_documented() {
    let scripting = std::fs::read_to_string(here("docs/scripting.md")).unwrap();
    for kind in [
        "status", "problem", "error", "summary", "snapshot", "entry", "finding", "added",
        "decision", "lock", "repaired",
    ] {
        assert!(scripting.contains(&format!("`{kind}`")), "{kind}");
    }
    for code in [0, 1, 2, 3, 10, 11, 20, 21, 22, 23, 130] {
        assert!(scripting.contains(&format!("| {code} |")), "{code}");
    }
}
