//! Texts that Notion gives out and that are no Unicode: where they are, for the ledger.

use serde_json::Value;

use super::body::Record;
use super::context::Crawl;
use super::ledger::{Line, Status};
use crate::model::{BrokenText, Kind, NotionId, broken_texts};

/// A line for each broken text of an object. `place` is where the object is in what has
/// the id; empty when it is that itself.
pub(super) fn broken_lines(id: NotionId, kind: Kind, place: &str, object: &Value) -> Vec<Line> {
    let texts = broken_texts(object).into_iter();
    let line = |text: BrokenText| {
        let reason = format!(
            "Notion's text is no Unicode text ({}); it is kept with U+FFFD in that place",
            text.was.join(", ")
        );
        Line::new(id, kind, Status::Unsupported, reason).at(format!("{place}{}", text.place))
    };
    texts.map(line).collect()
}

/// Whether a line is about a broken text: it names a place inside an object that is there.
fn is_broken(line: &Line) -> bool {
    line.status == Status::Unsupported && line.place.starts_with('/')
}

impl Crawl<'_> {
    /// Notes the broken texts of an object that belongs to a page or database.
    pub(super) fn note_broken(
        &self,
        record: &mut Record,
        id: NotionId,
        kind: Kind,
        place: &str,
        object: &Value,
    ) {
        for line in broken_lines(id, kind, place, object) {
            self.tell_broken(&line);
            record.line(line);
        }
    }

    /// Notes the broken texts of an object that belongs to the workspace as a whole.
    pub(super) fn note_broken_loose(&self, id: NotionId, kind: Kind, object: &Value) {
        for line in broken_lines(id, kind, "", object) {
            self.tell_broken(&line);
            self.loose_line(line);
        }
    }

    /// Keeps what the previous snapshot's ledger says of the broken texts of such objects,
    /// where the objects themselves are kept from it.
    pub(super) fn keep_broken(&self, kind: Kind, is_kept: impl Fn(NotionId) -> bool) {
        let lines = self.base.lines.iter();
        let kept = lines.filter(|line| line.kind == kind && is_broken(line) && is_kept(line.id));
        kept.for_each(|line| self.loose_line(line.clone()));
    }

    fn tell_broken(&self, line: &Line) {
        let words = format!("{} {}: {}", line.id, line.place, line.reason);
        self.report.problem(&words);
    }
}
