//! A complete, thrifty dump written straight from section 9 of the digest. It proves
//! that everything can be found, that all answers fit the schemas, and that the
//! count of the least requests is one that can be reached and not undercut.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::client::{Client, id};
use crate::support::fake_notion::Comments;
use crate::support::{FakeNotion, Workspace};

/// What a walk has seen.
#[derive(Default)]
pub struct Seen {
    pub pages: BTreeMap<String, Value>,
    pub blocks: BTreeMap<String, Value>,
    pub databases: BTreeSet<String>,
    pub sources: BTreeSet<String>,
    pub users: BTreeSet<String>,
    pub references: BTreeSet<String>,
    pub comments: usize,
    /// Lists whose children are to be read, pages whose object is to be fetched.
    open_bodies: Vec<String>,
    open_pages: Vec<String>,
    open_databases: Vec<String>,
    open_sources: Vec<Value>,
}

pub fn walk(client: &Client, cap: usize) -> Seen {
    let mut seen = Seen::default();
    let mut listed_users = BTreeSet::new();
    client.get("/users/me");
    for user in client.list("/users") {
        listed_users.insert(id(&user));
    }
    client.list("/custom_emojis");
    let (found, _) = client.query("/search", json!({"page_size": 100}));
    let mut known_sources: BTreeMap<String, Value> = BTreeMap::new();
    for object in found {
        if object["object"] == "page" {
            seen.page(object);
        } else {
            if let Some(database) = object["parent"]["database_id"].as_str() {
                seen.open_databases.push(database.to_string());
            }
            known_sources.insert(id(&object), object);
        }
    }
    loop {
        if let Some(source) = seen.open_sources.pop() {
            read_source(client, &mut seen, &source, &mut known_sources, cap);
        } else if let Some(database) = seen.open_databases.pop() {
            read_database(client, &mut seen, &database);
        } else if let Some(body) = seen.open_bodies.pop() {
            read_body(client, &mut seen, &body);
        } else if let Some(page) = seen.open_pages.pop() {
            if !seen.pages.contains_key(&page) {
                let page = client.get(&format!("/pages/{page}"));
                seen.page(page);
            }
        } else {
            break;
        }
    }
    for page in seen.pages.values() {
        let own = page["id"].as_str().unwrap_or("");
        seen.comments += client.list(&format!("/comments?block_id={own}")).len();
        for property in page["properties"].as_object().expect("properties").values() {
            if truncated(property) {
                let property = property["id"].as_str().unwrap_or("");
                client.list(&format!("/pages/{own}/properties/{property}"));
            }
        }
    }
    let bot = id(&client.get("/users/me"));
    for user in seen
        .users
        .iter()
        .filter(|user| !listed_users.contains(*user) && **user != bot)
    {
        client.send("GET", &format!("/users/{user}"), None);
    }
    let known = |id: &String| {
        seen.pages.contains_key(id) || seen.blocks.contains_key(id) || seen.databases.contains(id)
    };
    for reference in seen.references.iter().filter(|id| !known(id)) {
        let answer = client.send("GET", &format!("/pages/{reference}"), None);
        assert_eq!(answer.status, 404, "{reference} was never read");
    }
    seen
}

impl Seen {
    fn page(&mut self, page: Value) {
        self.note(&page);
        let own = id(&page);
        if self.pages.insert(own.clone(), page).is_none() {
            self.open_bodies.push(own);
        }
    }

    /// Users and references of any object.
    fn note(&mut self, value: &Value) {
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match value {
                Value::Array(items) => open.extend(items),
                Value::Object(map) => {
                    if map.get("object") == Some(&json!("user")) {
                        self.users.insert(id(value));
                    }
                    for key in ["page_id", "block_id", "database_id"] {
                        if let Some(Value::String(target)) = map.get(key) {
                            self.references.insert(target.clone());
                        }
                    }
                    for key in ["page", "database"] {
                        if let Some(Value::String(target)) = value["mention"][key].get("id") {
                            self.references.insert(target.clone());
                        }
                    }
                    open.extend(map.values());
                }
                _ => {}
            }
        }
    }
}

