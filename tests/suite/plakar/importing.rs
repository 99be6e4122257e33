//! The importer over two pipes: what Plakar relies on, and what it never does.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use notion_backup::plakar::proto::importer::{
    CloseRequest, CloseResponse, ImportRequest, ImportResponse, InitRequest, InitResponse,
    OpenRequest, OpenResponse, PingRequest, PingResponse,
};
use notion_backup::plakar::proto::plakar::connectors::Record;
use tokio::sync::mpsc::UnboundedSender;
use tonic::{Code, Status, Streaming};

use super::wire::{Plugin, acknowledged, command, config, run};
use crate::program::Program;
use crate::support::fake_notion::{Fault, What};
use crate::support::{FakeNotion, Workspace};

const INIT: &str = "/importer.Importer/Init";
const PING: &str = "/importer.Importer/Ping";
const IMPORT: &str = "/importer.Importer/Import";
const OPEN: &str = "/importer.Importer/Open";
const CLOSE: &str = "/importer.Importer/Close";

/// A directory with mode 0700 in Go's bits, as the connector digest writes it out (3.6).
pub(super) const DIRECTORY: u32 = 2_147_484_096;

/// With everything that can be read.
pub(super) const INIT_WITH_COMMENTS: [(&str, &str); 1] = [("comments", "blocks")];

pub(super) async fn init(
    plugin: &Plugin,
    config: HashMap<String, String>,
) -> Result<InitResponse, Status> {
    let request = InitRequest {
        options: None,
        proto: "notion".to_owned(),
        config,
    };
    plugin.unary(INIT, request).await
}

/// A plugin after Init, without a cache.
pub(super) async fn ready(program: &Program, fake: &FakeNotion) -> Plugin {
    let plugin = Plugin::start(program, "importer").await;
    init(&plugin, config(fake, &[("cache", "off")]))
        .await
        .unwrap();
    plugin
}

pub(super) type Import = (UnboundedSender<ImportRequest>, Streaming<ImportResponse>);

pub(super) async fn import(plugin: &Plugin) -> Import {
    plugin.talk(IMPORT).await.unwrap()
}

pub(super) fn acknowledge(sender: &UnboundedSender<ImportRequest>, record: Record) {
    let result = Some(acknowledged(record));
    sender.send(ImportRequest { result }).unwrap();
}

/// All records up to the end marker.
pub(super) async fn records(answers: &mut Streaming<ImportResponse>) -> Vec<Record> {
    let mut records = Vec::new();
    loop {
        let message = answers.message().await.unwrap().expect("the end is marked");
        if message.finished {
            assert_eq!(message.record, None);
            return records;
        }
        records.push(message.record.expect("a record or the end"));
    }
}

/// A file's content, and the sizes of its messages.
pub(super) async fn open(plugin: &Plugin, path: &str) -> Result<(Vec<u8>, Vec<usize>), Status> {
    let record = Some(Record {
        pathname: path.to_owned(),
        ..Record::default()
    });
    let mut answers: Streaming<OpenResponse> = plugin.listen(OPEN, OpenRequest { record }).await?;
    let (mut content, mut sizes) = (Vec::new(), Vec::new());
    while let Some(message) = answers.message().await? {
        sizes.push(message.chunk.len());
        content.extend(message.chunk);
    }
    Ok((content, sizes))
}

