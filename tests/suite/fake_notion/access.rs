//! Who may see what: tokens, capabilities, unshared things, the trash, users.

use serde_json::json;

use super::client::{Client, id, ids};
use super::everything;
use crate::support::workspace::model::Parent;

#[test]
fn only_the_right_token_and_version_are_served() {
    let (fake, client) = everything();
    let answer = Client::new(&fake)
        .with_token("ntn_other")
        .send("GET", "/users/me", None);
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (401, json!("unauthorized"))
    );
    let answer = client.download(
        "GET",
        &format!("{}/v1/users/me", fake.url()),
        &[("authorization", &format!("Bearer {}", fake.token()))],
    );
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (400, json!("missing_version"))
    );
    let me = client.send("GET", "/users/me", None);
    assert_eq!(me.json()["bot"]["workspace_name"], "Acme");
    let request_id = me.json()["request_id"].as_str().map(str::to_string);
    assert_eq!(me.header("x-notion-request-id"), request_id.as_deref());
    assert_eq!(
        client.send("GET", "/nonsense", None).json()["code"],
        "invalid_request_url"
    );
    let answer = client.send("GET", "/pages/no-id", None);
    assert_eq!(answer.json()["code"], "validation_error");
    assert_eq!(fake.requests().last().unwrap().status, 400);
}

#[test]
fn missing_capabilities_are_refused_by_name() {
    let (fake, client) = everything();
    let home = fake.look(|ws| ws.get("home"));
    fake.set(|it| it.capabilities.read_comments = false);
    let answer = client.send("GET", &format!("/comments?block_id={home}"), None);
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (403, json!("restricted_resource"))
    );
    fake.set(|it| it.capabilities.users = false);
    assert_eq!(client.send("GET", "/users", None).status, 403);
    assert_eq!(client.send("GET", "/users/me", None).status, 200);
    fake.set(|it| it.capabilities.read_content = false);
    assert_eq!(client.post("/search", json!({})).status, 403);
    assert_eq!(
        client.send("GET", &format!("/pages/{home}"), None).status,
        403
    );
}

#[test]
fn emails_show_only_with_their_capability() {
    let (fake, client) = everything();
    let bob = fake.look(|ws| ws.get("bob"));
    assert_eq!(
        client.get(&format!("/users/{bob}"))["person"]["email"],
        "bob@example.com"
    );
    fake.set(|it| it.capabilities.emails = false);
    assert_eq!(client.get(&format!("/users/{bob}"))["person"], json!({}));
}

#[test]
fn guests_are_not_listed_the_deleted_are_gone_and_personal_tokens_list_nobody() {
    let (fake, client) = everything();
    let (guest, gone) = fake.look(|ws| (ws.get("guest"), ws.get("deleted user")));
    let listed = ids(&client.list("/users"));
    assert_eq!(listed.len(), 114);
    assert!(!listed.contains(&guest.to_string()) && !listed.contains(&gone.to_string()));
    assert_eq!(client.get(&format!("/users/{guest}"))["name"], "Gus");
    assert_eq!(
        client.send("GET", &format!("/users/{gone}"), None).status,
        404
    );
    fake.set(|it| it.capabilities.personal = true);
    assert_eq!(client.send("GET", "/users", None).status, 403);
}

#[test]
fn what_is_not_shared_leaves_no_trace_in_listings_and_is_404() {
    let (fake, client) = everything();
    let (awkward, withdrawn, child, hidden) = fake.look(|ws| {
        let names = [
            "awkward",
            "withdrawn child",
            "shared child",
            "hidden parent",
        ];
        names.map(|name| ws.get(name)).into()
    });
    let children = ids(&client.list(&format!("/blocks/{awkward}/children")));
    assert!(!children.contains(&withdrawn.to_string()));
    for path in ["pages", "blocks"] {
        let answer = client.send("GET", &format!("/{path}/{withdrawn}"), None);
        assert_eq!(
            (answer.status, answer.json()["code"].clone()),
            (404, json!("object_not_found"))
        );
    }
    let page = client.get(&format!("/pages/{child}"));
    assert_eq!(page["parent"]["page_id"], json!(hidden));
    assert_eq!(
        client.send("GET", &format!("/pages/{hidden}"), None).status,
        404
    );
}

#[test]
fn a_trashed_page_answers_but_its_children_do_not() {
    let (fake, client) = everything();
    let (page, awkward) = fake.look(|ws| (ws.get("trashed page"), ws.get("awkward")));
    assert_eq!(client.get(&format!("/pages/{page}"))["in_trash"], true);
    assert_eq!(client.get(&format!("/blocks/{page}"))["in_trash"], true);
    assert_eq!(
        client
            .send("GET", &format!("/blocks/{page}/children"), None)
            .status,
        404
    );
    let children = ids(&client.list(&format!("/blocks/{awkward}/children")));
    assert!(!children.contains(&page.to_string()));
}

