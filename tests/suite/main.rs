//! The integration tests, one binary: each module is a theme.

#[path = "../support/mod.rs"]
mod support;

mod broken_text;
mod care;
mod care_clock;
mod care_mount;
mod cli_care;
mod cli_dump;
mod cli_generated;
mod cli_restore;
mod cli_times;
mod cli_told;
mod cli_usage;
mod decoders;
mod dump_again;
mod dump_first;
mod dump_linked;
mod dump_moving;
mod dump_random;
mod dump_store;
mod dump_trouble;
mod fake_notion;
mod golden;
mod killed;
mod killed_care;
mod killed_together;
mod kloset_tree;
mod layers;
mod named_like_words;
#[cfg(all(unix, feature = "plakar"))]
mod plakar;
mod program;
mod recorded;
mod restore_faults;
mod restore_judge;
mod restore_killed;
mod restore_several;
mod restore_step;
mod restore_translations;
mod restore_trial;
mod restore_undo;
mod restore_whole;
mod restorer;
mod security;
mod sequences;
mod site;
