//! What the program answers when it is called wrongly.

use serde_json::json;

use crate::program::{Program, Ran};

const ID: &str = "0123abcd456789ef0123456789abcdef";

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_wrong() {
    let program = Program::new();
    for (line, word) in [
        ("frobnicate", "frobnicate"),
        ("dump --colour", "--colour"),
        ("dump --root hello", "32 hexadecimal digits"),
        ("dump --max-file-size lots", "20M"),
        ("dump --deadline soon", "90m"),
        ("dump --token a --token-file b", "--token-file"),
        ("dump --api-url notion", "https://"),
        ("ls", "<SNAPSHOT>"),
        ("snapshots", "no repository was named"),
    ] {
        let ran = program.run(line);
        assert_eq!(ran.code, 2, "{line}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: "), "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains(word), "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains("\nhint: "), "{line}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{line}");
    }
}

#[test]
fn help_and_version_are_results() {
    let program = Program::new();
    for line in ["--help", "-h", "--version", "dump --help", "ls -h"] {
        let ran = program.run(line);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{line}");
        assert!(!ran.stdout.is_empty());
    }
    let ran = program.run("");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("First steps"));
}

#[test]
fn with_json_an_error_is_json_on_standard_output() {
    let program = Program::new();
    for (line, code) in [
        ("--json frobnicate", 2),
        ("dump --json --colour", 2),
        ("snapshots --json", 2),
        ("--json snapshots -r nowhere", 10),
        ("--json dump -r new", 20),
    ] {
        let ran = program.run(line);
        assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{line}");
        let messages = ran.messages();
        assert_eq!(messages.len(), 1, "{line}");
        assert_eq!(messages[0]["message_type"], "error");
        assert_eq!(messages[0]["code"], json!(code));
        assert!(messages[0]["message"].is_string());
        assert!(messages[0]["hint"].is_string(), "{line}");
    }
}

#[test]
fn a_missing_token_ends_with_20_and_says_how_to_get_one() {
    let program = Program::new();
    let ran = program.run("dump -r new");
    assert_eq!(ran.code, 20);
    assert!(ran.stderr.contains("no Notion token"), "{}", ran.stderr);
    for word in [
        "profile/integrations",
        "Connections",
        "--token-file",
        "NOTION_API_TOKEN",
    ] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert!(!program.home().join("new").exists(), "nothing is made");
}

#[test]
fn a_token_that_cannot_be_one_is_refused_without_showing_it() {
    let program = Program::new();
    std::fs::write(program.home().join("token"), "ntn_first\nntn_second\n").unwrap();
    for line in [
        "dump -r new --token-file token",
        "dump -r new --token-file missing",
        "dump -r new --token-command false",
    ] {
        let ran = program.run(line);
        assert_eq!(ran.code, 20, "{line}: {}", ran.stderr);
        assert!(!ran.all().contains("ntn_"), "{line}: {}", ran.stderr);
    }
    let empty = Ran::from(program.command().args(["dump", "-r", "new", "--token", ""]));
    assert_eq!(empty.code, 20);
}

#[test]
fn a_token_typed_in_the_wrong_place_is_not_repeated() {
    let program = Program::new();
    for line in [
        "dump ntn_s3cr3tvalue",
        "dump --root ntn_s3cr3tvalue",
        "ntn_s3cr3tvalue",
        "--json dump secret_s3cr3tvalue",
    ] {
        let ran = program.run(line);
        assert_eq!(ran.code, 2, "{line}");
        assert!(!ran.all().contains("s3cr3t"), "{line}: {}", ran.all());
    }
}

#[test]
fn an_unknown_key_in_the_configuration_is_named() {
    let program = Program::new();
    program.configure("repo = 'backups'\n\n[dump]\ncolour = 'red'\n");
    for line in ["dump", "snapshots"] {
        let ran = program.run(line);
        assert_eq!(ran.code, 2, "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains("`colour`"), "{}", ran.stderr);
        assert!(ran.stderr.contains("config.toml, line 4"), "{}", ran.stderr);
    }
    let named = program.run("snapshots -r nowhere --config missing.toml");
    assert_eq!(named.code, 2);
    assert!(named.stderr.contains("missing.toml"), "{}", named.stderr);
}

#[test]
fn what_needs_no_configuration_does_not_read_it() {
    let program = Program::new();
    program.configure("nonsense = [");
    assert_eq!(program.run("generate completions out").code, 0);
    assert_eq!(program.run("--help").code, 0);
    // The repository is named, so nothing else is asked for.
    assert_eq!(program.run("snapshots -r nowhere").code, 10);
}

#[test]
fn a_root_may_be_a_link() {
    let program = Program::new();
    let ran = program.run(&format!(
        "dump -r new --root https://www.notion.so/Title-{ID}?pvs=4"
    ));
    // It gets past the arguments, to the missing token.
    assert_eq!(ran.code, 20, "{}", ran.stderr);
}
