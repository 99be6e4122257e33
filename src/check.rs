//! Whether a repository is sound, and if not, what that means for whom.
//!
//! A check never stops at the first finding. It reads the configuration, every
//! snapshot and every directory; sees that every file they name is there; and,
//! as far as it is asked to, decompresses and hashes each of them. What it finds wrong it
//! traces back to the paths that lose by it.
//!
//! No lock is taken: snapshots are listed before objects, so what a dump adds
//! meanwhile shows at most as objects that no snapshot names yet.

mod data;
mod locate;
pub mod repair;
mod walk;

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;
use serde::Serialize;

use crate::repo::{Error, ObjectId, Repository, SnapshotId, is_unfinished};
use crate::report::{Phase, Report};
use crate::stop::Stop;
pub use data::ReadData;
use walk::Walk;

/// How many paths a finding names; further ones are counted.
pub const SHOWN_PATHS: usize = 3;

/// What to check.
#[derive(Clone, Debug, Default)]
pub struct CheckOptions {
    /// Which objects to read to the last byte. Directories always are.
    pub read: ReadData,
    /// Ends the check early when raised.
    pub stop: Stop,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is lost and nothing needs doing.
    Info,
    /// Nothing is lost, but somebody should look.
    Warning,
    /// Something that was backed up cannot be read.
    Error,
}

/// One thing that a check noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was found, naming the file.
    pub what: String,
    /// The object that it is about, if it is about one.
    pub object: Option<ObjectId>,
    /// The snapshot that it is about, if it is about one.
    pub snapshot: Option<SnapshotId>,
    /// What it means for the backups.
    pub meaning: String,
    /// The first few paths that are hit, each as `<snapshot>:<path>`.
    pub paths: Vec<String>,
    /// In how many directories the object is named, shared directories counted once.
    pub mentions: u64,
}

impl Finding {
    fn new(severity: Severity, what: impl ToString, meaning: impl ToString) -> Finding {
        Finding {
            severity,
            what: what.to_string(),
            object: None,
            snapshot: None,
            meaning: meaning.to_string(),
            paths: Vec::new(),
            mentions: 0,
        }
    }
}

/// The result of a check.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Findings {
    /// What was noticed, the worst first.
    pub findings: Vec<Finding>,
    /// Snapshots read.
    pub snapshots: u64,
    /// Different directories read.
    pub trees: u64,
    /// Different objects that are named as files.
    pub objects: u64,
    /// Files decompressed and hashed because of [`CheckOptions::read`].
    pub read_objects: u64,
    /// Bytes of content of those.
    pub read_bytes: u64,
    /// Objects that no readable snapshot names.
    pub unreferenced_objects: u64,
    /// Bytes on disk of those.
    pub unreferenced_bytes: u64,
    /// Snapshots in which something cannot be read, oldest first.
    pub damaged_snapshots: Vec<SnapshotId>,
    /// Whether the check was ended before it had seen everything.
    pub stopped: bool,
}

impl Findings {
    /// How many findings are this bad.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// Whether everything was looked at and nothing that was backed up is lost.
    pub fn is_sound(&self) -> bool {
        !self.stopped && self.count(Severity::Error) == 0
    }

    fn add(&mut self, severity: Severity, what: impl ToString, meaning: impl ToString) {
        self.findings.push(Finding::new(severity, what, meaning));
    }
}

/// What is wrong with an object that a snapshot needs.
struct Bad {
    what: String,
    /// Whether it is a directory, so that everything below it is out of reach.
    directory: bool,
    fault: Fault,
}

/// The kinds of being wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// There is no file.
    Missing,
    /// The file does not hold what its name says.
    Damaged,
    /// The system does not let it be read. That may pass.
    Unreadable,
    /// The content is right, but a directory gives another size.
    Size,
}

type BadObjects = BTreeMap<ObjectId, Bad>;

/// Checks a repository. Whatever goes wrong becomes a finding.
pub fn check(repository: &Repository, options: &CheckOptions, report: &dyn Report) -> Findings {
    examine(repository, options, report).findings
}

/// What a check has found out, for whoever means to do something about it.
struct Examined {
    findings: Findings,
    walk: Walk,
    bad: BadObjects,
    /// Directories through which a lost object is reached, as positions in the walk.
    tainted: HashSet<u32>,
    /// What could not be looked at, for reasons that may pass.
    unreadable: Option<String>,
}

fn examine(repository: &Repository, options: &CheckOptions, report: &dyn Report) -> Examined {
    let mut findings = Findings::default();
    report.phase(Phase::Checking);
    if let Err(error) = repository.check_config() {
        findings.add(
            Severity::Error,
            error,
            "no command can open this repository until config.json is put right",
        );
    }
    let mut unreadable = None;
    let roots = check_snapshots(repository, &mut unreadable, &mut findings);
    let mut bad = BadObjects::new();
    let walk = Walk::run(repository, &roots, &mut bad, options, report);
    findings.trees = walk.trees.len() as u64;
    findings.objects = walk.files.len() as u64;
    // After a walk cut short, what is not named yet would seem to be left over.
    if !options.stop.is_raised() {
        check_presence(repository, &walk, &mut bad, &mut unreadable, &mut findings);
    }
    data::read(repository, &walk, &mut bad, &mut findings, options, report);
    let mut tainted = HashSet::new();
    if !bad.is_empty() {
        tainted = locate::explain(
            repository,
            &walk,
            &roots,
            &bad,
            &mut unreadable,
            &mut findings,
        );
    }
    findings.stopped = options.stop.is_raised();
    findings
        .findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let cause = bad.values().find(|bad| bad.fault == Fault::Unreadable);
    Examined {
        unreadable: unreadable.or_else(|| cause.map(|bad| bad.what.clone())),
        findings,
        walk,
        bad,
        tainted,
    }
}

