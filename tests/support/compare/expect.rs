//! What a restore cannot bring back (section 8 of the API digest), kind by kind, and
//! what is expected in its place. Everything that is not in this file must be equal.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::workspace::model::*;
use super::super::workspace::{MINUTE, Workspace};
use super::node::{Node, StandIn, any, marked, whatever};
use super::rich;
use super::walk::{each_node, rewrite};

/// A kind of thing that does not come back as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// Times and authors are those of the restore; comments say them instead.
    TimesAndAuthors,
    /// A link preview becomes a bookmark or an embed.
    LinkPreviews,
    /// Meeting notes become a toggle with their text.
    MeetingNotes,
    /// A template button becomes a toggle with its text and children.
    TemplateButtons,
    /// What the API cannot create becomes a callout that names it.
    UnsupportedBlocks,
    /// Where a numbered list starts, and in which figures.
    ListStarts,
    /// Callouts without an icon, or with a stored file as one.
    CalloutIcons,
    /// Pages and databases in blocks move to the end of their page; a link stays.
    NestedObjects,
    /// Mentions that can only be read become text, with their link.
    ReadOnlyMentions,
    /// What is named but neither restored nor reachable becomes text.
    DeadReferences,
    /// People whom the target does not know become text, or vanish from columns.
    UnmappedUsers,
    /// Custom emojis by name, else something else.
    ForeignEmojis,
    /// Icons of types that nobody can write; covers of inline databases.
    UnwritableIcons,
    /// A column of columns must not be empty.
    EmptyColumns,
    /// Columns that cannot be created, and values that cannot be written.
    ComputedValues,
    /// Numbers of unique-id columns with gaps.
    UniqueIdGaps,
    /// Rows come in the order of their numbers, then of their making.
    RowOrder,
    /// Names, colours and other than the three usual groups of a status.
    StatusGroups,
    /// Option names with commas.
    OptionCommas,
    /// Views that cannot be read, and what views show but nobody may write.
    ViewDetails,
    /// Templates become pages, databases in wikis databases somewhere.
    TemplatesAndWikis,
    /// Files of types that uploads refuse.
    RefusedFiles,
    /// More than a hundred runs take several blocks.
    LongTexts,
}

const ALL: [Lost; 23] = [
    Lost::TimesAndAuthors,
    Lost::LinkPreviews,
    Lost::MeetingNotes,
    Lost::TemplateButtons,
    Lost::UnsupportedBlocks,
    Lost::ListStarts,
    Lost::CalloutIcons,
    Lost::NestedObjects,
    Lost::ReadOnlyMentions,
    Lost::DeadReferences,
    Lost::UnmappedUsers,
    Lost::ForeignEmojis,
    Lost::UnwritableIcons,
    Lost::EmptyColumns,
    Lost::ComputedValues,
    Lost::UniqueIdGaps,
    Lost::RowOrder,
    Lost::StatusGroups,
    Lost::OptionCommas,
    Lost::ViewDetails,
    Lost::TemplatesAndWikis,
    Lost::RefusedFiles,
    Lost::LongTexts,
];

/// Which comments the dump read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comments {
    None,
    Pages,
    All,
}

/// What is asked of a restored copy.
#[derive(Clone, Debug)]
pub struct Expect {
    pub lost: BTreeSet<Lost>,
    pub comments: Comments,
    /// The top-level objects that were restored; `None` for all that a dump sees.
    pub only: Option<Vec<Id>>,
    /// What lies under the page beside the copy.
    pub beside: BTreeSet<Id>,
}

impl Expect {
    /// An exact copy: nothing is forgiven.
    pub fn exact() -> Expect {
        Expect {
            lost: BTreeSet::new(),
            comments: Comments::All,
            only: None,
            beside: BTreeSet::new(),
        }
    }

    /// Everything that the API can create, and stand-ins for the rest.
    pub fn restored() -> Expect {
        Expect {
            lost: ALL.into_iter().collect(),
            ..Expect::exact()
        }
    }

