//! The contract with Plakar's own connector, C1 to C9 (section 8.6 of the connector
//! digest), checked on trees that were written to disk.

mod contract;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notion_backup::crawl::Comments;
use notion_backup::extract;
use notion_backup::model::NotionId;
use notion_backup::repo::{Disk, Files, Repository};
use notion_backup::report::Silent;
use notion_backup::stop::Stop;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::site::Site;
use crate::support::Workspace;
use crate::support::fake_notion::{Fault, What};
use crate::support::workspace::model::Parent;
use contract::{Contract, violations};

/// A Notion, and a repository on the disk.
struct OnDisk {
    site: Site,
    folder: TempDir,
}

impl OnDisk {
    fn new(workspace: Workspace) -> OnDisk {
        OnDisk {
            site: Site::new(workspace),
            folder: TempDir::new().unwrap(),
        }
    }

    /// Dumps, and writes the tree into a new folder.
    fn dump(&self, name: &str) -> PathBuf {
        let files: Arc<dyn Files> = Arc::new(Disk::new(self.folder.path().join("repository")));
        let options = &self.site.options;
        let summary =
            self.site
                .dump_through(files.clone(), options, &Stop::new(), Arc::new(Silent));
        summary.unwrap();
        let repo = Repository::open(files).unwrap();
        let tree = repo.find_snapshot("latest").unwrap().1.tree;
        let target = self.folder.path().join(name);
        let done = extract::extract(&repo, tree, &target, &Silent).unwrap();
        assert!(done.lost.is_empty(), "{:?}", done.lost);
        target
    }
}

/// Each rule on its own, so that the output says which one is broken.
fn assert_contract(root: &Path) {
    for rule in Contract::ALL {
        let broken: Vec<String> = violations(root)
            .into_iter()
            .filter(|(of, _)| *of == rule)
            .map(|(_, what)| what)
            .collect();
        assert!(broken.is_empty(), "{rule:?} is broken: {broken:#?}");
    }
}

/// The directory of an object in an extracted tree; stand-ins only if nothing else is there.
fn directory_of(root: &Path, id: NotionId) -> Option<PathBuf> {
    let mut found = None;
    let mut todo = vec![root.to_path_buf()];
    while let Some(at) = todo.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if !path.is_dir() {
                continue;
            }
            if path.file_name().unwrap().to_str() == Some(&id.to_string())
                && (found.is_none() || !path.join("unavailable.json").exists())
            {
                found = Some(path.clone());
            }
            todo.push(path);
        }
    }
    found
}

fn read(path: &Path) -> Value {
    let content = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&content).unwrap()
}

fn write(path: &Path, value: &Value) {
    fs::write(path, value.to_string()).unwrap();
}

#[test]
fn a_dump_of_everything_keeps_the_contract() {
    for comments in [Comments::Pages, Comments::Blocks] {
        let mut disk = OnDisk::new(Workspace::everything(7));
        disk.site.options.crawl.comments = comments;
        assert_contract(&disk.dump("tree"));
    }
}

#[test]
fn stand_ins_keep_the_contract() {
    let disk = OnDisk::new(Workspace::everything(11));
    let [failing, below, moving, database] = disk
        .site
        .fake
        .look(|ws| ["media", "with none icon", "extra keys", "tasks"].map(|name| ws.get(name)));
    let broken = |id: NotionId, path: &str| {
        Fault::on("GET", &format!("/v1/{path}/{id}*"), What::status(500)).times(1000)
    };
    disk.site.fake.faults().push(broken(failing, "blocks"));
    disk.site.fake.faults().push(broken(database, "databases"));
    // The list that names it is read before the access is withdrawn.
    disk.site.fake.faults().push(broken(moving, "blocks"));
    let root = disk.dump("first");
    assert_contract(&root);
    for (id, file) in [
        (failing, "page.json"),
        (moving, "page.json"),
        (database, "database.json"),
    ] {
        let directory = directory_of(&root, id).unwrap();
        assert!(directory.join(file).exists(), "{file} of {id}");
        assert!(directory.join("unavailable.json").exists());
    }
    // What lies below a page that failed is there all the same.
    let below = directory_of(&root, below).unwrap();
    assert!(below.starts_with(directory_of(&root, failing).unwrap()));

    // Again, when the failed ones stand in the earlier snapshot as stand-ins.
    disk.site.fake.edit(|ws| ws.advance_minutes(10));
    assert_contract(&disk.dump("second"));
    disk.site.fake.faults().clear();
    disk.site.fake.edit(|ws| ws.advance_minutes(10));
    let root = disk.dump("third");
    assert_contract(&root);
    for id in [failing, moving, database] {
        let directory = directory_of(&root, id).unwrap();
        assert!(!directory.join("unavailable.json").exists(), "{id}");
    }
}

