//! Finding the snapshot that a person means by a few characters or a time.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{Error, Repository, Snapshot, SnapshotId};
use crate::clock::{LocalTime, Stretch};

/// A snapshot that a person has named.
#[derive(Clone, Debug, PartialEq)]
pub struct Picked {
    /// Its id.
    pub id: SnapshotId,
    /// What it says.
    pub snapshot: Snapshot,
    /// Whether it was named by its id. If not, the person does not know yet which one it is.
    pub by_id: bool,
}

impl Repository {
    /// The snapshot that a person means: `latest`; a time that [`LocalTime::read`] takes,
    /// which means the last snapshot in that day, minute or second; or the beginning of
    /// its id or of the eight digits at the end of it.
    pub fn pick_snapshot(&self, text: &str, local: &LocalTime) -> Result<Picked, Error> {
        let text = text.trim();
        let (id, by_id) = match local.read(text) {
            Some(stretch) => {
                let times = self.snapshot_times()?;
                (in_stretch(&times, text, &stretch, local)?, false)
            }
            None => (self.find_snapshot_id(text)?, text != LATEST),
        };
        Ok(Picked {
            snapshot: self.snapshot(&id)?,
            id,
            by_id,
        })
    }

    /// The snapshot whose id or eight digits begin so, or the `latest`.
    pub fn find_snapshot(&self, text: &str) -> Result<(SnapshotId, Snapshot), Error> {
        let id = self.find_snapshot_id(text)?;
        let snapshot = self.snapshot(&id)?;
        Ok((id, snapshot))
    }

    /// The id of that snapshot, which need not be readable.
    pub fn find_snapshot_id(&self, text: &str) -> Result<SnapshotId, Error> {
        let (names, _) = self.snapshot_names()?;
        by_name(&names, text.trim())
    }

    /// All snapshots with the times that are shown of them, oldest first. Of one that
    /// cannot be read, that is the time in its name.
    fn snapshot_times(&self) -> Result<Vec<(Timestamp, SnapshotId)>, Error> {
        let all = self.all_snapshots()?;
        let whole = all.whole.into_iter();
        let whole = whole.map(|(id, snapshot)| (snapshot.finished, id));
        let damaged = all.damaged.into_iter().map(|(id, _)| (id.time(), id));
        let mut times: Vec<_> = whole.chain(damaged).collect();
        times.sort();
        Ok(times)
    }
}

/// The word for the newest snapshot.
const LATEST: &str = "latest";

fn by_name(names: &[SnapshotId], text: &str) -> Result<SnapshotId, Error> {
    let none = || Error::NoSnapshot {
        text: text.to_string(),
        why: String::new(),
    };
    if text == LATEST {
        return names.last().cloned().ok_or_else(none);
    }
    let fits = |id: &&SnapshotId| id.as_str().starts_with(text) || id.short().starts_with(text);
    let matches: Vec<&SnapshotId> = match text.is_empty() {
        true => Vec::new(),
        false => names.iter().filter(fits).collect(),
    };
    match matches.as_slice() {
        [] => Err(none()),
        [id] => Ok((*id).clone()),
        several => Err(Error::Ambiguous {
            text: text.to_string(),
            names: several.iter().map(ToString::to_string).collect(),
        }),
    }
}

