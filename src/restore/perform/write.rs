//! What a request writes, read from its method, path and body.

use serde_json::Value;

use super::super::step::Call;
use crate::model::NotionId;
use crate::notion::Method;

/// The kinds of writes, as far as they differ in what must be done when they fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// A page in a page.
    Page { parent: NotionId },
    /// A page in a data source.
    Row { source: NotionId },
    /// Blocks in a page or block.
    Append { parent: NotionId },
    /// A database in a page.
    Database { page: NotionId },
    /// One more data source in a database.
    Source { database: NotionId },
    /// A tab of a database.
    View { database: NotionId },
    /// A view in a dashboard.
    Widget { dashboard: NotionId },
    /// A linked database in a page.
    Linked { page: NotionId },
    /// The first comment of a discussion on a page or block.
    Comment { on: NotionId },
    /// A comment in a discussion.
    Reply { discussion: NotionId },
    /// Values that are given whole: twice is as good as once.
    Change { id: NotionId },
    /// The trash.
    Trash { id: NotionId },
    /// Anything else: nobody knows where to look for it.
    Other,
}

impl Write {
    pub(super) fn of(call: &Call) -> Write {
        let path = call.path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').skip(2).collect();
        let body = &call.body;
        let id = |value: &Value| value.as_str()?.parse::<NotionId>().ok();
        let under = |key: &str| id(&body["parent"][key]);
        let found = match (call.method, segments.as_slice()) {
            (Method::Post, ["pages"]) => under("page_id")
                .map(|parent| Write::Page { parent })
                .or_else(|| under("data_source_id").map(|source| Write::Row { source })),
            (Method::Patch, ["blocks", parent, "children"]) => {
                parent.parse().ok().map(|parent| Write::Append { parent })
            }
            (Method::Post, ["databases"]) => under("page_id").map(|page| Write::Database { page }),
            (Method::Post, ["data_sources"]) => {
                under("database_id").map(|database| Write::Source { database })
            }
            (Method::Post, ["views"]) => {
                let linked = id(&body["create_database"]["parent"]["page_id"]);
                let tab = id(&body["database_id"]).map(|database| Write::View { database });
                let widget = id(&body["view_id"]).map(|dashboard| Write::Widget { dashboard });
                tab.or(widget)
                    .or_else(|| linked.map(|page| Write::Linked { page }))
            }
            (Method::Post, ["comments"]) => {
                let on = under("page_id").or_else(|| under("block_id"));
                let reply = id(&body["discussion_id"]);
                on.map(|on| Write::Comment { on })
                    .or_else(|| reply.map(|discussion| Write::Reply { discussion }))
            }
            (Method::Patch, [_, object]) => object.parse().ok().map(|id| Write::Change { id }),
            (Method::Delete, [_, object]) => object.parse().ok().map(|id| Write::Trash { id }),
            _ => None,
        };
        found.unwrap_or(Write::Other)
    }

    /// What a person calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Write::Page { .. } => "page",
            Write::Row { .. } => "row",
            Write::Append { .. } => "blocks",
            Write::Database { .. } => "database",
            Write::Source { .. } => "data source",
            Write::View { .. } | Write::Widget { .. } => "view",
            Write::Linked { .. } => "linked view",
            Write::Comment { .. } | Write::Reply { .. } => "comment",
            Write::Change { .. } => "change",
            Write::Trash { .. } => "removal",
            Write::Other => "request",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_write_of_a_restore_is_known() {
        let id = NotionId::from_bits(5);
        let on = |method, path: &str, body| {
            Write::of(&Call {
                method,
                path: path.replace("ID", &id.to_string()),
                body,
            })
        };
        let post = |path, body| on(Method::Post, path, body);
        let parent = |key: &str| json!({"parent": {"type": key, key: id}});
        let page = parent("page_id");
        assert_eq!(post("/v1/pages", page.clone()), Write::Page { parent: id });
        assert_eq!(
            post("/v1/pages", parent("data_source_id")),
            Write::Row { source: id }
        );
        assert_eq!(
            on(Method::Patch, "/v1/blocks/ID/children", json!({})),
            Write::Append { parent: id }
        );
        assert_eq!(
            post("/v1/databases", page.clone()),
            Write::Database { page: id }
        );
        assert_eq!(
            post("/v1/data_sources", parent("database_id")),
            Write::Source { database: id }
        );
        assert_eq!(
            post("/v1/views", json!({"database_id": id})),
            Write::View { database: id }
        );
        assert_eq!(
            post("/v1/views", json!({"view_id": id})),
            Write::Widget { dashboard: id }
        );
        assert_eq!(
            post("/v1/views", json!({"create_database": page})),
            Write::Linked { page: id }
        );
        assert_eq!(post("/v1/comments", page), Write::Comment { on: id });
        assert_eq!(
            post("/v1/comments", parent("block_id")),
            Write::Comment { on: id }
        );
        assert_eq!(
            post("/v1/comments", json!({"discussion_id": id})),
            Write::Reply { discussion: id }
        );
        for kind in ["pages", "blocks", "databases", "data_sources", "views"] {
            let path = format!("/v1/{kind}/ID");
            assert_eq!(on(Method::Patch, &path, json!({})), Write::Change { id });
            assert_eq!(on(Method::Delete, &path, json!({})), Write::Trash { id });
        }
        assert_eq!(post("/v1/pages", parent("workspace")), Write::Other);
        assert_eq!(post("/v1/pages/ID/move", json!({})), Write::Other);
    }
}
