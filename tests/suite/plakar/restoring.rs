//! What the importer gave comes back through the exporter, judged element by element.

use std::collections::HashMap;

use notion_backup::model::NotionId;
use notion_backup::plakar::proto::plakar::exporter::export_request::Packet;
use serde_json::Value;
use tonic::Status;

use super::exporting::{self, DIRECTORY, EXPORT, Export, below, file, record, results, send};
use super::importing::{INIT_WITH_COMMENTS, import, init, open, records};
use super::wire::{Plugin, config, run};
use crate::program::Program;
use crate::restorer::{foreign, scratch};
use crate::support::compare::{Expect, assert_same};
use crate::support::fake_notion::{Fault, What};
use crate::support::{FakeNotion, Workspace};

/// What a snapshot holds: paths in the order in which they came, and content of files.
pub(super) type Tree = Vec<(String, Option<Vec<u8>>)>;

/// Backs everything up, with all comments; errors are refused.
pub(super) async fn backup(program: &Program, fake: &FakeNotion) -> Tree {
    let plugin = Plugin::start(program, "importer").await;
    let config: HashMap<_, _> = config(fake, &INIT_WITH_COMMENTS);
    init(&plugin, config).await.unwrap();
    let (sender, mut answers) = import(&plugin).await;
    let mut tree = Vec::new();
    for record in records(&mut answers).await {
        // What the workspace itself refuses to tell has its stand-in in the tree.
        let Some(info) = record.file_info else {
            continue;
        };
        let content = match info.mode {
            DIRECTORY => None,
            _ => Some(open(&plugin, &record.pathname).await.unwrap().0),
        };
        tree.push((record.pathname, content));
    }
    drop(sender);
    assert!(answers.message().await.unwrap().is_none());
    plugin.end_well();
    tree
}

/// The part of a tree below a directory, as Plakar sends it: as if that were the root.
pub(super) fn part(tree: &Tree, directory: &str) -> Tree {
    let below = tree.iter().filter_map(|(path, content)| {
        let rest = path.strip_prefix(directory)?;
        let path = match rest {
            "" => "/",
            rest => rest.strip_prefix('/').map(|_| rest)?,
        };
        Some((path.to_owned(), content.clone()))
    });
    below.collect()
}

/// Restores a tree; the errors on records, and how the call ended.
pub(super) async fn restore(
    program: &Program,
    target: &FakeNotion,
    root: NotionId,
    tree: &Tree,
) -> (Vec<(String, String)>, Option<Status>) {
    let plugin = below(program, target, root).await;
    let (sender, answers): Export = plugin.talk(EXPORT).await.unwrap();
    for (path, content) in tree {
        match content {
            None => send(&sender, Packet::Record(record(path, DIRECTORY))),
            Some(content) => file(&sender, path, content),
        }
    }
    drop(sender);
    let (results, end) = results(answers).await;
    assert_eq!(results.len(), tree.len());
    plugin.end_well();
    assert_eq!(exporting::left(program), 0, "nothing stays behind");
    let failed = results.into_iter().filter(|(_, error)| !error.is_empty());
    let failed = failed.map(|(header, error)| (header.pathname, error));
    (failed.collect(), end)
}

/// What is missing, by the report that the last word names, is told on the record of the
/// page or database that it is in.
fn assert_each_loss_is_told(failed: &[(String, String)], end: &str) {
    let (_, report) = end.split_once("; the report is ").expect("its path");
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let losses = report["losses"].as_array().unwrap().iter();
    let missing: Vec<&Value> = losses.filter(|it| it["degree"] == "missing").collect();
    assert!(end.starts_with(&format!("{} could not", missing.len())));
    for loss in missing {
        let page = loss["page"].as_str().expect("where it was");
        let (what, why) = (loss["what"].as_str(), loss["why"].as_str());
        let told = failed.iter().any(|(path, error)| {
            path.contains(&format!("{page}/"))
                && error.contains(what.unwrap())
                && error.contains(why.unwrap())
        });
        assert!(told, "{loss}: {failed:?}");
    }
}

