//! A file that cannot be had, uploaded or attached costs its place alone: a stand-in is
//! there, and the page, its rows and all below come back.

use std::sync::Arc;

use notion_backup::repo::Files;
use notion_backup::restore::{Degree, Summary};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::restore_trial::{Dumped, Trial, each};
use crate::support::Workspace;
use crate::support::fake_notion::{Fault, Refusal, What};
use crate::support::workspace::build::property;
use crate::support::workspace::model::{Id, Parent};
use crate::support::workspace::text::{plain_text, rich};

/// Every place that shows a file, and the name of the file there.
const PLACES: [&str; 5] = [
    "icon.png",
    "cover.png",
    "block.png",
    "paper.png",
    "attached.png",
];

/// Answers that refuse, or fail.
const STATUSES: [u16; 9] = [400, 403, 404, 409, 413, 422, 431, 500, 503];

/// A page with a file in each place, and things around and below it. The contents are
/// the names, or all the same.
fn album(content: Option<&[u8]>) -> Workspace {
    let mut ws = Workspace::new(11);
    let file = |ws: &mut Workspace, name: &str| {
        let mut file = ws.file(name, "image/png", content.unwrap_or(name.as_bytes()));
        file["name"] = json!(name);
        file
    };
    let page = ws.page(Parent::Workspace, "Album");
    let [icon, cover, block, paper, attached] = PLACES.map(|name| file(&mut ws, name));
    let holder = ws.pages.get_mut(&page).unwrap();
    (holder.icon, holder.cover) = (icon, cover);
    ws.paragraph(page, "before");
    let mut image = block;
    image.as_object_mut().unwrap().remove("name");
    image["caption"] = rich("a cat");
    ws.block(page, "image", image);
    ws.paragraph(page, "after");
    let below = ws.page(Parent::Page(page), "Below");
    ws.paragraph(below, "deep");
    let columns = vec![
        property("Name", "title", json!({})),
        property("Papers", "files", json!({})),
    ];
    let (_, source) = ws.database(Parent::Page(page), "Shelf", columns);
    let row = ws.row(source, "Report");
    let link =
        json!({"name": "a link", "type": "external", "external": {"url": "https://l.example/x"}});
    ws.value(row, "Papers", json!([paper, link]));
    ws.paragraph(row, "row text");
    let comment = ws.comment(Parent::Page(page), None, rich("see this"));
    let comment = ws.comments.iter_mut().find(|it| it.id == comment).unwrap();
    comment.attachments = vec![json!({"category": "image", "file": attached["file"]})];
    ws.advance_minutes(10);
    ws
}

/// A page that was restored.
fn made(trial: &Trial<'_>, ws: &Workspace, title: &str) -> Id {
    let mut found = ws.pages.values().filter(|page| {
        page.title == title && !trial.dumped.before.pages.contains_key(&page.id) && !page.in_trash
    });
    let page = found
        .next()
        .unwrap_or_else(|| panic!("{title} is not there"));
    assert!(found.next().is_none(), "{title} is there twice");
    page.id
}

fn words(ws: &Workspace, page: Id) -> Vec<String> {
    let blocks = ws.visible_children(page).unwrap().into_iter();
    let blocks = blocks.filter_map(|id| ws.blocks.get(&id));
    blocks
        .map(|block| plain_text(&block.payload["rich_text"]))
        .collect()
}

fn is_hosted(file: &Value) -> bool {
    file["file"]["$asset"].is_string()
}

