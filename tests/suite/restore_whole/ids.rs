//! Whatever id something has is that id, and whatever text a page has is that text.

use crate::restorer::{Restorer, foreign};
use crate::support::workspace::build::property;
use crate::support::workspace::ids::Form;
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};
use serde_json::json;

const FORMS: [Form; 5] = [
    Form::Version(1),
    Form::Version(7),
    // Most ids that Notion has made since 2024.
    Form::Version(8),
    Form::Version(15),
    Form::Anything,
];

fn everything(form: Form) -> Workspace {
    let mut ws = Workspace::new(1);
    ws.chance.set_form(form);
    ws.with_everything()
}

#[test]
fn ids_of_every_form_are_ids_at_home() {
    for form in FORMS {
        Restorer::home(everything(form)).prove();
    }
}

#[test]
fn ids_of_every_form_are_ids_abroad() {
    for form in FORMS {
        let home = Restorer::home(everything(form));
        let mut other = foreign(&home.original, 4711);
        other.chance.set_form(form);
        let target = FakeNotion::start(other);
        let Restorer { site, original, .. } = home;
        Restorer::to(site, original, target).prove();
    }
}

/// Everything that the plan of a restore says is put into the pages that it was made for,
/// so that each of its pending ids is told in a text of the workspace.
#[test]
fn the_text_of_a_plan_is_text() {
    let first = Restorer::home(crate::restore_trial::small());
    first.prove();
    let files = &first.site.files;
    let plan = files.paths().into_iter();
    let plan = plan.filter(|it| it.ends_with("/plan.jsonl")).max();
    let plan = files.content(&plan.expect("there is a plan")).unwrap();
    let plan = String::from_utf8(plan).unwrap();
    assert!(plan.contains("$pending") && plan.contains("$text") && plan.contains("$fields"));

    let mut ws = crate::restore_trial::small();
    let pages: Vec<_> = ws.pages.keys().copied().collect();
    let (home, title) = (pages[0], plan.lines().nth(1).unwrap());
    ws.pages.get_mut(&home).unwrap().title = title.chars().take(1500).collect();
    let signs: Vec<char> = plan.chars().collect();
    for (at, piece) in signs.chunks(1500).enumerate() {
        let piece: String = piece.iter().collect();
        ws.paragraph(pages[at % pages.len()], &piece);
    }
    for name in ["$pending", "$text", "$fields", "$plain"] {
        let columns = vec![property(name, "title", json!({}))];
        let (_, source) = ws.database(Parent::Workspace, name, columns);
        ws.row(
            source,
            "{\"$pending\":\"00000000000000000000000000000001\"}",
        );
    }
    ws.advance_minutes(10);
    Restorer::home(ws).prove();
}
