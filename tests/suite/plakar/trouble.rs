//! Backups and restores in which something goes wrong, and large ones.

// Figures that are judged by eye.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::time::Duration;

use notion_backup::plakar::proto::plakar::connectors::{FileInfo, Record};
use notion_backup::plakar::proto::plakar::exporter::export_request::Packet;

use super::exporting::{self, DIRECTORY, EXPORT, Export, below, file, record, send};
use super::importing::{Import, import, init, records};
use super::restoring::{Tree, backup, restore};
use super::wire::{Plugin, config, run};
use crate::program::Program;
use crate::restorer::scratch;
use crate::support::fake_notion::{Fault, Logged, What};
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

/// What a tree says of the workspace.
fn content(tree: Tree) -> BTreeMap<String, Option<Vec<u8>>> {
    let own = |path: &str| path.starts_with("/.notion-backup/");
    tree.into_iter().filter(|(path, _)| !own(path)).collect()
}

/// All records of a backup through the cache, which then ends well.
async fn named(program: &Program, fake: &FakeNotion) -> (Vec<Record>, u64) {
    let plugin = Plugin::start(program, "importer").await;
    init(&plugin, config(fake, &[])).await.unwrap();
    let (sender, mut answers): Import = import(&plugin).await;
    let all = records(&mut answers).await;
    let peak = peak(&plugin);
    drop(sender);
    assert!(answers.message().await.unwrap().is_none());
    plugin.end_well();
    (all, peak)
}

/// The most memory that a process has held, in KiB.
fn peak(plugin: &Plugin) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", plugin.pid())).unwrap();
    let line = status.lines().find(|it| it.starts_with("VmHWM:")).unwrap();
    let number = line.split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

/// How many lists of blocks were asked for.
fn bodies(fake: &FakeNotion) -> u64 {
    fake.count("GET /v1/blocks/{id}/children")
}

/// Answers so many requests of this kind and then none, until the faults are cleared: so
/// that what is to be killed on the way cannot be quicker.
fn stall(fake: &FakeNotion, (method, path): (&str, &str), after: usize) {
    let fault = Fault::on(method, path, What::Stall).after(after);
    fake.faults().push(fault.times(usize::MAX));
}

fn pages_made(fake: &FakeNotion) -> usize {
    let requests = fake.requests();
    let made = |it: &&Logged| it.method == "POST" && it.path == "/v1/pages" && !it.faulted;
    requests.iter().filter(made).count()
}

async fn until(reached: impl Fn() -> bool) {
    for _ in 0..30_000 {
        if reached() {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("it never came to that");
}

fn assert_sound(program: &Program, repository: &str) {
    let ran = program.run(&format!("-r {repository} check"));
    assert_eq!(ran.code, 0, "{}", ran.all());
}

const CACHE: &str = "cache/notion-backup/plakar/cache";
const JOURNALS: &str = "cache/notion-backup/plakar/restores";

#[test]
fn a_notion_that_is_busy_or_fails_for_a_while_changes_nothing() {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(30, 2));
        let calm = content(backup(&Program::new(), &fake).await);
        let trouble = [
            What::rate_limited(1),
            What::status(500),
            What::HtmlBadGateway,
            What::HangUp,
        ];
        for (number, what) in trouble.into_iter().enumerate() {
            let fault = Fault::on("GET", "/v1/blocks/*/children", what);
            fake.faults().push(fault.after(5 * number));
        }
        fake.faults()
            .push(Fault::on("POST", "/v1/search", What::rate_limited(1)));
        let busy = content(backup(&Program::new(), &fake).await);
        assert_eq!(fake.faults().left(), 0);
        let paths = |tree: &BTreeMap<String, _>| tree.keys().cloned().collect::<Vec<_>>();
        assert_eq!(paths(&busy), paths(&calm));
        for (path, content) in &calm {
            assert!(busy[path] == *content, "{path} differs");
        }
    });
}

#[test]
fn a_page_that_is_withdrawn_meanwhile_is_an_error_where_it_would_be() {
    run(async {
        let fake = FakeNotion::start(Workspace::new(1));
        let (open, withdrawn, hidden) = fake.edit(|ws| {
            let open = ws.page(Parent::Workspace, "Open");
            let withdrawn = ws.page(Parent::Page(open), "Withdrawn");
            let hidden = ws.page(Parent::Page(open), "Hidden");
            ws.paragraph(withdrawn, "secret");
            ws.set_shared(hidden, Some(false));
            (open, withdrawn, hidden)
        });
        // It was still listed.
        for path in ["pages", "blocks"] {
            for below in ["", "/children"] {
                let path = format!("/v1/{path}/{withdrawn}{below}");
                let gone = Fault::on("GET", &path, What::status(404));
                fake.faults().push(gone.times(usize::MAX));
            }
        }
        let program = Program::new();
        for _ in 0..2 {
            let (all, _) = named(&program, &fake).await;
            let errors: Vec<_> = all.iter().filter(|it| !it.error.is_empty()).collect();
            assert_eq!(errors.len(), 1, "{errors:?}");
            let place = format!("/{open}/{withdrawn}/page.json");
            assert_eq!(errors[0].pathname, place);
            assert!(errors[0].error.contains("not_shared"), "{errors:?}");
            let whole = format!("/{open}/page.json");
            assert!(all.iter().any(|it| it.pathname == whole));
            // Of what was never shared Notion says nothing at all.
            let hidden = hidden.to_string();
            assert!(all.iter().all(|it| !it.pathname.contains(&hidden)));
        }
    });
}

