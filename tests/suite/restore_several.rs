//! A step that became several requests goes on at the one that failed: no object is made
//! twice, the rest of it is there, and an undo leaves nothing.

use std::collections::BTreeMap;

use serde_json::json;

use crate::restore_trial::{Dumped, Trial, each};
use crate::support::Workspace;
use crate::support::fake_notion::{Fault, Refusal, What};
use crate::support::workspace::build::property;
use crate::support::workspace::model::{Id, Parent};
use crate::support::workspace::text::rich;

/// One of each object whose request is taken apart when it is refused, with files in all
/// that can be sent by itself.
fn parts() -> Workspace {
    let mut ws = Workspace::new(23);
    let file = |ws: &mut Workspace, name: &str| {
        let mut file = ws.file(name, "image/png", name.as_bytes());
        file["name"] = json!(name);
        file
    };
    let page = ws.page(Parent::Workspace, "Whole");
    let icon = file(&mut ws, "icon.png");
    let cover = file(&mut ws, "cover.png");
    let holder = ws.pages.get_mut(&page).unwrap();
    (holder.icon, holder.cover) = (icon, cover);
    let toggle = ws.toggle(page, "outside");
    let inner = ws.toggle(toggle, "inside");
    ws.paragraph(inner, "twin");
    // Deeper than a request nests.
    let third = ws.toggle(inner, "third");
    let fourth = ws.toggle(third, "fourth");
    ws.paragraph(fourth, "bottom");
    let image = ws.file("deep.png", "image/png", b"deep.png");
    ws.block(fourth, "image", image);
    ws.paragraph(fourth, "bottom");
    ws.paragraph(third, "last");
    let image = ws.file("inside.png", "image/png", b"inside.png");
    ws.block(toggle, "image", image);
    ws.paragraph(toggle, "twin");
    ws.paragraph(page, "between");
    let image = ws.file("block.png", "image/png", b"block.png");
    ws.block(page, "image", image);
    let columns = || {
        vec![
            property("Name", "title", json!({})),
            property("Amount", "number", json!({"format": "euro"})),
            property("Papers", "files", json!({})),
        ]
    };
    let (base, source) = ws.database(Parent::Page(page), "Base", columns());
    ws.data_source(base, "Second", columns());
    let row = ws.row(source, "Row");
    ws.value(row, "Amount", json!(7));
    let paper = file(&mut ws, "paper.png");
    ws.value(row, "Papers", json!([paper]));
    ws.paragraph(row, "in the row");
    let comment = ws.comment(Parent::Page(page), None, rich("see"));
    let attached = file(&mut ws, "attached.png");
    let comment = ws.comments.iter_mut().find(|it| it.id == comment).unwrap();
    comment.attachments = vec![json!({"category": "image", "file": attached["file"]})];
    ws.view(base, Some(source), "As a list", "list", json!({}));
    ws.advance_minutes(10);
    ws
}

/// How many of each thing are in Notion and not in the trash: by kind and title.
fn there(trial: &Trial<'_>) -> BTreeMap<String, usize> {
    trial.fake.look(|ws| {
        let mut found = BTreeMap::new();
        let mut count = |what: String| *found.entry(what).or_default() += 1;
        let live = |id: &Id| !ws.is_trashed(*id);
        for page in ws.pages.values().filter(|it| live(&it.id)) {
            count(format!("page {}", page.title));
        }
        ws.databases
            .keys()
            .filter(|id| live(id))
            .for_each(|_| count("database".into()));
        ws.data_sources
            .keys()
            .filter(|id| live(id))
            .for_each(|_| count("source".into()));
        let views = ws.views.values().filter(|it| live(&it.database));
        views.for_each(|_| count("view".into()));
        let comments = ws.comments.iter().filter(|it| match it.on {
            Parent::Page(id) | Parent::Block(id) => live(&id),
            _ => false,
        });
        comments.for_each(|_| count("comment".into()));
        for block in ws.blocks.values().filter(|it| live(&it.id)) {
            let words = &block.payload["rich_text"][0]["plain_text"];
            count(format!("block {} {words}", block.kind));
        }
        found
    })
}

fn trial(dumped: &Dumped) -> Trial<'_> {
    let mut trial = dumped.trial();
    trial.jobs = 1;
    trial
}

fn refused() -> What {
    What::status(400)
}

/// What happens to a later request: its name, what it is answered, whether no answer ever
/// comes after it, and whether something may be lost by it.
fn disturbances() -> Vec<(&'static str, What, bool, bool)> {
    let expired = Refusal::new(400, "validation_error", "The file upload has expired.");
    vec![
        ("refused", refused(), false, true),
        ("upload expired", What::Refuse(expired), false, true),
        ("killed before", What::HangUp, true, false),
        ("killed after", What::HangUpAfterCommit, true, false),
        ("answer lost", What::HangUpAfterCommit, false, false),
        ("not allowed", What::status(403), false, true),
        ("no answer", What::status(504), false, false),
    ]
}

