//! The in-memory Notion keeps its word: each test is a promise of the API digest.

mod client;
mod walk;
