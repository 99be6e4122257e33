//! A first dump: everything that can be seen is in the snapshot, and it cost no more
//! requests than it had to.

use std::collections::{BTreeMap, BTreeSet};

use notion_backup::crawl::Comments;
use notion_backup::crawl::ledger::Status;
use notion_backup::model::{Kind, NotionId};
use notion_backup::repo::ObjectId;
use serde_json::Value;

use crate::site::{Site, Tree, json_at};
use crate::support::Workspace;
use crate::support::fake_notion::Comments as Asked;
use crate::support::workspace::model::Parent;

fn everything() -> Site {
    Site::new(Workspace::everything(7))
}

/// The pages of the workspace that the token can read, by the workspace's own account.
fn readable(ws: &Workspace) -> BTreeSet<NotionId> {
    let pages = ws.pages.keys().copied();
    pages
        .filter(|id| ws.can_see(*id) && !ws.is_trashed(*id))
        .collect()
}

/// The directories that hold a real `name`, by id.
fn directories(tree: &Tree, name: &str) -> BTreeMap<NotionId, String> {
    let mut found = BTreeMap::new();
    for path in tree.keys() {
        let Some(directory) = path.strip_suffix(&format!("/{name}")) else {
            continue;
        };
        if tree.contains_key(&format!("{directory}/unavailable.json")) {
            continue;
        }
        let id = directory.rsplit('/').next().unwrap().parse().unwrap();
        assert!(
            found.insert(id, directory.to_string()).is_none(),
            "{id} stands twice"
        );
    }
    found
}

#[test]
fn every_page_database_and_block_is_in_the_tree() {
    let site = everything();
    let summary = site.dump();
    assert_eq!(summary.problems, Vec::<String>::new());
    assert!(summary.complete);
    let tree = site.tree();
    let pages = directories(&tree, "page.json");
    site.fake.look(|ws| {
        assert_eq!(pages.keys().copied().collect::<BTreeSet<_>>(), readable(ws));
        let databases = ws.databases.values();
        let databases = databases.filter(|it| ws.can_see(it.id) && !ws.is_trashed(it.id));
        assert_eq!(
            directories(&tree, "database.json")
                .into_keys()
                .collect::<BTreeSet<_>>(),
            databases.map(|it| it.id).collect()
        );
        for (id, path) in &pages {
            compare_children(ws, &tree, *id, path);
        }
    });
}