    /// All of this but one kind.
    pub fn but(mut self, lost: Lost) -> Expect {
        self.lost.remove(&lost);
        self
    }

    /// With only these comments.
    pub fn comments(mut self, comments: Comments) -> Expect {
        self.comments = comments;
        self
    }

    /// With only these top-level objects.
    pub fn only(mut self, roots: &[Id]) -> Expect {
        self.only = Some(roots.to_vec());
        self
    }

    /// With these objects lying beside the copy.
    pub fn beside(mut self, ids: &[Id]) -> Expect {
        self.beside.extend(ids);
        self
    }
}

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

fn creatable(kind: &Value) -> bool {
    let kind = kind.as_str().unwrap_or("");
    CREATABLE.split_whitespace().any(|it| it == kind)
}

/// Turns the picture of an original into that of its restored copy.
pub struct Normal<'a> {
    pub original: &'a Workspace,
    pub restored: &'a Workspace,
    pub expect: &'a Expect,
    /// Old ids of everything that is restored.
    pub scope: BTreeSet<Id>,
    /// Old users to new ones.
    pub users: BTreeMap<Id, Id>,
    /// Templates and databases of wikis, which may end up anywhere.
    pub loose: Vec<Node>,
}

impl<'a> Normal<'a> {
    pub fn new(original: &'a Workspace, restored: &'a Workspace, expect: &'a Expect) -> Self {
        let mut users = BTreeMap::new();
        for user in original.users.iter() {
            let same = restored.user(user.id).filter(|it| !it.deleted);
            let by_mail = restored.users.iter().find(|it| {
                let person = matches!(it.kind, UserKind::Person { .. });
                person && it.kind == user.kind && !it.guest && !it.deleted && !user.deleted
            });
            if let Some(found) = same.or(by_mail) {
                users.insert(user.id, found.id);
            }
        }
        Normal {
            original,
            restored,
            expect,
            scope: BTreeSet::new(),
            users,
            loose: Vec::new(),
        }
    }

    fn forgives(&self, lost: Lost) -> bool {
        self.expect.lost.contains(&lost)
    }

    /// The whole list of top-level nodes.
    pub fn apply(&mut self, roots: &mut Vec<Node>) {
        let mut loose = Vec::new();
        let mut free = Vec::new();
        for root in roots.iter_mut() {
            each_node(root, &mut |node| self.shape(node, &mut free));
        }
        while let Some(mut root) = free.pop() {
            each_node(&mut root, &mut |node| self.shape(node, &mut free));
            loose.push(root);
        }
        for root in roots.iter_mut().chain(loose.iter_mut()) {
            each_node(root, &mut |node| self.rows(node));
            self.lift(root);
        }
        for root in roots.iter_mut().chain(loose.iter_mut()) {
            each_node(root, &mut |node| {
                self.scope.extend(node.id);
            });
        }
        for root in roots.iter_mut().chain(loose.iter_mut()) {
            each_node(root, &mut |node| self.fields(node));
        }
        self.loose = loose;
    }

    /// What the node is, and which parts it has.
    fn shape(&self, node: &mut Node, loose: &mut Vec<Node>) {
        if self.forgives(Lost::TimesAndAuthors) {
            let made = node.fields.remove("made");
            self.row_keys(node, made.as_ref());
        }
        self.block(node);
        match node.kind.as_str() {
            "column" => {
                let body = node.parts.entry("body").or_default();
                if body.is_empty() && self.forgives(Lost::EmptyColumns) {
                    body.push(empty_paragraph());
                }
            }
            "data source" => self.source(node, loose),
            "database" | "linked database" | "view" if self.forgives(Lost::ViewDetails) => {
                // Section 2.6: such layouts cannot even be read.
                let readable = |view: &Node| view.fields["type"] != "feed";
                if let Some(views) = node.parts.get_mut("view") {
                    views.retain(readable);
                }
            }
            "comment" if self.forgives(Lost::TimesAndAuthors) => {
                let shown = node.fields["display_name"]["resolved_name"].clone();
                let name = node.fields.remove("author").map(|it| it["name"].clone());
                let names: Vec<Value> = [Some(shown), name]
                    .into_iter()
                    .flatten()
                    .filter(|name| !name.is_null())
                    .map(|name| json!({"type": whatever(), "resolved_name": name}))
                    .collect();
                node.set("display_name", any(names));
            }
            _ => {}
        }
        let comments = match self.expect.comments {
            Comments::None => false,
            Comments::Pages => node.is_object(),
            Comments::All => true,
        };
        if !comments {
            if node.kind != "discussion" {
                node.parts.remove("comments");
            }
        }
    }

