//! The README's demonstration.

fn main() {}
