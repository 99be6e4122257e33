//! Relations that could not be written with their rows.

use serde_json::{Map, Value, json};

use super::moment::Moment;
use super::{Error, Part, Planner, Token, Unrelated};
use crate::model::NotionId;
use crate::notion::Method;
use crate::restore::loss::Degree;
use crate::restore::original::Files;
use crate::restore::targets::{Target, Targets};
use crate::restore::values;

/// Pages in one relation value of a request (section 1.5 of the API digest).
const MOST: usize = 100;

impl Planner<'_> {
    /// Writes them, now that all rows are there.
    pub(super) fn relate(&mut self) -> Result<(), Error> {
        for Unrelated {
            row,
            source,
            relations,
        } in std::mem::take(&mut self.relations)
        {
            let mut properties = Map::new();
            for (name, targets) in relations {
                if !self.columns.contains(&(source, name.clone())) {
                    continue;
                }
                let (now, rest) = targets.split_at(targets.len().min(MOST));
                properties.insert(name.clone(), json!({"relation": self.value(now)}));
                if !rest.is_empty() {
                    self.relate_backwards(row, source, &name, rest)?;
                }
            }
            if !properties.is_empty() {
                self.patch(row, properties)?;
            }
        }
        Ok(())
    }

    fn patch(&mut self, row: NotionId, properties: Map<String, Value>) -> Result<(), Error> {
        let path = format!("/v1/pages/{}", Token::of(row));
        let call = (Method::Patch, path, json!({ "properties": properties }));
        self.call(Part::Relation, row, Token::of(row), call, Vec::new())
    }

    /// The value of a relation to these pages.
    fn value(&self, targets: &[NotionId]) -> Vec<Value> {
        let files = Files::default();
        let moment = Moment {
            planner: self,
            files: &files,
            needed: &[],
        };
        targets
            .iter()
            .filter_map(|old| match moment.find(*old) {
                Target::Made(token) | Target::Later(token) => Some(json!({"id": token})),
                Target::Same(id) => Some(json!({ "id": id })),
                Target::Gone => None,
            })
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
            if !self.made.contains(&Token::of(*target))
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
            self.patch(*target, Map::from_iter([(mirror.clone(), value)]))?;
        }
        Ok(())
    }
}