/// The last snapshot in a stretch of time.
fn in_stretch(
    oldest_first: &[(Timestamp, SnapshotId)],
    text: &str,
    stretch: &Stretch,
    local: &LocalTime,
) -> Result<SnapshotId, Error> {
    let at = |wanted: Ordering| {
        let times = oldest_first.iter();
        times.filter(move |(time, _)| stretch.position(*time) == wanted)
    };
    let shown = |(time, id): &(Timestamp, SnapshotId)| format!("{id} ({})", local.show(*time));
    let Some((time, id)) = at(Ordering::Equal).next_back() else {
        let mut why = match stretch.is_skipped() {
            true => ": the clocks were set forward over that time".to_string(),
            false => String::new(),
        };
        if let Some(before) = at(Ordering::Less).next_back() {
            why.push_str(&format!("; the last one before it is {}", shown(before)));
        }
        if let Some(after) = at(Ordering::Greater).next() {
            why.push_str(&format!("; the first one after it is {}", shown(after)));
        }
        return Err(Error::NoSnapshot {
            text: text.to_string(),
            why,
        });
    };
    if at(Ordering::Equal).any(|(other, _)| stretch.tells_apart(*time, *other)) {
        return Err(Error::Ambiguous {
            text: text.to_string(),
            names: at(Ordering::Equal).map(shown).collect(),
        });
    }
    Ok(id.clone())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::repo::{Memory, Source, Tree};

    /// Snapshots that ended at these times, oldest first.
    fn saved(times: &[&str]) -> (Repository, Vec<SnapshotId>) {
        let repository = Repository::create(Arc::new(Memory::new())).unwrap();
        let save = |finished: &&str| {
            let snapshot = Snapshot {
                version: Snapshot::VERSION,
                features: Vec::new(),
                started: "2025-01-01T00:00:00Z".parse().unwrap(),
                finished: finished.parse().unwrap(),
                source: Source::default(),
                tree: repository.put_tree(&Tree::default()).unwrap(),
                parent: None,
                tags: Vec::new(),
                host: String::new(),
                program: String::new(),
                complete: true,
                counts: Default::default(),
                ledger: Default::default(),
                options: Default::default(),
                repaired: None,
            };
            repository.save_snapshot(&snapshot).unwrap()
        };
        let ids = times.iter().map(save).collect();
        (repository, ids)
    }

    fn paris() -> LocalTime {
        LocalTime::new(
            TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
            "2026-11-28T12:00:00Z".parse().unwrap(),
        )
    }

    /// In Paris: 00:30 on the 23rd, 11:00:05 and 11:00:50 there, 02:30 twice in a night.
    const TIMES: [&str; 5] = [
        "2025-10-26T00:30:00Z",
        "2025-10-26T01:30:00Z",
        "2025-11-22T23:30:00Z",
        "2025-11-23T10:00:05Z",
        "2025-11-23T10:00:50Z",
    ];

    #[test]
    fn a_snapshot_is_found_by_the_time_that_is_shown() {
        let (repository, ids) = saved(&TIMES);
        for (text, expected) in [
            ("latest", 4),
            ("2025-11-23", 4),
            ("2025-11-23 00:30", 2),
            ("2025-11-23 11:00", 4),
            ("2025-11-23 11:00:05", 3),
            ("2025-11-23 11:00:05 +01:00", 3),
            ("2025-11-23T10:00:05Z", 3),
            ("2025-11-22T23:30:00Z", 2),
            ("2025-10-26", 1),
            ("2025-10-26 02:30 +02:00", 0),
            ("2025-10-26 02:30 +01:00", 1),
        ] {
            let picked = repository.pick_snapshot(text, &paris()).unwrap();
            assert_eq!(
                (&picked.id, picked.by_id),
                (&ids[expected], false),
                "{text}"
            );
        }
        for id in &ids {
            for name in [id.as_str(), id.short(), &id.as_str()[..18]] {
                let picked = repository.pick_snapshot(name, &paris()).unwrap();
                assert_eq!((&picked.id, picked.by_id), (id, true), "{name}");
            }
        }
    }

    #[test]
    fn a_time_without_a_snapshot_names_the_nearest() {
        let (repository, ids) = saved(&TIMES);
        let said = |text: &str| {
            let error = repository.pick_snapshot(text, &paris()).unwrap_err();
            assert!(matches!(error, Error::NoSnapshot { .. }), "{text}");
            error.to_string()
        };
        assert_eq!(
            said("2025-11-22"),
            format!(
                "no snapshot matches '2025-11-22'; the last one before it is {} (2025-10-26 02:30 +01:00); \
                 the first one after it is {} (2025-11-23 00:30 +01:00)",
                ids[1], ids[2]
            )
        );
        // The time in UTC is another time here.
        assert!(said("2025-11-23 10:00").contains("the last one before it"));
        assert!(said("2025-11-23 11:00:06").contains(ids[3].as_str()));
        assert!(said("2026-03-29 02:30").contains("set forward over that time"));
        assert_eq!(said("2024-01-01").matches("one before").count(), 0);
        let (empty, _) = saved(&[]);
        assert!(empty.pick_snapshot("latest", &paris()).is_err());
        assert!(empty.pick_snapshot("yesterday", &paris()).is_err());
    }

    #[test]
    fn a_time_that_came_twice_in_a_night_is_not_guessed() {
        let (repository, ids) = saved(&TIMES);
        let error = repository
            .pick_snapshot("2025-10-26 02:30", &paris())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "'2025-10-26 02:30' matches more than one snapshot: {} (2025-10-26 02:30 +02:00), {} (2025-10-26 02:30 +01:00)",
                ids[0], ids[1]
            )
        );
    }

    #[test]
    fn a_snapshot_that_cannot_be_read_is_not_passed_over() {
        let files = Memory::new();
        let repository = Repository::create(Arc::new(files.clone())).unwrap();
        files.overwrite("snapshots/20251123T110000Z-aaaa1111.json", b"{");
        let error = repository
            .pick_snapshot("2025-11-23", &paris())
            .unwrap_err();
        assert!(error.is_damage(), "{error}");
    }

    #[test]
    fn what_matches_none_or_many_says_so() {
        let names = [
            "20251122T100000Z-aaaa1111",
            "20251123T100000Z-aaaa2222",
            "20251123T120000Z-2025bbbb",
        ]
        .map(|name| SnapshotId::try_from(name.to_string()).unwrap());
        for (text, expected) in [("latest", 2), ("20251122", 0), ("aaaa2", 1), ("2025b", 2)] {
            assert_eq!(by_name(&names, text).unwrap(), names[expected], "{text}");
        }
        for text in ["", "ffff", "Latest", "aaaa11112", "2025-99-99"] {
            let error = by_name(&names, text).unwrap_err();
            assert!(matches!(error, Error::NoSnapshot { .. }), "{text}");
        }
        let error = by_name(&names, "aaaa").unwrap_err();
        assert_eq!(
            error.to_string(),
            "'aaaa' matches more than one snapshot: 20251122T100000Z-aaaa1111, 20251123T100000Z-aaaa2222"
        );
        assert!(by_name(&names, "2025").is_err());
    }
}