#[test]
fn a_host_or_plugin_that_dies_in_a_backup_costs_little_and_the_cache_is_sound() {
    const PAGES: u32 = 400;
    run(async {
        for killed in [false, true] {
            let fake = FakeNotion::start(Workspace::plain(PAGES, 2));
            fake.edit(|ws| ws.advance_minutes(10));
            let program = Program::new();
            for half in [150, 300] {
                stall(&fake, ("GET", "/v1/blocks/*"), 150);
                let plugin = Plugin::start(&program, "importer").await;
                init(&plugin, config(&fake, &[])).await.unwrap();
                let talk = import(&plugin).await;
                until(|| bodies(&fake) >= half).await;
                if killed {
                    plugin.kill();
                    fake.faults().clear();
                } else {
                    fake.faults().clear();
                    // All that a plugin sees of a host that is killed.
                    plugin.end_well();
                }
                drop(talk);
                assert!(bodies(&fake) < u64::from(PAGES), "it was over");
                assert_sound(&program, CACHE);
            }
            let before = bodies(&fake);
            let (all, _) = named(&program, &fake).await;
            let pages = all.iter().filter(|it| it.pathname.ends_with("/page.json"));
            assert_eq!(pages.count(), PAGES as usize);
            let after = bodies(&fake) - before;
            println!("killed {killed}: {before} lists before, {after} after");
            assert!(after < u64::from(PAGES), "it began anew");
            assert_sound(&program, CACHE);
        }
    });
}

#[test]
fn a_host_or_plugin_that_dies_in_a_restore_leaves_a_journal_and_the_next_one_tidies_up() {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(120, 2));
        let program = Program::new();
        let tree = backup(&program, &fake).await;
        for killed in [false, true] {
            let target = FakeNotion::start(Workspace::new(2));
            let root = scratch(&target);
            stall(&target, ("POST", "/v1/pages"), 30);
            let plugin = below(&program, &target, root).await;
            let talk: Export = plugin.talk(EXPORT).await.unwrap();
            for (path, content) in &tree {
                match content {
                    None => send(&talk.0, Packet::Record(record(path, DIRECTORY))),
                    Some(content) => file(&talk.0, path, content),
                }
            }
            let (sender, answers) = talk;
            drop(sender);
            until(|| target.count("POST /v1/pages") >= 30).await;
            if killed {
                plugin.kill();
                assert_eq!(exporting::left(&program), 1);
                target.faults().clear();
            } else {
                target.faults().clear();
                plugin.end_well();
            }
            drop(answers);
            let made = pages_made(&target);
            assert!(made < 120, "it was over");
            assert_sound(&program, JOURNALS);

            // The next one is a restore of its own, below another page.
            let second = target.edit(|ws| ws.page(Parent::Workspace, "Again"));
            let (failed, end) = restore(&program, &target, second, &tree).await;
            assert!(failed.is_empty() && end.is_none(), "{failed:?} {end:?}");
            assert_eq!(pages_made(&target) - made, 120);
        }

        // Nor does a workspace lie about until somebody restores again.
        let plugin = below(&program, &fake, scratch(&fake)).await;
        let (sender, _answers): Export = plugin.talk(EXPORT).await.unwrap();
        file(&sender, "/content.json", b"[]");
        until(|| exporting::left(&program) == 1).await;
        plugin.kill();
        assert_eq!(exporting::left(&program), 1);
        backup(&program, &fake).await;
        assert_eq!(exporting::left(&program), 0);
    });
}

/// Backs up many pages twice: what the process holds, and that nothing would be opened the
/// second time, because nothing that Plakar compares has changed (4.2 of the digest).
fn large(pages: u32) {
    run(async {
        let fake = FakeNotion::start(Workspace::plain(pages, 1));
        fake.edit(|ws| ws.advance_minutes(10));
        let program = Program::new();
        let (first, peak_first) = named(&program, &fake).await;
        fake.clear_requests();
        let before = bodies(&fake);
        let (second, peak_second) = named(&program, &fake).await;
        println!(
            "{pages} pages, {} records: {} and {} MiB, {} requests the second time",
            first.len(),
            peak_first >> 10,
            peak_second >> 10,
            fake.requests().len()
        );
        assert_eq!(bodies(&fake), before, "a page was read again");
        let files = |records: Vec<Record>| -> BTreeMap<String, FileInfo> {
            let infos = records.into_iter().filter(|it| it.error.is_empty());
            infos
                .map(|it| (it.pathname, it.file_info.unwrap()))
                .collect()
        };
        let (first, second) = (files(first), files(second));
        assert!(first.len() > 2 * pages as usize);
        let changed: Vec<_> = second
            .iter()
            .filter(|(path, info)| info.mode != DIRECTORY && first.get(*path) != Some(info))
            .map(|(path, _)| path)
            .collect();
        println!("changed: {changed:?}");
        assert!(changed.is_empty(), "{changed:?} would be opened");
        for peak in [peak_first, peak_second] {
            assert!(peak < 150 << 10, "{peak} KiB");
        }
    });
}

#[test]
fn two_thousand_pages_need_little_memory_and_nothing_the_second_time() {
    large(2_000);
}

#[test]
#[ignore = "takes minutes"]
fn twenty_thousand_pages_need_little_memory_and_nothing_the_second_time() {
    large(20_000);
}
