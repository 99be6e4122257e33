use serde_json::json;

use super::super::text::words;
use super::*;
use crate::notion::Kind;

fn id() -> NotionId {
    NotionId::from_bits(9)
}

fn error(message: &str) -> Error {
    Error::new(Kind::Validation, "POST /v1/pages", message)
}

/// The recorded words for so many bad links.
fn bad_links(count: usize) -> Error {
    let lines = "\nInvalid URL for link.".repeat(count);
    error(&format!(
        "Content creation Failed. Fix the following: {lines}"
    ))
}

fn linked(words: &str, url: &str) -> Value {
    json!({"type": "text", "text": {"content": words, "link": {"url": url}}, "annotations": {"bold": true}})
}

fn paragraph(runs: &[Value]) -> Value {
    json!({"type": "paragraph", "paragraph": {"rich_text": runs}})
}

fn text_of(block: &Value) -> String {
    words(&block["paragraph"]["rich_text"])
}

#[test]
fn a_link_becomes_its_text_and_its_address_in_the_same_style() {
    let mut body = json!({"children": [paragraph(&[
        linked("one ", "mailto:a@e.example"),
        linked("two", "mailto:a@e.example"),
        linked("https://e.example/", "https://e.example/"),
    ])]});
    let (mut tried, mut losses) = (Tried::default(), Vec::new());
    assert!(tried.drop(&mut body, &mut losses, id(), &bad_links(2)));
    let runs = &body["children"][0]["paragraph"]["rich_text"];
    assert_eq!(runs[0]["text"], json!({"content": "one "}));
    assert_eq!(
        runs[1]["text"],
        json!({"content": "two (mailto:a@e.example)"})
    );
    assert_eq!(runs[1]["annotations"], json!({"bold": true}));
    assert_eq!(runs[2], linked("https://e.example/", "https://e.example/"));
    let whats: Vec<&str> = losses.iter().map(|loss| loss.what.as_str()).collect();
    assert_eq!(whats, ["link 'mailto:a@e.example'"]);
    assert!(!losses[0].why.contains('\n'), "{}", losses[0].why);
    // The address is what is shown: nothing is added.
    assert!(tried.drop(&mut body, &mut losses, id(), &bad_links(1)));
    assert_eq!(
        text_of(&body["children"][0]),
        "one two (mailto:a@e.example)https://e.example/"
    );
    // It was not that, and there is nothing else: but there is an end.
    assert!(tried.drop(&mut body, &mut losses, id(), &bad_links(1)));
    assert!(!tried.drop(&mut body, &mut losses, id(), &bad_links(1)));
}

#[test]
fn what_was_not_meant_comes_back() {
    let good = paragraph(&[linked("mail", "mailto:a@e.example")]);
    let bad = paragraph(&[linked("host", "http://localhost/")]);
    let plain = paragraph(&[linked("web", "https://e.example/")]);
    let mut body = json!({"children": [good, bad, plain, good]});
    let (mut tried, mut losses) = (Tried::default(), Vec::new());
    // As many as are odd: those are tried, and it is right.
    assert!(tried.drop(&mut body, &mut losses, id(), &bad_links(1)));
    assert_eq!(text_of(&body["children"][1]), "host (http://localhost/)");
    assert_eq!(body["children"][0], good);

    let mut body = json!({"children": [good, bad, plain, bad]});
    let (mut tried, mut losses) = (Tried::default(), Vec::new());
    assert!(tried.drop(&mut body, &mut losses, id(), &bad_links(1)));
    assert_ne!(body["children"][0], good);
    // One is bad still, so it was another.
    assert!(tried.drop(&mut body, &mut losses, id(), &bad_links(1)));
    assert_eq!(body["children"][0], good);
    assert_eq!(text_of(&body["children"][1]), "host (http://localhost/)");
    assert_eq!(body["children"][2], plain);
    assert!(losses.iter().all(|loss| loss.what.contains("localhost")));
    // The third time all go.
    assert!(tried.drop(&mut body, &mut losses, id(), &bad_links(1)));
    assert!(!body.to_string().contains("\"link\""));
}

#[test]
fn a_message_about_images_or_icons_leaves_links_alone() {
    let address = "https://e.example/a";
    let external = json!({"type": "external", "external": {"url": address}});
    let link = paragraph(&[linked("web", address)]);
    let image = json!({"type": "image", "image": external});
    let entry = json!({"name": "a.pdf", "type": "external", "external": {"url": address}});
    let whole = json!({"icon": external, "cover": external, "children": [link, image],
        "properties": {"Files": {"files": [entry]}}});
    let dropped = |message: &str| {
        let mut body = whole.clone();
        let (mut tried, mut losses) = (Tried::default(), Vec::new());
        assert!(tried.drop(&mut body, &mut losses, id(), &error(message)));
        let whats = losses.into_iter().map(|loss| loss.what);
        (body, whats.collect::<Vec<_>>())
    };
    let (body, whats) = dropped("Invalid page icon URL.");
    assert_eq!(whats, [format!("icon '{address}'")]);
    assert!(body.get("icon").is_none() && body.get("cover").is_some());
    let (_, whats) = dropped("Invalid cover URL.");
    assert_eq!(whats, [format!("cover '{address}'")]);
    let (body, whats) = dropped("Invalid image url.");
    assert_eq!(whats, [format!("cover '{address}'")]);
    assert_eq!(body["children"][0], link);
    // Nothing else is left but what could be meant.
    let (body, _) = dropped("Invalid URL. Invalid URL. Invalid URL. Invalid URL. Invalid URL.");
    assert_eq!(text_of(&body["children"][0]), format!("web ({address})"));
    let made = &body["properties"]["Files"]["files"][0];
    assert_eq!(made["name"], format!("a.pdf ({address}) (not restored)"));
    assert!(
        !text_of(&body["children"][1]).is_empty() || body["children"][1]["bookmark"].is_object()
    );
}

#[test]
fn a_path_to_a_link_costs_that_link() {
    let mut body = json!({"children": [{"type": "toggle", "toggle": {"rich_text": [],
        "children": [paragraph(&[linked("a", "https://a.example/"), linked("b", "https://b.example/")])]}}]});
    let path = "body.children[0].toggle.children[0].paragraph.rich_text[1].text.link.url";
    let lost = unlink(id(), &mut body, path);
    assert_eq!(
        lost,
        Some(("link 'https://b.example/'".to_owned(), Degree::StandIn))
    );
    let inside = &body["children"][0]["toggle"]["children"][0];
    assert_eq!(text_of(inside), "ab (https://b.example/)");
    assert_eq!(
        inside["paragraph"]["rich_text"][0],
        linked("a", "https://a.example/")
    );
    for path in [
        "body.children[7].paragraph.rich_text[1].text.link.url",
        "body.children[0].toggle.rich_text[0].text.link",
        "body.icon",
        "body.children[x].text.link",
    ] {
        assert_eq!(unlink(id(), &mut body, path), None, "{path}");
    }
}

#[test]
fn a_long_text_goes_on_in_another_run() {
    let mut first = linked(&"x".repeat(RUN), "tel:123");
    let mut body = json!({"rich_text": [first]});
    let (mut tried, mut losses) = (Tried::default(), Vec::new());
    assert!(tried.drop(&mut body, &mut losses, id(), &bad_links(1)));
    first["text"] = json!({"content": "x".repeat(RUN)});
    assert_eq!(body["rich_text"][0], first);
    assert_eq!(body["rich_text"][1]["text"]["content"], " (tel:123)");
    assert_eq!(body["rich_text"][1]["annotations"], json!({"bold": true}));
}
