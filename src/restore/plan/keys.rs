//! The keys under which values of rows are written.
//!
//! A key is a property's name or its id, and `title` is the id of every title property
//! (section 1.7 of the API digest). So the value of another property that is called `title`
//! is written under that property's id, which is asked for first.

use serde_json::{Map, Value};

use super::{Error, PendingId, Planner, Text};
use crate::model::{NotionId, type_of};
use crate::notion::Method;
use crate::restore::pending::fields;
use crate::restore::schema::learn_property;
use crate::restore::step::Part;

const TITLE: &str = "title";

impl Planner<'_> {
    /// Asks for the id of a property of this data source that is called `title` and is none.
    pub(super) fn tell_title_apart(&mut self, source: NotionId) -> Result<(), Error> {
        let learn = learn_property(source, TITLE);
        let column = self.sources.get(&source).map(|it| &it["properties"][TITLE]);
        let is_other = column.is_some_and(|column| column.is_object() && type_of(column) != TITLE);
        let is_there = self.columns.contains(&(source, TITLE.to_owned()));
        if !is_other || !is_there || self.made.contains(&learn.id) {
            return Ok(());
        }
        let path = Planner::path("data_sources", PendingId::of(source));
        let call = (Method::Get, path, Value::Null);
        let learns = vec![(learn.at, learn.id)];
        self.call(Part::Schema, source, PendingId::of(source), call, learns)
    }

    /// The values of a row, by names, under the keys with which they are written; `results`
    /// are for columns that are there only where Notion refused a formula.
    pub(super) fn keyed(
        &self,
        source: NotionId,
        properties: Map<String, Value>,
        results: Vec<(PendingId, Value)>,
    ) -> Value {
        let title = PendingId::property(source, TITLE);
        let key = |name: &str, value: &Value| {
            let is_other = name == TITLE && value.get(TITLE).is_none();
            match is_other && self.made.contains(&title) {
                true => title.into(),
                false => Text::from(name),
            }
        };
        let named = properties.into_iter();
        let named = named.map(|(name, value)| (key(&name, &value), value));
        let results = results.into_iter().map(|(id, value)| (id.into(), value));
        fields(named.chain(results).collect())
    }
}
