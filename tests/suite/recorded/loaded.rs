//! The recordings are read whole.

use crate::support::recordings::{Exchange, errors, present, takes};

#[test]
fn every_line_of_the_recordings_is_an_exchange() {
    let (Some(all), Some(errors)) = (present(), errors()) else {
        return;
    };
    // As the README beside the recordings counts them.
    let of = |file: &str| all.iter().filter(|one| one.file == file).count();
    assert_eq!(of("ultimate-notion.jsonl"), 1499);
    assert_eq!(of("notion-sdk-py.jsonl"), 332);
    assert!(!errors.is_empty());
    assert_eq!(takes(all).map(<[Exchange]>::len).sum::<usize>(), all.len());
    let reads = all.iter().filter(|one| one.is_read()).count();
    assert!(reads > 700, "{reads}");
}
