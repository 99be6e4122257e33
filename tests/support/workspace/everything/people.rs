//! Members, guests, the departed, bots and custom emojis.

use serde_json::json;

use super::super::Workspace;
use super::super::model::*;

/// Names: `bob`, `guest`, `deleted user`, `other bot`, `party`.
pub fn add(ws: &mut Workspace) {
    let bob = ws.person("Bob", "bob@example.com");
    ws.name("bob", bob);
    if let Some(bob) = ws.users.last_mut() {
        bob.avatar_url = Some("https://images.example.com/bob.png".into());
    }
    // More than one page of the users' list.
    for number in 0..110 {
        ws.person(
            &format!("Member {number}"),
            &format!("member{number}@example.com"),
        );
    }
    let guest = ws.guest("Gus");
    ws.name("guest", guest);
    let gone = ws.deleted_user();
    ws.name("deleted user", gone);
    let bot = ws.chance.id();
    ws.users.push(User {
        id: bot,
        name: "Other bot".into(),
        avatar_url: None,
        kind: UserKind::Bot,
        guest: false,
        deleted: false,
    });
    ws.name("other bot", bot);
    for name in ["party", "parrot", "ship-it"] {
        let content = format!("PNG of {name}");
        let emoji = ws.add_emoji(name, content.as_bytes());
        ws.name(name, emoji);
    }
}

/// A group as people properties show it; no endpoint lists it (section 2.8).
pub fn group(ws: &mut Workspace) -> serde_json::Value {
    json!({"object": "group", "id": ws.chance.id(), "name": "Everyone in design"})
}