#[test]
fn a_listed_child_that_is_gone_when_it_is_asked_for_gets_a_stand_in() {
    let disk = OnDisk::new(Workspace::everything(5));
    let child = disk.site.fake.look(|ws| ws.get("search omits"));
    // Its parent lists it; then it is 404.
    let gone = Fault::on("GET", &format!("/v1/pages/{child}"), What::status(404));
    disk.site.fake.faults().push(gone.times(9));
    let root = disk.dump("tree");
    assert_contract(&root);
    let why = read(&directory_of(&root, child).unwrap().join("unavailable.json"));
    assert_eq!(why["status"], "not_shared");
}

#[test]
fn an_incremental_dump_after_edits_keeps_the_contract() {
    let disk = OnDisk::new(Workspace::everything(7));
    disk.dump("first");
    disk.site.fake.edit(|ws| {
        ws.advance_minutes(10);
        let [media, awkward, extra, row_home] =
            ["media", "awkward", "extra keys", "home"].map(|name| ws.get(name));
        ws.move_page(extra, Parent::Page(media));
        let toggle = ws.toggle(awkward, "new and empty");
        ws.toggle(toggle, "new inside");
        let inside = ws.page(Parent::Block(toggle), "New in the toggle");
        ws.database(Parent::Page(inside), "New below it", Vec::new());
        let trashed = ws.get("with none icon");
        ws.set_trashed(trashed, true);
        let withdrawn = ws.get("with file icon");
        ws.set_shared(withdrawn, Some(false));
        let line = ws.get("a paragraph");
        ws.set_text(line, "changed");
        ws.touch_page(row_home);
        ws.advance_minutes(10);
    });
    assert_contract(&disk.dump("second"));
    disk.site.fake.edit(|ws| {
        let (tasks, source) = (ws.get("tasks"), ws.get("tasks source"));
        ws.row(source, "one more");
        let extra = ws.get("extra keys");
        ws.move_page(extra, Parent::DataSource(source));
        ws.set_trashed(ws.get("projects"), true);
        ws.touch_page(tasks);
        ws.advance_minutes(10);
    });
    assert_contract(&disk.dump("third"));
}

/// Some file below `root` whose content `fits`.
fn some_file(root: &Path, name: &str, fits: impl Fn(&Value) -> bool) -> PathBuf {
    let mut todo = vec![root.to_path_buf()];
    while let Some(at) = todo.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(".notion-backup") {
                continue;
            }
            if path.is_dir() {
                todo.push(path);
            } else if path.file_name().unwrap() == name && fits(&read(&path)) {
                return path;
            }
        }
    }
    panic!("no {name} fits");
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = read(path);
    change(&mut value);
    write(path, &value);
}

fn has_block(list: &Value, fits: impl Fn(&Value) -> bool) -> Option<NotionId> {
    let found = list.as_array()?.iter().find(|block| fits(block))?;
    found["id"].as_str()?.parse().ok()
}

/// One way to break a tree.
type Harm = fn(&Path);

