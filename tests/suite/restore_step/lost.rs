//! Lost answers: nothing is made twice, and nothing is left out.

use std::time::Duration;

use notion_backup::clock::{Clock, ManualClock};
use notion_backup::notion::Method;
use notion_backup::restore::perform::Failure;
use notion_backup::restore::{Action, Checkpoints, Step};
use notion_backup::stop::StopReason;
use serde_json::{Value, json};

use super::stage::*;
use crate::site::OnSleep;
use crate::support::fake_notion::{Fault, What};

fn values(answer: &Value, pointers: &[&str]) -> Vec<Value> {
    let value = |at: &&str| answer.pointer(at).cloned().unwrap_or_default();
    pointers.iter().map(value).collect()
}

#[test]
fn each_failure_of_each_write_leaves_exactly_one_object() {
    let kinds = creations(&Stage::new()).len();
    for kind in 0..kinds {
        let plain = Stage::new();
        let (name, call, pointers) = creations(&plain).swap_remove(kind);
        let expected = plain.perform(&call, None).unwrap();
        assert!(!expected.adopted && expected.losses.is_empty(), "{name}");
        let wanted = values(&expected.answer, &pointers);
        assert!(wanted.iter().all(Value::is_string), "{name}: {wanted:?}");
        for (failure, what, commits) in failures() {
            let stage = Stage::new();
            let fault = Fault::on(call.method.as_str(), &call.path, what);
            stage.fake.faults().push(fault);
            let about = format!("{name}, {failure}");
            let done = stage.perform(&call, None);
            let done = done.unwrap_or_else(|error| panic!("{about}: {error}"));
            assert_eq!(stage.fake.faults().left(), 0, "{about}");
            assert_eq!(stage.census(), plain.census(), "{about}");
            // The same seed gives the same ids.
            assert_eq!(values(&done.answer, &pointers), wanted, "{about}");
            assert_eq!(done.adopted, commits, "{about}");
            assert!(done.losses.is_empty(), "{about}: {:?}", done.losses);
        }
    }
}

#[test]
fn a_killed_run_is_taken_up_where_it_was() {
    let kinds = creations(&Stage::new()).len();
    for kind in 0..kinds {
        let plain = Stage::new();
        let (name, call, pointers) = creations(&plain).swap_remove(kind);
        let expected = plain.perform(&call, None).unwrap();
        for executed in [true, false] {
            let stage = Stage::new();
            let begun = stage.clock.now();
            let before = stage.before(&call);
            if executed {
                stage.perform(&call, None).unwrap();
            }
            stage.clock.0.advance(Duration::from_secs(300));
            stage.fake.edit(|ws| ws.advance_minutes(5));
            let step = Step {
                before,
                ..step(Action::Call(template(&call)))
            };
            let done = stage.with(|performer| {
                performer.perform(
                    &step,
                    &call,
                    Some(begun),
                    &mut Checkpoints::new(&[], &|_| {}),
                )
            });
            let done = done.unwrap();
            assert_eq!(done.adopted, executed, "{name}");
            assert_eq!(stage.census(), plain.census(), "{name}");
            assert_eq!(
                values(&done.answer, &pointers),
                values(&expected.answer, &pointers),
                "{name}"
            );
        }
    }
}

#[test]
fn what_is_given_whole_is_simply_sent_again() {
    for (failure, what, _) in failures() {
        let stage = Stage::new();
        let (root, block) = (stage.get("root"), stage.get("block"));
        let changes = [
            call(
                Method::Patch,
                format!("/v1/pages/{root}"),
                json!({"is_locked": true}),
            ),
            call(
                Method::Patch,
                format!("/v1/blocks/{block}"),
                json!({"paragraph": {"rich_text": rich("other")}}),
            ),
            call(Method::Delete, format!("/v1/blocks/{block}"), Value::Null),
        ];
        let before = stage.census();
        for call in changes {
            let fault = Fault::on(call.method.as_str(), &call.path, what.clone());
            stage.fake.faults().push(fault);
            let done = stage.perform(&call, None);
            let done = done.unwrap_or_else(|error| panic!("{failure}: {}: {error}", call.path));
            assert_eq!(stage.fake.faults().left(), 0);
            assert!(done.losses.is_empty(), "{failure}");
        }
        assert_eq!(stage.census(), before, "{failure}");
        stage.fake.look(|ws| {
            assert!(ws.pages[&root].is_locked, "{failure}");
            assert!(ws.is_trashed(block), "{failure}");
            let words = ws.blocks[&block].payload["rich_text"][0]["plain_text"].clone();
            assert_eq!(words, "other", "{failure}");
        });
    }
}

