//! Pairs the nodes of two pictures, then holds the fields of each pair against each
//! other, with every old id replaced by the new one that the pairing found.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::workspace::model::Id;
use super::Difference;
use super::align::{align, in_any_order, join_split};
use super::node::{Node, StandIn, marked};
use super::rich;

/// Two nodes that stand for the same.
struct Pair {
    path: String,
    kind: String,
    expected: BTreeMap<String, Value>,
    actual: BTreeMap<String, Value>,
    /// Old ids, and what the stand-in names.
    named: Option<(Vec<Id>, Vec<Id>)>,
}

#[derive(Default)]
pub struct Judge {
    map: BTreeMap<Id, Id>,
    pairs: Vec<Pair>,
    lost: Vec<(String, Node)>,
    extra: Vec<(String, Node)>,
    differences: Vec<Difference>,
}

/// Holds an expected picture against what is there.
pub fn judge(
    roots: Vec<Node>,
    loose: Vec<Node>,
    under: Option<(Id, Id)>,
    actual: Vec<Node>,
) -> Vec<Difference> {
    let mut judge = Judge::default();
    judge.map.extend(under);
    let (pairs, lost, extra) = in_any_order(roots, actual);
    for (expected, actual) in pairs {
        let path = expected.label();
        judge.pair(path, expected, actual);
    }
    judge
        .lost
        .extend(lost.into_iter().map(|it| (it.label(), it)));
    judge
        .extra
        .extend(extra.into_iter().map(|it| (it.label(), it)));
    judge.place_loose(loose);
    judge.moved();
    judge.fields();
    judge.differences
}

impl Judge {
    fn say(&mut self, path: &str, what: &str, original: Value, restored: Value) {
        self.differences.push(Difference {
            path: path.to_string(),
            what: what.to_string(),
            original,
            restored,
            weak: false,
        });
    }

    fn pair(&mut self, path: String, mut expected: Node, mut actual: Node) {
        if let (Some(old), Some(new)) = (expected.id, actual.id) {
            self.map.insert(old, new);
        }
        if let Some(stand_in) = expected.stands_in.take() {
            self.stand_in(path, &expected, stand_in, &actual);
            self.part(&expected.label(), "comments", &mut expected, &mut actual);
            return;
        }
        if expected.kind != actual.kind {
            let (old, new) = (json!(expected.label()), json!(actual.label()));
            self.say(&path, "type", old, new);
        }
        let parts: Vec<&'static str> = expected.parts.keys().copied().collect();
        let more: Vec<&'static str> = actual.parts.keys().copied().collect();
        for part in parts.into_iter().chain(more) {
            self.part(&path, part, &mut expected, &mut actual);
        }
        self.pairs.push(Pair {
            path,
            kind: expected.kind,
            expected: expected.fields,
            actual: actual.fields,
            named: None,
        });
    }

    /// Pairs one list of the children of a pair.
    fn part(&mut self, path: &str, part: &'static str, expected: &mut Node, actual: &mut Node) {
        let ours = expected.parts.remove(part).unwrap_or_default();
        let mut theirs = actual.parts.remove(part).unwrap_or_default();
        if part == "body" {
            // What a column cannot hold may be told in the body.
            let ours: Vec<_> = ours.iter().map(|node| node.print).collect();
            theirs.retain(|node| {
                let text = node.fields.get("rich_text").map(rich::words);
                let text = text.unwrap_or_default();
                let told = |name: &String| text.starts_with(&format!("{name}: "));
                ours.contains(&node.print) || !expected.told.iter().any(told)
            });
        }
        let (pairs, lost, mut extra) = match part {
            "row" | "template" | "wiki" => in_any_order(ours, theirs),
            "property" => by_name(ours, theirs),
            _ => {
                let ours = if part == "body" {
                    join_split(&ours, &mut theirs);
                    follow(ours, &theirs)
                } else {
                    ours
                };
                align(ours, theirs)
            }
        };
        if part == "row" {
            self.row_order(path, &pairs);
        }
        let label = |at: usize, node: &Node| match node.is_object() || part == "property" {
            true => format!("{path} / {part} {}", node.label()),
            false => format!("{path} / {part} {} ({})", at + 1, node.label()),
        };
        for (at, (expected, actual)) in pairs.into_iter().enumerate() {
            self.pair(label(at, &expected), expected, actual);
        }
        for node in lost {
            // Equal ones on both sides are only out of their order.
            let same = extra.iter().position(|it| it.print == node.print);
            let free = node.is_object() || part == "property";
            if let Some(at) = same.filter(|_| !free) {
                let path = label(0, &node);
                self.say(&path, "order", json!(node.label()), Value::Null);
                self.pair(path, node, extra.remove(at));
                continue;
            }
            let optional = node.stands_in.as_ref().is_some_and(|it| it.optional);
            if !optional {
                self.lost.push((label(0, &node), node));
            }
        }
        for node in extra {
            self.extra.push((label(0, &node), node));
        }
    }