/// Backs up, and restores the whole, or the part below a page, into a workspace; judges it.
fn round(original: Workspace, target: impl FnOnce(&FakeNotion) -> FakeNotion, only: Option<&str>) {
    run(async {
        let fake = FakeNotion::start(original.clone());
        let program = Program::new();
        let mut tree = backup(&program, &fake).await;
        let mut expect = Expect::restored();
        if let Some(name) = only {
            let id = original.get(name);
            let path = tree.iter().map(|(path, _)| path);
            let path = path.filter(|it| it.ends_with(&format!("/{id}"))).min();
            tree = part(&tree, &path.expect("the page is in the tree").clone());
            assert!(tree.iter().any(|(path, _)| path == "/page.json"));
            expect = expect.only(&[id]);
        }
        let target = target(&fake);
        let root = scratch(&target);
        let (failed, end) = restore(&program, &target, root, &tree).await;
        if let Some(end) = end {
            assert_each_loss_is_told(&failed, end.message());
        }
        assert_eq!(target.violations(), Vec::<String>::new());
        assert_same(&original, &target.look(Workspace::clone), root, &expect);
    });
}

#[test]
fn everything_comes_back_where_it_was() {
    round(Workspace::everything(1), FakeNotion::clone, None);
}

#[test]
fn everything_comes_back_elsewhere() {
    let elsewhere = |fake: &FakeNotion| FakeNotion::start(fake.look(|ws| foreign(ws, 4711)));
    round(Workspace::everything(1), elsewhere, None);
}

#[test]
fn parts_come_back_alone() {
    for name in ["awkward", "commented", "media", "every text"] {
        round(Workspace::everything(1), FakeNotion::clone, Some(name));
    }
}

#[test]
fn the_page_to_restore_below_may_be_in_the_snapshot() {
    run(async {
        let original = Workspace::plain(3, 2);
        let fake = FakeNotion::start(original.clone());
        let program = Program::new();
        let root = scratch(&fake);
        let tree = backup(&program, &fake).await;
        let (failed, end) = restore(&program, &fake, root, &tree).await;
        assert!(failed.is_empty() && end.is_none(), "{failed:?} {end:?}");
        let restored = fake.look(Workspace::clone);
        assert_same(&original, &restored, root, &Expect::restored());
    });
}

#[test]
fn a_restore_that_created_nothing_says_so() {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(3, 2));
        let program = Program::new();
        let tree = backup(&program, &fake).await;
        let root = scratch(&fake);
        let refused = Fault::on("POST", "/v1/pages", What::status(400));
        fake.faults().push(refused.clone().times(usize::MAX));
        let (_, end) = restore(&program, &fake, root, &tree).await;
        let end = end.expect("it failed");
        let message = end.message();
        assert!(message.contains("nothing was restored: "), "{message}");
        assert!(
            fake.look(|ws| ws.visible_children(root))
                .unwrap()
                .is_empty()
        );

        // The second of three pages is refused: something came back.
        fake.faults().clear();
        fake.faults()
            .push(refused.holding("Page 1").times(usize::MAX));
        let (_, end) = restore(&program, &fake, root, &tree).await;
        let end = end.expect("not all came back");
        let message = end.message();
        assert!(!message.contains("nothing was restored"), "{message}");
        assert!(message.contains("could not be restored"), "{message}");
    });
}

#[test]
fn a_snapshot_of_the_target_page_alone_restores_nothing_and_says_so() {
    run(async {
        let fake = FakeNotion::start(Workspace::new(5));
        let program = Program::new();
        let root = scratch(&fake);
        let tree = backup(&program, &fake).await;
        let (failed, end) = restore(&program, &fake, root, &tree).await;
        let end = end.expect("it failed");
        let message = end.message();
        assert!(failed.is_empty(), "{failed:?}");
        assert!(message.contains("nothing was restored: "), "{message}");
    });
}