/// Compares the stored lists below `path`, to any depth, with the workspace's own.
fn compare_children(ws: &Workspace, tree: &Tree, page: NotionId, path: &str) {
    let file: Value = serde_json::from_slice(&tree[&format!("{path}/page.json")]).unwrap();
    let mut todo = vec![(page, path.to_string(), file["children"].clone())];
    while let Some((id, path, stored)) = todo.pop() {
        let stored = stored.as_array().unwrap();
        let ids: Vec<NotionId> = stored
            .iter()
            .map(|block| block["id"].as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(
            ids,
            ws.visible_children(id).unwrap_or_default(),
            "children in {path}"
        );
        for (id, block) in ids.into_iter().zip(stored) {
            let below = format!("{path}/{id}");
            let shown = matches!(
                block["type"].as_str(),
                Some("child_page" | "child_database")
            );
            if block["has_children"] == true && !shown {
                let list = &tree[&format!("{below}/blocks.json")];
                todo.push((id, below, serde_json::from_slice(list).unwrap()));
            }
        }
    }
}

#[test]
fn every_hosted_file_is_stored_with_its_bytes_and_no_signature_is() {
    let site = everything();
    site.dump();
    let tree = site.tree();
    let rows: Vec<Value> = tree
        .iter()
        .filter(|(path, _)| path.ends_with("/files.json"))
        .flat_map(|(_, content)| serde_json::from_slice::<Vec<Value>>(content).unwrap())
        .collect();
    let stored: BTreeSet<&str> = rows
        .iter()
        .map(|row| row["sha256"].as_str().unwrap())
        .collect();
    site.fake.look(|ws| {
        assert!(
            ws.assets.len() > 10,
            "the workspace has files in every place"
        );
        for (key, asset) in &ws.assets {
            let hash = ObjectId::of(&asset.content).to_string();
            assert!(
                stored.contains(hash.as_str()),
                "{key} ({})",
                asset.file_name
            );
            let bytes = tree
                .iter()
                .find(|(path, _)| path.ends_with(&format!("/{hash}.bin")));
            assert_eq!(bytes.unwrap().1, &*asset.content);
        }
    });
    for (path, content) in &tree {
        let text = String::from_utf8_lossy(content);
        for secret in [
            "X-Amz-Signature",
            "expiry_time",
            "request_id",
            site.fake.token(),
        ] {
            assert!(!text.contains(secret), "{secret} in {path}");
        }
    }
    assert!(
        site.fake
            .downloads()
            .iter()
            .all(|it| !it.authorization_present)
    );
}

#[test]
fn the_ledger_accounts_for_what_is_not_in_the_snapshot() {
    let site = everything();
    site.dump();
    let id = |name: &str| site.fake.look(|ws| ws.get(name));
    let status = |name, kind| site.line(id(name), kind).map(|line| line.status);
    for dead in ["unshared target", "nowhere", "hidden parent"] {
        assert_eq!(status(dead, Kind::Page), Some(Status::NotShared), "{dead}");
    }
    for there in [
        "search omits",
        "search omits inside",
        "shared child",
        "agent page",
    ] {
        assert_eq!(status(there, Kind::Page), Some(Status::Captured), "{there}");
    }
    let dead = site.line(id("unshared target"), Kind::Page).unwrap();
    assert!(
        dead.owners.contains(&id("awkward")),
        "it says who mentions it: {dead:?}"
    );
    assert_eq!(status("guest", Kind::User), Some(Status::Captured));
    assert_eq!(status("deleted user", Kind::User), Some(Status::NotShared));
    let feed = site
        .ledger()
        .into_iter()
        .filter(|line| line.kind == Kind::View);
    assert!(
        feed.into_iter()
            .any(|line| line.status == Status::Unsupported)
    );
}

#[test]
fn the_first_dump_sends_hardly_more_requests_than_it_must() {
    for (asked, comments) in [
        (Asked::None, Comments::None),
        (Asked::Pages, Comments::Pages),
        (Asked::Blocks, Comments::Blocks),
    ] {
        let mut site = everything();
        site.options.crawl.comments = comments;
        let least = site.fake.least_requests(asked);
        site.dump();
        let sent: u64 = site.requests().values().sum();
        assert!(
            sent as f64 <= 1.05 * least.total() as f64,
            "{comments:?}: {sent} requests where {} do:\n{least}\n{:#?}",
            least.total(),
            site.fake.counts()
        );
    }
}

#[test]
fn answers_follow_the_published_schema() {
    let site = everything();
    site.fake.set(|switches| switches.validate_answers = true);
    site.dump();
    let violations = site.fake.violations();
    assert_eq!(violations.first(), None, "one of {}", violations.len());
}

#[test]
fn nesting_a_thousand_deep_overflows_nothing() {
    let site = Site::new(Workspace::deep(1000));
    site.fake.edit(|ws| ws.advance_minutes(10));
    let summary = site.dump();
    assert!(summary.complete, "{:?}", summary.problems);
    let tree = site.tree();
    let depth = |name: &str| {
        let paths = tree.keys().filter(|path| path.ends_with(name));
        paths.map(|path| path.matches('/').count()).max()
    };
    assert!(depth("/page.json") > Some(1000) && depth("/blocks.json") > Some(1000));
    site.requests();
    site.dump();
    assert_eq!(site.fake.count("GET /v1/blocks"), 0);
}

#[test]
fn only_what_is_below_a_given_root_is_dumped() {
    let mut site = everything();
    let root = site.fake.look(|ws| ws.get("awkward"));
    site.options.crawl.roots = vec![root];
    site.dump();
    let tree = site.tree();
    let top = json_at(&tree, "/content.json");
    assert_eq!(top.as_array().unwrap().len(), 1);
    assert_eq!(top[0]["id"], Value::String(root.to_string()));
    let below = |ws: &Workspace, id: NotionId| {
        let mut at = Some(Parent::Page(id));
        while let Some(Parent::Page(id) | Parent::Block(id)) = at {
            if id == root {
                return true;
            }
            at = ws.parent_of(id);
        }
        false
    };
    site.fake.look(|ws| {
        let expected: BTreeSet<NotionId> = readable(ws)
            .into_iter()
            .filter(|id| below(ws, *id))
            .collect();
        let found: BTreeSet<NotionId> = directories(&tree, "page.json").into_keys().collect();
        assert!(
            expected.is_subset(&found),
            "{:?}",
            expected.difference(&found)
        );
        assert!(!found.contains(&ws.get("home")));
    });
}

#[test]
fn a_search_that_is_cut_off_is_continued_from_its_far_end() {
    let site = Site::new(Workspace::plain(700, 1));
    site.fake.set(|switches| switches.search_cap = 400);
    let summary = site.dump();
    assert!(summary.complete);
    assert_eq!(summary.counts["pages"], 700);
    // Four pages to the cap; from the other end three, and one that shows what is known;
    // then the front once more, for what was edited meanwhile.
    assert_eq!(site.requests()["POST /v1/search"], 9);
}

#[test]
fn a_part_of_search_that_cannot_be_listed_makes_a_snapshot_incomplete() {
    let site = Site::new(Workspace::plain(700, 1));
    site.fake.set(|switches| switches.search_cap = 300);
    let summary = site.dump();
    assert!(!summary.complete);
    assert!(summary.counts["pages"] < 700);
    let told = summary.problems.iter().any(|it| it.contains("search"));
    assert!(told, "{:?}", summary.problems);
}
