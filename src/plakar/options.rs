//! What users may write in a source or a destination of Plakar.
//!
//! Plakar hands over the location and every key that the user gave, as texts. A key that
//! is not known is refused: a misspelt one would silently make a smaller backup.

use std::collections::HashMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use tonic::{Code, Status};

use super::status::status;
use super::{Defaults, SCHEME};
use crate::crawl::Comments;
use crate::model::NotionId;
use crate::notion::{self, Token};

/// The folder of the cache, below the one in [`Defaults`].
const CACHE: &str = "cache";

/// Where unchanged pages are taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cache {
    /// A repository, made on first use.
    Repository(PathBuf),
    /// Nowhere: everything is read.
    Off,
}

/// What an importer is asked for.
pub struct Import {
    /// How to reach Notion.
    pub notion: notion::Settings,
    /// Where to begin; empty: everything shared with the token.
    pub roots: Vec<NotionId>,
    /// Whose comments are read.
    pub comments: Comments,
    /// Whether attachments are wanted.
    pub files: bool,
    /// The incremental base.
    pub cache: Cache,
}

/// What an exporter is asked for.
pub struct Export {
    /// How to reach Notion.
    pub notion: notion::Settings,
    /// The page to restore below.
    pub root: NotionId,
}

type Config = HashMap<String, String>;

/// Every option of importers, with what it means.
const IMPORT: [(&str, &str); 6] = [
    ("token", "The token of the connection"),
    (
        "root",
        "Ids or links of pages or databases to back up with what is below them, with commas between; \
         without it, everything that is shared with the connection",
    ),
    ("comments", "Which comments to read: none, pages or blocks"),
    ("files", "Whether attachments are backed up: true or false"),
    ("api_url", "The address of the API"),
    (
        "cache",
        "A folder for the repository that unchanged pages are taken from, or off",
    ),
];

/// Every option of exporters, with what it means.
const EXPORT: [(&str, &str); 4] = [
    ("token", "The token of the connection"),
    ("rootID", "The id or link of the page to restore below"),
    ("root_id", "The same as rootID"),
    ("api_url", "The address of the API"),
];

/// Reads the options of an importer.
pub fn import(config: &Config, defaults: &Defaults) -> Result<Import, Status> {
    known(config, &IMPORT)?;
    let mut roots = Vec::new();
    let listed = value(config, "root").unwrap_or_default().split(',');
    for text in listed.chain([location(config)?]) {
        if !text.trim().is_empty() {
            roots.push(id(text, "root")?);
        }
    }
    roots.sort_unstable();
    roots.dedup();
    let comments = match value(config, "comments") {
        None | Some("pages") => Comments::Pages,
        Some("none") => Comments::None,
        Some("blocks") => Comments::Blocks,
        Some(other) => {
            return Err(wrong(&format!(
                "comments: '{other}' is neither none, pages nor blocks"
            )));
        }
    };
    let files = match value(config, "files") {
        None | Some("true" | "yes" | "on" | "1") => true,
        Some("false" | "no" | "off" | "0") => false,
        Some(other) => {
            return Err(wrong(&format!(
                "files: '{other}' is neither true nor false"
            )));
        }
    };
    let cache = match value(config, "cache") {
        None => Cache::Repository(defaults.folder.join(CACHE)),
        Some("off" | "no" | "false") => Cache::Off,
        Some(folder) => {
            let folder = PathBuf::from(folder);
            if !folder.is_absolute() {
                return Err(wrong(
                    "cache: give an absolute path, because Plakar may run anywhere; or off",
                ));
            }
            Cache::Repository(folder)
        }
    };
    Ok(Import {
        notion: settings(config, defaults)?,
        roots,
        comments,
        files,
        cache,
    })
}

/// Reads the options of an exporter.
pub fn export(config: &Config, defaults: &Defaults) -> Result<Export, Status> {
    known(config, &EXPORT)?;
    let given = value(config, "rootID").or_else(|| value(config, "root_id"));
    let place = location(config)?;
    let text = match given {
        Some(text) => text,
        None if !place.trim().is_empty() => place,
        None => {
            return Err(wrong(
                "no rootID was given: the id or link of the page to restore below",
            ));
        }
    };
    Ok(Export {
        notion: settings(config, defaults)?,
        root: id(text, "rootID")?,
    })
}

