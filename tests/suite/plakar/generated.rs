//! The committed code of the protocol is what the generator makes of the contract, so
//! that nobody needs one to build the program.

use std::path::{Path, PathBuf};

/// Where contract and code are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/plakar/proto")
}

/// Package, and the file that has its code.
const MADE: [(&str, &str); 3] = [
    ("plakar.connectors", "plakar/connectors.rs"),
    ("importer", "importer.rs"),
    ("plakar.exporter", "plakar/exporter.rs"),
];

#[test]
fn the_committed_code_is_what_the_generator_makes_of_the_contract() {
    let contract = protox::compile(["importer.proto", "exporter.proto"], [folder()]).unwrap();
    let out = tempfile::tempdir().unwrap();
    tonic_prost_build::configure()
        .build_client(false)
        .build_transport(false)
        .emit_rerun_if_changed(false)
        .out_dir(out.path())
        .compile_fds(contract)
        .unwrap();
    let again = std::env::var_os("NOTION_BACKUP_GENERATE").is_some();
    for (package, file) in MADE {
        let made = std::fs::read(out.path().join(format!("{package}.rs"))).unwrap();
        let committed = folder().join(file);
        if again {
            std::fs::write(&committed, &made).unwrap();
        }
        assert!(
            made == std::fs::read(&committed).unwrap_or_default(),
            "{} is out of date; write it again with: \
             NOTION_BACKUP_GENERATE=1 cargo test --test suite plakar::generated",
            committed.display()
        );
    }
}
