//! The manual page and the command reference, written from clap's command tree.

use std::fmt::Write as _;
use std::io;

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use super::exit::Exit;

/// The environment variables that the program reads, and what for.
const ENVIRONMENT: [(&str, &str); 7] = [
    (
        "NOTION_BACKUP_REPO",
        "The folder of backups, unless --repo is given.",
    ),
    ("NOTION_API_TOKEN", "The token, unless an option gives it."),
    ("NOTION_TOKEN", "The same, if NOTION_API_TOKEN is not set."),
    (
        "NOTION_API_URL",
        "The address of the API, unless --api-url is given.",
    ),
    (
        "XDG_CONFIG_HOME",
        "Where notion-backup/config.toml is looked for; ~/.config if not set.",
    ),
    (
        "XDG_CACHE_HOME",
        "Where `plakar` keeps its cache, in notion-backup/plakar; ~/.cache if not set.",
    ),
    (
        "XDG_STATE_HOME",
        "Where journals of restores are kept that have no repository; ~/.local/state if not set.",
    ),
];

/// An example of the configuration file.
const CONFIG: &str = r#"repo = "~/notion-backup"
token-file = "~/.config/notion-backup/token"   # or: token-command = "pass show notion"
requests-per-minute = 120
jobs = 8

[dump]
root = ["https://www.notion.so/..."]
existing = true
recheck-after = 30
max-file-size = "200M"
comments = "pages"
max-shrink = 50
tag = ["nightly"]
deadline = "4h"
"#;

const CONFIG_TEXT: &str = "Optional, in TOML. The keys are the names of the options; an option wins over the \
environment, and the environment over the file. An unknown key is an error. Relative paths begin at the file's \
own folder, and a leading ~ is the home folder. The token itself has no key.";

const SNAPSHOT_TEXT: &str = "Where a command takes a SNAPSHOT, that is `latest`, the start of a snapshot's id or of \
the eight digits at its end, or a time as `snapshots` shows it, in the zone of this machine unless an offset stands \
behind it. A day (2026-03-01, yesterday, tuesday, \"3 days ago\") means the last snapshot of that day, a time \
(\"2026-03-01 12:00\", 12:00) the last one in that minute; seconds can be given. The command then says which one it \
is. A text that fits two snapshots is an error. `forget` takes ids alone.";

/// The manual page, all commands in it.
pub fn man_page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    for subcommand in command.get_subcommands() {
        let mut section = Roff::new();
        section.control(
            "SH",
            [format!("notion-backup {}", subcommand.get_name()).as_str()],
        );
        section.text([italic(usage(subcommand))]);
        for paragraph in about(subcommand).split("\n\n") {
            section.control("PP", []);
            section.text([roman(paragraph)]);
        }
        options(&mut section, own_arguments(subcommand));
        section.to_writer(&mut page)?;
    }
    let mut end = Roff::new();
    end.control("SH", ["GLOBAL OPTIONS"]);
    options(&mut end, command.get_arguments().collect());
    end.control("SH", ["SNAPSHOTS"]);
    end.text([roman(SNAPSHOT_TEXT.replace('`', "'"))]);
    end.control("SH", ["EXIT STATUS"]);
    for exit in Exit::ALL {
        end.control("TP", []);
        end.text([bold(exit.code().to_string())]);
        end.text([roman(exit.meaning().replace('`', "'"))]);
    }
    end.control("SH", ["ENVIRONMENT"]);
    for (name, meaning) in ENVIRONMENT {
        end.control("TP", []);
        end.text([bold(name)]);
        end.text([roman(meaning)]);
    }
    end.control("SH", ["CONFIGURATION FILE"]);
    end.text([roman(CONFIG_TEXT)]);
    end.control("PP", []);
    end.control("nf", []);
    for line in CONFIG.lines() {
        // An empty line ends a paragraph even here.
        end.text([roman(if line.is_empty() { " " } else { line })]);
    }
    end.control("fi", []);
    if let Some(steps) = command.get_after_help() {
        end.control("SH", ["EXAMPLE"]);
        end.control("nf", []);
        for line in steps.to_string().lines() {
            end.text([roman(if line.is_empty() { " " } else { line })]);
        }
        end.control("fi", []);
    }
    end.to_writer(&mut page)?;
    Ok(page)
}

fn options(section: &mut Roff, arguments: Vec<&Arg>) {
    for argument in arguments {
        section.control("TP", []);
        section.text([bold(signature(argument))]);
        for (index, paragraph) in help(argument).split("\n\n").enumerate() {
            if index > 0 {
                section.control("IP", []);
            }
            section.text([roman(paragraph)]);
        }
    }
}