/// The JSON schema of the options of importers, for Plakar's catalogue.
pub fn import_schema() -> Value {
    let mut schema = schema("Source", &IMPORT);
    schema["properties"]["comments"]["enum"] = json!(["none", "pages", "blocks"]);
    schema["properties"]["files"]["enum"] =
        json!(["true", "yes", "on", "1", "false", "no", "off", "0"]);
    schema
}

/// The JSON schema of the options of exporters.
pub fn export_schema() -> Value {
    schema("Destination", &EXPORT)
}

fn schema(title: &str, options: &[(&str, &str)]) -> Value {
    let mut properties = serde_json::Map::new();
    properties.insert(
        "location".to_owned(),
        json!({
            "type": "string",
            "pattern": format!("^{SCHEME}:"),
            "description": "notion:// alone, or with the id of a page or database after it",
        }),
    );
    for (name, meaning) in options {
        properties.insert(
            (*name).to_owned(),
            json!({"type": "string", "description": meaning}),
        );
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn wrong(message: &str) -> Status {
    status(Code::InvalidArgument, message)
}

/// An option's text; one that is empty counts as not given.
fn value<'a>(config: &'a Config, name: &str) -> Option<&'a str> {
    let text = config.get(name)?.trim();
    (!text.is_empty()).then_some(text)
}

fn known(config: &Config, options: &[(&str, &str)]) -> Result<(), Status> {
    let names = || options.iter().map(|(name, _)| *name);
    let mut unknown: Vec<&str> = config
        .keys()
        .map(String::as_str)
        .filter(|key| *key != "location" && !names().any(|name| name == *key))
        .collect();
    unknown.sort_unstable();
    match unknown.first() {
        None => Ok(()),
        Some(first) => {
            let all: Vec<&str> = names().collect();
            Err(wrong(&format!(
                "there is no option '{first}'; there are: {}",
                all.join(", ")
            )))
        }
    }
}

/// What follows the scheme in the location, without slashes around it.
fn location(config: &Config) -> Result<&str, Status> {
    let whole = value(config, "location").unwrap_or_default();
    let rest = match whole.split_once(':') {
        Some((scheme, rest)) if scheme == SCHEME => rest,
        _ if whole.is_empty() => whole,
        _ => return Err(wrong(&format!("'{whole}' is not a location of {SCHEME}:"))),
    };
    Ok(rest.trim_matches('/'))
}

fn id(text: &str, option: &str) -> Result<NotionId, Status> {
    NotionId::from_user(text).map_err(|error| wrong(&format!("{option}: {error}")))
}

