//! Views: tabs in the order of the original, and databases that are nothing but views of
//! others.

use serde_json::{Value, json};

use super::moment::Moment;
use super::{Action, Error, Learn, Part, PendingId, Planner, Step, Template, Text, Under};
use crate::model::{NotionId, id_of};
use crate::notion::Method;
use crate::restore::loss::{Degree, Notes};
use crate::restore::original::Files;
use crate::restore::step::Spare;
use crate::restore::views::{View, views};

impl Planner<'_> {
    /// Makes all views.
    pub(super) fn make_views(&mut self) -> Result<(), Error> {
        for database in self.databases.clone() {
            self.tabs(database)?;
        }
        let mut linked = std::mem::take(&mut self.linked);
        // Those that stand after another one wait for it.
        let mut waited = 0;
        while let Some((id, under)) = linked.first().copied() {
            linked.remove(0);
            let after = self.linked_after.get(&id).copied().flatten();
            if waited <= linked.len() && after.is_some_and(|token| !self.made.contains(&token)) {
                waited += 1;
                linked.push((id, under));
                continue;
            }
            waited = 0;
            self.linked_database(id, under, after)?;
        }
        for (page, holder) in std::mem::take(&mut self.holders) {
            let path = Planner::path("blocks", holder);
            let call = (Method::Delete, path, Value::Null);
            self.call(Part::View, page, PendingId::of(page), call, Vec::new())?;
        }
        Ok(())
    }

    /// The views of a database as they are to be made.
    fn views_of(&mut self, database: NotionId) -> Vec<View> {
        let all = match self.original.database(database) {
            Ok(data) => Value::Array(data.views),
            Err(_) => Value::Null,
        };
        let mut notes = Notes::default();
        let made = {
            let files = Files::default();
            let moment = Moment {
                planner: self,
                files: &files,
            };
            let source = |id: NotionId| self.sources.get(&id);
            views(&all, &source, &self.schemas, &moment, &mut notes)
        };
        self.note(notes);
        made
    }

    /// Sends a view, after asking for the ids of columns that it names and nobody knows.
    fn view(
        &mut self,
        about: NotionId,
        lane: PendingId,
        (method, path, body): (Method, Text, Value),
        spare: Option<Spare>,
        learns: Vec<Learn>,
    ) -> Result<(), Error> {
        self.ask_columns(&body, Part::View, lane)?;
        self.planned.totals.views += 1;
        self.emit(Step {
            part: Part::View,
            about,
            lane,
            before: None,
            action: Action::Call(Template { method, path, body }),
            learns,
            stand_ins: Vec::new(),
            spare,
        })
    }

    /// The tabs of a database. It comes with one, a table, which becomes the first tab
    /// where that is a table, and goes where it is not.
    fn tabs(&mut self, database: NotionId) -> Result<(), Error> {
        let views = self.views_of(database);
        if views.is_empty() {
            return Ok(());
        }
        let lane = PendingId::of(database);
        let default = PendingId::named(&format!("default view of {database}"));
        let path = Text::from("/v1/views?database_id=")
            .id(lane)
            .then("&page_size=100");
        let learns = vec![("/results/0/id".to_owned(), default)];
        self.call(
            Part::View,
            database,
            lane,
            (Method::Get, path, Value::Null),
            learns,
        )?;
        let first_source = self.first_source(database).map(PendingId::of);
        let mut views = views.into_iter().peekable();
        let kept = views.next_if(|view| fits_default(&view.create, first_source));
        let is_kept = kept.is_some();
        if let Some(view) = kept {
            let path = Planner::path("views", default);
            let learns = vec![learn("/id", PendingId::of(view.old))];
            let call = (Method::Patch, path, change_of(view.create));
            let spare = view.spare.map(|spare| Spare {
                body: change_of(spare.body),
                ..spare
            });
            self.view(view.old, lane, call, spare, learns)?;
        }
        for view in views {
            self.tab(view, lane, lane)?;
        }
        if !is_kept {
            let call = (Method::Delete, Planner::path("views", default), Value::Null);
            self.call(Part::View, database, lane, call, Vec::new())?;
        }
        Ok(())
    }

    /// The first data source of a database.
    pub(super) fn first_source(&self, database: NotionId) -> Option<NotionId> {
        let data = self.original.database(database).ok()?;
        data.sources.first().and_then(id_of)
    }

    /// A view as a new tab of a database, with what is in it where it is a dashboard.
    fn tab(&mut self, view: View, database: PendingId, lane: PendingId) -> Result<(), Error> {
        let place = json!(database);
        let (create, spare) = placed(view.create, view.spare, "database_id", &place);
        self.create_view(view.old, lane, create, spare)?;
        for widget in view.widgets {
            self.create_view(widget.old, lane, widget.create, widget.spare)?;
        }
        Ok(())
    }

    fn create_view(
        &mut self,
        old: NotionId,
        lane: PendingId,
        body: Value,
        spare: Option<Spare>,
    ) -> Result<(), Error> {
        let learns = vec![learn("/id", PendingId::of(old))];
        let call = (Method::Post, "/v1/views".into(), body);
        self.view(old, lane, call, spare, learns)
    }

    /// A database that only shows what another one holds.
    fn linked_database(
        &mut self,
        id: NotionId,
        under: Under,
        after: Option<PendingId>,
    ) -> Result<(), Error> {
        let mut views = self.views_of(id).into_iter();
        let Some(first) = views.find(|view| !view.create["data_source_id"].is_null()) else {
            let why = "what it shows is not part of this restore and cannot be reached";
            self.lose(id, "linked database", why, Degree::Missing);
            return Ok(());
        };
        let page = self.lane(under);
        let View {
            old, create, spare, ..
        } = first;
        let mut place = json!({"parent": {"type": "page_id", "page_id": self.parent(under)}});
        if let Some(after) = after {
            place["position"] = json!({"type": "after_block", "block_id": after});
        }
        let (create, spare) = placed(create, spare, "create_database", &place);
        self.one_more(page, 1);
        self.planned.totals.databases += 1;
        let learns = vec![
            learn("/id", PendingId::of(old)),
            learn("/parent/database_id", PendingId::of(id)),
        ];
        let call = (Method::Post, "/v1/views".into(), create);
        self.view(old, page, call, spare, learns)?;
        for view in views {
            self.tab(view, PendingId::of(id), page)?;
        }
        Ok(())
    }
}

/// The requests for a view with the place where it goes.
fn placed(
    mut create: Value,
    mut spare: Option<Spare>,
    key: &str,
    place: &Value,
) -> (Value, Option<Spare>) {
    create[key] = place.clone();
    if let Some(spare) = &mut spare {
        spare.body[key] = place.clone();
    }
    (create, spare)
}

fn learn(at: &str, id: PendingId) -> Learn {
    Learn {
        at: at.to_owned(),
        id,
    }
}

/// Whether a view can be made of the one that a database comes with: a table of its first
/// data source. Changing a view takes sorts by properties alone (section 7.5 of the API
/// digest).
fn fits_default(create: &Value, first_source: Option<PendingId>) -> bool {
    let sorts = create["sorts"].as_array();
    let mut sorts = sorts.into_iter().flatten();
    create["type"] == "table"
        && create["data_source_id"] == json!(first_source)
        && !sorts.any(|sort| sort.get("timestamp").is_some())
}

/// A view's request for creating it as one for changing another: its type and its data
/// source are there already.
fn change_of(mut create: Value) -> Value {
    if let Some(fields) = create.as_object_mut() {
        fields.remove("type");
        fields.remove("data_source_id");
    }
    create
}
