//! The `notion-backup` program: everything is in the library, under `cli`.

fn main() {}