#[test]
fn records_are_what_plakar_expects_and_files_are_what_records_say() {
    run(async {
        let fake = FakeNotion::start(Workspace::everything(1));
        // Larger than a message may be.
        let large: Vec<u8> = (0..5_000_000_u32).map(|it| (it % 251) as u8).collect();
        fake.edit(|ws| {
            let key = ws.assets.keys().next().unwrap().clone();
            ws.replace_asset(&key, &large);
        });
        let home = fake.look(|ws| ws.get("home"));
        let path = format!("/v1/blocks/{home}/children");
        // 400 is not asked again, so nothing waits.
        fake.faults()
            .push(Fault::on("GET", &path, What::status(400)).times(usize::MAX));
        let program = Program::new();
        let plugin = Plugin::start(&program, "importer").await;
        let answer = init(&plugin, config(&fake, &[])).await.unwrap();
        assert_eq!(
            (answer.r#type.as_str(), answer.root.as_str()),
            ("notion", "/")
        );
        assert_eq!(answer.flags, 20);
        let again = init(&plugin, config(&fake, &[])).await.unwrap();
        assert_eq!(answer.origin, again.origin);
        let _: PingResponse = plugin.unary(PING, PingRequest {}).await.unwrap();

        let (sender, mut answers) = import(&plugin).await;
        let all = records(&mut answers).await;
        let (errors, entries): (Vec<_>, Vec<_>) = all.iter().partition(|it| !it.error.is_empty());
        assert!(errors.iter().all(|it| it.file_info.is_none()));
        let lost = format!("/{home}/page.json");
        let reason = errors.iter().find(|it| it.pathname == lost);
        assert!(reason.unwrap().error.contains("HTTP 400"), "{errors:?}");
        assert_eq!(entries[0].pathname, "/");

        let mut seen = BTreeMap::new();
        for record in &entries {
            let path = record.pathname.as_str();
            let info = record.file_info.as_ref().unwrap();
            let (above, name) = path.rsplit_once('/').unwrap();
            assert_eq!(info.name, if path == "/" { "/" } else { name }, "{path}");
            assert!(path == "/" || !path.ends_with('/'), "{path}");
            let above = if above.is_empty() { "/" } else { above };
            assert!(path == "/" || seen.get(above) == Some(&DIRECTORY), "{path}");
            assert!(info.mode == DIRECTORY || info.mode == 0o600, "{path}");
            assert_eq!((info.nlink, info.uid, info.gid, info.dev), (1, 0, 0, 0));
            assert!(seen.insert(path, info.mode).is_none(), "{path} comes twice");
        }
        for error in &errors {
            let (above, _) = error.pathname.rsplit_once('/').unwrap();
            assert!(
                seen.contains_key(above),
                "{} has no directory",
                error.pathname
            );
        }
        // The children of a directory are together.
        let parents = entries[1..]
            .iter()
            .map(|it| it.pathname.rsplit_once('/').unwrap().0);
        let mut closed: Vec<&str> = Vec::new();
        for parent in parents {
            if closed.last() != Some(&parent) {
                assert!(!closed.contains(&parent), "{parent} is in two parts");
                closed.push(parent);
            }
        }

        let mut found_large = false;
        for record in &entries {
            let info = record.file_info.as_ref().unwrap();
            if info.mode == DIRECTORY {
                continue;
            }
            let (content, sizes) = open(&plugin, &record.pathname).await.unwrap();
            assert_eq!(content.len() as i64, info.size, "{}", record.pathname);
            assert!(sizes.iter().all(|size| (1..=1 << 20).contains(size)));
            found_large |= content == large;
        }
        assert!(found_large);

        // Only now come the acknowledgements, and only after them the end.
        for record in all {
            acknowledge(&sender, record);
        }
        drop(sender);
        assert!(answers.message().await.unwrap().is_none());
        let _: CloseResponse = plugin.unary(CLOSE, CloseRequest {}).await.unwrap();
        plugin.end_well();
    });
}

#[test]
fn a_record_that_was_acknowledged_or_never_offered_cannot_be_opened() {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(3, 2));
        let program = Program::new();
        let plugin = Plugin::start(&program, "importer").await;
        let early = open(&plugin, "/content.json").await.unwrap_err();
        assert_eq!(early.code(), Code::FailedPrecondition);
        init(&plugin, config(&fake, &[("cache", "off")]))
            .await
            .unwrap();
        let (sender, mut answers) = import(&plugin).await;
        let all = records(&mut answers).await;
        open(&plugin, "/content.json").await.unwrap();
        for path in ["/nothing", "", "/", "/../../etc/passwd"] {
            let error = open(&plugin, path).await.unwrap_err();
            assert_eq!(error.code(), Code::NotFound, "{path}");
        }
        let one = all
            .iter()
            .find(|it| it.pathname == "/content.json")
            .unwrap();
        acknowledge(&sender, one.clone());
        drop(sender);
        assert!(answers.message().await.unwrap().is_none());
        let late = open(&plugin, "/content.json").await.unwrap_err();
        assert_eq!(late.code(), Code::NotFound);
        plugin.end_well();
    });
}

#[test]
fn acknowledgements_that_nobody_waits_for_do_not_disturb() {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(3, 2));
        let program = Program::new();
        let plugin = ready(&program, &fake).await;
        let (sender, mut answers) = import(&plugin).await;
        // Far more than the 2,700 that end a connection where they are not read (3.4).
        for number in 0..20_000 {
            acknowledge(
                &sender,
                Record {
                    pathname: format!("/{number}"),
                    ..Record::default()
                },
            );
        }
        drop(sender);
        // The half-close came before anything was sent: it ends all the same.
        assert!(!records(&mut answers).await.is_empty());
        assert!(answers.message().await.unwrap().is_none());
        plugin.end_well();
    });
}

