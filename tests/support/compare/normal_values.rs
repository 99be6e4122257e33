//! What becomes of the fields of a restored node: people, references, files, options
//! and settings that cannot be what they were (section 8 of the API digest).

use serde_json::{Value, json};

use super::super::workspace::model::Id;
use super::expect::Lost;
use super::node::{Node, StandIn, marked, whatever};
use super::normal::Normal;
use super::rich;
use super::walk::rewrite;

/// The extensions that uploads may have (section 7.7).
const UPLOADABLE: &str = "aac adts mid midi mp3 mpga m4a m4b mp4 oga ogg wav wma pdf txt json doc \
    dot docx dotx xls xlt xla xlsx xltx ppt pot pps ppa pptx potx gif heic jpeg jpg png svg tif \
    tiff webp ico amv asf wmv avi f4v flv gifv m4v mkv webm mov qt mpeg";

/// Columns that the API creates (section 5).
const CREATABLE: &str = "title rich_text number select multi_select status date people files \
    checkbox url email phone_number formula relation rollup unique_id created_time created_by \
    last_edited_time last_edited_by place";

/// Values that nobody can write (section 6).
const UNWRITABLE: [&str; 7] = [
    "formula",
    "rollup",
    "created_time",
    "created_by",
    "last_edited_time",
    "last_edited_by",
    "verification",
];

pub fn creatable(kind: &Value) -> bool {
    let kind = kind.as_str().unwrap_or("");
    CREATABLE.split_whitespace().any(|it| it == kind)
}

