//! Going through nodes and values.

use serde_json::Value;

use super::node::Node;

/// Does something to every node of a tree, children after their parent.
pub fn each_node(node: &mut Node, change: &mut dyn FnMut(&mut Node)) {
    change(node);
    for child in node.parts.values_mut().flatten() {
        each_node(child, change);
    }
}

/// A value with some parts replaced: `change` gives what stands for a part, or `None`
/// to look inside it.
pub fn rewrite(value: &Value, change: &dyn Fn(&Value) -> Option<Value>) -> Value {
    if let Some(changed) = change(value) {
        return changed;
    }
    match value {
        Value::Array(items) => items.iter().map(|it| rewrite(it, change)).collect(),
        Value::Object(map) => {
            let changed = map
                .iter()
                .map(|(key, it)| (key.clone(), rewrite(it, change)));
            Value::Object(changed.collect())
        }
        other => other.clone(),
    }
}