/// The root directory of every readable snapshot, newest first.
type Roots = Vec<(SnapshotId, ObjectId)>;

fn check_snapshots(
    repository: &Repository,
    unreadable: &mut Option<String>,
    findings: &mut Findings,
) -> Roots {
    let all = match repository.all_snapshots() {
        Ok(all) => all,
        Err(error) => {
            *unreadable = Some(error.to_string());
            findings.add(
                Severity::Error,
                error,
                "no snapshot can be found, so none was checked",
            );
            return Vec::new();
        }
    };
    for (id, error) in all.damaged {
        if !error.is_damage() && !matches!(error, Error::Newer { .. }) {
            *unreadable = Some(error.to_string());
        }
        let (severity, meaning) = match error {
            Error::Newer { .. } => (
                Severity::Warning,
                "this snapshot was not checked, because this program cannot read it",
            ),
            _ => (
                Severity::Error,
                "this snapshot cannot be listed or restored; the objects that it names may still be there",
            ),
        };
        if severity == Severity::Error {
            findings.damaged_snapshots.push(id.clone());
        }
        findings.findings.push(Finding {
            snapshot: Some(id),
            ..Finding::new(severity, error, meaning)
        });
    }
    for path in all.others {
        findings.add(
            Severity::Warning,
            format!("'{}' is not a snapshot's file", repository.place(&path)),
            "it is ignored; nothing of this program makes such a name",
        );
    }
    findings.snapshots = all.whole.len() as u64;
    let newest_first = all.whole.into_iter().rev();
    newest_first
        .map(|(id, snapshot)| (id, snapshot.tree))
        .collect()
}

/// Compares what is named with what is there.
fn check_presence(
    repository: &Repository,
    walk: &Walk,
    bad: &mut BadObjects,
    unreadable: &mut Option<String>,
    findings: &mut Findings,
) {
    let folders: Vec<_> = (0..=u8::MAX)
        .into_par_iter()
        .map(|first| repository.object_folder(first))
        .collect();
    let mut present: HashMap<ObjectId, u64> = HashMap::new();
    let mut temporary = 0_u64;
    let mut set_aside = 0;
    for folder in folders {
        match folder {
            Ok(folder) => {
                present.extend(folder.objects);
                set_aside += folder.set_aside.len();
                for (path, _) in folder.others {
                    if is_unfinished(&path) {
                        temporary += 1;
                    } else {
                        findings.add(
                            Severity::Warning,
                            format!("'{}' is not an object's file", repository.place(&path)),
                            "it is ignored; nothing of this program makes such a name",
                        );
                    }
                }
            }
            Err(error) => {
                *unreadable = Some(error.to_string());
                findings.add(
                    Severity::Error,
                    error,
                    "the objects in this folder cannot be seen; those that snapshots name count as missing",
                );
            }
        }
    }
    for id in walk.files.keys() {
        let found = match present.get(id) {
            Some(0) => Err(Error::Damaged {
                place: id.to_string(),
                reason: "the file is empty".to_string(),
            }),
            Some(_) => Ok(()),
            // A look at the file itself settles it: the listing is some moments old.
            None => match repository.has(*id) {
                Ok(true) => Ok(()),
                Ok(false) => Err(Error::Missing {
                    place: id.to_string(),
                }),
                Err(error) => Err(error),
            },
        };
        if let Err(error) = found {
            bad.insert(*id, Bad::file(id, error));
        }
    }
    let spare = present
        .iter()
        .filter(|(id, _)| !walk.files.contains_key(id) && !walk.index.contains_key(id));
    for (_, bytes) in spare {
        findings.unreferenced_objects += 1;
        findings.unreferenced_bytes += bytes;
    }
    let doubtful =
        unreadable.is_some() || !bad.is_empty() || !findings.damaged_snapshots.is_empty();
    if findings.unreferenced_objects > 0 {
        findings.add(
            Severity::Info,
            format!(
                "{} objects ({} bytes) are named by no readable snapshot",
                findings.unreferenced_objects, findings.unreferenced_bytes
            ),
            if doubtful {
                "some may belong to what is damaged: do not prune before that is settled"
            } else {
                "a running or interrupted dump or a forgotten snapshot left them; they take room and do no harm"
            },
        );
    }
    if set_aside > 0 {
        findings.add(
            Severity::Info,
            format!("{set_aside} damaged files were set aside by a repair"),
            "`prune` removes them once nothing needs them any more",
        );
    }
    if temporary > 0 {
        findings.add(
            Severity::Info,
            format!("{temporary} unfinished files lie among the objects"),
            "a running or interrupted dump left them; they take room and do no harm",
        );
    }
}

impl Bad {
    fn file(id: &ObjectId, error: Error) -> Bad {
        let (fault, what) = match error {
            Error::Missing { .. } => (Fault::Missing, format!("object {id} is missing")),
            Error::Damaged { reason, .. } => {
                (Fault::Damaged, format!("object {id} is damaged: {reason}"))
            }
            error => (Fault::Unreadable, format!("object {id}: {error}")),
        };
        Bad {
            what,
            directory: false,
            fault,
        }
    }

    /// Whether content is lost; else the object only is not what a directory says.
    fn is_lost(&self) -> bool {
        self.fault != Fault::Size
    }
}

#[cfg(test)]
mod tests;
