//! Comments, thread by thread.
//!
//! The API writes every comment as the connection's own and at the present time. So each
//! shows the name of its author as a label, and begins with the time when it was written
//! (sections 7.6 and 8 of the API digest). What does not fit into one comment goes on in
//! the next one.

use serde_json::{Value, json};

use super::{Degree, Notes, Targets, Upload, rich_text};
use crate::model::{NotionId, Parent, id_of, parent_of};

/// Attachments of one comment (section 1.5 of the API digest).
const ATTACHMENTS: usize = 3;

/// One discussion.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    /// The page or block that it is about, by old id.
    pub on: NotionId,
    /// Whether that is a page: the first comment's `parent` is then `page_id`.
    pub on_page: bool,
    /// The old id of the discussion.
    pub discussion: NotionId,
    /// The old ids of its comments, for messages.
    pub about: Vec<NotionId>,
    /// The body of the `POST /comments` that opens it, without `parent`. The answer has
    /// the new `discussion_id`.
    pub first: Value,
    /// The bodies of those that follow, without `discussion_id`.
    pub replies: Vec<Value>,
}

/// The threads in `comments.json`, by the time of their first comment.
pub fn threads(comments: &Value, targets: &dyn Targets, notes: &mut Notes) -> Vec<Thread> {
    let mut sorted: Vec<(&str, &Value)> = comments
        .as_array()
        .into_iter()
        .flatten()
        .map(|comment| (time(comment), comment))
        .collect();
    sorted.sort_by_key(|(time, _)| *time);
    let mut threads: Vec<Thread> = Vec::new();
    for (_, comment) in sorted {
        let Some(id) = id_of(comment) else { continue };
        let (on, on_page) = match parent_of(comment) {
            Parent::Page(page) => (page, true),
            Parent::Block(block) => (block, false),
            _ => {
                let why = "the original does not say what it is about";
                notes.lose(id, "comment", why, Degree::Missing);
                continue;
            }
        };
        let discussion = comment.get("discussion_id").and_then(Value::as_str);
        let discussion = discussion.and_then(|text| text.parse().ok()).unwrap_or(id);
        let mut bodies = bodies(comment, id, targets, notes).into_iter();
        let same = |it: &&mut Thread| it.discussion == discussion && it.on == on;
        if let Some(thread) = threads.iter_mut().find(same) {
            thread.about.push(id);
            thread.replies.extend(bodies);
        } else if let Some(first) = bodies.next() {
            threads.push(Thread {
                on,
                on_page,
                discussion,
                about: vec![id],
                first,
                replies: bodies.collect(),
            });
        }
    }
    threads
}

fn time(comment: &Value) -> &str {
    let time = comment.get("created_time").and_then(Value::as_str);
    time.unwrap_or_default()
}

/// One comment, as one request or several.
fn bodies(comment: &Value, id: NotionId, targets: &dyn Targets, notes: &mut Notes) -> Vec<Value> {
    let mut runs = rich_text::plain(&stamp(time(comment)));
    let text = comment.get("rich_text").unwrap_or(&Value::Null);
    runs.extend(rich_text::write(text, id, targets, notes));
    let mut attachments = Vec::new();
    let hung = comment.get("attachments").and_then(Value::as_array);
    for attachment in hung.into_iter().flatten() {
        match upload(attachment, id, targets, notes) {
            Ok((upload, told)) => {
                attachments.push(upload);
                runs.extend(rich_text::plain(&told));
            }
            Err(told) => runs.extend(rich_text::plain(&told)),
        }
    }
    let mut texts = rich_text::pieces(runs).into_iter();
    let mut hung = attachments.chunks(ATTACHMENTS);
    let name = author(comment, targets);
    let mut made = Vec::new();
    loop {
        let (text, hung) = (texts.next(), hung.next());
        if text.is_none() && hung.is_none() {
            return made;
        }
        let text = text.unwrap_or_else(|| rich_text::plain(stamp(time(comment)).trim_end()));
        let mut body = json!({"rich_text": text});
        if !name.is_empty() {
            body["display_name"] = json!({"type": "custom", "custom": {"name": name}});
        }
        if let Some(hung) = hung {
            body["attachments"] = json!(hung);
        }
        made.push(body);
    }
}

