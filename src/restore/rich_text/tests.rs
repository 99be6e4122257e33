use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::restore::PendingId;
use crate::restore::pending::Known;
use crate::restore::testing::Answers;

const ABOUT: u128 = 77;

fn id(bits: u128) -> NotionId {
    NotionId::from_bits(bits)
}

fn run(targets: &Answers, runs: Value) -> (Vec<Value>, Notes) {
    let mut notes = Notes::default();
    let out = write(&runs, id(ABOUT), targets, &mut notes);
    (out, notes)
}

fn text(content: &str) -> Value {
    json!({"type": "text", "text": {"content": content}})
}

#[test]
fn every_mention_that_can_be_written_is_written() {
    let mut targets = Answers::default().made(1).same(2);
    targets.users.insert(id(3), id(33));
    targets.emojis.insert(id(4), id(44));
    let today = json!({"type": "template_mention_date", "template_mention_date": "today"});
    let mention = |kind: &str, inner: Value| {
        json!({"type": "mention", "mention": {"type": kind, kind: inner}, "plain_text": "p", "href": null,
               "annotations": {"bold": true, "italic": false, "color": "red"}})
    };
    let (out, notes) = run(
        &targets,
        json!([
            mention("page", json!({"id": id(1)})),
            mention("database", json!({"id": id(2)})),
            mention(
                "user",
                json!({"object": "user", "id": id(3), "name": "Ada"})
            ),
            mention(
                "custom_emoji",
                json!({"id": id(4), "name": "x", "url": "https://s"})
            ),
            mention(
                "date",
                json!({"start": "2026-01-02", "end": null, "time_zone": null})
            ),
            mention("template_mention", today.clone()),
        ]),
    );
    let made = |kind: &str, inner: Value| {
        json!({"type": "mention", "mention": {"type": kind, kind: inner},
               "annotations": {"bold": true, "color": "red"}})
    };
    assert_eq!(
        out,
        [
            made("page", json!({"id": PendingId::of(id(1))})),
            made("database", json!({"id": id(2)})),
            made("user", json!({"id": id(33)})),
            made("custom_emoji", json!({"id": id(44)})),
            made("date", json!({"start": "2026-01-02"})),
            made("template_mention", today),
        ]
    );
    assert_eq!(notes, Notes::default());
}

#[test]
fn every_mention_that_cannot_be_written_leaves_its_text() {
    let targets = Answers::default().later(1);
    for (kind, inner, shown, expected, link) in [
        ("page", json!({"id": id(1)}), "Plan", "Plan", None),
        ("page", json!({"id": id(2)}), "Gone", "Gone", None),
        ("database", json!({"id": id(2)}), "", "Untitled", None),
        ("user", json!({"id": id(3)}), "@x", "@x", None),
        ("user", json!({"id": id(3)}), "", "@Ada", None),
        (
            "custom_emoji",
            json!({"id": id(4), "name": "hat"}),
            ":hat:",
            ":hat:",
            None,
        ),
        (
            "link_preview",
            json!({"url": "https://a/b"}),
            "",
            "https://a/b",
            Some("https://a/b"),
        ),
        (
            "link_mention",
            json!({"href": "https://a/", "title": "T"}),
            "",
            "T",
            Some("https://a/"),
        ),
        ("hologram", json!({"x": 1}), "shine", "shine", None),
        ("date", json!({}), "some day", "some day", None),
        (
            "template_mention",
            json!({"type": "template_mention_moon"}),
            "@moon",
            "@moon",
            None,
        ),
    ] {
        let read = json!([{"type": "mention", "mention": {"type": kind, kind: inner}, "plain_text": shown,
                           "annotations": {"code": true}}]);
        let (out, notes) = run(&targets, read);
        let mut wanted = text(expected);
        wanted["annotations"] = json!({"code": true});
        if let Some(link) = link {
            wanted["text"]["link"] = json!({"url": link});
        }
        assert_eq!(out, [wanted], "{kind}");
        let later = usize::from(shown == "Plan");
        assert_eq!(notes.later.len(), later, "{kind}");
        assert_eq!(notes.losses.len(), 1 - later, "{kind}");
        assert!(notes.losses.iter().all(|loss| loss.id == id(ABOUT)));
    }
}

#[test]
fn times_with_a_zone_are_written_as_its_clocks_show_them() {
    let read = json!({"start": "2026-07-01T10:00:00.000Z", "end": "2026-07-01T13:30:00.000+02:00",
                      "time_zone": "Europe/Berlin"});
    let written = json!({"start": "2026-07-01T12:00:00.000", "end": "2026-07-01T13:30:00.000",
                         "time_zone": "Europe/Berlin"});
    assert_eq!(date(&read), Some(written));
    let read = json!({"start": "2026-07-01T10:00:00.000+05:00", "end": null, "time_zone": null});
    assert_eq!(
        date(&read),
        Some(json!({"start": "2026-07-01T10:00:00.000+05:00"}))
    );
}

