//! Pages and rows: the request that makes each, with as much of its blocks as fits.

use serde_json::{Map, Value, json};

use super::moment::Moment;
use super::{Error, Part, PendingId, Planner, Under, Unrelated, Unwritten};
use crate::model::{NotionId, type_of};
use crate::notion::Method;
use crate::restore::blocks::{self, Place};
use crate::restore::body::Body;
use crate::restore::loss::{Degree, Notes};
use crate::restore::original::PageData;
use crate::restore::schema::Schemas;
use crate::restore::values::{self, Overflow, Values};
use crate::restore::{icons, rich_text};

/// Properties that tell of the making of a page.
const MADE: [&str; 4] = [
    "created_time",
    "created_by",
    "last_edited_time",
    "last_edited_by",
];

impl Planner<'_> {
    /// A page as it was stored, its blocks as they are to be written. Nothing of it that
    /// cannot be read ends the plan.
    pub(super) fn load(&mut self, id: NotionId) -> PageData {
        let mut data = match self.original.page(id) {
            Ok(data) => data,
            Err(error) => {
                self.lose(id, "page", error.to_string(), Degree::Missing);
                PageData::default()
            }
        };
        self.place_children(id, &mut data.body);
        data
    }

    /// Puts something else where a list shows a page or database that is not made below
    /// this page: a link where it is made elsewhere, a name where it is not.
    fn place_children(&mut self, page: NotionId, body: &mut Body) {
        for node in &mut body.nodes {
            let kind = node.kind();
            if kind == "link_to_page" {
                let comment = node.payload()["comment_id"]
                    .as_str()
                    .and_then(|id| id.parse().ok());
                let on = comment.and_then(|comment| self.original.facts.comments.get(&comment));
                if let (Some(comment), Some(on), Some(id)) = (comment, on, node.id())
                    && self.chosen.contains(on)
                {
                    // There are no comments yet: until then it leads to their page.
                    self.comment_links.insert((page, id, comment));
                    node.block["link_to_page"] = json!({"type": "page_id", "page_id": on});
                }
                continue;
            }
            if !matches!(kind, "child_page" | "child_database") {
                continue;
            }
            let entry = node.id().and_then(|id| self.original.entries.get(&id));
            let chosen = node.id().is_some_and(|id| self.chosen.contains(&id));
            if chosen && entry.is_some_and(|entry| entry.holder == Some(page)) {
                continue;
            }
            let key = match kind {
                "child_page" => "page_id",
                _ => "database_id",
            };
            let title = node.payload()["title"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let what = kind.trim_start_matches("child_");
            // The target page is there, and nothing is made of it.
            let there = chosen || node.id() == Some(self.survey.root);
            node.block = match node.id().filter(|_| there) {
                Some(id) => json!({"object": "block", "type": "link_to_page",
                    "link_to_page": {"type": key, key: id}}),
                None => json!({"object": "block", "id": node.id(), "type": "unsupported",
                    "unsupported": {"block_type": format!("{what} \u{201c}{title}\u{201d} that is not part of this restore")}}),
            };
        }
    }

    /// Where a page or database that this page shows is.
    pub(super) fn place(&self, page: NotionId, child: NotionId) -> Place {
        let entry = self.original.entries.get(&child);
        let here = entry.is_some_and(|entry| entry.holder == Some(page));
        match here && self.chosen.contains(&child) {
            true if self.original.linked.contains(&child) => Place::Linked,
            true => Place::Here,
            false => Place::Elsewhere,
        }
    }

    /// Makes a page under a parent that is there, and queues what is below it.
    pub(super) fn page(&mut self, id: NotionId, under: Under) -> Result<(), Error> {
        let data = self.load(id);
        let entry = self.original.entries.get(&id);
        let stand_in = entry.and_then(|entry| entry.stand_in.clone());
        let title = entry.map(|entry| entry.title.clone()).unwrap_or_default();
        self.note(data.notes.clone());
        let children = self.children(id, &data.body);
        let mut notes = Notes::default();
        let mut request = Map::new();
        let overflow;
        let mut relations = Vec::new();
        let mut results = Vec::new();
        let mut again = Vec::new();
        let opening;
        let whole;
        {
            let moment = Moment {
                planner: self,
                files: &data.files,
            };
            let properties = match under {
                Under::Source(source) => {
                    let mut values = self.values(&data, source, &moment);
                    notes.losses.append(&mut values.notes.losses);
                    again = std::mem::take(&mut values.again);
                    overflow = std::mem::take(&mut values.overflow);
                    relations = std::mem::take(&mut values.relations);
                    let mut there = Vec::new();
                    for (name, key, value) in std::mem::take(&mut values.results) {
                        match self.columns.contains(&(source, name)) {
                            true => there.push((key, value)),
                            false => results.push((key, value)),
                        }
                    }
                    self.keyed(source, values.properties, there)
                }
                _ => {
                    overflow = self.spoken(&data, &moment);
                    let runs = title_runs(&data, &title);
                    let title = rich_text::write(&runs, id, &moment, &mut notes);
                    if !notes.later.is_empty() {
                        again.push("title".to_owned());
                    }
                    json!({"title": {"title": first(title)}})
                }
            };
            request.insert("properties".to_owned(), properties);
            let icon = icons::icon(&data.object["icon"], id, &moment, &mut notes);
            request.extend(icon.map(|icon| ("icon".to_owned(), icon)));
            let cover = icons::cover(&data.object["cover"], id, &moment, &mut notes);
            request.extend(cover.map(|cover| ("cover".to_owned(), cover)));
            whole = with_overflow(data.body.clone(), &overflow);
            let place = |child: NotionId| self.place(id, child);
            opening = blocks::opening(&whole, id, &place, &moment);
        }
        let key = match under {
            Under::Source(_) => "data_source_id",
            _ => "page_id",
        };
        request.insert(
            "parent".to_owned(),
            json!({"type": key, key: self.parent(under)}),
        );
        let mut taken = 0;
        if let Some(opening) = opening {
            taken = opening.taken;
            self.planned.totals.blocks += opening.blocks;
            request.insert("children".to_owned(), Value::Array(opening.children));
            self.note(opening.notes);
        }
        let lane = self.lane(under);
        let before = match under {
            Under::Source(_) => {
                self.planned.totals.rows += 1;
                let rows = self.rows.entry(lane).or_default();
                *rows += 1;
                Some(*rows - 1)
            }
            _ => {
                self.planned.totals.pages += 1;
                self.one_more(lane, 1)
            }
        };
        if let Some((status, reason)) = stand_in {
            let why = format!(
                "the backup has only its name: {} ({reason})",
                status.replace('_', " ")
            );
            self.lose(id, "content", why, Degree::Missing);
        }
        // Text that names what comes later is written again then.
        if !again.is_empty() {
            self.again.push((id, under, again));
        }
        self.note(notes);
        let held = request
            .get("children")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        self.held
            .insert(PendingId::of(id), held.try_into().unwrap_or(u32::MAX));
        let part = match under {
            Under::Source(_) => Part::Row,
            _ => Part::Skeleton,
        };
        let call = (Method::Post, "/v1/pages".into(), Value::Object(request));
        let learns = vec![("/id".to_owned(), PendingId::of(id))];
        self.call_after(part, id, lane, before, call, learns)?;
        let left = whole
            .top
            .iter()
            .skip(taken)
            .filter_map(|at| whole.nodes.get(*at));
        let mut left = left.filter(|node| {
            let own = node.id().is_some_and(|id| children.contains(&id));
            !own || node
                .id()
                .is_some_and(|id| self.original.linked.contains(&id))
        });
        if left.next().is_some() {
            self.bodies.push(Unwritten {
                page: id,
                taken,
                overflow,
            });
        }
        if (!relations.is_empty() || !results.is_empty())
            && let Under::Source(source) = under
        {
            self.relations.push(Unrelated {
                row: id,
                source,
                relations,
                results,
            });
        }
        self.pages.push(id);
        self.queue
            .extend(children.into_iter().map(|child| (child, Under::Page(id))));
        Ok(())
    }

    /// The properties of a page or row as they are written now.
    pub(super) fn texts(
        &self,
        page: NotionId,
        data: &PageData,
        under: Under,
    ) -> Map<String, Value> {
        let moment = Moment {
            planner: self,
            files: &data.files,
        };
        if let Under::Source(source) = under {
            return self.values(data, source, &moment).properties;
        }
        let runs = title_runs(data, "");
        let title = rich_text::write(&runs, page, &moment, &mut Notes::default());
        Map::from_iter([("title".to_owned(), json!({"title": first(title)}))])
    }

    /// The values of a row; relations to columns that are not there yet come later.
    fn values(&self, data: &PageData, source: NotionId, moment: &Moment<'_, '_>) -> Values {
        let schema = self.sources.get(&source).unwrap_or(&Value::Null);
        let mut values =
            values::values(&data.object, &data.complete, schema, &self.schemas, moment);
        let early: Vec<String> = values
            .properties
            .iter()
            .filter(|(name, value)| {
                value.get("relation").is_some()
                    && !self.columns.contains(&(source, (*name).clone()))
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in early {
            values.properties.remove(&name);
            let targets = values::related(&data.object, &data.complete, &name);
            values.relations.push((name, targets));
        }
        values
    }

    /// The values of a row that is restored as a page, which can have a title alone.
    fn spoken(&self, data: &PageData, moment: &Moment<'_, '_>) -> Vec<Overflow> {
        let values = values::values(
            &data.object,
            &data.complete,
            &Value::Null,
            &Schemas::default(),
            moment,
        );
        let title = data.object["properties"].as_object().into_iter().flatten();
        let title: Vec<&String> = title
            .filter(|(_, property)| type_of(property) == "title")
            .map(|(name, _)| name)
            .collect();
        let properties = &data.object["properties"];
        let overflow = values.overflow.into_iter();
        overflow
            .filter(|value| !title.contains(&&value.property))
            // Who made a page, and when, says nothing to whoever uses it as a template.
            .filter(|value| !MADE.contains(&type_of(&properties[value.property.as_str()])))
            .collect()
    }

    /// The pages and databases to make below a page, in order: those that its first level
    /// shows, those deeper in it, those that it shows nowhere.
    fn children(&self, page: NotionId, body: &Body) -> Vec<NotionId> {
        let shown = |at: &usize| {
            let node = body.nodes.get(*at)?;
            let child = matches!(node.kind(), "child_page" | "child_database");
            node.id().filter(|_| child)
        };
        let mut found: Vec<NotionId> = body.top.iter().filter_map(shown).collect();
        let deeper: Vec<usize> = (0..body.nodes.len()).collect();
        found.extend(deeper.iter().filter_map(shown));
        let below = self
            .original
            .entries
            .get(&page)
            .map(|entry| entry.below.clone());
        found.extend(below.unwrap_or_default());
        let mut seen = std::collections::HashSet::new();
        found.retain(|id| self.chosen.contains(id) && seen.insert(*id));
        found
    }

    /// The body of a page whose first blocks may be there already.
    pub(super) fn unwritten(&mut self, unwritten: &Unwritten) -> PageData {
        let mut data = self.load(unwritten.page);
        data.body = with_overflow(std::mem::take(&mut data.body), &unwritten.overflow);
        data
    }

    /// Queues the templates of what is restored, in a page of their own.
    pub(super) fn queue_templates(&mut self) -> Result<(), Error> {
        let templates: Vec<(NotionId, Vec<NotionId>)> = self
            .original
            .templates
            .iter()
            .map(|(source, pages)| {
                let pages = pages.iter().filter(|id| self.chosen.contains(id)).copied();
                (*source, pages.collect::<Vec<_>>())
            })
            .filter(|(_, pages)| !pages.is_empty())
            .collect();
        if templates.is_empty() {
            return Ok(());
        }
        let all = PendingId::named("templates");
        self.own_page(self.survey.root, Under::Root, all, "Templates")?;
        for (source, pages) in templates {
            let database = self.original.sources.get(&source);
            let entry = database.and_then(|database| self.original.entries.get(database));
            let title = entry.map_or("Untitled", |entry| entry.title.as_str());
            let token = PendingId::named(&format!("templates of {source}"));
            self.own_page(
                database.copied().unwrap_or(source),
                Under::Made(all),
                token,
                &format!("Templates of {title}"),
            )?;
            for page in pages {
                self.lose(
                    page,
                    "template",
                    "the API cannot make templates: it comes back as a page",
                    Degree::StandIn,
                );
                self.queue.push_back((page, Under::Made(token)));
            }
        }
        Ok(())
    }

    /// A page that the original does not have.
    fn own_page(
        &mut self,
        about: NotionId,
        under: Under,
        token: PendingId,
        title: &str,
    ) -> Result<(), Error> {
        let lane = self.lane(under);
        let before = self.one_more(lane, 1);
        self.held.insert(token, 0);
        self.planned.totals.pages += 1;
        let body = json!({"parent": {"type": "page_id", "page_id": self.parent(under)},
            "properties": {"title": {"title": rich_text::plain(title)}}});
        let call = (Method::Post, "/v1/pages".into(), body);
        self.call_after(
            Part::Skeleton,
            about,
            lane,
            before,
            call,
            vec![("/id".to_owned(), token)],
        )
    }
}

/// The runs of a page's title: whole where the page object cut them short.
fn title_runs(data: &PageData, title: &str) -> Value {
    let properties = data.object["properties"].as_object();
    let found = properties
        .into_iter()
        .flatten()
        .find(|(_, property)| type_of(property) == "title");
    let Some((name, property)) = found else {
        return Value::Array(rich_text::plain(title));
    };
    let items = data.complete[name]["items"].as_array();
    let whole: Vec<Value> = items
        .into_iter()
        .flatten()
        .map(|item| item["title"].clone())
        .collect();
    match whole.is_empty() {
        true => property["title"].clone(),
        false => Value::Array(whole),
    }
}

/// At most one array of runs; a title has no second place.
fn first(runs: Vec<Value>) -> Vec<Value> {
    rich_text::pieces(runs)
        .into_iter()
        .next()
        .unwrap_or_default()
}

/// A body with paragraphs before it that say what found no place in the properties.
fn with_overflow(mut body: Body, overflow: &[Overflow]) -> Body {
    let before = body.top.len();
    for value in overflow {
        let mut runs = rich_text::plain(&format!("{}: ", value.property));
        runs.extend(value.text.iter().cloned());
        for runs in rich_text::pieces(runs) {
            // Written as it is, without another look at what it names.
            let block = json!({"object": "block", "type": "paragraph",
                "paragraph": {"rich_text": runs, "color": "default"}});
            body.push(None, block);
        }
    }
    let added = body.top.split_off(before);
    body.top.splice(0..0, added);
    body
}
