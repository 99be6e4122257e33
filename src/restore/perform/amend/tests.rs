use super::*;
use crate::notion::Kind;

const PAGE: &str = "/v1/pages";

fn id(bits: u128) -> NotionId {
    NotionId::from_bits(bits)
}

fn refusal(message: &str) -> Error {
    let path = message.split(' ').find(|word| word.starts_with("body."));
    Error {
        json_path: path.map(Box::from),
        ..Error::new(Kind::Validation, "POST /v1/pages", message)
    }
}

fn row() -> Write {
    Write::Row { source: id(1) }
}

fn whats(draft: &Draft) -> Vec<&str> {
    draft.losses.iter().map(|loss| loss.what.as_str()).collect()
}

#[test]
fn the_property_that_is_named_goes_and_no_other() {
    let body = json!({"properties": {
        "Name": {"title": []}, "Due": {"date": {}}, "Due date": {"date": {}}, "A.b (c)": {"number": 1}}});
    let mut draft = Draft::new(id(9), body);
    for (message, name) in [
        (
            "body failed validation: body.properties.Due date.date.start should be …",
            "Due date",
        ),
        ("Due is expected to be number.", "Due"),
        (
            "body failed validation: body.properties.A.b (c).number should be …",
            "A.b (c)",
        ),
    ] {
        assert!(draft.amend(row(), PAGE, &refusal(message)));
        assert_eq!(
            draft.losses.last().unwrap().what,
            format!("property '{name}'")
        );
        assert_eq!(draft.losses.last().unwrap().degree, Degree::Missing);
    }
    assert_eq!(draft.body, json!({"properties": {"Name": {"title": []}}}));
}

#[test]
fn a_property_with_the_name_of_a_word_stays() {
    let body =
        json!({"properties": {"Name": {"title": []}, "body": {"number": 1}, "be": {"number": 1}}});
    let mut draft = Draft::new(id(9), body);
    let error = refusal("body failed validation: body.icon should be something");
    draft.amend(row(), PAGE, &error);
    assert!(draft.losses.is_empty(), "{:?}", draft.losses);
}

#[test]
fn a_column_that_nobody_names_is_simplified_by_itself() {
    let column = json!({"status": {"options": [{"name": "x", "color": "red", "group": "To-do"}]}});
    let mut draft = Draft::new(id(9), json!({"properties": {"Stage": column}}));
    let change = Write::Change { id: id(1) };
    let mut options = Vec::new();
    while draft.amend(change, "/v1/data_sources/x", &refusal("No.")) {
        options.push(draft.body["properties"]["Stage"]["status"]["options"][0].clone());
    }
    assert_eq!(
        options,
        [json!({"name": "x", "color": "red"}), json!({"name": "x"})]
    );
}

#[test]
fn what_nobody_names_is_sent_piece_by_piece() {
    let body = json!({"parent": 1, "icon": 2, "children": [3], "properties": {
        "Name": {"title": []}, "A": {"number": 1}, "B": {"number": 2}}});
    let mut draft = Draft::new(id(9), body);
    assert!(draft.amend(row(), PAGE, &refusal("Something is wrong.")));
    let bare = json!({"parent": 1, "properties": {"Name": {"title": []}}});
    assert_eq!(draft.body, bare);
    let pieces: Vec<_> = draft
        .pieces
        .iter()
        .map(|it| (&*it.what, it.body.clone()))
        .collect();
    assert_eq!(
        pieces,
        [
            ("property 'A'", json!({"properties": {"A": {"number": 1}}})),
            ("property 'B'", json!({"properties": {"B": {"number": 2}}})),
            ("icon", json!({"icon": 2})),
        ]
    );
    assert_eq!(draft.children, [json!(3)]);
    assert!(draft.losses.is_empty());
    assert!(!draft.amend(row(), PAGE, &refusal("Something is wrong.")));
}

#[test]
fn the_title_loses_its_styles_at_last() {
    let body = json!({"properties": {"title": {"title": [
        {"text": {"content": "a"}, "annotations": {"bold": true}}]}}});
    let mut draft = Draft::new(id(9), body);
    assert!(draft.amend(Write::Page { parent: id(1) }, PAGE, &refusal("No.")));
    assert_eq!(whats(&draft), ["styles of the text"]);
    assert_eq!(
        draft.body["properties"]["title"]["title"],
        json!(text::runs("a"))
    );
    assert!(!draft.amend(Write::Page { parent: id(1) }, PAGE, &refusal("No.")));
}