    /// Blocks that cannot be created.
    fn block(&self, node: &mut Node) {
        let texts = || -> Vec<String> {
            let text = node.whole_text();
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            lines.map(str::to_string).collect()
        };
        let inner = || -> Vec<String> {
            let body = node.part("body").iter();
            let text: String = body.map(Node::whole_text).collect();
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            let shown = lines.filter(|line| !CODES.contains(line));
            shown.map(str::to_string).collect()
        };
        match node.kind.as_str() {
            "link_preview" if self.forgives(Lost::LinkPreviews) => {
                let url = node.fields["url"].as_str().unwrap_or("").to_string();
                node.stands_in = Some(StandIn {
                    kinds: vec!["bookmark", "embed"],
                    texts: vec![url],
                    ..StandIn::default()
                });
            }
            "meeting_notes" | "transcription" if self.forgives(Lost::MeetingNotes) => {
                let mut texts = inner();
                texts.push(rich::words(&node.fields["payload"]["title"]));
                node.stands_in = Some(StandIn {
                    kinds: vec!["toggle", "heading_1", "heading_2", "heading_3"],
                    texts,
                    ..StandIn::default()
                });
            }
            "template" if self.forgives(Lost::TemplateButtons) => {
                node.kind = "toggle".into();
                node.set("color", json!("default"));
            }
            "numbered_list_item" if self.forgives(Lost::ListStarts) => {
                node.set("list_start_index", Value::Null);
                node.set("list_format", Value::Null);
            }
            "unsupported" if self.forgives(Lost::UnsupportedBlocks) => {
                node.stands_in = Some(StandIn {
                    kinds: vec!["callout"],
                    texts: texts(),
                    ..StandIn::default()
                });
            }
            kind if node.fields.contains_key("payload")
                && self.forgives(Lost::UnsupportedBlocks) =>
            {
                let mut texts = inner();
                texts.push(kind.to_string());
                texts.extend(all_words(&node.fields["payload"]));
                node.stands_in = Some(StandIn {
                    kinds: vec!["callout"],
                    texts,
                    ..StandIn::default()
                });
            }
            _ => {}
        }
    }

    /// What a data source cannot have, and what becomes of what is beside its rows.
    fn source(&self, node: &mut Node, loose: &mut Vec<Node>) {
        if self.forgives(Lost::ComputedValues)
            && let Some(columns) = node.parts.get_mut("property")
        {
            for column in columns.iter_mut() {
                if !creatable(&column.fields["type"]) {
                    column.stands_in = Some(StandIn {
                        optional: true,
                        ..StandIn::default()
                    });
                }
            }
        }
        if self.forgives(Lost::TemplatesAndWikis) {
            for part in ["template", "wiki"] {
                for mut object in node.parts.remove(part).unwrap_or_default() {
                    object.fields.remove("is_default");
                    // A page in a page has a title and nothing else.
                    if object.fields.remove("template").is_some() {
                        object.fields.retain(|field, _| !field.ends_with('"'));
                    }
                    loose.push(object);
                }
            }
        }
    }