fn truncated(property: &Value) -> bool {
    let mentions = |value: &Value| {
        let all = value.as_array().into_iter().flatten();
        all.filter(|it| matches!(it["mention"]["type"].as_str(), Some("page" | "user")))
            .count()
    };
    match property["type"].as_str() {
        Some("relation") => property["has_more"] == true,
        Some("people") => property["people"]
            .as_array()
            .is_some_and(|all| all.len() >= 25),
        Some(kind @ ("title" | "rich_text")) => mentions(&property[kind]) >= 25,
        Some("rollup") => property["rollup"]["array"]
            .as_array()
            .is_some_and(|it| it.len() >= 25),
        _ => false,
    }
}

fn read_body(client: &Client, seen: &mut Seen, of: &str) {
    let answer = client.send("GET", &format!("/blocks/{of}/children?page_size=100"), None);
    if answer.status == 404 {
        // A synced block whose original is out of sight.
        assert_eq!(seen.blocks[of]["type"], "synced_block");
        return;
    }
    for block in client_rest(client, of, answer.json()) {
        let own = id(&block);
        match block["type"].as_str() {
            Some("child_page") => seen.open_pages.push(own),
            Some("child_database") => seen.open_databases.push(own),
            kind => {
                if seen.blocks.contains_key(&own) {
                    continue;
                }
                if block["has_children"] == true {
                    seen.open_bodies.push(own.clone());
                } else if kind == Some("meeting_notes") {
                    for section in block["meeting_notes"]["children"]
                        .as_object()
                        .into_iter()
                        .flatten()
                    {
                        let section = section.1.as_str().unwrap_or("");
                        let section = client.get(&format!("/blocks/{section}"));
                        seen.open_bodies.push(id(&section));
                        seen.note(&section);
                        seen.blocks.insert(id(&section), section);
                    }
                }
                seen.note(&block);
                seen.blocks.insert(own, block);
            }
        }
    }
}

/// The rest of a listing whose first page is already here.
fn client_rest(client: &Client, of: &str, mut page: Value) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        all.extend(page["results"].as_array().expect("results").iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else {
            return all;
        };
        page = client.get(&format!(
            "/blocks/{of}/children?page_size=100&start_cursor={next}"
        ));
    }
}

fn read_database(client: &Client, seen: &mut Seen, own: &str) {
    if !seen.databases.insert(own.to_string()) {
        return;
    }
    let answer = client.send("GET", &format!("/databases/{own}"), None);
    if answer.status == 200 {
        let database = answer.json();
        seen.note(&database);
        seen.open_sources.extend(
            database["data_sources"]
                .as_array()
                .into_iter()
                .flatten()
                .cloned(),
        );
    }
    for view in client.list(&format!("/views?database_id={own}")) {
        let answer = client.send("GET", &format!("/views/{}", id(&view)), None);
        if answer.status == 200 {
            seen.note(&json!([
                answer.json()["created_by"],
                answer.json()["last_edited_by"]
            ]));
        }
    }
}

fn read_source(
    client: &Client,
    seen: &mut Seen,
    source: &Value,
    known: &mut BTreeMap<String, Value>,
    cap: usize,
) {
    let own = id(source);
    if !seen.sources.insert(own.clone()) {
        return;
    }
    if !known.contains_key(&own) {
        known.insert(own.clone(), client.get(&format!("/data_sources/{own}")));
    }
    for archived in [false, true] {
        let mut body = json!({"page_size": 100, "is_archived": archived,
                              "sorts": [{"timestamp": "created_time", "direction": "ascending"}]});
        loop {
            let (rows, cut) = client.query(&format!("/data_sources/{own}/query"), body.clone());
            let last = rows.last().map(|row| row["created_time"].clone());
            for row in rows {
                if row["object"] == "page" {
                    seen.page(row);
                } else if let Some(database) = row["parent"]["database_id"].as_str() {
                    seen.open_databases.push(database.to_string());
                }
            }
            if !cut {
                break;
            }
            assert!(cap < 10_000, "only a lowered cap is ever reached here");
            body["filter"] = json!({"timestamp": "created_time",
                                    "created_time": {"on_or_after": last}});
        }
    }
    for template in client.list(&format!("/data_sources/{own}/templates")) {
        seen.open_pages.push(id(&template));
    }
}