#[test]
fn a_mention_of_the_unshared_loses_its_text_and_style() {
    let (fake, client) = everything();
    let (block, target) = fake.look(|ws| (ws.get("dead mention"), ws.get("unshared target")));
    let mention = client.get(&format!("/blocks/{block}"))["paragraph"]["rich_text"][1].clone();
    assert_eq!(mention["mention"]["page"]["id"], json!(target));
    assert_eq!(mention["plain_text"], "Untitled");
    assert_eq!(mention["annotations"]["bold"], false);
    fake.edit(|ws| ws.set_shared(target, Some(true)));
    let mention = client.get(&format!("/blocks/{block}"))["paragraph"]["rich_text"][1].clone();
    assert_eq!(mention["annotations"]["bold"], true);
}

#[test]
fn synced_references_show_the_original_unless_it_is_hidden() {
    let (fake, client) = everything();
    let [original, reference, lost] = fake.look(|ws| {
        ["synced original", "synced reference", "synced from hidden"].map(|name| ws.get(name))
    });
    let shown = ids(&client.list(&format!("/blocks/{reference}/children")));
    assert_eq!(
        shown,
        ids(&client.list(&format!("/blocks/{original}/children")))
    );
    assert_eq!(
        client.get(&format!("/blocks/{reference}"))["has_children"],
        true
    );
    assert_eq!(
        client
            .send("GET", &format!("/blocks/{lost}/children"), None)
            .status,
        404
    );
}

#[test]
fn linked_views_hide_their_source_and_new_view_types_cannot_be_read() {
    let (fake, client) = everything();
    let linked =
        fake.look(|ws| ["linked", "linked, not found", "linked, refused"].map(|name| ws.get(name)));
    let status = |id| client.send("GET", &format!("/databases/{id}"), None).status;
    assert_eq!(linked.map(status), [200, 404, 400]);
    assert_eq!(
        client.get(&format!("/databases/{}", linked[0]))["data_sources"],
        json!([])
    );
    for database in linked {
        let views = client.list(&format!("/views?database_id={database}"));
        let view = client.get(&format!("/views/{}", id(&views[0])));
        assert_eq!(
            view["data_source_id"],
            json!(fake.look(|ws| ws.get("projects source")))
        );
    }
    let (feed, source) = fake.look(|ws| (ws.get("feed view"), ws.get("projects source")));
    let answer = client.send("GET", &format!("/views/{feed}"), None);
    assert_eq!(answer.status, 400);
    assert!(
        answer.json()["message"]
            .to_string()
            .contains("Unsupported view type")
    );
    let over = client.list(&format!("/views?data_source_id={source}"));
    assert!(over.len() >= 13);
    assert_eq!(client.send("GET", "/views", None).status, 400);
}

#[test]
fn comments_are_unresolved_and_of_exactly_that_object() {
    let (fake, client) = everything();
    let [page, block, crowded] =
        fake.look(|ws| ["commented", "commented block", "crowded"].map(|name| ws.get(name)));
    let of = |id| client.list(&format!("/comments?block_id={id}"));
    assert_eq!(
        (of(page).len(), of(block).len(), of(crowded).len()),
        (5, 2, 130)
    );
    assert!(
        of(page)
            .iter()
            .all(|it| it["parent"]["page_id"] == json!(page))
    );
    let discussion = fake.look(|ws| ws.get("discussion"));
    let thread = of(page)
        .iter()
        .filter(|it| it["discussion_id"] == json!(discussion))
        .count();
    assert_eq!(thread, 2);
    fake.edit(|ws| ws.resolve(discussion));
    assert_eq!(of(page).len(), 3);
}

#[test]
fn times_are_whole_minutes_and_only_some_edits_move_them() {
    let (fake, client) = everything();
    let (home, block) = fake.look(|ws| (ws.get("home"), ws.get("a paragraph")));
    let time = || client.get(&format!("/pages/{home}"))["last_edited_time"].clone();
    let start = time();
    assert!(start.as_str().unwrap().ends_with(":00.000Z"));
    fake.edit(|ws| {
        ws.advance_minutes(3);
        ws.set_text_by_api(block, "written by a bot");
        ws.set_icon(home, json!({"type": "emoji", "emoji": "🏡"}));
        ws.say(Parent::Page(home), "a comment");
    });
    assert_eq!(time(), start);
    assert_ne!(
        client.get(&format!("/blocks/{block}"))["last_edited_time"],
        start
    );
    fake.edit(|ws| ws.set_text(block, "typed"));
    let typed = time();
    assert!(typed.as_str() > start.as_str());
    fake.edit(|ws| {
        ws.advance_seconds(20);
        ws.set_text(block, "typed again");
    });
    assert_eq!(time(), typed);
}
