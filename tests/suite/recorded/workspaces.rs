//! Recorded objects joined into workspaces, served, dumped whole and extracted: each object
//! is in the snapshot as it was recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use notion_backup::crawl::Comments;
use notion_backup::crawl::ledger::{self, Line};
use notion_backup::dump;
use notion_backup::repo::{Memory, Repository, Tree};
use notion_backup::report::Silent;
use notion_backup::stop::Stop;
use serde_json::{Value, json};

use super::replay::{client, clock, difference, extracted, kept, print_table, serve};
use super::world::World;
use crate::site::options;
use crate::support::recordings::{Exchange, present};

/// What was counted: recorded objects by kind, and why some are not compared.
type Table = BTreeMap<String, (usize, BTreeMap<String, usize>)>;

/// A dumped world: the files of its snapshot, and its ledger.
struct Dumped {
    files: BTreeMap<String, Value>,
    ledger: Vec<Line>,
}

fn dump_world(world: &World) -> Dumped {
    let shown = world.clone();
    let server = serve(move |request| shown.answer(request));
    let notion = client(&server);
    let repo = Repository::create(Arc::new(Memory::new())).expect("a repository");
    let mut options = options();
    options.crawl.comments = Comments::Blocks;
    // The recorded addresses lead to hosts that no test may ask.
    options.crawl.files = false;
    let summary = dump::dump(dump::Job {
        notion: &notion,
        me: None,
        repo: &repo,
        options: &options,
        clock: &clock(),
        stop: &Stop::new(),
        report: &Silent,
    })
    .expect("the dump succeeds");
    assert!(summary.complete, "{:#?}", summary.problems);
    let (_, snapshot) = repo.find_snapshot("latest").expect("a snapshot");
    let files = extracted(&repo, snapshot.tree);
    let mut tree = repo.tree(snapshot.tree).expect("a tree");
    for name in [".notion-backup", "ledger"] {
        // A workspace without objects has none.
        tree = match tree.get(name) {
            Some(below) => repo.tree(below.id).expect("a tree"),
            None => Tree::default(),
        };
    }
    let shards = tree.entries.iter();
    let ledger = shards.flat_map(|file| {
        let content = repo.read(file.id, 1 << 30).expect("a file");
        ledger::parse(&content).collect::<Vec<_>>()
    });
    Dumped {
        ledger: ledger.collect(),
        files,
    }
}

impl Dumped {
    /// The file of this name in the directory of `id`.
    fn file(&self, id: &str, name: &str) -> Option<&Value> {
        let end = format!("{id}/{name}");
        let mut found = self.files.iter();
        found
            .find(|(path, _)| **path == end || path.ends_with(&format!("/{end}")))
            .map(|(_, value)| value)
    }

    /// All objects in files of this name, by id.
    fn listed(&self, name: &str) -> BTreeMap<String, &Value> {
        let end = format!("/{name}");
        let files = self.files.iter().filter(|(path, _)| path.ends_with(&end));
        let objects = files.flat_map(|(_, value)| match value {
            Value::Array(items) => items.iter().collect(),
            one => vec![one],
        });
        objects
            .filter_map(|object| Some((object["id"].as_str()?.to_owned(), object)))
            .collect()
    }
}

fn same(what: &str, id: &str, expected: &Value, found: Option<&Value>) {
    let found = found.unwrap_or_else(|| panic!("{what} {id} is not in the snapshot"));
    if let Some(difference) = difference(&kept(expected), found) {
        panic!("{what} {id}: {difference}");
    }
}

/// Compares everything of a world with what was dumped of it.
fn judge(world: &World, dumped: &Dumped, table: &mut Table) {
    let mut pass = |what: &str, reason: Option<&str>| {
        let row = table.entry(what.to_owned()).or_default();
        match reason {
            None => row.0 += 1,
            Some(why) => *row.1.entry(why.to_owned()).or_default() += 1,
        }
    };
    for (id, page) in &world.pages {
        if !World::is_there(page) {
            pass("pages", Some("in the trash"));
            continue;
        }
        let mut stored = dumped.file(id, "page.json").cloned();
        let children = stored.as_mut().and_then(Value::as_object_mut);
        let children = children.and_then(|page| page.remove("children"));
        same("page", id, page, stored.as_ref());
        pass("pages", None);
        judge_blocks(world, dumped, id, children.as_ref(), &mut pass);
    }
    for id in world.invented.keys() {
        let children = dumped.file(id, "page.json").map(|page| &page["children"]);
        judge_blocks(world, dumped, id, children, &mut pass);
    }
    for (name, kind, objects) in [
        ("data_sources.json", "data sources", &world.sources),
        ("container.json", "databases", &world.databases),
        ("views.json", "views", &world.views),
        ("users.json", "users", &world.users),
        ("custom_emojis.json", "custom emojis", &world.emojis),
    ] {
        let listed = dumped.listed(name);
        for (id, object) in objects {
            let reason = why_absent(world, dumped, kind, object);
            if reason.is_none() {
                same(kind, id, object, listed.get(id).copied());
            }
            pass(kind, reason);
        }
    }
    let comments = dumped.listed("comments.json");
    for (on, recorded) in &world.comments {
        for comment in recorded {
            let id = comment["id"].as_str().unwrap_or_default();
            let reason = match comments.get(id) {
                None if !is_reached(world, dumped, on) => {
                    Some("on a page or block that is not there")
                }
                found => {
                    same("comment", id, comment, found.copied());
                    None
                }
            };
            pass("comments", reason);
        }
    }
    for line in &dumped.ledger {
        assert!(!line.status.is_loss(), "{line:?}");
    }
}