    /// Rows whose keys are equal may come in any order.
    fn row_order(&mut self, path: &str, pairs: &[(Node, Node)]) {
        let mut rows: Vec<(&Node, &Node)> = pairs.iter().map(|(a, b)| (a, b)).collect();
        rows.sort_by_key(|(_, actual)| actual.key);
        let wrong = rows.windows(2).find(|two| two[0].0.key > two[1].0.key);
        if let Some([first, second]) = wrong {
            let (first, second) = (json!(first.0.label()), json!(second.0.label()));
            let restored = json!([first, second]);
            self.say(path, "order of rows", json!([second, first]), restored);
        }
    }

    fn stand_in(&mut self, path: String, expected: &Node, stand_in: StandIn, actual: &Node) {
        let kinds = &stand_in.kinds;
        if !kinds.is_empty() && !kinds.contains(&actual.kind.as_str()) {
            let what = format!("stand-in for {}", expected.label());
            self.say(&path, &what, json!(kinds), json!(actual.label()));
        }
        let there = actual.whole_text();
        for text in stand_in.texts {
            if !there.contains(&text) {
                self.say(&path, "text of the stand-in", json!(text), json!(there));
            }
        }
        self.pairs.push(Pair {
            path,
            kind: String::new(),
            expected: BTreeMap::new(),
            actual: BTreeMap::new(),
            named: Some((stand_in.names, actual.names())),
        });
    }

    /// Templates and databases of wikis, wherever among the surplus they are.
    fn place_loose(&mut self, loose: Vec<Node>) {
        for expected in loose {
            let mut found = None;
            for exactly in [true, false] {
                for (path, node) in &mut self.extra {
                    let fits = |node: &Node| match exactly {
                        true => node.print == expected.print,
                        false => node.kind == expected.kind && node.name == expected.name,
                    };
                    if fits(node) {
                        let mut taken = std::mem::take(node);
                        taken.lifted = true;
                        found = found.or(Some((path.clone(), taken)));
                        break;
                    }
                    if let Some(taken) = take_inside(node, &fits) {
                        // It is there to hold what has no place of its own.
                        node.splits = true;
                        found = found.or(Some((path.clone(), taken)));
                        break;
                    }
                }
                if found.is_some() {
                    break;
                }
            }
            match found {
                Some((path, actual)) => {
                    let path = format!("{path} / {}", expected.label());
                    self.pair(path, expected, actual);
                }
                None => self.lost.push((expected.label(), expected)),
            }
        }
        self.extra.retain(|(_, node)| {
            let taken = node.kind.is_empty();
            let holder = node.splits && is_hollow(node);
            !taken && !holder
        });
    }