#[test]
fn every_rule_can_be_broken_and_is_then_noticed() {
    let disk = OnDisk::new(Workspace::everything(7));
    let harms: &[(Contract, &str, Harm)] = &[
        (Contract::C1, "no list", |root| {
            fs::write(root.join("content.json"), "[").unwrap();
        }),
        (Contract::C1, "an entry without a file", |root| {
            edit(&root.join("content.json"), |list| {
                let one = json!({"id": NotionId::from_bits(7), "object": "page"});
                list.as_array_mut().unwrap().push(one);
            });
        }),
        (Contract::C1, "an id in another spelling", |root| {
            edit(&root.join("content.json"), |list| {
                let id = list[0]["id"].as_str().unwrap().replace('-', "");
                list[0]["id"] = json!(id);
            });
        }),
        (Contract::C1, "an object that is left out", |root| {
            edit(&root.join("content.json"), |list| {
                list.as_array_mut().unwrap().remove(0);
            });
        }),
        (Contract::C2, "a directory without a page", |root| {
            fs::create_dir(root.join(NotionId::from_bits(7).to_string())).unwrap();
        }),
        (Contract::C2, "a page without children", |root| {
            edit(&some_file(root, "page.json", |_| true), |page| {
                page.as_object_mut().unwrap().remove("children");
            });
        }),
        (Contract::C2, "a page of another name", |root| {
            edit(&some_file(root, "page.json", |_| true), |page| {
                page["id"] = json!(NotionId::from_bits(7));
            });
        }),
        (
            Contract::C3,
            "a database in the shape of another version",
            |root| {
                edit(&some_file(root, "database.json", |_| true), |database| {
                    database.as_object_mut().unwrap().remove("properties");
                    database["data_sources"] = json!([]);
                });
            },
        ),
        (Contract::C4, "a child page without a directory", |root| {
            let is_child = |block: &Value| block["type"] == "child_page";
            let path = some_file(root, "page.json", |page| {
                has_block(&page["children"], is_child).is_some()
            });
            let child = has_block(&read(&path)["children"], is_child).unwrap();
            fs::remove_dir_all(path.with_file_name(child.to_string())).unwrap();
        }),
        (
            Contract::C4,
            "a child database that is no longer one",
            |root| {
                // Not any database: one at the top is shown by no list.
                let shown = |block: &Value| block["type"] == "child_database";
                let fits = |page: &Value| has_block(&page["children"], shown).is_some();
                let page = some_file(root, "page.json", fits);
                let database = has_block(&read(&page)["children"], shown).unwrap();
                let path = page
                    .with_file_name(database.to_string())
                    .join("database.json");
                fs::remove_file(path).unwrap();
            },
        ),
        (Contract::C5, "an empty toggle without a list", |root| {
            let is_empty =
                |block: &Value| block["type"] == "toggle" && block["has_children"] == false;
            let path = some_file(root, "page.json", |page| {
                has_block(&page["children"], is_empty).is_some()
            });
            let toggle = has_block(&read(&path)["children"], is_empty).unwrap();
            fs::remove_dir_all(path.with_file_name(toggle.to_string())).unwrap();
        }),
        (Contract::C6, "a list that is not there", |root| {
            // Of a toggle it would be C5.
            let nested = |block: &Value| {
                let kind = block["type"].as_str().unwrap_or_default();
                block["has_children"] == true
                    && !matches!(kind, "toggle" | "child_page" | "child_database")
            };
            let page = some_file(root, "page.json", |page| {
                has_block(&page["children"], nested).is_some()
            });
            let block = has_block(&read(&page)["children"], nested).unwrap();
            fs::remove_file(page.with_file_name(block.to_string()).join("blocks.json")).unwrap();
        }),
        (Contract::C7, "a key that the API does not have", |root| {
            edit(&some_file(root, "page.json", |_| true), |page| {
                page["request_id"] = json!("00000000-0000-4000-8000-000000000000");
            });
        }),
        (Contract::C7, "a database with a sidecar inside", |root| {
            edit(&some_file(root, "database.json", |_| true), |database| {
                database["views"] = json!([]);
            });
        }),
        (Contract::C8, "a directory in a database", |root| {
            let path = some_file(root, "database.json", |_| true);
            fs::create_dir(path.with_file_name("attachments")).unwrap();
        }),
        (Contract::C8, "a directory of ours at the top", |root| {
            fs::create_dir(root.join("ledger")).unwrap();
        }),
        (
            Contract::C9,
            "bytes that are not what the sidecar says",
            |root| {
                let path = some_file(root, "files.json", |list| list[0]["file"].is_string());
                let file = read(&path)[0]["file"].as_str().unwrap().to_string();
                fs::write(path.with_file_name(file), "other").unwrap();
            },
        ),
        (Contract::C9, "a picture that is not there", |root| {
            let path = some_file(root, "files.json", |list| list[0]["file"].is_string());
            let file = read(&path)[0]["file"].as_str().unwrap().to_string();
            fs::remove_file(path.with_file_name(file)).unwrap();
        }),
    ];
    for (number, (rule, what, harm)) in harms.iter().enumerate() {
        let root = disk.dump(&format!("tree {number}"));
        assert_eq!(violations(&root), [], "{what}: sound before");
        harm(&root);
        let broken = violations(&root);
        assert!(
            broken.iter().any(|(of, _)| of == rule),
            "{what} breaks {rule:?}, noticed was {broken:?}"
        );
    }
}
