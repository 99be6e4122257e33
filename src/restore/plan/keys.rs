//! The keys under which values of rows are written.
//!
//! A key is a property's name or its id, and `title` is the id of every title property
//! (section 1.7 of the API digest). So the value of another property that is called `title`
//! is written under that property's id, which is asked for first.

use serde_json::{Map, Value};

use super::{Error, Planner};
use crate::model::{NotionId, type_of};
use crate::notion::Method;
use crate::restore::schema::learn_property;
use crate::restore::step::Part;
use crate::restore::token::Token;

const TITLE: &str = "title";

impl Planner<'_> {
    /// Asks for the id of a property of this data source that is called `title` and is none.
    pub(super) fn tell_title_apart(&mut self, source: NotionId) -> Result<(), Error> {
        let learn = learn_property(source, TITLE);
        let column = self.sources.get(&source).map(|it| &it["properties"][TITLE]);
        let is_other = column.is_some_and(|column| column.is_object() && type_of(column) != TITLE);
        let is_there = self.columns.contains(&(source, TITLE.to_owned()));
        if !is_other || !is_there || self.made.contains(&learn.token) {
            return Ok(());
        }
        let path = format!("/v1/data_sources/{}", Token::of(source));
        let call = (Method::Get, path, Value::Null);
        let learns = vec![(learn.at, learn.token)];
        self.call(Part::Schema, source, Token::of(source), call, learns)
    }

    /// The values of a row, by names, under the keys with which they are written.
    pub(super) fn keyed(
        &self,
        source: NotionId,
        mut properties: Map<String, Value>,
    ) -> Map<String, Value> {
        let token = Token::property(source, TITLE);
        if properties
            .get(TITLE)
            .is_some_and(|it| it.get(TITLE).is_none())
            && self.made.contains(&token)
            && let Some(value) = properties.remove(TITLE)
        {
            properties.insert(token.to_string(), value);
        }
        properties
    }
}