    /// What is lost here and surplus there has moved.
    fn moved(&mut self) {
        for (path, expected) in std::mem::take(&mut self.lost) {
            let same = self.extra.iter().position(|(_, node)| {
                node.is_object() && node.kind == expected.kind && node.name == expected.name
            });
            match same {
                Some(at) => {
                    let (to, actual) = self.extra.remove(at);
                    self.say(&path, "place", json!(path), json!(to));
                    self.pair(path, expected, actual);
                }
                None => self.say(&path, "lost", json!(expected.whole_text()), Value::Null),
            }
        }
        // Pairing what has moved may have found more.
        for (path, node) in std::mem::take(&mut self.lost) {
            self.say(&path, "lost", json!(node.whole_text()), Value::Null);
        }
        for (path, node) in std::mem::take(&mut self.extra) {
            self.say(&path, "surplus", Value::Null, json!(node.whole_text()));
        }
    }

    fn fields(&mut self) {
        for pair in std::mem::take(&mut self.pairs) {
            if let Some((wanted, named)) = &pair.named {
                for old in wanted {
                    let new = self.map.get(old).unwrap_or(old);
                    if !named.contains(new) {
                        let here = format!("{named:?}");
                        self.say(
                            &pair.path,
                            "what the stand-in names",
                            json!(new),
                            json!(here),
                        );
                    }
                }
            }
            for (field, expected) in &pair.expected {
                let actual = pair.actual.get(field).unwrap_or(&Value::Null);
                let path = format!("{} / {field}", pair.path);
                let prefixed = pair.kind == "comment" && field == "text";
                self.value(&path, expected, actual, prefixed);
            }
        }
    }

    fn value(&mut self, path: &str, expected: &Value, actual: &Value, prefixed: bool) {
        if self.same(expected, actual, prefixed) {
            return;
        }
        match (expected, actual) {
            (Value::Object(ours), Value::Object(theirs))
                if ours.contains_key("$set") && theirs.contains_key("$set") =>
            {
                let sorted = |value: &Value| {
                    let mut items: Vec<String> = self.mapped(value);
                    items.sort();
                    items
                };
                let (a, b) = (&ours["$set"], &theirs["$set"]);
                let there = sorted_ids(b);
                let free = self.mapped(ours.get("free").unwrap_or(&Value::Null));
                let needed: Vec<String> = there
                    .iter()
                    .filter(|id| !free.contains(id))
                    .cloned()
                    .collect();
                let weak = sorted(a) == needed;
                let what = if weak { "order" } else { "what is related" };
                self.differences.push(Difference {
                    path: path.to_string(),
                    what: what.to_string(),
                    original: json!(self.mapped(a)),
                    restored: b.clone(),
                    weak,
                });
            }
            (Value::Object(ours), Value::Object(theirs))
                if ours
                    .keys()
                    .chain(theirs.keys())
                    .all(|key| !key.starts_with('$')) =>
            {
                let mut keys: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
                keys.sort();
                keys.dedup();
                for key in keys {
                    let ours = ours.get(key).unwrap_or(&Value::Null);
                    let theirs = theirs.get(key).unwrap_or(&Value::Null);
                    self.value(&format!("{path} / {key}"), ours, theirs, prefixed);
                }
            }
            (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
                for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                    self.value(&format!("{path} {}", at + 1), ours, theirs, prefixed);
                }
            }
            _ => self.say(path, "value", expected.clone(), actual.clone()),
        }
    }

    /// The ids of a list of markers, as they are after the restore.
    fn mapped(&self, value: &Value) -> Vec<String> {
        let ids = value.as_array().into_iter().flatten();
        let ids = ids.filter_map(|it| marked(it, "$id"));
        ids.map(|id| self.map.get(&id).unwrap_or(&id).to_string())
            .collect()
    }

    fn same(&self, expected: &Value, actual: &Value, prefixed: bool) -> bool {
        match expected {
            Value::Object(map) if map.contains_key("$whatever") => true,
            Value::Object(map) if map.contains_key("$any") => {
                let all = map["$any"].as_array().into_iter().flatten();
                all.clone().any(|it| self.same(it, actual, prefixed)) || all.count() == 0
            }
            Value::Object(map) if map.contains_key("$id") => {
                let old = marked(expected, "$id");
                let new = old.map(|old| *self.map.get(&old).unwrap_or(&old));
                new.is_some() && new == marked(actual, "$id")
            }
            Value::Object(map) if map.contains_key("$rich") => {
                let same = |a: &Value, b: &Value| self.same(a, b, false);
                actual.get("$rich").is_some() && rich::equal(expected, actual, prefixed, &same)
            }
            Value::Object(map) if map.contains_key("$set") => {
                let free = map.get("free").map(|free| self.mapped(free));
                let free = free.unwrap_or_default();
                let mut there = ids_of(&actual["$set"]);
                let wanted = self.mapped(&map["$set"]);
                there.retain(|id| wanted.contains(id) || !free.contains(id));
                actual.get("$set").is_some() && wanted == there
            }
            Value::Object(ours) => {
                let Value::Object(theirs) = actual else {
                    return false;
                };
                let keys = ours.keys().chain(theirs.keys());
                keys.into_iter().all(|key| {
                    let a = ours.get(key).unwrap_or(&Value::Null);
                    let b = theirs.get(key).unwrap_or(&Value::Null);
                    self.same(a, b, prefixed)
                })
            }
            Value::Array(ours) => {
                let Value::Array(theirs) = actual else {
                    return false;
                };
                let mut both = ours.iter().zip(theirs);
                ours.len() == theirs.len() && both.all(|(a, b)| self.same(a, b, prefixed))
            }
            Value::Number(number) => number.as_f64() == actual.as_f64(),
            _ => expected == actual,
        }
    }
}

