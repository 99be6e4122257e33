//! What an interrupted dump leaves, and what becomes of it when it is damaged.

use super::*;
use crate::dump_again::beyond_listings;
use crate::site::StopAfter;
use notion_backup::crawl::Comments;

/// A dump that was interrupted after some pages; the journal's path.
fn interrupted(site: &Site) -> String {
    let stop = Stop::new();
    let report = Arc::new(StopAfter::new(6, &stop));
    let summary = site.dump_with(&site.options, &stop, report).unwrap();
    assert_eq!(summary.snapshot, None);
    let journal = site.files.paths().into_iter();
    let mut journal = journal.filter(|path| path.ends_with("/crawl.jsonl"));
    journal.next().expect("there is a journal")
}

fn lists_read(site: &Site) -> usize {
    let paths = beyond_listings(site);
    paths
        .iter()
        .filter(|path| path.ends_with("/children"))
        .count()
}

fn calm(site: &Site) -> Tree {
    let calm = site.elsewhere();
    calm.dump();
    site.requests();
    calm.tree()
}

fn assert_finishes(site: &Site, calm: &Tree, when: &str) {
    let summary = site
        .try_dump()
        .unwrap_or_else(|error| panic!("{when}: {error}"));
    assert!(summary.complete, "{when}: {:?}", summary.problems);
    assert_same_tree(calm, &site.tree());
    assert_sound(&site.files, when);
    assert!(
        !site
            .files
            .paths()
            .iter()
            .any(|path| path.ends_with("crawl.jsonl")),
        "{when}"
    );
}

#[test]
fn a_damaged_journal_costs_time_alone() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 9] = [
        ("torn in the last line", |journal| {
            journal.truncate(journal.len() - 10);
        }),
        ("without the last line's end", |journal| {
            journal.truncate(journal.len() - 1);
        }),
        ("torn in the header", |journal| journal.truncate(5)),
        ("empty", |journal| journal.clear()),
        ("followed by nonsense", |journal| {
            journal.extend_from_slice(b"\x00\xff{}\n{\"id\":1}\n");
        }),
        ("zeros, as a power cut may leave them", |journal| {
            let from = journal.len() - 100;
            journal[from..].fill(0);
        }),
        ("nothing but zeros", |journal| journal.fill(0)),
        ("a line twice", |journal| {
            let from = journal[..journal.len() - 1]
                .iter()
                .rposition(|byte| *byte == b'\n')
                .unwrap();
            let last = journal[from + 1..].to_vec();
            journal.extend(last);
        }),
        ("a line in the middle damaged", |journal| {
            let from = journal.iter().position(|byte| *byte == b'\n').unwrap();
            journal[from + 20..from + 40].fill(b'x');
        }),
    ];
    for (what, damage) in damages {
        let site = orderly(workspace());
        let whole = calm(&site);
        let path = interrupted(&site);
        let mut journal = site.files.content(&path).unwrap();
        damage(&mut journal);
        site.files.overwrite(&path, &journal);
        assert_finishes(&site, &whole, what);
    }
}

#[test]
fn a_journal_that_names_what_is_not_there_is_not_believed() {
    let site = orderly(workspace());
    let whole = calm(&site);
    interrupted(&site);
    // The power went before the names of the objects were on the disk; the journal's was.
    for path in site.files.paths() {
        if path.starts_with("objects/") {
            site.files.remove(&path).unwrap();
        }
    }
    assert_finishes(&site, &whole, "all objects gone");
}

#[test]
fn what_was_resumed_lasts_like_what_was_read() {
    let site = orderly(workspace());
    let whole = calm(&site);
    interrupted(&site);
    assert_finishes(&site, &whole, "resumed");
    let left = site.files.after_power_cut();
    assert_sound(&left, "after a power cut");
    assert_same_tree(&whole, &site.with(left).tree());
}

#[test]
fn a_journal_of_narrower_options_is_not_used() {
    let mut site = orderly(workspace());
    let whole = calm(&site);
    let pages = lists_read(&{
        let counted = site.elsewhere();
        site.requests();
        counted.dump();
        counted
    });
    site.options.crawl.comments = Comments::None;
    site.options.crawl.files = false;
    interrupted(&site);
    site.options.crawl.comments = Comments::Pages;
    site.options.crawl.files = true;
    site.requests();
    assert_finishes(&site, &whole, "without comments and files");
    assert_eq!(lists_read(&site), pages);

    // A full run that was interrupted is good for one that is not full; not the reverse.
    let mut site = orderly(workspace());
    site.dump();
    site.fake.edit(|ws| ws.advance_minutes(10));
    site.options.crawl.full = true;
    site.options.crawl.recheck_after_days = 0;
    site.fake.edit(|ws| {
        let line = ws.get("line");
        ws.set_text_by_api(line, "silently");
    });
    let whole = calm(&site);
    interrupted(&site);
    assert_finishes(&site, &whole, "a full one continued");
}

#[test]
fn without_the_state_everything_counts_as_read_long_ago() {
    let site = orderly(workspace());
    site.dump();
    site.fake.edit(|ws| ws.advance_minutes(10));
    let (before, objects) = (site.tree(), site.objects());
    for lost in ["removed", "nonsense", "other types"] {
        for path in site.files.paths() {
            if !path.starts_with("state/") {
                continue;
            }
            match lost {
                "removed" => site.files.remove(&path).unwrap(),
                "nonsense" => site.files.overwrite(&path, b"\xff\x00not JSON"),
                _ => site.files.overwrite(&path, b"[1, {\"x\": null}]"),
            }
        }
        site.requests();
        let summary = site.dump();
        assert!(summary.complete, "{lost}");
        assert_same_tree(&before, &site.tree());
        assert_eq!(site.objects(), objects, "{lost}: nothing is new");
        assert!(lists_read(&site) > 5, "{lost}: all is read again");
        site.fake.edit(|ws| ws.advance_minutes(10));
        site.requests();
        site.dump();
        assert_eq!(lists_read(&site), 0, "{lost}: once");
    }
}