#[test]
fn a_token_that_is_revoked_after_init_ends_the_import_with_a_clear_status() {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(3, 2));
        let program = Program::new();
        let plugin = ready(&program, &fake).await;
        fake.faults()
            .push(Fault::on("*", "*", What::status(401)).times(usize::MAX));
        let (_sender, mut answers) = import(&plugin).await;
        let error = loop {
            match answers.message().await {
                Ok(message) => assert!(!message.expect("no quiet end").finished),
                Err(error) => break error,
            }
        };
        assert_eq!(error.code(), Code::Unauthenticated);
        assert!(error.message().contains("401"), "{}", error.message());
        assert!(!error.message().contains(fake.token()));
        plugin.end_well();
    });
}

#[test]
fn an_import_that_is_given_up_leaves_the_process_ready_for_another() {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(50, 2));
        let program = Program::new();
        let plugin = ready(&program, &fake).await;
        let (sender, mut answers) = import(&plugin).await;
        answers.message().await.unwrap();
        drop((sender, answers));
        let (sender, mut answers) = import(&plugin).await;
        let all = records(&mut answers).await;
        assert!(all.iter().any(|it| it.pathname == "/content.json"));
        drop(sender);
        assert!(answers.message().await.unwrap().is_none());
        plugin.end_well();
    });
}

#[test]
fn methods_that_nobody_knows_are_refused_and_nothing_else_happens() {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(1, 1));
        let program = Program::new();
        let plugin = Plugin::start(&program, "importer").await;
        for method in ["/importer.Importer/Scan", "/plakar.exporter.Exporter/Init"] {
            let refused: Result<PingResponse, _> = plugin.unary(method, PingRequest {}).await;
            assert_eq!(refused.unwrap_err().code(), Code::Unimplemented);
        }
        let early: Result<PingResponse, _> = plugin.unary(PING, PingRequest {}).await;
        assert_eq!(early.unwrap_err().code(), Code::FailedPrecondition);
        init(&plugin, config(&fake, &[])).await.unwrap();
        plugin.end_well();
    });
}

#[test]
fn hanging_up_in_the_middle_ends_the_process_and_the_next_backup_is_whole() {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(200, 3));
        let program = Program::new();
        for cache in ["off", "/"] {
            let folder = program.home().join("own cache");
            let cache = if cache == "/" {
                folder.to_str().unwrap()
            } else {
                cache
            };
            let pairs = [("cache", cache)];
            let plugin = Plugin::start(&program, "importer").await;
            init(&plugin, config(&fake, &pairs)).await.unwrap();
            let (sender, mut answers) = import(&plugin).await;
            answers.message().await.unwrap();
            drop((sender, answers));
            let (status, text) = plugin.end();
            // A repository at a place that the user gave is told, a scratch is not.
            let told = text.contains("created a new repository at ");
            assert_eq!((status.success(), told), (true, cache != "off"), "{text}");

            let plugin = Plugin::start(&program, "importer").await;
            init(&plugin, config(&fake, &pairs)).await.unwrap();
            let (sender, mut answers) = import(&plugin).await;
            let all = records(&mut answers).await;
            let pages = all.iter().filter(|it| it.pathname.ends_with("/page.json"));
            assert_eq!(pages.count(), fake.look(|ws| ws.pages.len()));
            drop(sender);
            assert!(answers.message().await.unwrap().is_none());
            plugin.end_well();
        }
        let scratch = program.home().join("cache/notion-backup/plakar/scratch");
        let left: Vec<_> = std::fs::read_dir(scratch)
            .unwrap()
            .map(|it| it.unwrap().file_name())
            .filter(|name| name.to_str().unwrap().starts_with("run-"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    });
}

#[test]
fn garbage_ends_the_process_with_one_line_and_nothing_on_standard_output() {
    let program = Program::new();
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 100_000]] {
        let mut child = command(&program, "importer").spawn().unwrap();
        // The process may end before all of it is read.
        let _ = child.stdin.take().unwrap().write_all(garbage);
        let mut answer = Vec::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_end(&mut answer)
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(
            !errors.contains("panicked") && errors.lines().count() <= 2,
            "{errors}"
        );
        // Frames of HTTP/2 alone: lengths in three bytes, a type in one (RFC 9113, 4.1).
        let mut rest = answer.as_slice();
        while !rest.is_empty() {
            let length = u32::from_be_bytes([0, rest[0], rest[1], rest[2]]) as usize;
            assert!(rest[3] <= 9 && rest.len() >= 9 + length, "{answer:?}");
            rest = &rest[9 + length..];
        }
    }
}

#[test]
fn a_hang_up_before_the_first_word_is_a_good_end() {
    let program = Program::new();
    for side in ["importer", "exporter"] {
        let output = command(&program, side)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        assert!(output.status.success(), "{side}: {output:?}");
    }
}

#[test]
fn without_pipes_it_says_what_it_is() {
    for side in ["importer", "exporter"] {
        let output = command(&Program::new(), side)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains("Plakar starts it"), "{errors}");
        assert!(output.stdout.is_empty());
    }
}