#[test]
fn groups_go_before_options_and_options_before_the_column() {
    let body = json!({"initial_data_source": {"properties": {
        "Name": {"title": {}},
        "Stage": {"status": {"options": [{"name": "x", "color": "red", "group": "To-do"}]}}}}});
    let mut draft = Draft::new(id(9), body);
    let write = Write::Database { page: id(1) };
    let path = "body.initial_data_source.properties.Stage.status.options[0] is wrong";
    let mut options = Vec::new();
    for _ in 0..3 {
        assert!(draft.amend(write, "/v1/databases", &refusal(path)));
        options.push(
            draft.body["initial_data_source"]["properties"]["Stage"]["status"]["options"][0]
                .clone(),
        );
    }
    assert_eq!(
        options,
        [
            json!({"name": "x", "color": "red"}),
            json!({"name": "x"}),
            Value::Null
        ]
    );
    let degrees: Vec<Degree> = draft.losses.iter().map(|loss| loss.degree).collect();
    assert_eq!(degrees, [Degree::Detail, Degree::Detail, Degree::Missing]);
    assert!(!draft.amend(write, "/v1/databases", &refusal(path)));
}

#[test]
fn a_view_loses_what_is_named_or_else_one_setting_after_the_other() {
    let body =
        json!({"name": "v", "configuration": 1, "sorts": 2, "filter": 3, "quick_filters": 4});
    let mut draft = Draft::new(id(9), body);
    let write = Write::View { database: id(1) };
    assert!(draft.amend(
        write,
        "/v1/views",
        &refusal("body.filter.property should be …")
    ));
    while draft.amend(write, "/v1/views", &refusal("No.")) {}
    assert_eq!(
        whats(&draft),
        ["filter", "configuration", "quick_filters", "sorts"]
    );
    assert_eq!(draft.body, json!({"name": "v"}));
}

#[test]
fn a_bad_link_that_is_named_costs_neither_its_property_nor_its_block() {
    let linked = json!([{"text": {"content": "a", "link": {"url": "x:y"}}}]);
    let body = json!({
        "properties": {"Name": {"title": []}, "My notes": {"rich_text": linked}},
        "children": [{"paragraph": {"rich_text": linked}}]});
    let mut draft = Draft::new(id(9), body);
    for message in [
        "body failed validation: body.properties.My notes.rich_text[0].text.link.url should be …",
        "body failed validation. Fix one:\nbody.children[0].embed should be defined.\n\
         body.children[0].paragraph.rich_text[0].text.link.url should be a valid url.",
    ] {
        assert!(draft.amend(row(), PAGE, &refusal(message)));
    }
    let told = json!([{"text": {"content": "a (x:y)"}}]);
    assert_eq!(draft.body["properties"]["My notes"]["rich_text"], told);
    assert_eq!(draft.body["children"][0]["paragraph"]["rich_text"], told);
    assert_eq!(whats(&draft), ["link 'x:y'"; 2]);
}

#[test]
fn a_comment_keeps_its_words() {
    let body = json!({"rich_text": [{"text": {"content": "a"}}, {"equation": {"expression": "b"}}],
        "attachments": [{"type": "file_upload", "file_upload_id": "u"}], "display_name": {}});
    let mut draft = Draft::new(id(9), body);
    while draft.amend(
        Write::Comment { on: id(1) },
        "/v1/comments",
        &refusal("No."),
    ) {}
    assert_eq!(
        whats(&draft),
        ["attachment", "display_name", "styles of the text"]
    );
    let words = "ab\n[a file: Notion refuses it: No.]";
    assert_eq!(draft.body, json!({"rich_text": text::runs(words)}));
}

#[test]
fn a_change_is_taken_apart_once() {
    let change = Write::Change { id: id(1) };
    let body = json!({"icon": 1, "properties": {"A": 1, "B": 2}});
    let mut draft = Draft::new(id(9), body);
    assert!(draft.amend(change, "/v1/pages/x", &refusal("No.")));
    assert_eq!(draft.body, json!({}));
    assert_eq!(draft.pieces.len(), 3);
    for piece in draft.pieces {
        let mut single = Draft::new(id(9), piece.body.clone());
        assert!(!single.amend(change, "/v1/pages/x", &refusal("No.")));
        assert_eq!(single.body, piece.body);
    }
}

