//! The promises of `docs/security.md`, one test each, with the real program.

mod hostile;
mod terminal;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use notion_backup::clock::SystemClock;
use notion_backup::notion::{Notion, Settings, Token};
use notion_backup::report::Silent;
use notion_backup::stop::Stop;
use serde_json::json;

use crate::program::{Program, Ran};
use crate::support::fake_notion::http::{Incoming, Outgoing};
use crate::support::fake_notion::server::{Reply, Server};
use crate::support::fake_notion::{Fault, Refusal, What};
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

const REPO: &str = "backups";

/// A dump of the fake into `backups`.
fn dump(program: &Program, fake: &FakeNotion, more: &str) -> Ran {
    Ran::from(
        program
            .command()
            .env("NOTION_API_TOKEN", fake.token())
            .env("NOTION_API_URL", fake.url())
            .arg("dump")
            .args(["-r", REPO])
            .args(more.split_whitespace()),
    )
}

/// Everything below a folder, as paths.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                todo.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    found
}

/// Fails when the text is in any file below a folder, compressed objects included.
fn assert_in_no_file(folder: &Path, text: &str) {
    for path in below(folder).iter().filter(|path| path.is_file()) {
        let mut content = std::fs::read(path).unwrap();
        if path.extension().is_some_and(|end| end == "zst") {
            content = zstd::decode_all(&content[..]).unwrap();
        }
        let found = content
            .windows(text.len())
            .any(|part| part == text.as_bytes());
        assert!(!found, "{text:?} is in {}", path.display());
    }
}

