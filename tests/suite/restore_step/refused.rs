//! What the API refuses costs that thing and nothing else.
