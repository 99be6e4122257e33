//! How many requests a restore takes, against the fewest that the limits allow.

use std::collections::BTreeSet;

use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::workspace::model::{Id, Parent};

/// Counts from the workspace alone: what must be asked for at least, by sections 1.5, 4.4
/// and 7 of the API digest.
struct Least<'w> {
    ws: &'w Workspace,
    /// Blocks whose new ids something needs.
    needed: BTreeSet<Id>,
}

impl Least<'_> {
    fn of(ws: &Workspace) -> u64 {
        let mut least = Least {
            ws,
            needed: BTreeSet::new(),
        };
        for comment in &ws.comments {
            if let Parent::Block(on) = comment.on {
                least.needed.insert(on);
            }
        }
        for block in ws.blocks.values() {
            let from = block.payload["synced_from"]["block_id"].as_str();
            least
                .needed
                .extend(from.and_then(|id| id.parse::<Id>().ok()));
        }
        let visible = |id: &Id| ws.can_see(*id) && !ws.is_trashed(*id);
        let mut total = 0;
        for page in ws.pages.values().filter(|it| visible(&it.id)) {
            // The page itself, what does not go with it, and its states.
            total += 1 + least.body(page.id);
            total += u64::from(page.is_archived || page.is_locked);
        }
        for database in ws.databases.values().filter(|it| visible(&it.id)) {
            let sources = database.data_sources.len() as u64;
            total += sources + u64::from(database.is_locked);
            // The default view is asked for, and each view written.
            let views = database
                .views
                .iter()
                .filter(|id| ws.views[*id].kind != "feed");
            total += views.count() as u64 + u64::from(sources > 0);
            for source in &database.data_sources {
                let schema = &ws.data_sources[source].schema;
                // Relations need what they lead to, rollups the relations.
                let later = |kind: &str| u64::from(schema.iter().any(|it| it.kind == kind));
                total += later("relation").max(later("rollup"));
            }
        }
        let seen = ws.comments.iter().filter(|it| match it.on {
            Parent::Page(id) | Parent::Block(id) => visible(&id) && !it.resolved,
            _ => false,
        });
        total + seen.count() as u64 + least.files()
    }

    /// Two for each content that is shown.
    fn files(&self) -> u64 {
        let mut keys = Vec::new();
        let mut look = |value: &serde_json::Value| {
            let text = value.to_string();
            keys.extend(
                self.ws
                    .assets
                    .keys()
                    .filter(|key| text.contains(key.as_str())),
            );
        };
        let visible = |id: Id| self.ws.can_see(id) && !self.ws.is_trashed(id);
        for page in self.ws.pages.values().filter(|it| visible(it.id)) {
            look(&page.icon);
            look(&page.cover);
            page.values.values().for_each(&mut look);
        }
        for block in self.ws.blocks.values().filter(|it| visible(it.id)) {
            look(&block.payload);
        }
        let contents: BTreeSet<&Vec<u8>> = keys
            .into_iter()
            .map(|key| &*self.ws.assets[key].content)
            .collect();
        2 * contents.len() as u64
    }

    fn is_block(&self, id: Id) -> bool {
        !self.ws.pages.contains_key(&id) && !self.ws.databases.contains_key(&id)
    }

    /// Appends and listings beyond the request that makes the page.
    fn body(&self, page: Id) -> u64 {
        let top = self.ws.visible_children(page).unwrap_or_default();
        let mut total = 0;
        // Child pages and databases are between the runs; the first goes with the page.
        let mut runs = top.split(|id| !self.is_block(*id));
        let first = runs.next().unwrap_or_default();
        // What names another page, or a block, must wait until that one is there.
        let waits = |id: &Id| self.needed.contains(id) || self.names_others(*id);
        let with_page = first.first().is_some_and(|id| !waits(id));
        total += first.len().div_ceil(100) as u64 - u64::from(with_page);
        total += runs.map(|run| run.len().div_ceil(100) as u64).sum::<u64>();
        let blocks: Vec<Id> = top
            .iter()
            .copied()
            .filter(|id| self.is_block(*id))
            .collect();
        blocks.iter().map(|id| self.below(*id).0).sum::<u64>() + total
    }

    /// Whether a block, or one below it, names another page, database or block.
    fn names_others(&self, id: Id) -> bool {
        let Some(block) = self.ws.blocks.get(&id) else {
            return false;
        };
        let text = block.payload.to_string();
        [
            "page_id",
            "database_id",
            "block_id",
            "\"page\"",
            "\"database\"",
            "notion.so/",
        ]
        .iter()
        .any(|word| text.contains(word))
            || block.children.iter().any(|child| self.names_others(*child))
    }

    /// Requests about a block or what is below it, its height, and whether an id in it
    /// must be learnt.
    fn below(&self, id: Id) -> (u64, usize, bool) {
        let block = &self.ws.blocks.get(&id);
        let is_copy = block.is_some_and(|it| it.payload["synced_from"]["block_id"].is_string());
        let children = match is_copy {
            true => Vec::new(),
            false => self.ws.visible_children(id).unwrap_or_default(),
        };
        let (mut total, mut height, mut wanted) = (0, 0, children.len() > 100);
        for child in &children {
            let (requests, below, needed) = self.below(*child);
            total += requests;
            height = height.max(below + 1);
            let list = self
                .ws
                .blocks
                .get(child)
                .is_some_and(|it| it.kind == "column_list");
            wanted |= needed || list || self.needed.contains(child);
        }
        let deepest = match block.is_some_and(|it| it.kind == "column_list") {
            true => 3,
            false => 2,
        };
        wanted |= height > deepest;
        let beyond = children.len().saturating_sub(100).div_ceil(100) as u64;
        (total + beyond.max(u64::from(wanted)), height, wanted)
    }
}

fn ratio(name: &str, workspace: Workspace) -> f64 {
    let least = Least::of(&workspace);
    let restorer = Restorer::abroad(workspace);
    let summary = restorer.prove();
    let sent = summary.totals.requests;
    let ratio = sent as f64 / least as f64;
    println!(
        "{name}: {sent} requests, at least {least}: {ratio:.3} {:?}",
        summary.totals.by_part
    );
    let counts = restorer.target.counts();
    println!("{counts:?}");
    ratio
}

#[test]
fn a_restore_takes_hardly_more_requests_than_it_must() {
    for (name, workspace) in [
        ("plain", Workspace::plain(200, 4)),
        ("plain, long", Workspace::plain(20, 350)),
        ("everything", Workspace::everything(1)),
    ] {
        let ratio = ratio(name, workspace);
        assert!(ratio <= 1.1, "{name}: {ratio}");
    }
}

#[test]
fn random_workspaces_take_few_requests_too() {
    // Almost every text of theirs names something; the bound does not see that what is
    // named may itself have to wait, nor the order that columns need.
    for seed in [2, 7, 11] {
        let ratio = ratio("random", Workspace::random(seed));
        assert!(ratio <= 1.3, "seed {seed}: {ratio}");
    }
}
