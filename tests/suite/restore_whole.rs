//! Whole restores: a workspace is dumped and put below a page of a Notion in memory,
//! and the judge compares the two.

mod places;
mod random;