/// The command reference, in Markdown.
pub fn reference(command: &Command) -> String {
    let mut text = String::from(
        "# Command reference\n\nWritten by `notion-backup generate cli-reference docs`; do not edit.\n\n",
    );
    text.push_str(&format!("{}\n\n", about(command)));
    text.push_str("```text\nnotion-backup [GLOBAL OPTIONS] COMMAND\n```\n\n");
    text.push_str("| command | what it does |\n|---|---|\n");
    for subcommand in command.get_subcommands() {
        let name = subcommand.get_name();
        let about = subcommand
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        text.push_str(&format!("| [`{name}`](#{name}) | {about} |\n"));
    }
    text.push('\n');
    for subcommand in command.get_subcommands() {
        let _ = write!(
            text,
            "## {}\n\n```text\n{}\n```\n\n{}\n\n",
            subcommand.get_name(),
            usage(subcommand),
            about(subcommand)
        );
        list(&mut text, own_arguments(subcommand));
    }
    text.push_str("## Global options\n\n");
    list(&mut text, command.get_arguments().collect());
    text.push_str(&format!("## Snapshots\n\n{SNAPSHOT_TEXT}\n\n"));
    text.push_str("## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for exit in Exit::ALL {
        text.push_str(&format!("| {} | {} |\n", exit.code(), exit.meaning()));
    }
    text.push_str("\n## Environment\n\n| variable | meaning |\n|---|---|\n");
    for (name, meaning) in ENVIRONMENT {
        text.push_str(&format!("| `{name}` | {} |\n", quoted(meaning)));
    }
    text.push_str(&format!(
        "\n## Configuration file\n\n{}\n\n```toml\n{CONFIG}```\n",
        quoted(CONFIG_TEXT)
    ));
    text
}

fn list(text: &mut String, arguments: Vec<&Arg>) {
    if arguments.is_empty() {
        return;
    }
    for argument in arguments {
        let help = quoted(&help(argument)).replace("\n\n", "\n\n  ");
        text.push_str(&format!("- `{}`: {help}\n", signature(argument)));
    }
    text.push('\n');
}

/// The arguments of a command that are not global, and not `--help`.
fn own_arguments(command: &Command) -> Vec<&Arg> {
    command
        .get_arguments()
        .filter(|argument| !argument.is_global_set() && argument.get_id() != "help")
        .collect()
}

fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned()
}

fn about(command: &Command) -> String {
    let text = command
        .get_long_about()
        .or_else(|| command.get_about())
        .map(ToString::to_string)
        .unwrap_or_default();
    // clap wants a first paragraph without its full stop.
    match text.split_once("\n\n") {
        Some((first, rest)) => format!("{first}.\n\n{rest}"),
        None => format!("{text}."),
    }
}

/// How an argument is written: `-r, --repo <DIR>`.
fn signature(argument: &Arg) -> String {
    let value = argument
        .get_value_names()
        .filter(|_| argument.get_action().takes_values())
        .and_then(|names| names.first())
        .map(|name| format!("<{name}>"));
    if argument.is_positional() {
        let value = value.unwrap_or_default();
        return if argument.is_required_set() {
            value
        } else {
            format!("[{}]", value.trim_matches(['<', '>']))
        };
    }
    let mut names = Vec::new();
    names.extend(argument.get_short().map(|short| format!("-{short}")));
    names.extend(argument.get_long().map(|long| format!("--{long}")));
    match value {
        Some(value) => format!("{} {value}", names.join(", ")),
        None => names.join(", "),
    }
}

/// What `--help` says of an argument, with its possible values.
fn help(argument: &Arg) -> String {
    let mut text = argument
        .get_long_help()
        .or_else(|| argument.get_help())
        .map(ToString::to_string)
        .unwrap_or_default();
    let values = argument.get_possible_values();
    if argument.get_action().takes_values() && !values.is_empty() {
        let values: Vec<String> = values
            .iter()
            .map(|value| match value.get_help() {
                Some(help) => format!("{} ({help})", value.get_name()),
                None => value.get_name().to_owned(),
            })
            .collect();
        text.push_str(&format!("\n\nValues: {}.", values.join("; ")));
    }
    text
}

/// Option names, variables and paths as code, so that Markdown leaves them alone.
fn quoted(text: &str) -> String {
    text.split('\n')
        .map(|line| {
            line.split(' ')
                .map(|word| {
                    let bare = word.trim_end_matches([',', '.', ';', ':', ']', ')']);
                    let code = bare.starts_with("--")
                        || bare.starts_with(['$', '~'])
                        || (bare.contains('_') && !bare.starts_with(['`', '[']));
                    if code {
                        format!("`{bare}`{}", word.strip_prefix(bare).unwrap_or_default())
                    } else {
                        word.to_owned()
                    }
                })
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_example_of_the_configuration_file_is_one() {
        let path = std::path::Path::new("/etc/config.toml");
        let config = crate::cli::config::Config::parse(CONFIG, path).unwrap();
        assert_eq!(config.dump.max_file_size, Some(200 * 1024 * 1024));
    }

    #[test]
    fn every_option_is_in_both_manuals() {
        let mut command = crate::cli::args::Arguments::command();
        command.build();
        let page = String::from_utf8(man_page(&command).unwrap()).unwrap();
        let page = page.replace("\\-", "-");
        let reference = reference(&command);
        for subcommand in command.get_subcommands() {
            for argument in own_arguments(subcommand) {
                let signature = signature(argument);
                assert!(reference.contains(&signature), "{signature}");
                assert!(page.contains(&signature), "{signature}");
            }
        }
    }
}