#[test]
fn links_into_notion_follow_what_they_name() {
    let targets = Answers::default().made(0xa1).made(0xb2).later(0xc3);
    let hex = |bits: u128| format!("{bits:032x}");
    let (a, b, c, g) = (hex(0xa1), hex(0xb2), hex(0xc3), hex(0xd4));
    let (na, nb) = (hex(0xe1), hex(0xf2));
    let known = Known::from([
        (PendingId::of(id(0xa1)), id(0xe1).to_string()),
        (PendingId::of(id(0xb2)), id(0xf2).to_string()),
    ]);
    for (read, written) in [
        (
            format!("https://www.notion.so/acme/My-page-{a}?pvs=4#{b}"),
            format!("https://www.notion.so/acme/My-page-{na}?pvs=4#{nb}"),
        ),
        (
            format!("https://notion.so/{}", id(0xa1)),
            format!("https://notion.so/{na}"),
        ),
        (
            format!("https://app.notion.com/p/T-{a}?v={b}&x=y"),
            format!("https://app.notion.com/p/T-{na}?v={nb}&x=y"),
        ),
        (
            format!("https://acme.notion.site/{g}?p={a}"),
            format!("https://acme.notion.site/{g}?p={na}"),
        ),
        (
            format!("/{a}#{c}"),
            format!("https://www.notion.so/{na}#{c}"),
        ),
        (
            format!("https://example.com/{a}"),
            format!("https://example.com/{a}"),
        ),
        ("mailto:a@b.example".into(), "mailto:a@b.example".into()),
        (
            "https://www.notion.so/help#x".into(),
            "https://www.notion.so/help#x".into(),
        ),
    ] {
        let mut notes = Notes::default();
        let made = link(&read, &targets, &mut notes);
        assert_eq!(made.filled(&known), written);
        assert_eq!(made.units(), written.len());
        let later = read.contains(&c);
        assert_eq!(notes.later, vec![id(0xc3); usize::from(later)], "{read}");
        let mut found = Vec::new();
        made.pending(&mut found);
        assert_eq!(
            found.len(),
            written.matches(&na).count() + written.matches(&nb).count()
        );
    }
}

#[test]
fn what_is_too_long_is_split_or_told() {
    let targets = Answers::default();
    let long = format!("https://e/{}", "x".repeat(2000));
    let (out, notes) = run(
        &targets,
        json!([{"type": "text", "text": {"content": "here", "link": {"url": long}}},
               {"type": "equation", "equation": {"expression": "y".repeat(1001)}},
               {"type": "equation", "equation": {"expression": "z".repeat(1000)}}]),
    );
    assert_eq!(notes.losses.len(), 2);
    assert_eq!(
        shown(&out),
        format!("here ({long}){}{}", "y".repeat(1001), "z".repeat(1000))
    );
    assert_eq!(out.last().unwrap()["type"], "equation");
    let emoji = "a".to_string() + &"😀".repeat(1000);
    let parts = plain(&emoji);
    assert_eq!(parts.len(), 2);
    assert_eq!(shown(&parts), emoji);
    assert_eq!(pieces(vec![json!(1); 201]).len(), 3);
    assert_eq!(pieces(Vec::new()).len(), 0);
    assert_eq!(plain(""), Vec::<Value>::new());
}

#[test]
fn unknown_kinds_and_shapes_keep_what_can_be_read() {
    let targets = Answers::default();
    let (out, notes) = run(
        &targets,
        json!([{"type": "scent", "plain_text": "roses", "annotations": {"color": "infrared"}},
               {"plain_text": " red"}, 7, null]),
    );
    assert_eq!(out, [text("roses red")]);
    assert!(notes.losses.len() >= 3, "{notes:?}");
    assert_eq!(run(&targets, json!(null)).0, Vec::<Value>::new());
}

/// What a reader sees.
fn shown(runs: &[Value]) -> String {
    runs.iter()
        .filter_map(|run| {
            run.pointer("/text/content")
                .or_else(|| run.pointer("/equation/expression"))?
                .as_str()
        })
        .collect()
}

/// Each character with its style and link.
fn styled(runs: &[Value]) -> Vec<(char, Value, Value)> {
    let mut out = Vec::new();
    for run in runs {
        let style = run.get("annotations").cloned().unwrap_or(json!({}));
        let link = run["text"]["link"]["url"].clone();
        for character in run["text"]["content"].as_str().unwrap().chars() {
            out.push((character, style.clone(), link.clone()));
        }
    }
    out
}

proptest! {
    #[test]
    fn no_character_and_no_style_is_lost(
        runs in prop::collection::vec(("[a😀é]{0,9}", 1usize..700, 0..3, any::<bool>()), 0..12)
    ) {
        let read: Vec<Value> = runs.iter().map(|(content, times, style, linked)| {
            let mut run = text(&content.repeat(*times));
            if *style > 0 {
                run["annotations"] = json!({"bold": true, "color": if *style == 1 { "red" } else { "red_background" }});
            }
            if *linked {
                run["text"]["link"] = json!({"url": "https://example.com/"});
            }
            run
        }).collect();
        let (out, notes) = run(&Answers::default(), json!(read));
        prop_assert_eq!(styled(&out), styled(&read));
        prop_assert_eq!(notes, Notes::default());
        for (one, next) in out.iter().zip(out.iter().skip(1)) {
            let same = one["annotations"] == next["annotations"] && one["text"]["link"] == next["text"]["link"];
            prop_assert!(!same || units(one["text"]["content"].as_str().unwrap()) >= TEXT - 1);
        }
        for run in out {
            let length = units(run["text"]["content"].as_str().unwrap());
            prop_assert!((1..=TEXT).contains(&length));
        }
    }
}
