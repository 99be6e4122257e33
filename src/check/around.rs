//! What lies around the backups: locks, and the journals of interrupted dumps.
//!
//! Nothing that was backed up hangs on it, so the worst to be found here is a warning.

use super::{Findings, Severity};
use crate::crawl;
use crate::repo::{Error, Holder, Repository};

pub(super) fn check_locks(repository: &Repository, findings: &mut Findings) {
    let locks = match repository.locks() {
        Ok(locks) => locks,
        Err(error) => {
            findings.add(
                Severity::Warning,
                error,
                "it is not known who else works in this repository",
            );
            return;
        }
    };
    for lock in locks {
        let place = repository.place(&lock.path);
        match lock.holder {
            Holder::Running => {}
            Holder::Gone => findings.add(
                Severity::Info,
                format!("'{place}' is the lock of a command that is gone ({})", lock.command),
                "the next command that meets it removes it",
            ),
            Holder::Unknown if lock.pid == 0 => findings.add(
                Severity::Warning,
                format!("the lock '{place}' cannot be read"),
                "dumps and prunes are refused until `unlock --remove-all` removes it",
            ),
            Holder::Unknown => findings.add(
                Severity::Info,
                format!(
                    "'{place}' is the {} lock of {} (process {} on {})",
                    lock.kind.word(),
                    lock.command,
                    lock.pid,
                    lock.host
                ),
                "commands that it excludes are refused until that one ends, or `unlock --remove-all` removes it",
            ),
        }
    }
}

pub(super) fn check_journals(repository: &Repository, findings: &mut Findings) {
    let groups = match repository.state_groups() {
        Ok(groups) => groups,
        Err(error) => {
            findings.add(
                Severity::Warning,
                error,
                "it is not known whether a dump was interrupted",
            );
            return;
        }
    };
    for group in groups {
        let mut missing = 0_u64;
        let mut unreadable: Option<Error> = None;
        let look =
            crawl::journal_objects(repository, &group, &mut |id, _| match repository.has(id) {
                Ok(there) => missing += u64::from(!there),
                Err(error) => unreadable = Some(error),
            });
        let look = match (look, unreadable) {
            (Ok(look), None) => look,
            (Err(error), _) | (_, Some(error)) => {
                findings.add(
                    Severity::Warning,
                    error,
                    "an interrupted dump may have to begin anew; nothing that was backed up is hit",
                );
                continue;
            }
        };
        let Some(look) = look else { continue };
        let faults = [
            ("lines that make no sense", look.damaged),
            ("objects that are not there", missing),
        ];
        for (what, count) in faults.into_iter().filter(|(_, count)| *count > 0) {
            findings.add(
                Severity::Warning,
                format!("the journal of an interrupted dump, state/{group}, has {what}: {count}"),
                "the next dump reads again what they were about; nothing that was backed up is hit",
            );
        }
        if look.records > 0 {
            findings.add(
                Severity::Info,
                format!(
                    "a dump was interrupted, or is running (state/{group}); pages and databases that it has read: {}",
                    look.records
                ),
                "the next dump continues it",
            );
        }
    }
}