#[test]
fn what_is_in_the_trash_already_is_done() {
    let stage = Stage::new();
    let (root, block) = (stage.get("root"), stage.get("block"));
    let delete = call(Method::Delete, format!("/v1/blocks/{block}"), Value::Null);
    stage.perform(&delete, None).unwrap();
    assert!(stage.perform(&delete, None).unwrap().adopted);
    let nobody = "/v1/blocks/5d1f0c2e-8c6a-80b1-9d7e-3f2a1b0c9d8e".to_string();
    assert!(
        stage
            .perform(&call(Method::Delete, nobody, Value::Null), None)
            .unwrap()
            .adopted
    );
    let page = call(
        Method::Patch,
        format!("/v1/pages/{root}"),
        json!({"in_trash": true}),
    );
    stage.perform(&page, None).unwrap();
    assert!(stage.perform(&page, None).unwrap().adopted);
}

#[test]
fn half_of_an_append_is_completed() {
    for position in [json!({"type": "start"}), json!({"type": "end"})] {
        let stage = Stage::new();
        let root = stage.get("root");
        let path = format!("/v1/blocks/{root}/children");
        let before = stage.before(&call(Method::Patch, path.clone(), json!({})));
        let first = json!({"children": [paragraph("same")], "position": position});
        stage
            .perform(&call(Method::Patch, path.clone(), first), None)
            .unwrap();
        let children = [paragraph("same"), paragraph("same"), paragraph("end")];
        let whole = call(
            Method::Patch,
            path,
            json!({"children": children, "position": position}),
        );
        let step = Step {
            before,
            ..step(Action::Call(template(&whole)))
        };
        let begun = Some(stage.clock.now());
        let done = stage
            .with(|performer| {
                performer.perform(&step, &whole, begun, &mut Checkpoints::new(&[], &|_| {}))
            })
            .unwrap();
        let texts = stage.fake.look(|ws| {
            let (_, listed) = ws.raw_children(root).unwrap();
            let blocks = listed.iter().filter_map(|id| ws.blocks.get(id));
            let words = blocks.map(|it| it.payload["rich_text"][0]["plain_text"].clone());
            words.collect::<Vec<_>>()
        });
        let expected = match position["type"] == "start" {
            true => [
                "same",
                "same",
                "end",
                "commented",
                "same",
                "same",
                "same",
                "same",
            ],
            false => [
                "commented",
                "same",
                "same",
                "same",
                "same",
                "same",
                "same",
                "end",
            ],
        };
        assert_eq!(texts, expected);
        assert_eq!(done.answer["results"].as_array().unwrap().len(), 3);
        assert!(done.adopted);
    }
}