#[test]
fn a_target_that_is_gone_costs_the_mention_only() {
    let error = Error::new(
        Kind::NotFound,
        "PATCH /v1/blocks/x/children",
        format!("Could not find page with ID: {}.", id(7)),
    );
    let mut draft = Draft::new(
        id(9),
        json!({"children": [{"paragraph": {"rich_text": [{"mention": {"page": {"id": id(7)}}}]}}]}),
    );
    let append = Write::Append { parent: id(1) };
    assert!(draft.amend(append, "/v1/blocks/x/children", &error));
    assert_eq!(whats(&draft), [format!("mention of {}", id(7))]);
    assert!(!draft.amend(append, "/v1/blocks/x/children", &error));
}

const SOURCE: &str = "/v1/data_sources/x";

fn formula(text: &str) -> Value {
    json!({"type": "formula", "formula": {"expression": text}})
}

#[test]
fn formulas_are_parted_from_the_rest_and_from_each_other() {
    // A column called like a word of the message is not meant by it.
    let body =
        json!({"properties": {"Type": {"number": {}}, "A": formula("a"), "B": formula("b")}});
    let change = Write::Change { id: id(1) };
    let error = refusal("Type error with formula.");
    let mut draft = Draft::new(id(9), body);
    assert!(draft.amend(change, SOURCE, &error));
    assert_eq!(draft.body, json!({"properties": {"Type": {"number": {}}}}));
    let pieces: Vec<&Value> = draft.pieces.iter().map(|piece| &piece.body).collect();
    assert_eq!(
        pieces,
        [
            &json!({"properties": {"A": formula("a")}}),
            &json!({"properties": {"B": formula("b")}})
        ]
    );
    assert!(draft.losses.is_empty() && draft.refused.is_empty());
    // Alone, it is the one that is meant, and is not sent again.
    let mut alone = Draft::new(id(9), draft.pieces[0].body.clone());
    assert!(alone.amend(change, SOURCE, &error));
    assert_eq!(alone.body, json!({"properties": {}}));
    assert_eq!(alone.refused, [("A".to_owned(), error)]);
    // Whatever the message is, and whether it names it or not.
    for message in [
        "No.",
        "body failed validation: body.properties.A.formula should be …",
    ] {
        let mut alone = Draft::new(id(9), draft.pieces[0].body.clone());
        assert!(alone.amend(change, SOURCE, &refusal(message)));
        assert_eq!(alone.refused.len(), 1, "{message}");
        assert!(alone.losses.is_empty(), "{message}");
    }
}

#[test]
fn a_prefix_that_is_in_use_goes_alone() {
    let columns = |unique: Value| json!({"Name": {"title": {}}, "ID": {"unique_id": unique}, "A": {"number": {}}});
    let database = Write::Database { page: id(1) };
    for message in [
        "Unique ID prefix \"PRJ\" is already in use.",
        "body failed validation: body.initial_data_source.properties.ID.unique_id.prefix should be …",
    ] {
        let body =
            json!({"initial_data_source": {"properties": columns(json!({"prefix": "PRJ"}))}});
        let mut draft = Draft::new(id(9), body);
        assert!(draft.amend(database, "/v1/databases", &refusal(message)));
        let left = json!({"initial_data_source": {"properties": columns(json!({}))}});
        assert_eq!(draft.body, left, "{message}");
        assert_eq!(whats(&draft), ["prefix 'PRJ' of property 'ID'"]);
        assert_eq!(draft.losses[0].degree, Degree::Detail);
    }
}

#[test]
fn the_spare_request_is_sent_at_the_first_refusal() {
    let mut draft = Draft::new(id(9), json!({"filter": 1, "sorts": 2}));
    draft.spare = Some(Spare {
        body: json!({"sorts": 2}),
        what: "view 'V'".to_owned(),
        lost: vec!["a filter by the formula 'F'".to_owned()],
    });
    let view = Write::View { database: id(1) };
    let error = refusal("Unable to filter based on a formula of unknown type");
    assert!(draft.amend(view, "/v1/views", &error));
    assert_eq!(draft.body, json!({"sorts": 2}));
    assert_eq!(whats(&draft), ["view 'V'"]);
    let why = &draft.losses[0].why;
    assert!(why.contains("without a filter by the formula 'F'"), "{why}");
    assert!(why.contains("unknown type"), "{why}");
    // Refused again, it is made simpler as any other.
    assert!(draft.amend(view, "/v1/views", &error));
    assert_eq!(draft.body, json!({}));
}
