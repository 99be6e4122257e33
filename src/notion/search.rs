//! Search, past the number of results that one search gives.
//!
//! Results come by their last edit, latest first. When Notion says that some are missing
//! (section 1.6 of the API digest), the others are listed from the far end, oldest edit
//! first, until that listing is past the time at which the first one broke off. When it
//! breaks off before, nothing can list what lies between; then the data sources are
//! listed by themselves, so that at least no row is missed.

use serde_json::{Value, json};

use super::listing::{PAGE_SIZE, Repeats, Seen};
use super::{Each, End, Error, Notion, Request};
use crate::model::edited;

const LATEST_FIRST: &str = "descending";
const OLDEST_FIRST: &str = "ascending";

impl Notion {
    /// Lists every page and data source that the search index knows, each once. The
    /// index is not exhaustive (section 2.2); [`End::Incomplete`] says that moreover
    /// a part of it could not be listed.
    pub fn search(&self, each: Each) -> Result<End, Error> {
        let mut seen = Seen::default();
        let by_id = Repeats::ById(&mut seen);
        let first = self.list(request(LATEST_FIRST), "results", by_id, each)?;
        let End::Incomplete(reason) = first.end else {
            return Ok(End::Complete);
        };
        // Everything with a later edit than this has been listed.
        let edge = first.last_object.as_ref().and_then(edited);
        let mut met = false;
        let mut until_met = |mut objects: Vec<Value>| {
            let is_past = |object: &Value| edge.is_some() && edited(object) > edge;
            let past = objects.iter().any(is_past);
            objects.retain(|object| seen.is_new(object));
            each(objects)?;
            met = past;
            if met {
                return Err(Error::local("the listings have met"));
            }
            Ok(())
        };
        let mut own = Seen::default();
        let by_id = Repeats::ById(&mut own);
        let rest = self.list(request(OLDEST_FIRST), "results", by_id, &mut until_met);
        if met {
            return Ok(End::Complete);
        }
        if rest?.end == End::Complete {
            return Ok(End::Complete);
        }
        let mut sources = request(LATEST_FIRST);
        if let Some(body) = &mut sources.body {
            body["filter"] = json!({"property": "object", "value": "data_source"});
        }
        self.list(sources, "results", Repeats::ById(&mut seen), each)?;
        Ok(End::Incomplete(reason))
    }
}

fn request(direction: &str) -> Request {
    let body = json!({
        "page_size": PAGE_SIZE,
        "sort": {"timestamp": "last_edited_time", "direction": direction},
    });
    Request::post("/v1/search", body)
}