#[test]
fn every_test_that_the_page_names_exists() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(top.join("docs/security.md")).unwrap();
    let mut source = String::new();
    for path in below(&top.join("src"))
        .iter()
        .chain(&below(&top.join("tests")))
    {
        if path.extension().is_some_and(|end| end == "rs") {
            source.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    let named: BTreeSet<&str> = page
        .split('`')
        .filter_map(|word| word.rsplit_once("::"))
        .filter(|(_, name)| name.len() > 3)
        .map(|(_, name)| name)
        .collect();
    assert!(named.len() > 25, "{named:?}");
    for name in named {
        assert!(source.contains(&format!("fn {name}()")), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone_whatever_the_umask() {
    let fake = FakeNotion::start(Workspace::everything(3));
    // The first takes nothing away from what a program asks for, the last everything.
    for umask in ["000", "0177", "0277", "0777"] {
        files_are_for_their_owner_alone_under(umask, &fake);
    }
}

#[cfg(unix)]
fn files_are_for_their_owner_alone_under(umask: &str, fake: &FakeNotion) {
    use std::os::unix::fs::PermissionsExt as _;

    let program = Program::new();
    let bin = assert_cmd::cargo::cargo_bin!("notion-backup");
    let line = format!(
        "umask {umask}; {0} dump -q -r {REPO}; {0} extract -q -r {REPO} latest out; {0} forget -q -r {REPO} --keep-last 1",
        bin.display()
    );
    let done = std::process::Command::new("sh")
        .args(["-c", &line])
        .env("NOTION_API_TOKEN", fake.token())
        .env("NOTION_API_URL", fake.url())
        .current_dir(program.home())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(program.home().join("out/content.json").exists(), "{said}");
    let mut modes = BTreeSet::new();
    for path in below(program.home()) {
        let data = std::fs::symlink_metadata(&path).unwrap();
        let mode = data.permissions().mode() & 0o7777;
        let right = if data.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, right, "umask {umask}: {}", path.display());
        modes.insert(mode);
    }
    assert_eq!(modes.len(), 2);
}

#[test]
fn a_host_that_repeats_the_token_gets_it_neither_shown_nor_stored() {
    for more in ["-vvv", "--json"] {
        let program = Program::new();
        let mut workspace = Workspace::new(1);
        let page = workspace.page(Parent::Workspace, "Plans");
        let fake = FakeNotion::start(workspace);
        let message = format!("Authorization: Bearer {} was not understood", fake.token());
        let refusal = Refusal::new(400, "validation_error", message);
        let path = format!("/v1/blocks/{page}/children");
        let fault = Fault::on("GET", &path, What::Refuse(refusal.clone()));
        fake.faults().push(fault.times(100));
        let ran = dump(&program, &fake, more);
        assert_eq!(ran.code, 3, "{}", ran.all());
        assert!(ran.all().contains("Bearer *** was not"), "{}", ran.all());
        assert!(!ran.all().contains(fake.token()), "{}", ran.all());
        assert_in_no_file(program.home(), fake.token());

        let me = Fault::on("GET", "/v1/users/me", What::Refuse(refusal));
        fake.faults().push(me);
        let ran = dump(&program, &fake, more);
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(ran.all().contains("Bearer *** was not"), "{}", ran.all());
        assert!(!ran.all().contains(fake.token()), "{}", ran.all());
    }
}

#[test]
fn debug_output_has_no_token() {
    let settings = Settings {
        token: Token::new("ntn_0123456789abcdef").unwrap(),
        api_url: "https://api.notion.com".to_owned(),
        requests_per_minute: None,
    };
    let text = format!("{settings:?} {settings:#?}");
    assert!(!text.contains("0123"), "{text}");
}

/// A server that answers everything alike, and the headers of what it was asked.
fn server(answer: Outgoing) -> (Server, Arc<Mutex<Vec<Incoming>>>) {
    let heard: Arc<Mutex<Vec<Incoming>>> = Arc::default();
    let log = Arc::clone(&heard);
    let server = Server::start(move |request| {
        log.lock().unwrap().push(request);
        Reply::Send(answer.clone())
    });
    (server.unwrap(), heard)
}

fn redirect(status: u16, to: &Server) -> Outgoing {
    let mut answer = Outgoing::new(status, "text/plain", Vec::new());
    let place = format!("http://{}/v1/users/me?x=1", to.address());
    answer.headers.push(("location".to_owned(), place));
    answer
}

#[test]
fn a_redirect_of_the_api_is_refused_and_never_followed() {
    let user = json!({"object": "user", "bot": {}}).to_string();
    let (elsewhere, heard) = server(Outgoing::new(200, "application/json", user.into_bytes()));
    for status in [301, 302, 303, 307, 308] {
        let program = Program::new();
        let (api, asked) = server(redirect(status, &elsewhere));
        let ran = Ran::from(
            program
                .command()
                .args(["dump", "-r", REPO, "--token", "ntn_0123456789abcdef"])
                .args(["--api-url", &format!("http://{}", api.address())]),
        );
        assert_eq!(ran.code, 1, "{status}: {}", ran.all());
        assert!(ran.stderr.contains("redirected"), "{}", ran.stderr);
        // Once more, in case it was a mistake of the network, and never elsewhere.
        assert_eq!(asked.lock().unwrap().len(), 2);
        assert!(heard.lock().unwrap().is_empty(), "{status} was followed");
        assert!(!program.home().join(REPO).exists());
    }
}

#[test]
fn file_hosts_and_where_they_redirect_to_get_no_token() {
    let program = Program::new();
    let fake = FakeNotion::start(Workspace::everything(3));
    dump(&program, &fake, "-q");
    let downloads = fake.downloads();
    assert!(downloads.len() > 5);
    for download in downloads {
        assert!(!download.authorization_present, "{}", download.path);
    }

    let (last, at_last) = server(Outgoing::new(200, "text/plain", b"bytes".to_vec()));
    let (first, at_first) = server(redirect(302, &last));
    let settings = Settings {
        token: Token::new("ntn_0123456789abcdef").unwrap(),
        // The same host as the API, to be mistaken for it.
        api_url: format!("http://{}", first.address()),
        requests_per_minute: None,
    };
    let clock = Arc::new(SystemClock::new());
    let notion = Notion::connect(&settings, clock, Stop::new(), Arc::new(Silent)).unwrap();
    let mut bytes = Vec::new();
    let url = format!("http://{}/file", first.address());
    notion.download(&url, &mut bytes).unwrap();
    assert_eq!(bytes, b"bytes");
    for heard in [at_first, at_last] {
        let heard = heard.lock().unwrap();
        assert_eq!(heard.len(), 1);
        let text = format!("{heard:?}").to_lowercase();
        assert!(!text.contains("authorization"), "{text}");
        assert!(!text.contains("0123456789"), "{text}");
    }
}

#[test]
fn plain_http_to_another_machine_is_refused_before_anything_else() {
    for url in ["http://example.com", "http://127.0.0.1.example.com/notion"] {
        let program = Program::new();
        program.configure(&format!("api-url = '{url}'"));
        let command = || {
            let mut command = program.command();
            // A token command that ran would leave a trace.
            command.args(["dump", "-r", REPO, "--token-command", "touch ran; echo x"]);
            command
        };
        for ran in [
            Ran::from(command().args(["--api-url", url])),
            Ran::from(command().env("NOTION_API_URL", url)),
            Ran::from(&mut command()),
        ] {
            assert_eq!(ran.code, 2, "{}", ran.all());
            let said = ran.all();
            assert!(said.contains("plain http would show the token"), "{said}");
            let refusals = said.lines().filter(|line| !line.starts_with("hint:"));
            assert_eq!(refusals.count(), 1, "{said}");
        }
        let left: Vec<_> = std::fs::read_dir(program.home()).unwrap().collect();
        assert_eq!(left.len(), 1, "only the configuration is there: {left:?}");
    }
}

#[test]
fn a_refused_token_leaves_no_repository_behind() {
    let program = Program::new();
    let fake = FakeNotion::start(Workspace::plain(1, 1));
    let ran = Ran::from(
        program
            .command()
            .args(["dump", "-r", REPO, "--token", "ntn_wrong0123456789"])
            .args(["--api-url", &fake.url()]),
    );
    assert_eq!(ran.code, 20, "{}", ran.all());
    assert!(!program.home().join(REPO).exists());

    // A folder with something else in it is refused without asking Notion.
    std::fs::create_dir(program.home().join(REPO)).unwrap();
    std::fs::write(program.home().join("backups/letter.txt"), "x").unwrap();
    fake.clear_requests();
    assert_eq!(dump(&program, &fake, "").code, 10);
    assert!(fake.requests().is_empty());
    std::fs::remove_file(program.home().join("backups/letter.txt")).unwrap();

    // And the first dump asks who we are once, like every other.
    assert_eq!(dump(&program, &fake, "").code, 0);
    assert_eq!(fake.count("GET /v1/users/me"), 1);
}

#[test]
fn no_name_from_the_network_becomes_the_name_of_a_file() {
    const EVIL: [&str; 8] = [
        "../../../etc/evil",
        "/tmp/evil",
        "..",
        "evil\0name",
        "evil\n.json",
        "C:\\evil",
        "-rf evil",
        "page.json",
    ];
    let program = Program::new();
    let mut workspace = Workspace::new(1);
    workspace.name = "../evil".to_owned();
    for title in EVIL {
        let page = workspace.page(Parent::Workspace, title);
        workspace.page(Parent::Page(page), title);
        let file = workspace.file(title, "../../evil", title.as_bytes());
        workspace.block(page, "file", file);
        let (_, source) = workspace.database(Parent::Page(page), title, Vec::new());
        workspace.row(source, title);
        workspace.add_emoji(title, title.as_bytes());
    }
    let fake = FakeNotion::start(workspace);
    let ran = dump(&program, &fake, "");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(!fake.downloads().is_empty());
    let ran = program.run(&format!("extract -r {REPO} latest out"));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let top: BTreeSet<_> = std::fs::read_dir(program.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(top.iter().collect::<Vec<_>>(), ["backups", "out"]);
    for path in below(program.home()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(!name.contains("evil"), "{}", path.display());
        // Fixed words, ids, hashes, times.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        assert!(name.bytes().all(plain), "{}", path.display());
    }
}

#[test]
fn a_long_error_is_cut_before_it_is_shown_or_stored() {
    let program = Program::new();
    let mut workspace = Workspace::new(1);
    let page = workspace.page(Parent::Workspace, "Plans");
    let fake = FakeNotion::start(workspace);
    let refusal = Refusal::new(400, "validation_error", "long ".repeat(4 << 20));
    let path = format!("/v1/blocks/{page}/children");
    let fault = Fault::on("GET", &path, What::Refuse(refusal)).times(100);
    fake.faults().push(fault);
    let ran = dump(&program, &fake, "-vvv");
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stderr.contains("long long"), "{}", ran.stderr);
    assert!(ran.all().len() < 50_000, "{}", ran.all().len());
    for path in below(program.home()).iter().filter(|path| path.is_file()) {
        let size = std::fs::metadata(path).unwrap().len();
        assert!(size < 50_000, "{}: {size}", path.display());
    }
}
