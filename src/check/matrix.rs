//! Every kind of damage to every kind of file: what a check says of it, word for word.

use super::repair::tests::{ATTACHMENT, page, path, prepared};
use super::*;
use crate::repo::{Files, Memory};
use crate::report::Silent;

const PAGE: &[u8] = b"{\"page\":1}";
const OTHER_PAGE: &[u8] = b"{\"page\":2}";
const LOCK: &str = "locks/a.json";
const OTHER_LOCK: &str = "locks/b.json";
const JOURNAL: &str = "state/g/crawl.jsonl";
const OTHER_JOURNAL: &str = "state/h/crawl.jsonl";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Damage {
    /// One bit in the middle is another.
    Flip,
    /// The second half is gone.
    Truncate,
    Empty,
    Delete,
    /// It has the content of another file of its kind, and that one has its content.
    Swap,
}

use Damage::{Delete, Empty, Flip, Swap, Truncate};

fn lock(host: &str) -> String {
    format!(
        r#"{{"command":"dump","host":"{host}","kind":"shared","pid":7,"time":"2026-01-01T00:00:00Z"}}"#
    )
}

/// A journal of two pages, whose objects are there.
fn journal(content: &[u8]) -> String {
    let record = |content: &[u8]| {
        let id = ObjectId::of(content);
        format!(r#"{{"body":{{"directories":[{{"f":[{{"id":"{id}","kind":"file"}}]}}]}}}}"#)
    };
    format!(
        "{{\"version\":1}}\n{}\n{}\n",
        record(content),
        record(b"[9]")
    )
}

/// A repository with two snapshots, two locks of other machines and two journals; and
/// the words to say instead of its hashes.
fn sample() -> (Memory, Repository, Vec<(String, &'static str)>) {
    let (files, repository, [first, second]) = prepared();
    files.overwrite(LOCK, lock("far-away").as_bytes());
    files.overwrite(OTHER_LOCK, lock("elsewhere").as_bytes());
    files.overwrite(JOURNAL, journal(PAGE).as_bytes());
    files.overwrite(OTHER_JOURNAL, journal(OTHER_PAGE).as_bytes());
    let root = |id: &SnapshotId| repository.snapshot(id).unwrap().tree;
    let tree = |number: u128| {
        let root = repository.tree(root(&second)).unwrap();
        root.get(&page(number).to_string()).unwrap().id.to_string()
    };
    let words = vec![
        (second.to_string(), "SNAPSHOT"),
        (first.to_string(), "OTHER-SNAPSHOT"),
        (tree(1), "TREE"),
        (tree(3), "OTHER-TREE"),
        (ObjectId::of(PAGE).to_string(), "PAGE"),
        (ObjectId::of(OTHER_PAGE).to_string(), "OTHER-PAGE"),
        (ObjectId::of(ATTACHMENT).to_string(), "ATTACHMENT"),
    ];
    (files, repository, words)
}

/// The file that the word stands for, and the one to swap it with.
fn place(kind: &str, words: &[(String, &'static str)]) -> [String; 2] {
    let object = |word: &str| {
        let id = &words.iter().find(|(_, it)| *it == word).unwrap().0;
        format!("objects/{}/{id}.zst", &id[..2])
    };
    let snapshot = |word: &str| {
        let id = &words.iter().find(|(_, it)| *it == word).unwrap().0;
        format!("snapshots/{id}.json")
    };
    match kind {
        "config" => ["config.json".to_string(), "other.json".to_string()],
        "snapshot" => [snapshot("SNAPSHOT"), snapshot("OTHER-SNAPSHOT")],
        "tree" => [object("TREE"), object("OTHER-TREE")],
        "page" => [object("PAGE"), object("OTHER-PAGE")],
        "attachment" => [path(ATTACHMENT), object("PAGE")],
        "lock" => [LOCK.to_string(), OTHER_LOCK.to_string()],
        _ => [JOURNAL.to_string(), OTHER_JOURNAL.to_string()],
    }
}

fn harm(files: &Memory, damage: Damage, [path, other]: &[String; 2]) {
    let mut content = files.content(path).unwrap();
    match damage {
        Flip => {
            let middle = content.len() / 2;
            content[middle] ^= 1;
        }
        Truncate => content.truncate(content.len() / 2),
        Empty => content.clear(),
        Delete => return files.remove(path).unwrap(),
        Swap => {
            let theirs = files.content(other).unwrap();
            files.overwrite(other, &content);
            content = theirs;
        }
    }
    files.overwrite(path, &content);
}

/// What a check says, the worst first, without what it says of the undamaged sample.
fn said(damage: Option<(Damage, &str)>) -> Vec<String> {
    let (files, repository, words) = sample();
    if let Some((damage, kind)) = damage {
        // Another repository's configuration, at hand for a swap.
        let other = Memory::new();
        Repository::create(std::sync::Arc::new(other.clone())).unwrap();
        files.overwrite("other.json", &other.content("config.json").unwrap());
        harm(&files, damage, &place(kind, &words));
    }
    let options = CheckOptions {
        read: ReadData::All,
        ..CheckOptions::default()
    };
    let findings = check(&repository, &options, &Silent).findings;
    findings
        .iter()
        .map(|finding| {
            let severity = format!("{:?}", finding.severity).to_lowercase();
            let mut what = format!("{severity}: {}", finding.what);
            for (id, word) in &words {
                what = what.replace(id, word);
            }
            // What depends on the compressor.
            for mark in ["hashes to ", " objects ("] {
                if let Some((before, after)) = what.split_once(mark)
                    && after.starts_with(|letter: char| matches!(letter, '0'..='9' | 'a'..='f'))
                {
                    let end = after.find([' ', ',']).unwrap_or(after.len());
                    what = format!("{before}{mark}...{}", &after[end..]);
                }
            }
            what.replace("memory:", "")
        })
        .collect()
}

/// What a check says of the sample as it is.
const USUAL: &str = "\
info: 'locks/a.json' is the shared lock of dump (process 7 on far-away)
info: 'locks/b.json' is the shared lock of dump (process 7 on elsewhere)
info: a dump was interrupted, or is running (state/g); pages and databases that it has read: 2
info: a dump was interrupted, or is running (state/h); pages and databases that it has read: 2
";

/// What it says more (+), or no longer (-), for each damage. A truncated or missing journal
/// looks like one that was just begun, a snapshot that is gone like one that was forgotten.
const EXPECTED: &str = "\
config Flip + error: 'config.json' is damaged: not a repository's configuration: expected `:` at line 1 column 45
config Truncate + error: 'config.json' is damaged: not a repository's configuration: EOF while parsing a string at line 1 column 41
config Empty + error: 'config.json' is damaged: not a repository's configuration: EOF while parsing a value at line 1 column 0
config Delete + error: 'config.json' is missing
config Swap + error: 'config.json' is damaged: its id changed while this program ran
snapshot Flip + error: 'snapshots/SNAPSHOT.json' is damaged: not a snapshot: expected value at line 1 column 181
snapshot Flip + info: 3 objects (... bytes) are named by no readable snapshot
snapshot Truncate + error: 'snapshots/SNAPSHOT.json' is damaged: not a snapshot: EOF while parsing a value at line 1 column 180
snapshot Truncate + info: 3 objects (... bytes) are named by no readable snapshot
snapshot Empty + error: 'snapshots/SNAPSHOT.json' is damaged: not a snapshot: EOF while parsing a value at line 1 column 0
snapshot Empty + info: 3 objects (... bytes) are named by no readable snapshot
snapshot Delete + info: 3 objects (... bytes) are named by no readable snapshot
snapshot Swap + error: 'snapshots/OTHER-SNAPSHOT.json' is damaged: its content hashes to ..., not as its name says
snapshot Swap + error: 'snapshots/SNAPSHOT.json' is damaged: its content hashes to ..., not as its name says
snapshot Swap + info: 19 objects (... bytes) are named by no readable snapshot
tree Flip + error: object TREE is damaged: its content hashes to ...
tree Flip + info: 7 objects (... bytes) are named by no readable snapshot
tree Truncate + error: object TREE is damaged: cannot be decompressed: incomplete frame
tree Truncate + info: 7 objects (... bytes) are named by no readable snapshot
tree Empty + error: object TREE is damaged: cannot be decompressed: incomplete frame
tree Empty + info: 7 objects (... bytes) are named by no readable snapshot
tree Delete + error: object TREE is missing
tree Delete + info: 7 objects (... bytes) are named by no readable snapshot
tree Swap + error: object TREE is damaged: its content hashes to OTHER-TREE
tree Swap + error: object OTHER-TREE is damaged: its content hashes to TREE
tree Swap + info: 8 objects (... bytes) are named by no readable snapshot
page Flip + error: object PAGE is damaged: its content hashes to ...
page Truncate + error: object PAGE is damaged: cannot be decompressed: incomplete frame
page Empty + error: object PAGE is damaged: the file is empty
page Empty + warning: the journal of an interrupted dump, state/g, has objects that are not there: 1
page Delete + error: object PAGE is missing
page Delete + warning: the journal of an interrupted dump, state/g, has objects that are not there: 1
page Swap + error: object PAGE is damaged: its content hashes to OTHER-PAGE
page Swap + error: object OTHER-PAGE is damaged: its content hashes to PAGE
attachment Flip + error: object ATTACHMENT is damaged: its content hashes to ...
attachment Truncate + error: object ATTACHMENT is damaged: cannot be decompressed: incomplete frame
attachment Empty + error: object ATTACHMENT is damaged: the file is empty
attachment Delete + error: object ATTACHMENT is missing
attachment Swap + error: object ATTACHMENT is damaged: its content hashes to PAGE
attachment Swap + error: object PAGE is damaged: its content hashes to ATTACHMENT
lock Flip + warning: the lock 'locks/a.json' cannot be read
lock Flip - info: 'locks/a.json' is the shared lock of dump (process 7 on far-away)
lock Truncate + warning: the lock 'locks/a.json' cannot be read
lock Truncate - info: 'locks/a.json' is the shared lock of dump (process 7 on far-away)
lock Empty + warning: the lock 'locks/a.json' cannot be read
lock Empty - info: 'locks/a.json' is the shared lock of dump (process 7 on far-away)
lock Delete - info: 'locks/a.json' is the shared lock of dump (process 7 on far-away)
lock Swap + info: 'locks/a.json' is the shared lock of dump (process 7 on elsewhere)
lock Swap + info: 'locks/b.json' is the shared lock of dump (process 7 on far-away)
lock Swap - info: 'locks/a.json' is the shared lock of dump (process 7 on far-away)
lock Swap - info: 'locks/b.json' is the shared lock of dump (process 7 on elsewhere)
journal Flip + warning: the journal of an interrupted dump, state/g, has lines that make no sense: 1
journal Flip + info: a dump was interrupted, or is running (state/g); pages and databases that it has read: 1
journal Flip - info: a dump was interrupted, or is running (state/g); pages and databases that it has read: 2
journal Truncate - info: a dump was interrupted, or is running (state/g); pages and databases that it has read: 2
journal Empty - info: a dump was interrupted, or is running (state/g); pages and databases that it has read: 2
journal Delete - info: a dump was interrupted, or is running (state/g); pages and databases that it has read: 2
";

#[test]
fn what_a_check_says_of_each_damage_is_pinned() {
    let usual = said(None);
    assert_eq!(format!("{}\n", usual.join("\n")), USUAL);
    let mut seen = String::new();
    for kind in [
        "config",
        "snapshot",
        "tree",
        "page",
        "attachment",
        "lock",
        "journal",
    ] {
        for damage in [Flip, Truncate, Empty, Delete, Swap] {
            let said = said(Some((damage, kind)));
            let more = said.iter().filter(|it| !usual.contains(it));
            let less = usual.iter().filter(|it| !said.contains(it));
            for (sign, line) in more.map(|it| ('+', it)).chain(less.map(|it| ('-', it))) {
                seen.push_str(&format!("{kind} {damage:?} {sign} {line}\n"));
            }
        }
    }
    for (seen, expected) in seen.lines().zip(EXPECTED.lines()) {
        assert_eq!(seen, expected);
    }
    assert_eq!(seen, EXPECTED);
}