/// Everything around the files is there; which of the places have their file, and those
/// that have none say so.
fn inspect(trial: &Trial<'_>, summary: &Summary) -> [bool; 5] {
    assert!(summary.early.is_none(), "{:?}", summary.early);
    assert_eq!(summary.steps_done, summary.steps);
    let losses = |part: &str| {
        let mut losses = summary.losses.iter();
        losses.any(|loss| loss.degree != Degree::Detail && loss.what.contains(part))
    };
    let seen = trial.fake.look(|ws| {
        let page = made(trial, ws, "Album");
        let below = made(trial, ws, "Below");
        assert_eq!(ws.pages[&below].parent, Parent::Page(page));
        assert_eq!(words(ws, below), ["deep"]);
        let row = made(trial, ws, "Report");
        let told = words(ws, row);
        assert!(told.contains(&"row text".to_owned()), "{told:?}");
        let text = words(ws, page);
        let at = |wanted: &str| text.iter().position(|it| it == wanted);
        let before = at("before").unwrap_or_else(|| panic!("{text:?}"));
        assert_eq!(at("after"), Some(before + 2), "{text:?}");
        let children = ws.visible_children(page).unwrap();
        let block = &ws.blocks[&children[before + 1]];
        let image = block.kind == "image" && is_hosted(&block.payload);
        if !image {
            let told = plain_text(&block.payload["rich_text"]);
            assert!(told.contains("image") && told.contains("a cat"), "{told}");
        }
        let source = ws.pages[&row].values.values();
        let papers = source
            .filter_map(Value::as_array)
            .find(|it| it.iter().any(|file| file["name"] == "a link"));
        let papers = papers.expect("the link of the property is there");
        let paper = papers.iter().any(is_hosted);
        let named = |name: &Value| name.as_str().unwrap_or_default().contains("paper.png");
        assert!(
            papers.iter().any(|file| named(&file["name"]))
                || told.iter().any(|text| text.contains("paper.png")),
            "{papers:?} {told:?}"
        );
        let mut comments = ws.comments.iter();
        let comment = comments.find(|it| it.on == Parent::Page(page));
        let comment = comment.expect("the comment is there");
        assert!(plain_text(&comment.rich_text).contains("see this"));
        let attached = comment.attachments.len() == 1;
        if !attached {
            let text = plain_text(&comment.rich_text);
            assert!(text.contains('['), "{text}");
        }
        let page = &ws.pages[&page];
        [
            is_hosted(&page.icon),
            is_hosted(&page.cover),
            image,
            paper,
            attached,
        ]
    });
    for (has, part) in seen
        .iter()
        .zip(["icon", "cover", "image", "Papers", "attachment"])
    {
        assert!(
            *has || losses(part),
            "no loss for {part}: {:?}",
            summary.losses
        );
    }
    seen
}

/// Whether a loss names each of these files.
fn assert_named(summary: &Summary, names: &[&str]) {
    for name in names {
        let mut losses = summary.losses.iter();
        assert!(
            losses.any(|loss| loss.what.contains(name) || loss.why.contains(name)),
            "{name}: {:?}",
            summary.losses
        );
    }
}

fn refusal(status: u16) -> What {
    What::status(status)
}

#[test]
fn a_file_that_is_not_uploaded_costs_its_place_alone() {
    let dumped = Dumped::of(album(None));
    let mut cases = Vec::new();
    for status in STATUSES {
        cases.push((status, "create", None));
        cases.push((status, "send", None));
        for (at, name) in PLACES.iter().enumerate() {
            cases.push((status, "create", Some((at, *name))));
        }
    }
    let wrong = each(cases, |(status, stage, one)| {
        let trial = dumped.trial();
        let path = match stage {
            "create" => "/v1/file_uploads",
            _ => "/v1/file_uploads/*/send",
        };
        let fault = Fault::on("POST", path, refusal(status)).times(usize::MAX);
        let fault = match one {
            Some((_, name)) => fault.holding(name),
            None => fault,
        };
        trial.fake.faults().push(fault);
        let summary = trial.restore().unwrap();
        let seen = inspect(&trial, &summary);
        match one {
            None => {
                assert_eq!(seen, [false; 5], "{status} {stage}");
                assert_named(&summary, &PLACES);
            }
            Some((at, name)) => {
                let expected: Vec<bool> = (0..5).map(|place| place != at).collect();
                assert_eq!(seen.to_vec(), expected, "{status} {name}");
                assert_named(&summary, &[name]);
            }
        }
    });
    assert_eq!(wrong, 0);
}

