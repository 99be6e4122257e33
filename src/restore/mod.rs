//! Rebuilding a workspace in Notion from a snapshot.
//!
//! A restore reads the original (a snapshot, or a folder in the same layout), asks the
//! target workspace what it has, and writes a *plan*: a list of requests in which
//! [pending ids](pending) stand for ids that do not exist yet. The plan and a *journal* of what
//! has been done are kept on disk, so that a restore that was killed goes on where it
//! was. Everything that the API cannot take becomes a stand-in and a [`Loss`].
//!
//! - [`source`], [`original`], [`mod@survey`]: what there is, here and there.
//! - [`body`], [`blocks`], [`rich_text`], [`icons`], [`schema`], [`values`], [`views`],
//!   [`comments`], [`people`]: from what was read to what can be written.
//! - [`mod@plan`], [`step`], [`pending`], [`targets`], [`loss`]: what will be sent, in order.
//! - [`journal`], [`execute`], [`perform`], [`checkpoint`]: sending it, once.
//! - [`run`]: all of it together; [`mod@undo`]: taking it back.

mod choose;
mod error;
mod left_out;

pub mod blocks;
pub mod body;
pub mod checkpoint;
pub mod comments;
pub mod execute;
pub mod icons;
pub mod journal;
pub mod loss;
mod old;
pub mod original;
pub mod pending;
pub mod people;
pub mod perform;
pub mod plan;
pub mod rich_text;
pub mod run;
pub mod schema;
pub mod source;
pub mod step;
pub mod survey;
pub mod targets;
pub mod undo;
pub mod values;
pub mod views;

#[cfg(test)]
mod fixed;
#[cfg(test)]
mod testing;

pub use body::{Body, Node};
pub use checkpoint::{Checkpoint, Checkpoints};
pub use error::Error;
pub use left_out::{LeftOut, Reason};
pub use loss::{Degree, Loss, Notes};
pub use old::{old_journals, remove_journals};
pub use original::Original;
pub use pending::{PendingId, Ref, Text};
pub use perform::{Capability, Failure};
pub use plan::Totals;
pub use run::{Job, Preview, Summary, preview, restore, resume, unfinished_source};
pub use source::{FolderSource, SnapshotSource, Source, SourceError};
pub use step::{Action, Bytes, Call, Learn, Part, Spare, StandIn, Step, Template};
pub use targets::{Target, Targets, Upload};
pub use undo::{Undo, Undone, undo};