/// The request with this number, or several, are refused without a word why.
fn refuse(trial: &Trial<'_>, numbers: &[usize]) {
    for (before, number) in numbers.iter().enumerate() {
        let fault = Fault::on("*", "*", refused()).after(number - before);
        trial.fake.faults().push(fault);
    }
}

/// A restore in which requests were refused: the numbers of the requests that follow of
/// the same step, and what is there.
struct Several {
    numbers: Vec<usize>,
    later: Vec<usize>,
    whole: BTreeMap<String, usize>,
    about: String,
}

/// All refusals that make several requests of a step.
fn several(dumped: &Dumped) -> Vec<Several> {
    let plain = trial(dumped);
    let summary = plain.restore().unwrap();
    plain.assert_restored(&summary, "undisturbed");
    let requests = plain.fake.requests();
    let mut found = Vec::new();
    for (number, request) in requests.iter().enumerate() {
        let appends = request.path.ends_with("/children") && request.method == "PATCH";
        let creates = [
            "/v1/pages",
            "/v1/databases",
            "/v1/data_sources",
            "/v1/views",
            "/v1/comments",
        ]
        .contains(&request.path.as_str())
            && request.method == "POST";
        if !appends && !creates {
            continue;
        }
        for numbers in [vec![number], vec![number, number + 2]] {
            let trial = trial(dumped);
            refuse(&trial, &numbers);
            let summary = trial.restore().unwrap();
            let about = format!("{} {} {numbers:?}", request.method, request.path);
            assert!(summary.early.is_none(), "{about}");
            // Another step may have been refused, or one that cannot be without what was.
            if summary.has_losses() || trial.fake.faults().left() > 0 {
                continue;
            }
            let first = numbers.last().unwrap() + 1;
            let end = number + trial.fake.requests().len() - requests.len();
            found.push(Several {
                later: (first..=end).collect(),
                whole: there(&trial),
                numbers,
                about,
            });
        }
    }
    found
}

#[test]
fn a_step_of_several_requests_goes_on_at_the_one_that_failed() {
    let dumped = Dumped::of(parts());
    let several = several(&dumped);
    let creates = |path: &str| several.iter().any(|it| it.about.contains(path));
    for path in [
        "POST /v1/pages",
        "POST /v1/databases",
        "POST /v1/data_sources",
        "/children",
    ] {
        assert!(creates(path), "{path} is one of several requests");
    }
    let mut cases = Vec::new();
    for one in &several {
        for number in &one.later {
            for disturbance in disturbances() {
                for undone in [false, true] {
                    cases.push((one, *number, disturbance.clone(), undone));
                }
            }
        }
    }
    assert!(cases.len() > 200, "{}", cases.len());
    let wrong = each(
        cases,
        |(one, number, (name, what, killed, loses), undone)| {
            let trial = trial(&dumped);
            let before = there(&trial);
            refuse(&trial, &one.numbers);
            let skip = number - one.numbers.len();
            trial
                .fake
                .faults()
                .push(Fault::on("*", "*", what).after(skip));
            if killed {
                let dead = Fault::on("*", "*", What::HangUp).after(skip);
                trial.fake.faults().push(dead.times(usize::MAX));
            }
            let about = format!("{}, request {number}: {name}", one.about);
            let mut summary = trial.restore().unwrap();
            trial.fake.faults().clear();
            if undone {
                trial.undo(&summary.journal).unwrap();
                assert_eq!(there(&trial), before, "{about}, undone");
                return;
            }
            let early = summary.early.is_some();
            assert!(!killed || early, "{about}");
            if early {
                summary = trial.resume().unwrap();
            }
            assert!(summary.early.is_none(), "{about}: {:?}", summary.early);
            let found = there(&trial);
            if loses && summary.has_losses() {
                for (what, count) in &found {
                    let most = one.whole.get(what).copied().unwrap_or(1);
                    assert!(*count <= most, "{about}: {count} of {what}");
                }
                for what in one.whole.keys().filter(|it| !it.starts_with("block")) {
                    assert!(found.contains_key(what), "{about}: no {what}");
                }
            } else {
                trial.assert_restored(&summary, &about);
                assert_eq!(found, one.whole, "{about}");
            }
            trial.undo(&summary.journal).unwrap();
            assert_eq!(there(&trial), before, "{about}, undone in the end");
        },
    );
    assert_eq!(wrong, 0);
}
