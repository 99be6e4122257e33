//! The exporter over two pipes: everything is taken in at once, and answered.

use notion_backup::model::NotionId;
use notion_backup::plakar::proto::plakar::connectors::{FileInfo, Record};
use notion_backup::plakar::proto::plakar::exporter::{
    ExportRequest, ExportResponse, InitRequest, InitResponse, export_request::Packet,
};
use tokio::sync::mpsc::UnboundedSender;
use tonic::{Code, Status, Streaming};

use super::wire::{Plugin, config, run};
use crate::program::Program;
use crate::support::{FakeNotion, Workspace};

const INIT: &str = "/plakar.exporter.Exporter/Init";
pub(super) const EXPORT: &str = "/plakar.exporter.Exporter/Export";
/// A directory with mode 0700 in Go's bits (3.6 of the connector digest).
pub(super) const DIRECTORY: u32 = 2_147_484_096;

pub(super) type Export = (UnboundedSender<ExportRequest>, Streaming<ExportResponse>);

async fn ready(program: &Program, fake: &FakeNotion) -> Plugin {
    let page = fake.look(|ws| *ws.pages.keys().next().unwrap());
    below(program, fake, page).await
}

/// An exporter after Init, that restores below this page.
pub(super) async fn below(program: &Program, fake: &FakeNotion, page: NotionId) -> Plugin {
    let plugin = Plugin::start(program, "exporter").await;
    let request = InitRequest {
        options: None,
        proto: "notion".to_owned(),
        config: config(fake, &[("rootID", &page.to_string())]),
    };
    let answer: InitResponse = plugin.unary(INIT, request).await.unwrap();
    assert_eq!((answer.root.as_str(), answer.flags), ("/", 0));
    plugin
}

pub(super) fn record(path: &str, mode: u32) -> Record {
    let name = path.rsplit('/').next().unwrap();
    Record {
        has_reader: mode != DIRECTORY,
        pathname: path.to_owned(),
        file_info: Some(FileInfo {
            name: if name.is_empty() { "/" } else { name }.to_owned(),
            mode,
            ..FileInfo::default()
        }),
        ..Record::default()
    }
}

pub(super) fn send(sender: &UnboundedSender<ExportRequest>, packet: Packet) {
    let packet = Some(packet);
    sender.send(ExportRequest { packet }).unwrap();
}

pub(super) fn file(sender: &UnboundedSender<ExportRequest>, path: &str, content: &[u8]) {
    send(sender, Packet::Record(record(path, 0)));
    for chunk in content.chunks(1 << 20) {
        send(sender, Packet::Chunk(chunk.to_vec()));
    }
    send(sender, Packet::Chunk(Vec::new()));
}

/// The results, and how the call ended.
pub(super) async fn results(
    mut answers: Streaming<ExportResponse>,
) -> (Vec<(Record, String)>, Option<Status>) {
    let mut results = Vec::new();
    loop {
        match answers.message().await {
            Ok(Some(message)) => {
                let result = message.result.expect("a result");
                results.push((result.header.expect("a header"), result.error));
            }
            Ok(None) => return (results, None),
            Err(status) => return (results, Some(status)),
        }
    }
}

pub(super) fn left(program: &Program) -> usize {
    let scratch = program.home().join("cache/notion-backup/plakar/scratch");
    let names = std::fs::read_dir(scratch).unwrap();
    names
        .filter(|it| {
            let name = it.as_ref().unwrap().file_name();
            name.to_str().unwrap().starts_with("run-")
        })
        .count()
}

#[test]
fn twenty_thousand_small_files_are_taken_though_nobody_reads_the_results() {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(2, 1));
        let program = Program::new();
        let plugin = ready(&program, &fake).await;
        let (sender, answers): Export = plugin.talk(EXPORT).await.unwrap();
        send(&sender, Packet::Record(record("/", DIRECTORY)));
        for number in 0..20_000 {
            file(&sender, &format!("/{number}"), b"{}");
        }
        file(&sender, "/large.bin", &vec![7; 9_000_000]);
        file(&sender, "/empty", b"");
        drop(sender);
        let (results, end) = results(answers).await;
        assert_eq!(results.len(), 20_003);
        assert!(
            results
                .iter()
                .all(|(header, error)| { header.file_info.is_some() && error.is_empty() })
        );
        // What is restored from them is the engine's matter.
        assert_ne!(end.map(|it| it.code()), Some(Code::Unavailable));
        plugin.end_well();
        assert_eq!(left(&program), 0);
    });
}

#[test]
fn a_bad_name_costs_its_record_and_stays_in_the_folder() {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(2, 1));
        let program = Program::new();
        let plugin = ready(&program, &fake).await;
        let (sender, answers): Export = plugin.talk(EXPORT).await.unwrap();
        let bad = ["/../../../out", "relative", "/a/../../b", "/a\0b", "//"];
        for path in bad {
            file(&sender, path, b"x");
        }
        file(&sender, "/fine", b"x");
        drop(sender);
        let (results, _) = results(answers).await;
        assert_eq!(results.len(), bad.len() + 1);
        for (header, error) in &results {
            assert_eq!(error.is_empty(), header.pathname == "/fine", "{error}");
        }
        plugin.end_well();
        assert!(!program.home().join("out").exists());
        assert!(!program.home().join("cache/out").exists());
    });
}

#[test]
fn a_file_that_is_cut_off_or_a_message_that_is_too_large_restores_nothing() {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(2, 1));
        let program = Program::new();
        let plugin = ready(&program, &fake).await;
        fake.clear_requests();

        let (sender, answers): Export = plugin.talk(EXPORT).await.unwrap();
        file(&sender, "/whole", b"x");
        send(&sender, Packet::Record(record("/cut", 0)));
        send(&sender, Packet::Chunk(b"half".to_vec()));
        drop(sender);
        let (_, end) = results(answers).await;
        let end = end.expect("it fails");
        assert_eq!(end.code(), Code::Aborted);
        assert!(end.message().contains("/cut"), "{}", end.message());

        let (sender, answers): Export = plugin.talk(EXPORT).await.unwrap();
        send(&sender, Packet::Record(record("/large", 0)));
        send(&sender, Packet::Chunk(vec![0; 5 << 20]));
        drop(sender);
        let (_, end) = results(answers).await;
        assert!(end.is_some());

        // Given up by the other side.
        let (sender, answers): Export = plugin.talk(EXPORT).await.unwrap();
        file(&sender, "/whole", b"x");
        drop(answers);
        drop(sender);
        assert_eq!(fake.requests().len(), 0, "nothing was restored");
        plugin.end_well();
    });
}