#[test]
fn a_file_whose_parts_cannot_be_joined_costs_its_places_alone() {
    // More than 20 MB go up in parts.
    let content: Vec<u8> = (0..20_000_001u32).map(|at| (at / 65_521) as u8).collect();
    let dumped = Dumped::of(album(Some(&content)));
    let wrong = each([400, 403, 413, 500], |status| {
        let trial = dumped.trial();
        let path = "/v1/file_uploads/*/complete";
        let fault = Fault::on("POST", path, refusal(status)).times(usize::MAX);
        trial.fake.faults().push(fault);
        let summary = trial.restore().unwrap();
        assert_eq!(inspect(&trial, &summary), [false; 5], "{status}");
    });
    assert_eq!(wrong, 0);
}

#[test]
fn a_file_that_cannot_be_attached_costs_its_place_alone() {
    let dumped = Dumped::of(album(None));
    let mut cases: Vec<(String, What)> = Vec::new();
    for status in STATUSES {
        cases.push((status.to_string(), refusal(status)));
    }
    for message in [
        "File upload has status expired and cannot be attached.",
        "The file upload has expired.",
        "Content type image/png does not fit this place.",
    ] {
        let refused = Refusal::new(400, "validation_error", message);
        cases.push((message.to_owned(), What::Refuse(refused)));
    }
    let wrong = each(cases, |(about, what)| {
        let trial = dumped.trial();
        let fault = Fault::on("*", "/v1/*", what).times(usize::MAX);
        trial.fake.faults().push(fault.holding("\"file_upload\""));
        let summary = trial.restore().unwrap();
        assert_eq!(inspect(&trial, &summary), [false; 5], "{about}");
    });
    assert_eq!(wrong, 0);
}

#[test]
fn a_file_that_the_backup_does_not_have_is_told_before_and_costs_its_place_alone() {
    let dumped = Dumped::of(album(None));
    let mut cases = Vec::new();
    for (at, name) in PLACES.iter().enumerate() {
        for damage in ["missing", "cut", "other", "empty"] {
            cases.push((at, *name, damage));
        }
    }
    let wrong = each(cases, |(at, name, damage)| {
        let trial = dumped.trial();
        let hash: String = Sha256::digest(name.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = format!("objects/{}/{hash}.zst", &hash[..2]);
        let content = trial.files.content(&path).expect("the object is there");
        let files: Arc<dyn Files> = trial.files.clone();
        match damage {
            "missing" => files.remove(&path).unwrap(),
            "cut" => trial.files.overwrite(&path, &content[..content.len() / 2]),
            "other" => trial.files.overwrite(&path, b"something else"),
            _ => trial.files.overwrite(&path, b""),
        }
        let preview = trial.preview().unwrap();
        let mut losses = preview.planned.losses.iter();
        assert!(
            losses.any(|loss| loss.what.contains(name) || loss.why.contains(name)),
            "{damage} {name}: {:?}",
            preview.planned.losses
        );
        let summary = trial.restore().unwrap();
        let expected: Vec<bool> = (0..5).map(|place| place != at).collect();
        assert_eq!(
            inspect(&trial, &summary).to_vec(),
            expected,
            "{damage} {name}"
        );
        assert_named(&summary, &[name]);
    });
    assert_eq!(wrong, 0);
}

#[test]
fn a_token_that_may_not_create_anything_loses_no_file() {
    let dumped = Dumped::of(album(None));
    let trial = dumped.trial();
    let denied = Fault::on("POST", "/v1/*", What::status(403)).times(usize::MAX);
    trial.fake.faults().push(denied);
    let summary = trial.restore().unwrap();
    assert!(summary.early.is_some());
    trial.fake.faults().clear();
    let summary = trial.resume().unwrap();
    assert_eq!(inspect(&trial, &summary), [true; 5]);
}
