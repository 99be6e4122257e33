//! Reading one database: the container, its data sources, views and templates.
//!
//! A database can hold several data sources, or none at all: a linked view is a
//! database block whose source lives elsewhere and which only the views API describes
//! (section 2.5 of the API digest). All rows lie in the database's directory.

use serde_json::{Value, json};

use super::Error;
use super::attachments::Attachments;
use super::body::Record;
use super::context::Crawl;
use super::failed::{Failed, KEPT, collect, reason};
use super::ledger::{Line, Status};
use super::listing::Listed;
use crate::model::{
    How, Kind, NotionId, Parent, Reference, canonical, database_2022, edited, id_of, in_trash,
    parent_of, references, stand_in,
};
use crate::notion::{self, End};
use crate::report::Counter;

/// A database being read.
struct Reading<'c> {
    crawl: &'c Crawl<'c>,
    record: Record,
    files: Attachments<'c>,
}

impl<'c> Crawl<'c> {
    /// Reads everything of a database but its rows. `title` is what the block that shows
    /// it says, for databases that tell nothing themselves.
    pub fn read_database(&'c self, id: NotionId, title: &str) -> Result<Record, Failed> {
        let record = Record::new(id, Kind::Database, self.api.now());
        Reading {
            crawl: self,
            record,
            files: Attachments::new(self, id),
        }
        .read(title)
    }

    /// Whether the listings show the data sources of a database as the base has them.
    pub fn database_unchanged(&self, id: NotionId) -> Option<Vec<NotionId>> {
        let mut sources: Vec<NotionId> = Vec::new();
        for (source, edited) in self.base.databases.get(&id).into_iter().flatten() {
            let listed = self.listed_source(*source)?;
            if listed.database != Some(id) || listed.edited != *edited || listed.trashed {
                return None;
            }
            if !self.settled(id, *edited) {
                return None;
            }
            sources.push(*source);
        }
        sources.sort_unstable();
        (self
            .listing
            .sources(id)
            .iter()
            .all(|source| sources.contains(source)))
        .then_some(sources)
    }
}

impl Crawl<'_> {
    /// A data source that search does not show is asked for by itself: that tells whether
    /// it changed, and costs less than reading its database again.
    fn listed_source(&self, id: NotionId) -> Option<Listed> {
        if self.listing.get(id).is_none() {
            let source = self.api.data_source(id).ok()?;
            self.listing.add(&source, self.api.now(), false).ok()?;
        }
        self.listing.get(id)
    }
}

