//! What a title may do to a terminal: nothing. The program runs on a pseudo-terminal.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::{REPO, dump};
use crate::program::Program;
use crate::support::fake_notion::{Fault, Refusal, What};
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

/// What the program writes when all its streams are a terminal.
fn on_a_terminal(program: &Program, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    let open = || File::options().read(true).write(true).open(&name).unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("notion-backup"));
    command
        .args(arguments)
        .env_clear()
        .env("TERM", "xterm")
        .envs(environment.iter().copied())
        .env("HOME", program.home())
        .current_dir(program.home())
        .stdin(Stdio::null())
        .stdout(open())
        .stderr(open());
    let mut child = command.spawn().unwrap();
    // The parent's own handles must not keep the terminal open.
    drop(command);
    let mut bytes = Vec::new();
    let mut ours = File::from(ours);
    let mut piece = [0; 4096];
    // Linux says that the other side is gone with an error.
    while let Ok(count @ 1..) = ours.read(&mut piece) {
        bytes.extend_from_slice(&piece[..count]);
    }
    child.wait().unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The text acts on no terminal and hides nothing; line ends are the terminal's own.
fn assert_tame(text: &str, what: &str) {
    let wild = |letter: &char| {
        (letter.is_control() && !matches!(letter, '\r' | '\n'))
            || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{200b}'..='\u{200f}')
    };
    let found: Vec<char> = text.chars().filter(wild).collect();
    assert!(found.is_empty(), "{what}: {found:?} in {text:?}");
}

const EVIL: &str = "evil\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{8}\u{7f}\u{202e}\u{200b}";

#[test]
fn no_escape_sequence_reaches_the_terminal() {
    let program = Program::new();
    let mut workspace = Workspace::new(1);
    workspace.name = EVIL.to_owned();
    let page = workspace.page(Parent::Workspace, EVIL);
    let fake = FakeNotion::start(workspace);
    let refusal = Refusal::new(400, "validation_error", EVIL);
    let path = format!("/v1/blocks/{page}/children");
    fake.faults()
        .push(Fault::on("GET", &path, What::Refuse(refusal)).times(100));
    let url = fake.url();
    let environment = [
        ("NOTION_API_TOKEN", fake.token()),
        ("NOTION_API_URL", url.as_str()),
    ];
    let line = [
        "dump",
        "-r",
        REPO,
        "--no-progress",
        "-vvv",
        "--tag",
        "a\u{1b}[1m",
    ];
    let said = on_a_terminal(&program, &line, &environment);
    assert!(said.contains("evil\\u{1b}]0;"), "{said}");
    assert!(said.contains("NOT complete"), "{said}");
    assert_tame(&said, "dump");

    let page = page.to_string();
    for (arguments, shown) in [
        (vec!["snapshots"], "evil\\u{1b}"),
        (vec!["snapshots", "--json"], "evil\\u001b"),
        (vec!["ls", "latest"], "evil\\u{1b}"),
        (vec!["ls", "latest", "--json"], "evil\\u001b"),
        (vec!["cat", "latest", &page], "evil\\u001b"),
        (vec!["cat", "latest", EVIL], "evil\\u{1b}"),
        (vec!["check", "--no-progress"], "sound"),
        (vec!["stats"], "all"),
    ] {
        let line: Vec<&str> = ["-r", REPO].into_iter().chain(arguments).collect();
        let said = on_a_terminal(&program, &line, &[]);
        assert!(said.contains(shown), "{line:?}: {said}");
        assert_tame(&said, &format!("{line:?}"));
    }
}

#[test]
fn in_a_pipe_a_line_stays_a_line_and_json_holds_no_control_character() {
    let program = Program::new();
    let mut workspace = Workspace::new(1);
    workspace.page(Parent::Workspace, EVIL);
    let fake = FakeNotion::start(workspace);
    assert_eq!(dump(&program, &fake, "").code, 0);
    let control = |letter: char| letter.is_control() && letter != '\n';
    for line in ["ls latest", "ls latest --json"] {
        let said = program.run(&format!("-r {REPO} {line}")).stdout;
        assert!(said.contains("evil"), "{said}");
        assert!(!said.contains(control), "{line}: {said:?}");
    }
}