    fn rows(&self, node: &mut Node) {
        if let Some(rows) = node
            .parts
            .get_mut("row")
            .filter(|_| self.forgives(Lost::RowOrder))
        {
            rows.sort_by_key(|row| row.key);
            if self.forgives(Lost::UniqueIdGaps) {
                close_gaps(rows);
            }
        }
    }

    /// Rows are made in the order of their numbers, then of their making.
    fn row_keys(&self, node: &mut Node, made: Option<&Value>) {
        if node.kind != "page" || !self.forgives(Lost::RowOrder) {
            return;
        }
        let number = unique_number(node).unwrap_or(i64::MAX);
        let created = made.and_then(|made| made["created"].as_i64()).unwrap_or(0);
        node.key = (number, created / MINUTE);
    }

    /// Pages and databases out of blocks, to the end of their page, in their order.
    fn lift(&self, root: &mut Node) {
        if !self.forgives(Lost::NestedObjects) {
            return;
        }
        each_node(root, &mut |node| {
            if node.kind != "page" {
                return;
            }
            let mut lifted = Vec::new();
            for block in node.parts.get_mut("body").into_iter().flatten() {
                if !block.is_object() {
                    take_objects(block, &mut lifted);
                }
            }
            node.parts.entry("body").or_default().extend(lifted);
        });
    }

    /// The values of every field.
    fn fields(&self, node: &mut Node) {
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
            node.splits = true;
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
        if self.forgives(Lost::ComputedValues) {
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
                    Some(None) => return json!({"kind": "wild"}),
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

/// Words of fields that are settings, not text.
const CODES: [&str; 6] = ["default", "true", "false", "gray", "plain text", "block_id"];

/// The rich texts in a payload.
fn all_words(payload: &Value) -> Vec<String> {
    if payload.get("$rich").is_some() {
        return vec![rich::words(payload)];
    }
    match payload {
        Value::Array(items) => items.iter().flat_map(all_words).collect(),
        Value::Object(map) => map.values().flat_map(all_words).collect(),
        _ => Vec::new(),
    }
}

fn empty_paragraph() -> Node {
    let mut node = Node::new(None, "paragraph", "");
    node.set("rich_text", rich::plain(""));
    node.set("color", json!("default"));
    node.set("icon", Value::Null);
    node
}

fn unique_number(row: &Node) -> Option<i64> {
    let mut values = row.fields.iter();
    let found = values.find(|(field, _)| field.starts_with("unique_id \""));
    found.and_then(|(_, value)| value["number"].as_i64())
}

/// Numbers come out the same only where none is missing.
fn close_gaps(rows: &mut [Node]) {
    let numbers: Vec<Option<i64>> = rows.iter().map(unique_number).collect();
    let whole = (1..).zip(&numbers).all(|(at, number)| *number == Some(at));
    if !whole {
        for row in rows {
            for (field, value) in &mut row.fields {
                if field.starts_with("unique_id \"") {
                    *value = whatever();
                }
            }
        }
    }
}

/// Takes pages and databases out of a block; a link to each stays in its place.
fn take_objects(block: &mut Node, lifted: &mut Vec<Node>) {
    for child in block.parts.get_mut("body").into_iter().flatten() {
        if !child.is_object() {
            take_objects(child, lifted);
            continue;
        }
        let inline = child.fields.get("is_inline") == Some(&json!(true));
        let mut link = Node::new(None, "link_to_page", &child.name);
        match (inline, child.kind.as_str()) {
            (_, "linked database") => link.stands_in = Some(StandIn::default()),
            // Inline databases cannot be linked to (section 4.1): a mention does it.
            (true, _) => {
                link.stands_in = Some(StandIn {
                    names: child.id.into_iter().collect(),
                    ..StandIn::default()
                });
            }
            (false, kind) => {
                link.set("to", json!({"$id": child.id}));
                let key = if kind == "page" {
                    "page_id"
                } else {
                    "database_id"
                };
                link.set("as", json!(key));
            }
        }
        let mut object = std::mem::replace(child, link);
        object.lifted = true;
        lifted.push(object);
    }
}