#[test]
fn the_thrifty_dump_finds_everything_with_the_least_requests_and_fits_the_schemas() {
    let fake = FakeNotion::start(Workspace::everything(1));
    fake.set(|it| it.validate_answers = true);
    let seen = walk(&Client::new(&fake), 10_000);
    assert_eq!(fake.violations(), Vec::<String>::new());
    let counts = fake.counts();
    let least = fake.least_requests(Comments::Pages);
    let sent = |endpoint: &str| counts.get(endpoint).copied().unwrap_or(0);
    println(&least.to_string());
    // The walk asks for its own name twice.
    assert_eq!(sent("GET /v1/users/me"), 2);
    assert_eq!(sent("GET /v1/users"), least.of("GET users"));
    assert_eq!(
        sent("GET /v1/users/{id}"),
        least.of("GET users/{id}: not listed")
    );
    assert_eq!(sent("POST /v1/search"), least.of("POST search"));
    let dead = least.of("references to what is not shared");
    let unlisted = least.of("GET pages/{id}: in no listing");
    assert_eq!(sent("GET /v1/pages/{id}"), unlisted + dead);
    assert_eq!(
        sent("GET /v1/databases/{id}"),
        least.of("GET databases/{id}")
    );
    let sources = least.of("GET data_sources/{id}: not in search");
    assert_eq!(sent("GET /v1/data_sources/{id}"), sources);
    let queries = least.of("POST data_sources/{id}/query");
    assert_eq!(sent("POST /v1/data_sources/{id}/query"), queries);
    let templates = least.of("GET data_sources/{id}/templates");
    assert_eq!(sent("GET /v1/data_sources/{id}/templates"), templates);
    assert_eq!(sent("GET /v1/views"), least.of("GET views"));
    assert_eq!(sent("GET /v1/views/{id}"), least.of("GET views/{id}"));
    let sections = least.of("GET blocks/{id}: sections of meeting notes");
    assert_eq!(sent("GET /v1/blocks/{id}"), sections);
    let bodies = least.of("GET blocks/{id}/children: pages");
    let nested = least.of("GET blocks/{id}/children: blocks");
    assert_eq!(sent("GET /v1/blocks/{id}/children"), bodies + nested);
    assert_eq!(sent("GET /v1/comments"), least.of("GET comments: pages"));
    let items = least.of("GET pages/{id}/properties/{id}");
    assert_eq!(sent("GET /v1/pages/{id}/properties/{property}"), items);
    assert_eq!(counts.values().sum::<u64>(), least.total() + 1);
    let every = fake.least_requests(Comments::Blocks);
    assert_eq!(every.of("GET comments: blocks"), seen.blocks.len() as u64);
    assert_eq!(
        fake.least_requests(Comments::None)
            .of("GET comments: pages"),
        0
    );

    fake.look(|ws| {
        let readable = |id: &&_| ws.can_see(**id) && !ws.is_trashed(**id);
        assert_eq!(seen.pages.len(), ws.pages.keys().filter(readable).count());
        assert_eq!(
            seen.databases.len(),
            ws.databases.keys().filter(readable).count()
        );
        assert_eq!(
            seen.sources.len(),
            ws.data_sources.keys().filter(readable).count()
        );
        assert_eq!(seen.blocks.len(), ws.blocks.keys().filter(readable).count());
    });
}

/// Shown with `--nocapture`; the lints keep `println!` to the program's edge.
fn println(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}