/// `2026-03-01T10:00:12.000Z` as `[2026-03-01 10:00 UTC] `.
fn stamp(time: &str) -> String {
    match time.parse::<jiff::Timestamp>() {
        Ok(time) => time.strftime("[%Y-%m-%d %H:%M UTC] ").to_string(),
        Err(_) => "[no date] ".into(),
    }
}

/// The name that the comment showed, else that of who wrote it.
fn author(comment: &Value, targets: &dyn Targets) -> String {
    let shown = comment.pointer("/display_name/resolved_name");
    let shown = shown.and_then(Value::as_str).filter(|it| !it.is_empty());
    match (shown, comment.get("created_by").and_then(id_of)) {
        (Some(shown), _) => shown.into(),
        (None, Some(user)) => targets.user_name(user),
        (None, None) => String::new(),
    }
}

/// An attachment, and what the text has to say of it; or only that.
fn upload(
    attachment: &Value,
    id: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Result<(Value, String), String> {
    let url = attachment.pointer("/file/url").and_then(Value::as_str);
    let (name, why) = match url.map(|url| targets.file(id, url)) {
        Some(Upload::File {
            id: upload,
            name,
            wrapped,
        }) => {
            let made = json!({"type": "file_upload", "file_upload_id": upload});
            let told = wrapped.map(|original| {
                let why = format!("the API refuses files like '{original}': it is in '{name}'");
                notes.lose(id, "attachment", why, Degree::Detail);
                format!("\n[{name} is {original}]")
            });
            return Ok((made, told.unwrap_or_default()));
        }
        Some(Upload::Lost { name, why }) => (name, why),
        None => {
            let why = "the original does not say where it is";
            ("a file".to_string(), why.to_string())
        }
    };
    let lost = format!("attachment '{name}'");
    notes.lose(id, lost, why.clone(), Degree::Missing);
    Err(format!("\n[{name}: {why}]"))
}

#[cfg(test)]
mod tests {
    use super::super::PendingId;
    use super::super::fixed::{Fixed, assert_fits, id};
    use super::*;
    use crate::model::plain_text;

    fn comment(number: u128, discussion: u128, minute: u32, text: &str) -> Value {
        json!({"object": "comment", "id": id(number), "discussion_id": id(discussion),
               "parent": {"type": "page_id", "page_id": id(1)},
               "created_time": format!("2026-03-01T10:{minute:02}:12.000Z"),
               "created_by": {"object": "user", "id": id(7)},
               "display_name": {"type": "user", "resolved_name": "Ada"},
               "rich_text": [{"type": "text", "text": {"content": text, "link": null}, "plain_text": text}]})
    }

    fn run(comments: Value) -> (Vec<Thread>, Notes) {
        let mut notes = Notes::default();
        let made = threads(&comments, &Fixed::default(), &mut notes);
        for thread in &made {
            let mut first = thread.first.clone();
            first["parent"] = json!({"page_id": thread.on});
            assert_fits("ReqCreateComment", &first);
            for reply in &thread.replies {
                let mut reply = reply.clone();
                reply["discussion_id"] = json!(thread.discussion);
                assert_fits("ReqCreateComment", &reply);
            }
        }
        (made, notes)
    }

    fn text(body: &Value) -> String {
        plain_text(&body["rich_text"])
    }

    #[test]
    fn threads_come_in_the_order_of_time() {
        let mut on_block = comment(0x23, 0x33, 5, "on a block");
        on_block["parent"] = json!({"type": "block_id", "block_id": id(2)});
        let (made, notes) = run(json!([
            comment(0x22, 0x31, 9, "reply"),
            on_block,
            comment(0x24, 0x32, 7, "other"),
            comment(0x21, 0x31, 1, "first"),
        ]));
        assert!(notes.losses.is_empty());
        let seen: Vec<_> = made
            .iter()
            .map(|it| {
                (
                    it.on,
                    it.on_page,
                    it.discussion,
                    text(&it.first),
                    it.replies.len(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                (
                    id(1),
                    true,
                    id(0x31),
                    "[2026-03-01 10:01 UTC] first".to_string(),
                    1
                ),
                (
                    id(2),
                    false,
                    id(0x33),
                    "[2026-03-01 10:05 UTC] on a block".to_string(),
                    0
                ),
                (
                    id(1),
                    true,
                    id(0x32),
                    "[2026-03-01 10:07 UTC] other".to_string(),
                    0
                ),
            ]
        );
        assert_eq!(text(&made[0].replies[0]), "[2026-03-01 10:09 UTC] reply");
        assert_eq!(made[0].about, [id(0x21), id(0x22)]);
        let label = json!({"type": "custom", "custom": {"name": "Ada"}});
        assert_eq!(made[0].first["display_name"], label);
    }

    #[test]
    fn an_author_without_a_shown_name_is_looked_up() {
        let mut one = comment(0x21, 0x31, 1, "x");
        one["display_name"]["resolved_name"] = Value::Null;
        let mut nobody = comment(0x22, 0x31, 2, "x");
        nobody["display_name"] = Value::Null;
        nobody["created_by"] = Value::Null;
        nobody["created_time"] = Value::Null;
        let (made, _) = run(json!([one, nobody]));
        assert_eq!(made[0].first.get("display_name"), None);
        assert_eq!(text(&made[0].first), "[no date] x");
        assert_eq!(
            made[0].replies[0]["display_name"]["custom"]["name"],
            "user 7"
        );
    }

    #[test]
    fn attachments_over_three_and_runs_over_a_hundred_go_on() {
        let mut many = comment(0x21, 0x31, 1, "");
        let runs: Vec<Value> = (0..250)
            .map(|at| {
                let annotations = json!({"bold": at % 2 == 0, "italic": false, "strikethrough": false,
                                         "underline": false, "code": false, "color": "default"});
                json!({"type": "text", "text": {"content": format!("{at} ")}, "annotations": annotations})
            })
            .collect();
        many["rich_text"] = json!(runs);
        let file = |url: &str| json!({"category": "pdf", "file": {"url": url}});
        let (made, notes) = run(json!([many]));
        assert!(notes.losses.is_empty());
        assert_eq!(made[0].replies.len(), 2);
        let all: String = [&made[0].first, &made[0].replies[0], &made[0].replies[1]]
            .map(text)
            .concat();
        let expected: String = (0..250).map(|at| format!("{at} ")).collect();
        assert_eq!(all, format!("[2026-03-01 10:01 UTC] {expected}"));

        let mut hung = comment(0x21, 0x31, 1, "see");
        let urls = [
            "https://s/1",
            "https://s/2",
            "https://s/lost/3",
            "https://s/4",
            "https://s/wrapped/5.exe",
        ];
        hung["attachments"] = urls.iter().map(|url| file(url)).collect();
        let (made, notes) = run(json!([hung]));
        let sent =
            |url: &str| json!({"type": "file_upload", "file_upload_id": PendingId::named(url)});
        assert_eq!(
            made[0].first["attachments"],
            json!([sent(urls[0]), sent(urls[1]), sent(urls[3])])
        );
        assert_eq!(
            text(&made[0].first),
            "[2026-03-01 10:01 UTC] see\n[3: it was not stored]\n[5.exe.txt is 5.exe]"
        );
        assert_eq!(made[0].replies.len(), 1);
        assert_eq!(made[0].replies[0]["attachments"], json!([sent(urls[4])]));
        assert_eq!(text(&made[0].replies[0]), "[2026-03-01 10:01 UTC]");
        let degrees: Vec<Degree> = notes.losses.iter().map(|loss| loss.degree).collect();
        assert_eq!(degrees, [Degree::Missing, Degree::Detail]);
    }

    #[test]
    fn nonsense_is_no_comment() {
        let mut nowhere = comment(0x21, 0x31, 1, "x");
        nowhere["parent"] = json!({"type": "agent_id", "agent_id": "x"});
        let (made, notes) = run(json!([nowhere, 7, {"id": "x"}]));
        assert_eq!((made.len(), notes.losses.len()), (0, 1));
        assert_eq!(run(Value::Null).0, []);
    }
}