fn ids_of(value: &Value) -> Vec<String> {
    let ids = value.as_array().into_iter().flatten();
    let ids = ids.filter_map(|it| marked(it, "$id"));
    ids.map(|id| id.to_string()).collect()
}

fn sorted_ids(value: &Value) -> Vec<String> {
    let mut ids = ids_of(value);
    ids.sort();
    ids
}

/// Whether nothing but empty pages is left in a page.
fn is_hollow(node: &Node) -> bool {
    let body = node.part("body").iter();
    body.filter(|it| it.is_object()).all(is_hollow)
}

/// Takes the first fitting page or database out of the body of a surplus page.
fn take_inside(node: &mut Node, fits: &dyn Fn(&Node) -> bool) -> Option<Node> {
    let body = node.parts.get_mut("body")?;
    if let Some(at) = body
        .iter()
        .position(|child| child.is_object() && fits(child))
    {
        return Some(body.remove(at));
    }
    body.iter_mut().find_map(|child| take_inside(child, fits))
}

/// What has moved to the page's end may be there in any order: that of what is there.
fn follow(mut ours: Vec<Node>, theirs: &[Node]) -> Vec<Node> {
    let Some(first) = ours.iter().position(|node| node.lifted) else {
        return ours;
    };
    let mut lifted = ours.split_off(first);
    let tail = theirs.len().saturating_sub(lifted.len());
    for node in &theirs[tail..] {
        let same = |it: &Node| it.print == node.print;
        let named = |it: &Node| it.kind == node.kind && it.name == node.name;
        let at = lifted.iter().position(same);
        let at = at.or_else(|| lifted.iter().position(named));
        ours.extend(at.map(|at| lifted.remove(at)));
    }
    ours.extend(lifted);
    ours
}

type Paired = (Vec<(Node, Node)>, Vec<Node>, Vec<Node>);

fn by_name(ours: Vec<Node>, mut theirs: Vec<Node>) -> Paired {
    let (mut pairs, mut lost) = (Vec::new(), Vec::new());
    for node in ours {
        match theirs.iter().position(|it| it.name == node.name) {
            Some(at) => pairs.push((node, theirs.remove(at))),
            None => lost.push(node),
        }
    }
    (pairs, lost, theirs)
}