#[test]
fn what_was_to_go_inside_a_block_follows() {
    let stage = Stage::new();
    let path = format!("/v1/blocks/{}/children", stage.get("root"));
    let toggle = |children: Value| {
        let toggle = json!({"rich_text": rich("t"), "children": children});
        let children = [json!({"type": "toggle", "toggle": toggle})];
        call(Method::Patch, path.clone(), json!({"children": children}))
    };
    let (bare, whole) = (
        toggle(json!([])),
        toggle(json!([paragraph("a"), paragraph("b")])),
    );
    let step = Step {
        before: stage.before(&whole),
        ..step(Action::Call(template(&whole)))
    };
    let begun = Some(stage.clock.now());
    let made = stage.perform(&bare, None).unwrap();
    for _ in 0..2 {
        let done = stage
            .with(|performer| {
                performer.perform(&step, &whole, begun, &mut Checkpoints::new(&[], &|_| {}))
            })
            .unwrap();
        assert_eq!(
            done.answer["results"][0]["id"],
            made.answer["results"][0]["id"]
        );
        let toggle = made.answer["results"][0]["id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let inside = stage.fake.look(|ws| ws.blocks[&toggle].children.len());
        assert_eq!(inside, 2);
    }
}

#[test]
fn what_comes_late_is_waited_for() {
    let mut stage = Stage::new();
    let root = stage.get("root");
    let (_, call, _) = creations(&stage).swap_remove(2);
    let before = stage.census();
    let (fake, now) = (stage.fake.clone(), stage.clock.now());
    // Notion is still at it when the connection breaks: the blocks are there only after
    // the first look.
    let late = move || {
        if fake.count("GET /v1/blocks/{id}/children") == 1 {
            fake.edit(|ws| [(); 3].map(|()| ws.paragraph(root, "same")));
        }
    };
    stage.clock = std::sync::Arc::new(OnSleep(ManualClock::at(now), Box::new(late)));
    let fault = Fault::on("PATCH", &call.path, What::HangUp);
    stage.fake.faults().push(fault);
    assert!(stage.perform(&call, None).unwrap().adopted);
    assert_eq!(stage.census()[1], before[1] + 3);
    assert_eq!(stage.fake.count("PATCH"), 1);
}

#[test]
fn what_never_answers_is_for_later_and_what_all_share_is_for_all() {
    let about = |what: What| {
        let stage = Stage::new();
        let (_, call, _) = creations(&stage).swap_remove(0);
        let before = stage.census();
        let fault = Fault::on(call.method.as_str(), &call.path, what);
        stage.fake.faults().push(fault.times(100));
        let failure = stage.perform(&call, None).unwrap_err();
        assert_eq!(stage.census(), before);
        failure
    };
    assert!(matches!(about(What::status(504)), Failure::Later(_)));
    assert!(matches!(about(What::status(401)), Failure::Token(_)));
    assert!(matches!(about(What::blocked()), Failure::Token(_)));
    assert!(matches!(about(What::block_limit()), Failure::BlockLimit(_)));
    let stage = Stage::new();
    stage.fake.set(|it| it.capabilities.insert_content = false);
    let (_, call, _) = creations(&stage).swap_remove(0);
    let failure = stage.perform(&call, None).unwrap_err();
    assert!(failure.concerns_all());
    assert!(failure.to_string().contains("insert content"), "{failure}");
    stage.stop.raise(StopReason::Interrupted);
    assert_eq!(stage.perform(&call, None).unwrap_err(), Failure::Stopped);
}

#[test]
fn what_a_killed_run_left_out_follows() {
    let stage = Stage::new();
    let (root, source) = (stage.get("root"), stage.get("source"));
    let begun = stage.clock.now();
    // Refused without a word why, a row is made bare, and its pieces follow; a kill
    // comes in between.
    let parent = json!({"data_source_id": source});
    let schema = json!({"properties": {"Count": {"number": {}}}});
    let path = format!("/v1/data_sources/{source}");
    let change = call(Method::Patch, path, schema);
    stage.perform(&change, None).unwrap();
    let bare = json!({"parent": parent, "properties": {"Name": {"title": rich("Row")}}});
    stage
        .perform(&call(Method::Post, "/v1/pages", bare), None)
        .unwrap();
    let whole = json!({"parent": parent, "icon": {"type": "emoji", "emoji": "🎈"},
        "properties": {"Name": {"title": rich("Row")}, "Count": {"number": 7}},
        "children": [paragraph("a"), paragraph("b")]});
    let before = stage.census();
    let done = stage.perform(&call(Method::Post, "/v1/pages", whole.clone()), Some(begun));
    let done = done.unwrap();
    let row = done.answer["id"].as_str().unwrap().parse().unwrap();
    stage.fake.look(|ws| {
        assert_eq!(ws.pages[&row].icon["emoji"], "🎈");
        assert!(ws.pages[&row].values.values().any(|it| *it == json!(7)));
        assert_eq!(ws.pages[&row].body.listed.len(), 2);
    });
    assert_eq!(stage.census()[0], before[0]);
    // And once more: now nothing is missing.
    let again = stage.perform(&call(Method::Post, "/v1/pages", whole), Some(begun));
    assert_eq!(again.unwrap().answer["id"], done.answer["id"]);
    assert_eq!(stage.census()[1], before[1] + 2);

    let database = |columns: Value| {
        let body = json!({"parent": {"type": "page_id", "page_id": root}, "title": rich("Base"),
            "initial_data_source": {"properties": columns}});
        call(Method::Post, "/v1/databases", body)
    };
    let bare = database(json!({"Name": {"title": {}}}));
    let made = stage.perform(&bare, None).unwrap();
    let whole = database(json!({"Name": {"title": {}}, "Due": {"date": {}}}));
    let done = stage.perform(&whole, Some(begun)).unwrap();
    assert_eq!(done.answer["id"], made.answer["id"]);
    let source = done.answer["data_sources"][0]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let columns = stage.fake.look(|ws| ws.data_sources[&source].schema.len());
    assert_eq!(columns, 2);
}

#[test]
fn a_discussion_is_remembered_by_the_run_that_opened_it() {
    let stage = Stage::new();
    let block = stage.get("block");
    let post = |body| call(Method::Post, "/v1/comments", body);
    let first = post(json!({"parent": {"block_id": block}, "rich_text": rich("first")}));
    let step = step(Action::Call(template(&first)));
    let before = stage.census()[5];
    stage.with(|performer| {
        let opened = performer
            .perform(&step, &first, None, &mut Checkpoints::new(&[], &|_| {}))
            .unwrap();
        let discussion = &opened.answer["discussion_id"];
        let reply = post(json!({"discussion_id": discussion, "rich_text": rich("reply")}));
        let lost = Fault::on("POST", "/v1/comments", What::HangUpAfterCommit);
        stage.fake.faults().push(lost);
        assert!(
            performer
                .perform(&step, &reply, None, &mut Checkpoints::new(&[], &|_| {}))
                .unwrap()
                .adopted
        );
    });
    assert_eq!(stage.census()[5], before + 2);
    // Neither does one that may not read comments.
    stage.fake.set(|it| it.capabilities.read_comments = false);
    let failure = stage.perform(&first, Some(stage.clock.now())).unwrap_err();
    assert!(
        failure.to_string().contains("not posted twice"),
        "{failure}"
    );
    stage.fake.set(|it| it.capabilities.read_comments = true);
    // Another run was not told of it, and says nothing twice.
    let discussion = stage.fake.look(|ws| ws.comments.last().unwrap().discussion);
    let reply = post(json!({"discussion_id": discussion, "rich_text": rich("reply")}));
    let failure = stage.perform(&reply, Some(stage.clock.now())).unwrap_err();
    assert!(
        failure.to_string().contains("not posted twice"),
        "{failure}"
    );
    assert_eq!(stage.census()[5], before + 2);
}