fn settings(config: &Config, defaults: &Defaults) -> Result<notion::Settings, Status> {
    let token = value(config, "token").or(defaults.token.as_deref());
    let Some(token) = token else {
        return Err(status(
            Code::Unauthenticated,
            "no token was given: set the option token, or the environment variable NOTION_API_TOKEN",
        ));
    };
    let token =
        Token::new(token).map_err(|error| status(Code::Unauthenticated, &error.to_string()))?;
    let api_url = value(config, "api_url").unwrap_or(&defaults.api_url);
    let api_url = api_url.trim_end_matches('/');
    notion::check_api_url(api_url).map_err(|why| wrong(&format!("api_url: {why}")))?;
    Ok(notion::Settings {
        token,
        api_url: api_url.to_owned(),
        requests_per_minute: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use std::sync::Arc;

    const ID: &str = "0123abcd-4567-89ef-0123-456789abcdef";

    fn defaults() -> Defaults {
        Defaults {
            token: None,
            api_url: "https://api.notion.com".to_owned(),
            folder: "/cache/plakar".into(),
            clock: Arc::new(SystemClock::new()),
        }
    }

    fn config(pairs: &[(&str, &str)]) -> Config {
        let pairs = pairs.iter().map(|(key, value)| (*key, *value));
        [("token", "ntn_a"), ("location", "notion://")]
            .into_iter()
            .chain(pairs)
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }

    fn refusal<T>(result: Result<T, Status>) -> (Code, String) {
        let status = result.err().expect("it is refused");
        (status.code(), status.message().to_owned())
    }

    #[test]
    fn a_location_alone_means_everything_with_the_defaults_of_dump() {
        let import = import(&config(&[]), &defaults()).unwrap();
        assert!(import.roots.is_empty() && import.files);
        assert_eq!(import.comments, Comments::Pages);
        assert_eq!(import.notion.api_url, "https://api.notion.com");
        assert_eq!(
            import.cache,
            Cache::Repository("/cache/plakar/cache".into())
        );
    }

    #[test]
    fn roots_come_from_the_location_and_from_the_option() {
        let plain = ID.replace('-', "");
        for location in [ID, &plain, &format!("/{ID}"), &format!("{plain}/")] {
            let location = format!("notion://{location}");
            let import = import(&config(&[("location", &location)]), &defaults()).unwrap();
            assert_eq!(import.roots, [ID.parse().unwrap()], "{location}");
        }
        let other = "1123abcd456789ef0123456789abcdef";
        let both = format!("https://www.notion.so/Home-{other}, {ID},{ID}");
        let import = import(&config(&[("root", &both)]), &defaults()).unwrap();
        assert_eq!(import.roots, [ID.parse().unwrap(), other.parse().unwrap()]);
    }

    #[test]
    fn a_target_is_named_in_any_of_three_ways() {
        for pair in [
            ("rootID", ID),
            ("root_id", &ID.replace('-', "")),
            ("location", &format!("notion://{ID}")),
        ] {
            let export = export(&config(&[pair]), &defaults()).unwrap();
            assert_eq!(export.root.to_string(), ID, "{pair:?}");
        }
        let (code, message) = refusal(export(&config(&[]), &defaults()));
        assert_eq!(code, Code::InvalidArgument);
        assert!(message.contains("rootID"), "{message}");
    }

    #[test]
    fn what_is_not_known_or_not_possible_is_refused_by_name() {
        for (key, value) in [
            ("commments", "blocks"),
            ("comments", "all"),
            ("files", "some"),
            ("root", "home"),
            ("cache", "relative/folder"),
            ("api_url", "http://example.com"),
        ] {
            let (code, message) = refusal(import(&config(&[(key, value)]), &defaults()));
            assert_eq!(code, Code::InvalidArgument, "{key}");
            assert!(message.contains(key), "{message}");
        }
        let (_, message) = refusal(import(&config(&[("location", "s3://x")]), &defaults()));
        assert!(message.contains("s3://x"), "{message}");
    }

    #[test]
    fn the_environment_gives_a_token_where_the_options_have_none() {
        let mut without = config(&[]);
        without.remove("token");
        let (code, message) = refusal(import(&without, &defaults()));
        assert_eq!(code, Code::Unauthenticated);
        assert!(message.contains("NOTION_API_TOKEN"), "{message}");
        let with = Defaults {
            token: Some("ntn_b".to_owned()),
            ..defaults()
        };
        let import = import(&without, &with).unwrap();
        assert!(import.notion.token == Token::new("ntn_b").unwrap());
    }

    #[test]
    fn the_schemas_take_what_is_taken_and_refuse_what_is_refused() {
        let check = |schema: Value, pairs: &[(&str, &str)]| {
            jsonschema::validator_for(&schema)
                .unwrap()
                .is_valid(&serde_json::to_value(config(pairs)).unwrap())
        };
        assert!(check(
            import_schema(),
            &[("comments", "blocks"), ("files", "no")]
        ));
        assert!(!check(import_schema(), &[("comments", "all")]));
        assert!(!check(import_schema(), &[("commments", "blocks")]));
        assert!(check(export_schema(), &[("rootID", ID)]));
        assert!(!check(export_schema(), &[("root", ID)]));
    }
}