impl Reading<'_> {
    fn read(mut self, title: &str) -> Result<Record, Failed> {
        let id = self.record.id;
        let mut sources = self.crawl.listing.sources(id);
        let container = match self.crawl.api.database(id) {
            Ok(container) if in_trash(&container) => {
                return Err(Failed::Trashed);
            }
            Ok(container) => Some(container),
            // So may a linked view answer (section 2.5 of the API digest).
            Err(error)
                if error.kind == notion::Kind::NotFound
                    || error.names_database_without_sources() =>
            {
                None
            }
            Err(error) => return Err(error.into()),
        };
        let known = container.is_some() || !sources.is_empty();
        let views = self.views(known)?;
        if !known && views.is_empty() && self.record.lines.is_empty() {
            return Err(Failed::Gone(
                "neither the database nor a view of it is shared".into(),
            ));
        }
        if let Some(container) = &container {
            let named = container["data_sources"].as_array().into_iter().flatten();
            let named: Vec<NotionId> = named.filter_map(id_of).collect();
            sources.retain(|source| !named.contains(source));
            sources.splice(0..0, named);
        }
        let sources = self.sources(&sources)?;
        self.templates()?;
        let container = self.container(container, &sources, title)?;
        self.store(&container, &sources, &views)?;
        self.crawl.report.add(Counter::ReadPages, 1);
        Ok(self.record.finish())
    }

    /// The container as answered, or what can be said of it without an answer.
    fn container(
        &mut self,
        container: Option<Value>,
        sources: &[Value],
        title: &str,
    ) -> Result<Value, Failed> {
        let id = self.record.id;
        if let Some(container) = container {
            self.record.edited = edited(&container);
            self.record.parent = parent_of(&container).id();
            self.crawl
                .note_broken(&mut self.record, id, Kind::Database, "", &container);
            self.record.refer(references(&container));
            let again = || self.crawl.api.database(id);
            self.files.take(&mut self.record, id, &container, &again)?;
            return Ok(container);
        }
        let mut container = stand_in(Kind::Database, id, title);
        if let (Some(fields), Some(first)) = (container.as_object_mut(), sources.first()) {
            let parent = first.get("database_parent").cloned().unwrap_or(Value::Null);
            self.record.parent = parent_of(&json!({ "parent": parent })).id();
            fields.insert("parent".to_string(), parent);
            fields.insert("title".to_string(), first["title"].clone());
        }
        Ok(container)
    }

    fn sources(&mut self, ids: &[NotionId]) -> Result<Vec<Value>, Failed> {
        let mut sources = Vec::new();
        for &id in ids {
            let source = match self.source(id) {
                Ok(source) => source,
                Err(failed) => {
                    let (status, reason) = failed.recoverable()?;
                    self.source_line(Line::new(id, Kind::DataSource, status, reason));
                    continue;
                }
            };
            if !self.owns(&source) {
                self.record.refer([Reference(id, How::ViewSource)]);
                continue;
            }
            let again = || self.crawl.api.data_source(id);
            self.files.take(&mut self.record, id, &source, &again)?;
            self.crawl
                .note_broken(&mut self.record, id, Kind::DataSource, "", &source);
            self.record.refer(references(&source));
            let mut line = Line::new(id, Kind::DataSource, Status::Captured, "");
            line.edited = edited(&source);
            if matches!(parent_of(&source), Parent::DataSource(..)) {
                line.reason = "synchronised from another system".to_string();
            }
            self.source_line(line);
            self.record.sources.push(id);
            sources.push(source);
        }
        Ok(sources)
    }

    /// Whether a data source that the container names lies in it. Linked databases of 2020
    /// to 2022 name that of the original as their own (section 10.1 of the API digest); the
    /// data source itself says whose it is, and the other one is a linked view.
    fn owns(&self, source: &Value) -> bool {
        match parent_of(source) {
            Parent::Database(database) | Parent::DataSource(_, Some(database)) => {
                database == self.record.id
            }
            _ => true,
        }
    }

    fn source_line(&mut self, mut line: Line) {
        line.parent = Some(self.record.id);
        self.record.line(line.found(How::Child));
    }

    fn source(&self, id: NotionId) -> Result<Value, Failed> {
        if let Some(listed) = self.crawl.listing.get(id) {
            return Ok(self.crawl.listing.object(listed)?);
        }
        let source = self.crawl.api.data_source(id)?;
        self.crawl
            .listing
            .add(&source, self.crawl.api.now(), false)?;
        Ok(source)
    }

    /// The views, tab by tab, and the widgets of dashboards.
    fn views(&mut self, expected: bool) -> Result<Vec<Value>, Failed> {
        let database = self.record.id;
        let (refs, end) = match collect(|each| self.crawl.api.views(database, each)) {
            Ok(listed) => listed,
            Err(error) => {
                let failed = Failed::from(error);
                let keeps = |(status, _): (Status, &str)| status.keeps_earlier();
                if !expected && failed.told().is_some_and(keeps) {
                    // Without them nothing tells what this is, so it is asked again.
                    return Err(failed);
                }
                let (status, mut reason) = failed.recoverable()?;
                if expected {
                    let kept = match status.keeps_earlier() {
                        true => self.before("views.json")?,
                        false => Vec::new(),
                    };
                    if !kept.is_empty() {
                        reason.push_str(KEPT);
                    }
                    let line = Line::new(database, Kind::View, status, reason);
                    self.record.line(line);
                    kept.iter().for_each(|view| self.take_view(view));
                    return Ok(kept);
                }
                return Ok(Vec::new());
            }
        };
        if let End::Incomplete(reason) = end {
            self.record
                .line(Line::new(database, Kind::View, Status::Truncated, reason));
        }
        let mut ids: Vec<NotionId> = refs.iter().filter_map(id_of).collect();
        let mut views = Vec::new();
        let mut next = 0;
        while let Some(&id) = ids.get(next) {
            next += 1;
            match self.crawl.api.view(id) {
                Ok(view) => {
                    let rows = view
                        .pointer("/configuration/rows")
                        .and_then(Value::as_array);
                    let widgets = rows.into_iter().flatten().flat_map(|row| {
                        row["widgets"]
                            .as_array()
                            .map(Vec::as_slice)
                            .unwrap_or_default()
                    });
                    for widget in widgets {
                        let shown = widget["view_id"].as_str().and_then(|id| id.parse().ok());
                        ids.extend(shown.filter(|shown| !ids.contains(shown)));
                    }
                    self.take_view(&view);
                    views.push(view);
                }
                Err(error) => {
                    let failed = match error.kind {
                        // Layouts newer than the API (section 2.6 of the API digest).
                        notion::Kind::Validation => Failed::Unsupported(reason(&error)),
                        _ => Failed::from(error),
                    };
                    let (status, mut reason) = failed.recoverable()?;
                    let before = self.before("views.json")?;
                    let kept = before.into_iter().find(|view| id_of(view) == Some(id));
                    if let Some(view) = kept.filter(|_| status.keeps_earlier()) {
                        reason.push_str(KEPT);
                        self.record.refer(references(&view));
                        views.push(view);
                    }
                    self.record.line(Line::new(id, Kind::View, status, reason));
                }
            }
        }
        Ok(views)
    }

    fn take_view(&mut self, view: &Value) {
        self.record.refer(references(view));
        if let Some(id) = id_of(view) {
            self.crawl
                .note_broken(&mut self.record, id, Kind::View, "", view);
            self.record
                .line(Line::new(id, Kind::View, Status::Captured, ""));
        }
    }

    /// A list beside this database as the previous snapshot has it.
    fn before(&self, name: &str) -> Result<Vec<Value>, Error> {
        let crawl = self.crawl;
        let before = crawl.base.sidecar(crawl.repo, self.record.id, name)?;
        Ok(match before {
            Some(Value::Array(before)) => before,
            _ => Vec::new(),
        })
    }

    fn templates(&mut self) -> Result<(), Failed> {
        let mut templates = Vec::new();
        for source in self.record.sources.clone() {
            match collect(|each| self.crawl.api.templates(source, each)) {
                Ok((listed, end)) => {
                    for (index, template) in listed.into_iter().enumerate() {
                        let place = format!("templates/{index}");
                        let kind = Kind::DataSource;
                        self.crawl
                            .note_broken(&mut self.record, source, kind, &place, &template);
                        let template = canonical(template);
                        templates.push(json!({"data_source_id": source, "template": template}));
                    }
                    if let End::Incomplete(reason) = end {
                        let line = Line::new(source, Kind::DataSource, Status::Truncated, reason);
                        self.record.line(line.at("templates"));
                    }
                }
                Err(error) => {
                    let (status, mut reason) = Failed::from(error).recoverable()?;
                    let mut kept = self.before("templates.json")?;
                    kept.retain(|template| {
                        let of = template["data_source_id"].as_str();
                        status.keeps_earlier() && of.and_then(|of| of.parse().ok()) == Some(source)
                    });
                    if !kept.is_empty() {
                        reason.push_str(KEPT);
                    }
                    templates.extend(kept);
                    let line = Line::new(source, Kind::DataSource, status, reason);
                    self.record.line(line.at("templates"));
                }
            }
        }
        for template in &templates {
            let source = template["data_source_id"].as_str();
            let source = source.and_then(|source| source.parse().ok());
            if let (Some(source), Some(page)) = (source, id_of(&template["template"])) {
                self.record.templates.push((source, page));
            }
        }
        if !templates.is_empty() {
            let stored = self
                .crawl
                .repo
                .put_json(&Value::Array(templates))
                .map_err(Error::from)?;
            self.record.body.file(0, "templates.json", stored, None);
        }
        Ok(())
    }

    fn store(
        &mut self,
        container: &Value,
        sources: &[Value],
        views: &[Value],
    ) -> Result<(), Failed> {
        let repo = self.crawl.repo;
        let list = |values: &[Value]| Value::Array(values.iter().cloned().map(canonical).collect());
        let container = canonical(container.clone());
        let sources = list(sources);
        let legacy = database_2022(&container, sources.as_array().map_or(&[], Vec::as_slice));
        let modified = self.record.edited;
        for (name, value) in [
            ("database.json", legacy),
            ("container.json", container),
            ("data_sources.json", sources),
            ("views.json", list(views)),
        ] {
            let stored = repo.put_json(&value).map_err(Error::from)?;
            let modified = modified.filter(|_| name == "database.json");
            self.record.body.file(0, name, stored, modified);
        }
        let files = Attachments::new(self.crawl, self.record.id);
        std::mem::replace(&mut self.files, files).finish(&mut self.record)?;
        Ok(())
    }
}
