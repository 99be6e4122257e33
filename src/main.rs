//! The `notion-backup` program: everything is in the library, under `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    notion_backup::cli::main()
}
