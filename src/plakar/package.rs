//! What `plakar pkg create` needs: the program, a manifest that names it twice, and a
//! schema of the options of each side.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::{API_VERSION, SCHEME, options};

/// The name of the program in a package.
const PROGRAM: &str = "notion-backup";

/// Writes a package's files into `folder`, which is made if it is not there. `program` is
/// the file of this program. Files of earlier packages are replaced.
pub fn write(folder: &Path, program: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let target = folder.join(PROGRAM);
    // A copy onto itself would empty it; one onto a running program is refused.
    if target.canonicalize().ok() != Some(program.canonicalize()?) {
        match fs::remove_file(&target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::copy(program, &target)?;
    }
    let sides = [
        ("importer", options::import_schema()),
        ("exporter", options::export_schema()),
    ];
    for (side, schema) in &sides {
        let mut text = format!("{schema:#}");
        text.push('\n');
        fs::write(folder.join(schema_name(side)), text)?;
    }
    fs::write(folder.join("manifest.yaml"), manifest(&sides))
}

fn schema_name(side: &str) -> String {
    format!("{side}.schema.json")
}

fn manifest(sides: &[(&str, Value)]) -> String {
    let mut text = format!(
        "name: {SCHEME}\n\
         display_name: Notion (notion-backup)\n\
         description: Backs up a Notion workspace, whole and incrementally, and restores it\n\
         license: MIT\n\
         tags: [notion, documents]\n\
         api_version: {API_VERSION}\n\
         connectors:\n"
    );
    for (side, _) in sides {
        text.push_str(&format!(
            "  - type: {side}\n    \
                 protocols: [{SCHEME}]\n    \
                 class: service\n    \
                 executable: {PROGRAM}\n    \
                 args: [plakar, {side}]\n    \
                 validator: {}\n",
            schema_name(side)
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_the_program_and_says_how_it_is_started() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("built");
        fs::write(&program, "program").unwrap();
        let package = folder.path().join("a/package");
        for content in ["program", "newer"] {
            fs::write(&program, content).unwrap();
            write(&package, &program).unwrap();
            let copy = fs::read_to_string(package.join("notion-backup")).unwrap();
            assert_eq!(copy, content);
        }
        // From inside it, as somebody may do who has only the package.
        write(&package, &package.join("notion-backup")).unwrap();
        assert_eq!(
            fs::read_to_string(package.join("notion-backup")).unwrap(),
            "newer"
        );
        let manifest = fs::read_to_string(package.join("manifest.yaml")).unwrap();
        for line in [
            "name: notion\n",
            "  - type: importer\n    protocols: [notion]\n",
            "    args: [plakar, importer]\n    validator: importer.schema.json\n",
            "  - type: exporter\n    protocols: [notion]\n",
            "    args: [plakar, exporter]\n    validator: exporter.schema.json\n",
        ] {
            assert!(manifest.contains(line), "{line} is not in\n{manifest}");
        }
        for side in ["importer", "exporter"] {
            let schema = fs::read(package.join(schema_name(side))).unwrap();
            let _: Value = serde_json::from_slice(&schema).unwrap();
        }
    }
}
