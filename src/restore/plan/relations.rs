//! Relations that could not be written with their rows.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::moment::Moment;
use super::{Error, Part, PendingId, Planner, Unrelated};
use crate::model::NotionId;
use crate::notion::Method;
use crate::restore::loss::Degree;
use crate::restore::original::Files;
use crate::restore::targets::Targets;
use crate::restore::values;

/// Pages in one relation value of a request (section 1.5 of the API digest).
const MOST: usize = 100;

impl Planner<'_> {
    /// Writes them, now that all rows are there.
    pub(super) fn relate(&mut self) -> Result<(), Error> {
        self.find_one_sided();
        for Unrelated {
            row,
            source,
            relations,
            results,
        } in std::mem::take(&mut self.relations)
        {
            let mut properties = Map::new();
            let mut beyond = Vec::new();
            for (name, targets) in relations {
                if !self.columns.contains(&(source, name.clone())) {
                    continue;
                }
                let (now, rest) = targets.split_at(targets.len().min(MOST));
                properties.insert(name.clone(), json!({"relation": self.value(now)}));
                if !rest.is_empty() {
                    beyond.push((name, rest.to_vec()));
                }
            }
            if !properties.is_empty() || !results.is_empty() {
                let properties = self.keyed(source, properties, results);
                self.patch(row, properties)?;
            }
            // After it: a value replaces what was there.
            for (name, rest) in beyond {
                self.relate_backwards(row, source, &name, &rest)?;
            }
        }
        Ok(())
    }

    fn patch(&mut self, row: NotionId, properties: Value) -> Result<(), Error> {
        let path = Planner::path("pages", PendingId::of(row));
        let call = (Method::Patch, path, json!({ "properties": properties }));
        // One after the other: each also changes the rows at the other end.
        self.call(
            Part::Relation,
            row,
            PendingId::named("relations"),
            call,
            Vec::new(),
        )
    }

    /// Finds what only the mirror of a relation says: the row at its other end may be cut
    /// short, or not be in the backup as it was.
    fn find_one_sided(&mut self) {
        let sources: Vec<NotionId> = self.sources.keys().copied().collect();
        for source in sources {
            let properties = self.sources.get(&source).map(|it| it["properties"].clone());
            let names = properties.as_ref().and_then(Value::as_object);
            for name in names.into_iter().flat_map(|names| names.keys()) {
                if self.schemas.writes(source, name) {
                    continue;
                }
                let other = self.schemas.other_side(source, name);
                if let Some((other, written)) = other.map(|(id, name)| (id, name.to_owned())) {
                    self.complete_mirror(source, name, other, &written);
                }
            }
        }
    }

    /// Writes the mirror where the other side does not say the same.
    fn complete_mirror(&mut self, source: NotionId, name: &str, other: NotionId, written: &str) {
        let said: BTreeSet<(NotionId, NotionId)> = self
            .related_rows(other, written)
            .into_iter()
            .flat_map(|(row, targets)| targets.into_iter().map(move |target| (target, row)))
            .collect();
        for (row, targets) in self.related_rows(source, name) {
            let ours = |target: &NotionId| self.made.contains(&PendingId::of(*target));
            let mut targets: Vec<NotionId> = targets.into_iter().filter(ours).collect();
            if targets.iter().all(|target| said.contains(&(row, *target))) {
                continue;
            }
            // The value replaces what the other side has written.
            let more = said
                .iter()
                .filter(|(it, _)| *it == row)
                .map(|(_, target)| *target);
            let more: Vec<NotionId> = more.filter(|target| !targets.contains(target)).collect();
            targets.extend(more);
            self.relations.push(Unrelated {
                row,
                source,
                relations: vec![(name.to_owned(), targets)],
                results: Vec::new(),
            });
        }
    }

    /// The rows of a data source that are there, with what this relation of each names.
    fn related_rows(&self, source: NotionId, name: &str) -> Vec<(NotionId, Vec<NotionId>)> {
        let Some(database) = self.original.sources.get(&source) else {
            return Vec::new();
        };
        let first = self.first_source(*database) == Some(source);
        let mut rows = self.original.rows(*database, source, first);
        rows.retain(|id| self.made.contains(&PendingId::of(*id)));
        rows.into_iter()
            .filter_map(|id| {
                let data = self.original.page(id).ok()?;
                let related = values::related(&data.object, &data.complete, name);
                (!related.is_empty()).then_some((id, related))
            })
            .collect()
    }

    /// The value of a relation to these pages.
    fn value(&self, targets: &[NotionId]) -> Vec<Value> {
        let files = Files::default();
        let moment = Moment {
            planner: self,
            files: &files,
        };
        targets
            .iter()
            .filter_map(|old| moment.find(*old).reference())
            .map(|new| json!({ "id": new }))
            .collect()
    }

    /// A request takes a hundred pages, and replaces what was there. The pages beyond are
    /// related by writing the mirror on each of them.
    fn relate_backwards(
        &mut self,
        row: NotionId,
        source: NotionId,
        name: &str,
        targets: &[NotionId],
    ) -> Result<(), Error> {
        let other = self.schemas.other_side(source, name);
        let Some((other, mirror)) = other.map(|(source, name)| (source, name.to_owned())) else {
            let why = format!(
                "{} more pages: the API takes {MOST} at a time, and more only through the other side of a two-way relation",
                targets.len()
            );
            self.lose(row, format!("property '{name}'"), why, Degree::Missing);
            return Ok(());
        };
        for target in targets {
            let Ok(data) = self.original.page(*target) else {
                continue;
            };
            if !self.made.contains(&PendingId::of(*target))
                || !self.columns.contains(&(other, mirror.clone()))
            {
                let why = "the page at the other end is not part of this restore";
                self.lose(row, format!("property '{name}'"), why, Degree::Missing);
                continue;
            }
            let mut back = values::related(&data.object, &data.complete, &mirror);
            if !back.contains(&row) {
                back.push(row);
            }
            if back.len() > MOST {
                let why = format!("both ends have more than {MOST} pages");
                self.lose(row, format!("property '{name}'"), why, Degree::Missing);
                back.truncate(MOST);
            }
            let value = json!({"relation": self.value(&back)});
            self.patch(*target, json!({ mirror.as_str(): value }))?;
        }
        Ok(())
    }
}
