//! Reading content to the last byte, all of it or a part.
//!
//! A part is chosen by the objects' names, which are hashes, so that every part is a
//! fair sample and lies together on the disk.

use rayon::prelude::*;

use super::walk::Walk;
use super::{Bad, BadObjects, CheckOptions, Fault, Findings};
use crate::repo::{ObjectId, Repository};
use crate::report::{Counter, Report};

/// Which files a check reads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ReadData {
    /// None; that they are there is enough.
    #[default]
    Nothing,
    /// All of them.
    All,
    /// Part `part` of `of` parts, counted from 1. All parts together are everything.
    Part {
        /// Which one.
        part: u32,
        /// Of how many.
        of: u32,
    },
    /// A share, another one for each seed.
    Share {
        /// How much, in percent.
        percent: f64,
        /// A random number.
        seed: u64,
    },
}

impl ReadData {
    /// Whether this object is to be read.
    fn takes(&self, id: &ObjectId) -> bool {
        let [a, b, c, d, e, f, g, h, ..] = *id.bytes();
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        match *self {
            ReadData::Nothing => false,
            ReadData::All => true,
            ReadData::Part { part, of } => {
                // In the order of the names: the first part is the first names.
                let at = (u128::from(number) * u128::from(of)) >> 64;
                at + 1 == u128::from(part)
            }
            ReadData::Share { percent, seed } => {
                let limit = percent.clamp(0.0, 100.0) / 100.0 * u64::MAX as f64;
                (number ^ seed) as f64 <= limit
            }
        }
    }
}

/// How many objects are read before the results are put together.
const READ_AT_ONCE: usize = 1024;

/// Reads the chosen files that are there and not known to be bad.
pub(super) fn read(
    repository: &Repository,
    walk: &Walk,
    bad: &mut BadObjects,
    findings: &mut Findings,
    options: &CheckOptions,
    report: &dyn Report,
) {
    let mut ids: Vec<_> = walk
        .files
        .iter()
        .map(|(id, size)| (*id, *size))
        .filter(|(id, _)| options.read.takes(id) && !bad.contains_key(id))
        .collect();
    if ids.is_empty() {
        return;
    }
    // Neighbours on the disk are read one after the other.
    ids.sort_unstable();
    report.expect((walk.trees.len() + ids.len()) as u64);
    for ids in ids.chunks(READ_AT_ONCE) {
        let read: Vec<_> = ids
            .par_iter()
            .filter(|_| !options.stop.is_raised())
            .map(|(id, size)| {
                let read = repository.copy(*id, &mut std::io::sink());
                report.add(Counter::Objects, 1);
                report.add(Counter::ObjectBytes, *read.as_ref().unwrap_or(&0));
                (*id, *size, read)
            })
            .collect();
        for (id, size, read) in read {
            match read {
                Ok(bytes) => {
                    findings.read_objects += 1;
                    findings.read_bytes += bytes;
                    if bytes != size {
                        let what = format!(
                            "object {id} holds {bytes} bytes where a directory says {size}"
                        );
                        bad.insert(
                            id,
                            Bad {
                                what,
                                directory: false,
                                fault: Fault::Size,
                            },
                        );
                    }
                }
                Err(error) => {
                    bad.insert(id, Bad::file(&id, error));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> Vec<ObjectId> {
        (0..2000_u32)
            .map(|number| ObjectId::of(&number.to_be_bytes()))
            .collect()
    }

    #[test]
    fn parts_are_of_equal_size_and_together_everything() {
        let of = 7;
        let mut taken = 0;
        for part in 1..=of {
            let read = ReadData::Part { part, of };
            let count = ids().iter().filter(|id| read.takes(id)).count();
            assert!((200..380).contains(&count), "{count}");
            taken += count;
        }
        assert_eq!(taken, 2000);
        let all = ReadData::Part { part: 1, of: 1 };
        assert!(ids().iter().all(|id| all.takes(id)));
    }

    #[test]
    fn a_share_is_about_as_large_as_asked_and_differs_by_seed() {
        for percent in [0.5, 5.0, 50.0] {
            let mut seen = std::collections::HashSet::new();
            for seed in 0..40_u64 {
                let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let read = ReadData::Share { percent, seed };
                let taken: Vec<ObjectId> = ids().into_iter().filter(|id| read.takes(id)).collect();
                let expected = 20.0 * percent;
                assert!(
                    (taken.len() as f64) < expected * 1.6 + 25.0,
                    "{percent}: {}",
                    taken.len()
                );
                seen.extend(taken);
            }
            assert!(
                seen.len() as f64 > 200.0 * percent.min(9.0),
                "{percent}: {}",
                seen.len()
            );
        }
        let whole = ReadData::Share {
            percent: 100.0,
            seed: 3,
        };
        assert!(ids().iter().all(|id| whole.takes(id)));
    }
}
