//! Rebuilding a workspace in Notion from a snapshot.
//!
//! A restore reads the original (a snapshot, or a folder in the same layout), asks the
//! target workspace what it has, and writes a *plan*: a list of requests in which
//! [tokens](token) stand for ids that do not exist yet. The plan and a *journal* of what
//! has been done are kept on disk, so that a restore that was killed goes on where it
//! was. Everything that the API cannot take becomes a stand-in and a [`Loss`].

pub mod body;
pub mod comments;
#[cfg(test)]
mod fixed;
pub mod icons;
pub mod loss;
pub mod people;
pub mod rich_text;
pub mod schema;
pub mod step;
pub mod targets;
#[cfg(test)]
pub mod testing;
pub mod token;
pub mod values;
pub mod views;

pub use body::{Body, Node};
pub use loss::{Degree, Loss, Notes};
pub use step::{Action, Bytes, Call, Learn, Part, Step};
pub use targets::{Target, Targets, Upload};
pub use token::Token;
