//! Comments, thread by thread, and at the very end what keeps others from editing.

use serde_json::{Value, json};

use super::moment::Moment;
use super::{Error, Part, PendingId, Planner};
use crate::model::{Kind, NotionId};
use crate::notion::Method;
use crate::restore::comments::{Thread, threads};
use crate::restore::loss::{Degree, Notes};
use crate::restore::original::Files;

impl Planner<'_> {
    /// Replays the comments of everything that is there.
    pub(super) fn comment(&mut self) -> Result<(), Error> {
        let everything: Vec<NotionId> = self.pages.iter().chain(&self.databases).copied().collect();
        for id in everything {
            let (comments, files) = match self.original.entries.get(&id).map(|entry| entry.kind) {
                Some(Kind::Database) => self
                    .original
                    .database(id)
                    .map(|data| (data.comments, data.files)),
                _ => self
                    .original
                    .page(id)
                    .map(|data| (data.comments, data.files)),
            }
            .unwrap_or_else(|_| (Value::Null, Files::default()));
            let mut notes = Notes::default();
            let threads = {
                let moment = Moment {
                    planner: self,
                    files: &files,
                };
                threads(&comments, &moment, &mut notes)
            };
            self.note(notes);
            for thread in threads {
                self.thread(id, thread)?;
            }
        }
        for (page, block, comment) in std::mem::take(&mut self.comment_links) {
            if !self.made.contains(&PendingId::of(comment)) {
                continue;
            }
            let link = json!({"type": "comment_id", "comment_id": PendingId::of(comment)});
            let path = Planner::path("blocks", PendingId::of(block));
            let call = (Method::Patch, path, json!({ "link_to_page": link }));
            self.call(Part::Comment, block, PendingId::of(page), call, Vec::new())?;
        }
        Ok(())
    }

    fn thread(&mut self, page: NotionId, thread: Thread) -> Result<(), Error> {
        let on = PendingId::of(thread.on);
        let discussion = PendingId::named(&format!("discussion {}", thread.discussion));
        let Thread {
            mut first,
            replies,
            about,
            ..
        } = thread;
        // One that became several has no id that could be linked to.
        let olds = match about.len() == replies.len() + 1 {
            true => about,
            false => about.into_iter().take(1).collect(),
        };
        let mut olds = olds.into_iter();
        if thread.on != page && !self.made.contains(&on) {
            let why =
                "the block that it was on is not part of this restore; it is on the page instead";
            self.lose(thread.on, "comment", why, Degree::Detail);
        }
        let parent = match thread.on == page || !self.made.contains(&on) {
            true => json!({"page_id": PendingId::of(page)}),
            false => json!({"block_id": on}),
        };
        if let Some(first) = first.as_object_mut() {
            first.insert("parent".to_owned(), parent);
        }
        self.planned.totals.comments += 1;
        let call = (Method::Post, "/v1/comments".into(), first);
        let mut learns = vec![("/discussion_id".to_owned(), discussion)];
        learns.extend(
            olds.next()
                .map(|old| ("/id".to_owned(), PendingId::of(old))),
        );
        self.call(Part::Comment, thread.on, PendingId::of(page), call, learns)?;
        for mut reply in replies {
            if let Some(reply) = reply.as_object_mut() {
                reply.insert("discussion_id".to_owned(), json!(discussion));
            }
            self.planned.totals.comments += 1;
            let call = (Method::Post, "/v1/comments".into(), reply);
            let learns = olds
                .next()
                .map(|old| ("/id".to_owned(), PendingId::of(old)));
            let learns = learns.into_iter().collect();
            self.call(Part::Comment, thread.on, PendingId::of(page), call, learns)?;
        }
        Ok(())
    }

    /// Locks and archives what was locked and archived.
    pub(super) fn set_states(&mut self) -> Result<(), Error> {
        let everything: Vec<NotionId> = self.pages.iter().chain(&self.databases).copied().collect();
        for id in everything {
            let database =
                self.original.entries.get(&id).map(|entry| entry.kind) == Some(Kind::Database);
            let object = match database {
                true => self.original.database(id).map(|data| data.container),
                false => self.original.page(id).map(|data| data.object),
            }
            .unwrap_or_default();
            let mut body = serde_json::Map::new();
            for key in ["is_locked", "is_archived"] {
                if object[key] == true && !(database && key == "is_archived") {
                    body.insert(key.to_owned(), json!(true));
                }
            }
            if !body.is_empty() {
                let group = if database { "databases" } else { "pages" };
                let path = Planner::path(group, PendingId::of(id));
                let call = (Method::Patch, path, Value::Object(body));
                self.call(Part::State, id, PendingId::of(id), call, Vec::new())?;
            }
        }
        Ok(())
    }
}