/// Compares lists of blocks below a page with the recorded ones, level by level.
fn judge_blocks(
    world: &World,
    dumped: &Dumped,
    page: &str,
    children: Option<&Value>,
    pass: &mut impl FnMut(&str, Option<&str>),
) {
    let mut todo = vec![(page.to_owned(), children.cloned())];
    while let Some((holder, stored)) = todo.pop() {
        let recorded = world.children.get(&holder).cloned().unwrap_or_default();
        let stored = stored.unwrap_or_else(|| panic!("{holder} has no list of blocks"));
        let expected: Vec<Value> = recorded.iter().map(kept).collect();
        if let Some(difference) = difference(&json!(expected), &stored) {
            panic!("blocks in {holder}: {difference}");
        }
        for block in recorded {
            pass("blocks", None);
            let shown = ["child_page", "child_database"];
            let shows = shown.iter().any(|kind| block["type"] == *kind);
            if block["has_children"] == true && !shows {
                let id = block["id"].as_str().unwrap_or_default();
                let below = dumped.file(id, "blocks.json").cloned();
                // A copy whose own list is not recorded is read at its original.
                let original = block["synced_block"]["synced_from"]["block_id"].as_str();
                let read_at = match world.children.contains_key(id) {
                    true => id,
                    false => original.unwrap_or(id),
                };
                todo.push((read_at.to_owned(), below));
            }
        }
    }
}

/// Whether the dump came to a page or block.
fn is_reached(world: &World, dumped: &Dumped, id: &str) -> bool {
    let page = world.pages.get(id);
    let in_list = |(holder, blocks): (&String, &Vec<Value>)| {
        blocks.iter().any(|block| block["id"] == *id) && is_listed(dumped, holder)
    };
    page.is_some_and(World::is_there) || world.children.iter().any(in_list)
}

/// Whether the list of blocks below `holder` was read.
fn is_listed(dumped: &Dumped, holder: &str) -> bool {
    let files = ["page.json", "blocks.json"];
    files.iter().any(|name| dumped.file(holder, name).is_some())
}

/// Why an object of this world cannot be in its snapshot.
fn why_absent(world: &World, dumped: &Dumped, kind: &str, object: &Value) -> Option<&'static str> {
    if kind == "users" || kind == "custom emojis" {
        return None;
    }
    if !World::is_there(object) {
        return Some("in the trash");
    }
    let database = match kind {
        "databases" => object["id"].as_str(),
        _ => object["parent"]["database_id"].as_str(),
    };
    let container = database.and_then(|id| world.databases.get(id));
    if container.is_some_and(|it| !World::is_there(it)) {
        return Some("in a database in the trash");
    }
    if kind == "data sources" {
        return None;
    }
    // A database is found by its data sources, or by the block that shows it.
    let is_it = |source: &Value| {
        World::is_there(source) && source["parent"]["database_id"].as_str() == database
    };
    let shown = |(holder, blocks): (&String, &Vec<Value>)| {
        let shows = blocks.iter().any(|it| it["id"].as_str() == database);
        shows && is_listed(dumped, holder)
    };
    if world.sources.values().any(is_it) || world.children.iter().any(shown) {
        return None;
    }
    Some("no recorded data source or block leads to its database")
}

/// Dumps the worlds of these exchanges.
fn prove<'e>(worlds: impl Iterator<Item = Vec<&'e Exchange>>, title: &str) -> Table {
    let me = present().and_then(|all| all.iter().find(|one| one.path == "/v1/users/me"));
    let me = me.map(|one| one.response.clone()).unwrap_or_default();
    let mut table = Table::new();
    for exchanges in worlds {
        let mut world = World::of(exchanges);
        if world.me.is_null() {
            world.me = me.clone();
        }
        // Where nothing is shared, the dump says so: there is nothing to compare.
        if !world.shows_pages() {
            continue;
        }
        let dumped = dump_world(&world);
        judge(&world, &dumped, &mut table);
    }
    print_table(title, &table);
    table
}

/// Fails when fewer than these were compared.
fn at_least(table: &Table, least: &[(&str, usize)]) {
    for (what, least) in least {
        assert!(table[*what].0 >= *least, "{what}: {}", table[*what].0);
    }
}

#[test]
fn all_recorded_objects_of_a_project_are_one_workspace_and_are_dumped_whole() {
    let Some(all) = present() else { return };
    let prove = |file: &str| {
        let of_file = all.iter().filter(|one| one.file == file).collect();
        let title = format!("{file} as one workspace");
        prove(std::iter::once(of_file), &title)
    };
    let table = prove("ultimate-notion.jsonl");
    at_least(
        &table,
        &[("pages", 300), ("blocks", 130), ("databases", 60)],
    );
    let table = prove("notion-sdk-py.jsonl");
    at_least(&table, &[("pages", 50), ("data sources", 15), ("views", 7)]);
}

#[test]
fn each_recording_is_a_workspace_and_is_dumped_whole() {
    let Some(all) = present() else { return };
    let mut recordings: BTreeMap<(&str, &str), Vec<&Exchange>> = BTreeMap::new();
    for one in all {
        let name = (one.file.as_str(), one.test.as_str());
        recordings.entry(name).or_default().push(one);
    }
    let table = prove(recordings.into_values(), "each recording as a workspace");
    at_least(
        &table,
        &[("pages", 300), ("blocks", 130), ("databases", 60)],
    );
}
