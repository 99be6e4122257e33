//! Finding the snapshot that a person means by a few characters or a time.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Error, Repository, Snapshot, SnapshotId};

impl Repository {
    /// The snapshot that a person means: `latest`; the beginning of its name or of
    /// its eight digits; or a date or time with dashes, which means the newest at
    /// or before it. Times without an offset are UTC, as the names are; a date
    /// means its end.
    pub fn find_snapshot(&self, text: &str) -> Result<(SnapshotId, Snapshot), Error> {
        let id = self.find_snapshot_id(text)?;
        let snapshot = self.snapshot(&id)?;
        Ok((id, snapshot))
    }

    /// The name of that snapshot, which need not be readable.
    pub fn find_snapshot_id(&self, text: &str) -> Result<SnapshotId, Error> {
        let (names, _) = self.snapshot_names()?;
        choose(&names, text.trim())
    }
}

/// Picks the snapshot that `text` means from sorted names.
fn choose(names: &[SnapshotId], text: &str) -> Result<SnapshotId, Error> {
    let newest = if text == "latest" {
        names.last()
    } else if let Some(time) = time_meant(text) {
        names.iter().rfind(|id| id.time() <= time)
    } else {
        let mut matches: Vec<_> = names
            .iter()
            .filter(|id| {
                !text.is_empty() && (id.as_str().starts_with(text) || id.short().starts_with(text))
            })
            .collect();
        if matches.len() > 1 {
            return Err(Error::Ambiguous {
                text: text.to_string(),
                names: matches.into_iter().map(SnapshotId::to_string).collect(),
            });
        }
        matches.pop()
    };
    newest.cloned().ok_or_else(|| Error::NoSnapshot {
        text: text.to_string(),
    })
}

/// The last moment that a date or time with dashes means.
fn time_meant(text: &str) -> Option<Timestamp> {
    // Without dashes it is the beginning of a name.
    if text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let mut time = text.parse::<DateTime>().ok()?;
    if text.len() == "2025-11-23".len() {
        time = time.date().at(23, 59, 59, 999_999_999);
    }
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<SnapshotId> {
        [
            "20251122T100000Z-aaaa1111",
            "20251123T100000Z-aaaa2222",
            "20251123T120000Z-2025bbbb",
        ]
        .map(|name| SnapshotId::try_from(name.to_string()).unwrap())
        .to_vec()
    }

    #[test]
    fn a_snapshot_is_found_by_what_people_type() {
        for (text, expected) in [
            ("latest", 2),
            ("20251122T100000Z-aaaa1111", 0),
            ("20251122", 0),
            ("aaaa2", 1),
            ("2025b", 2),
            ("2025-11-23", 2),
            ("2025-11-22", 0),
            ("2026-01-01", 2),
            ("2025-11-23T11:59", 1),
            ("2025-11-23T12:00:00", 2),
            ("2025-11-23 11:00:00", 1),
            ("2025-11-23T12:59:59+01:00", 1),
            ("2025-11-23T13:00:00+01:00", 2),
        ] {
            assert_eq!(choose(&names(), text).unwrap(), names()[expected], "{text}");
        }
    }

    #[test]
    fn what_matches_none_or_many_says_so() {
        for text in [
            "",
            "2025-11-21",
            "ffff",
            "Latest",
            "aaaa11112",
            "2025-99-99",
        ] {
            let error = choose(&names(), text).unwrap_err();
            assert!(matches!(error, Error::NoSnapshot { .. }), "{text}");
        }
        assert!(choose(&[], "latest").is_err());
        let error = choose(&names(), "aaaa").unwrap_err();
        assert_eq!(
            error.to_string(),
            "'aaaa' matches more than one snapshot: 20251122T100000Z-aaaa1111, 20251123T100000Z-aaaa2222"
        );
        assert!(choose(&names(), "2025").is_err());
    }
}
