//! Plakar's own engine against the connector: the Go program in `tests/plakar_host`, which
//! is built and run here. Where there is no Go this says so and passes, unless
//! [`REQUIRED`] is set.

use std::env;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Set where a missing Go is a failure.
const REQUIRED: &str = "NOTION_BACKUP_TEST_GO";

/// Go's command, where it is.
fn go() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let usual = PathBuf::from("/usr/local/go/bin");
    let mut folders = env::split_paths(&path).chain([usual]);
    folders.find_map(|it| Some(it.join("go")).filter(|it| it.is_file()))
}

/// The program that serves the Notion in memory, as new as this test.
fn serve() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_notion-backup"));
    let folder = program.parent().expect("the folder of the profile");
    let profile = folder.file_name().expect("the profile's name");
    let profile = if profile == "debug" {
        "dev".into()
    } else {
        profile.to_owned()
    };
    let cargo = env::var_os("CARGO").unwrap_or(OsString::from("cargo"));
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--all-features", "--example", "serve"])
        .arg("--profile")
        .arg(profile)
        .arg("--target-dir")
        .arg(folder.parent().expect("the target folder"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.expect("cargo runs").success());
    folder.join("examples/serve")
}

#[test]
fn plakars_engine_finds_nothing_wrong_with_the_connector() {
    let Some(go) = go() else {
        assert!(env::var_os(REQUIRED).is_none(), "there is no Go");
        // Not by a macro: nobody would see it of a test that passes.
        let line = "SKIPPED: Plakar's engine was not tried, because there is no Go\n";
        let _ = std::io::stderr().write_all(line.as_bytes());
        return;
    };
    let ran = Command::new(go)
        .args(["test", "-count=1", "-vet=all", "-timeout=60m", "./..."])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plakar_host"))
        .env("NOTION_BACKUP", env!("CARGO_BIN_EXE_notion-backup"))
        .env("NOTION_SERVE", serve())
        .output()
        .expect("go runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, errors) = (text(&ran.stdout), text(&ran.stderr));
    assert!(ran.status.success(), "{out}{errors}");
}