impl Normal<'_> {
    /// The values of every field.
    pub fn fields(&self, node: &mut Node) {
        let kind = node.kind.clone();
        if matches!(kind.as_str(), "page" | "database" | "linked database") {
            self.object(node);
        }
        if kind == "callout" {
            let icon = &node.fields["icon"];
            let stored = icon.get("stored").is_some();
            if self.forgives(Lost::CalloutIcons) && (icon.is_null() || stored) {
                node.set("icon", whatever());
            }
        }
        if kind == "property" {
            self.property(node);
        }
        if kind == "synced_block" {
            self.synced(node);
        }
        if kind == "link_to_page" {
            let target = marked(&node.fields["to"], "$id");
            if self.forgives(Lost::DeadReferences)
                && target.is_none_or(|id| !self.scope.contains(&id) && !self.reaches(id))
            {
                node.stands_in = Some(StandIn::default());
            }
        }
        let media = matches!(kind.as_str(), "image" | "video" | "pdf" | "audio" | "file");
        let name = node.fields.get("content").map(|it| it["file_name"].clone());
        if let Some(name) = name.filter(|name| media && self.refused(name)) {
            let shown = node.fields.get("name").and_then(Value::as_str);
            let text = shown.or(name.as_str()).unwrap_or("").to_string();
            node.stands_in = Some(StandIn {
                texts: vec![text],
                ..StandIn::default()
            });
        }
        if self.forgives(Lost::LongTexts) && node.fields.contains_key("rich_text") {
            // No request takes more than a hundred runs of 2,000 units (section 1.5).
            node.splits = rich::runs(&node.fields["rich_text"]) > 100;
        }
        if self.forgives(Lost::ViewDetails) && kind == "view" {
            // A dashboard is made with some source, whatever it shows.
            if node.fields["source"].is_null() {
                node.set("source", whatever());
            }
        }
        let view = kind == "view" && self.forgives(Lost::ViewDetails);
        for (field, value) in &mut node.fields {
            *value = self.value(field, value, view);
        }
    }

    fn object(&self, node: &mut Node) {
        for field in ["icon", "cover"] {
            let shown = &node.fields[field];
            let known = ["emoji", "$emoji", "native", "external", "stored"];
            let writable = shown.is_null() || known.iter().any(|key| shown.get(key).is_some());
            let inline = field == "cover" && node.fields.get("is_inline") == Some(&json!(true));
            if self.forgives(Lost::UnwritableIcons) && (!writable || inline) {
                node.set(field, whatever());
            }
        }
        if self.forgives(Lost::EmptyStatuses) {
            for (field, value) in &mut node.fields {
                if field.starts_with("status \"") && value.is_null() {
                    *value = whatever();
                }
            }
        }
        if self.forgives(Lost::ComputedValues) {
            for field in node.fields.keys() {
                if let Some((kind, name)) = field.split_once(" \"") {
                    let lost = !creatable(&json!(kind)) || UNWRITABLE.contains(&kind);
                    if lost {
                        node.told.push(name.trim_end_matches('"').to_string());
                    }
                }
            }
            node.fields.retain(|field, _| {
                let Some((kind, _)) = field.split_once(" \"") else {
                    return true;
                };
                creatable(&json!(kind)) && !UNWRITABLE.contains(&kind)
            });
        }
    }

    fn property(&self, node: &mut Node) {
        if self.forgives(Lost::StatusGroups) && node.fields.contains_key("groups") {
            node.set("groups", whatever());
            let usual = ["To-do", "In progress", "Complete"];
            if let Some(Value::Array(groups)) = node.fields.get_mut("option groups") {
                for group in groups {
                    if !usual.iter().any(|name| *group == json!(name)) {
                        *group = whatever();
                    }
                }
            }
        }
        if node.fields["type"] == "relation" && self.forgives(Lost::DeadReferences) {
            let target = marked(&node.fields["to"], "$id");
            if target.is_some_and(|id| !self.scope.contains(&id)) {
                // One-way, or not at all.
                node.stands_in = Some(StandIn {
                    optional: true,
                    ..StandIn::default()
                });
            }
        }
    }

    /// A reference whose original is not restored is a copy of its own, or a stand-in.
    fn synced(&self, node: &mut Node) {
        let original = marked(&node.fields["synced_from"], "$id");
        let outside = original.is_some_and(|id| !self.scope.contains(&id));
        if outside && self.forgives(Lost::DeadReferences) {
            node.stands_in = Some(StandIn::default());
        }
    }

    fn refused(&self, name: &Value) -> bool {
        let extension = name.as_str().and_then(|name| name.rsplit_once('.'));
        let extension = extension.map_or(String::new(), |(_, it)| it.to_ascii_lowercase());
        let known = UPLOADABLE.split_whitespace().any(|it| it == extension);
        name.is_string() && !known && self.forgives(Lost::RefusedFiles)
    }

    /// Whether something that is not restored can be named all the same.
    fn reaches(&self, id: Id) -> bool {
        let known = self.restored.data_sources.contains_key(&id)
            || self.restored.comments.iter().any(|it| it.id == id)
            || self.restored.views.contains_key(&id);
        self.original.can_see(id) && (self.restored.can_see(id) || known)
    }

    /// One value: markers are replaced from the outside in.
    fn value(&self, field: &str, value: &Value, view: bool) -> Value {
        let dead = self.forgives(Lost::DeadReferences);
        rewrite(value, &|value| {
            if let Some(id) = marked(value, "$user") {
                let user = self.users.get(&id);
                return match user {
                    Some(user) => Some(json!({"$user": user})),
                    None if self.forgives(Lost::UnmappedUsers) => Some(whatever()),
                    None => None,
                };
            }
            if let Some(id) = marked(value, "$emoji") {
                return self.emoji(id).map(|it| it.unwrap_or_else(whatever));
            }
            if let Some(Value::Array(pieces)) = value.get("$rich") {
                let pieces: Vec<Value> = pieces.iter().map(|it| self.piece(it)).collect();
                return Some(json!({"$rich": pieces}));
            }
            if let Some(Value::Array(items)) = value.get("$set") {
                let (kept, free): (Vec<&Value>, Vec<&Value>) = items.iter().partition(|item| {
                    let id = marked(item, "$id");
                    !dead || id.is_some_and(|id| self.scope.contains(&id))
                });
                return Some(json!({"$set": kept, "free": free}));
            }
            if field.starts_with("people ")
                && let Value::Array(people) = value
            {
                return Some(self.people(people));
            }
            if let Some(name) = value.get("option")
                && self.forgives(Lost::OptionCommas)
                && name.as_str().is_some_and(|name| name.contains(','))
            {
                return Some(json!({"option": whatever(), "at": value["at"]}));
            }
            if field == "options"
                && self.forgives(Lost::OptionCommas)
                && value["name"].as_str().is_some_and(|it| it.contains(','))
            {
                let mut option = value.clone();
                option["name"] = whatever();
                return Some(option);
            }
            if let Some(name) = value.get("file_name") {
                return Some(self.stored(value, name));
            }
            if dead && value.get("page").is_some_and(|it| it.get("$id").is_some()) {
                return Some(self.link(value));
            }
            if view {
                return self.setting(value);
            }
            None
        })
    }

    /// A stored file; what its address calls it is not up to anybody.
    fn stored(&self, value: &Value, name: &Value) -> Value {
        let placed = ["name", "category"]
            .iter()
            .any(|key| value.get(key).is_some());
        if self.refused(name) && placed {
            return whatever();
        }
        let mut file = value.clone();
        if let Value::Object(map) = &mut file
            && self.forgives(Lost::TimesAndAuthors)
        {
            map.insert("file_name".into(), whatever());
        }
        file
    }

    fn people(&self, people: &[Value]) -> Value {
        let foreign = self.original.id != self.restored.id;
        let mut kept = Vec::new();
        for person in people {
            let user = marked(person, "$user");
            match user.and_then(|id| self.users.get(&id)) {
                Some(user) => kept.push(json!({"$user": user})),
                None if !self.forgives(Lost::UnmappedUsers) => kept.push(person.clone()),
                None if user.is_none() && !foreign => kept.push(person.clone()),
                None => {}
            }
        }
        json!(kept)
    }

    /// The emoji in the target: the same, one of that name, or (inner `None`) none.
    fn emoji(&self, id: Id) -> Option<Option<Value>> {
        if self.restored.emoji(id).is_some() {
            return None;
        }
        let name = &self.original.emoji(id)?.name;
        let same = self.restored.emojis.iter().find(|it| it.name == *name);
        match same {
            Some(same) => Some(Some(json!({"$emoji": same.id}))),
            None if self.forgives(Lost::ForeignEmojis) => Some(None),
            None => None,
        }
    }

    /// One piece of rich text.
    fn piece(&self, piece: &Value) -> Value {
        let text = piece["text"].as_str().unwrap_or("");
        let as_text = |text: &str| rich::as_text(piece, text);
        let mut piece = piece.clone();
        match piece["kind"].as_str().unwrap_or("") {
            "text" if piece["link"]["page"].is_object() => {
                if self.forgives(Lost::DeadReferences) {
                    piece["link"] = self.link(&piece["link"]);
                }
                piece
            }
            "page" | "database" if self.forgives(Lost::DeadReferences) => {
                let Some(id) = marked(&piece["thing"], "$id") else {
                    return piece;
                };
                if self.scope.contains(&id) {
                    return piece;
                }
                if !self.original.can_see(id) {
                    // Notion does not tell its name, nor its style (section 3.9).
                    let mut untitled = as_text("Untitled");
                    untitled["style"] = json!("/default");
                    return untitled;
                }
                match self.reaches(id) {
                    true if !self.restored.is_trashed(id) => piece,
                    true => json!({"kind": "one of", "pieces": [piece, as_text(text)]}),
                    false => as_text(text),
                }
            }
            "user" => {
                let id = marked(&piece["thing"], "$user");
                match id.and_then(|id| self.users.get(&id)) {
                    Some(user) => piece["thing"] = json!({"$user": user}),
                    None if self.forgives(Lost::UnmappedUsers) => return as_text(text),
                    None => {}
                }
                piece
            }
            "custom_emoji" => {
                let id = marked(&piece["thing"], "$emoji");
                match id.and_then(|id| self.emoji(id)) {
                    Some(Some(emoji)) => piece["thing"] = emoji,
                    // The text only helps to find what belongs together.
                    Some(None) => return json!({"kind": "wild", "text": text}),
                    None => {}
                }
                piece
            }
            "link_preview" | "link_mention" if self.forgives(Lost::ReadOnlyMentions) => {
                let thing = &piece["thing"];
                let url = thing["url"].as_str().or(thing["href"].as_str());
                let mut plain = as_text(text);
                plain["link"] = rich::link(url.unwrap_or(text));
                let mut titled = plain.clone();
                titled["text"] = json!(thing["title"].as_str().unwrap_or(text));
                json!({"kind": "one of", "pieces": [plain, titled]})
            }
            "text" | "equation" | "date" | "template_mention" | "page" | "database" => piece,
            _ if self.forgives(Lost::ReadOnlyMentions) => as_text(text),
            _ => piece,
        }
    }

    /// A link into the workspace whose target, or part of it, may not be restored.
    fn link(&self, link: &Value) -> Value {
        let within = |key: &str| {
            let id = link.get(key).and_then(|it| marked(it, "$id"));
            id.is_none_or(|id| self.scope.contains(&id) || self.reaches(id))
        };
        match (within("page"), within("block") && within("view")) {
            (true, true) => link.clone(),
            (whole, _) => rich::or_without(link, whole),
        }
    }

    /// What views show and nobody may write (section 7.5).
    fn setting(&self, value: &Value) -> Option<Value> {
        if *value == json!("page_content_first") {
            return Some(json!("page_content"));
        }
        let uncreatable = |value: &Value| {
            let column = value.get("$column").is_some();
            column && !creatable(&value["kind"])
        };
        match value {
            // Filters and sorts over columns that are not there.
            Value::Array(items) => {
                let kept = items.iter().filter(|item| {
                    let own = ["property", "property_id"].iter();
                    !own.filter_map(|key| item.get(key)).any(uncreatable)
                });
                let kept: Vec<Value> = kept.cloned().collect();
                (kept.len() < items.len()).then(|| self.value("", &json!(kept), true))
            }
            Value::Object(map) if map.contains_key("frozen_column_index") => {
                let below = map["frozen_column_index"].as_i64().is_some_and(|it| it < 0);
                let mut map = map.clone();
                below.then(|| {
                    map.remove("frozen_column_index");
                    self.value("", &Value::Object(map), true)
                })
            }
            value if uncreatable(value) => Some(whatever()),
            _ => None,
        }
    }
}
