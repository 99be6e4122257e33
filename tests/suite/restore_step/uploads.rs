//! Attachments go up whole or in parts, and once more where an answer was lost.

use std::cell::RefCell;

use notion_backup::notion::Method;
use notion_backup::restore::perform::{Done, Failure};
use notion_backup::restore::{Action, Bytes, Checkpoint, Checkpoints};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::stage::*;
use crate::support::fake_notion::{Fault, What};

fn bytes(size: usize) -> Vec<u8> {
    let pattern: Vec<u8> = (0..251).collect();
    let mut bytes = pattern.repeat(size / pattern.len() + 1);
    bytes.truncate(size);
    bytes
}

fn upload(stage: &Stage, size: u64, name: &str) -> Result<Done, Failure> {
    upload_after(stage, size, name, &mut Vec::new())
}

/// An upload after others that made this much of it, to which what it makes is added.
fn upload_after(
    stage: &Stage,
    size: u64,
    name: &str,
    made: &mut Vec<Checkpoint>,
) -> Result<Done, Failure> {
    let bytes = Bytes {
        path: "/x/a.bin".into(),
        size,
        name: name.into(),
        content_type: "application/pdf".into(),
    };
    let step = step(Action::Upload(bytes.clone()));
    let noted = RefCell::new(Vec::new());
    let note = |checkpoint: &Checkpoint| noted.borrow_mut().push(checkpoint.clone());
    let mut so_far = Checkpoints::new(made, &note);
    let done = stage.with(|performer| performer.upload(&step, &bytes, &mut so_far));
    made.extend(noted.into_inner());
    done
}

fn stage(size: usize) -> Stage {
    let mut stage = Stage::new();
    stage.files.insert("/x/a.bin".into(), bytes(size));
    stage
}

/// Attaches an upload and gives what the workspace then has.
fn attached(stage: &Stage, done: &Done) -> Vec<u8> {
    let root = stage.get("root");
    let block = json!({"type": "pdf", "pdf": {"type": "file_upload",
        "file_upload": {"id": done.answer["id"]}}});
    let append = call(
        Method::Patch,
        format!("/v1/blocks/{root}/children"),
        json!({"children": [block]}),
    );
    let appended = stage.perform(&append, None).unwrap();
    assert!(appended.losses.is_empty(), "{:?}", appended.losses);
    stage.fake.look(|ws| {
        assert_eq!(ws.assets.len(), 1);
        ws.assets.values().next().unwrap().content.to_vec()
    })
}

#[test]
fn a_file_arrives_as_it_is_whatever_fails_on_the_way() {
    let size = 3000;
    for (failure, what, _) in failures() {
        for path in ["/v1/file_uploads", "/v1/file_uploads/*/send"] {
            let stage = stage(size);
            stage
                .fake
                .faults()
                .push(Fault::on("POST", path, what.clone()));
            let done = upload(&stage, size as u64, "Zoë's \"file\".pdf");
            let done = done.unwrap_or_else(|error| panic!("{failure}, {path}: {error}"));
            assert_eq!(stage.fake.faults().left(), 0);
            assert_eq!(attached(&stage, &done), bytes(size), "{failure}, {path}");
        }
    }
}

#[test]
fn a_large_file_arrives_in_parts_whatever_fails_on_the_way() {
    let size = 20_000_001;
    let wanted = Sha256::digest(bytes(size));
    let plain = stage(size);
    let done = upload(&plain, size as u64, "large.pdf").unwrap();
    assert_eq!(plain.fake.count("POST /v1/file_uploads/{id}/send"), 3);
    assert_eq!(plain.fake.count("POST"), 5);
    assert_eq!(Sha256::digest(attached(&plain, &done)), wanted);
    for complete in [What::HangUpAfterCommit, What::HangUp] {
        let stage = stage(size);
        let (send, end) = ("/v1/file_uploads/*/send", "/v1/file_uploads/*/complete");
        let lost = Fault::on("POST", send, What::HangUpAfterCommit);
        stage.fake.faults().push(lost);
        stage.fake.faults().push(Fault::on("POST", end, complete));
        let done = upload(&stage, size as u64, "large.pdf").unwrap();
        assert_eq!(stage.fake.faults().left(), 0);
        assert_eq!(Sha256::digest(attached(&stage, &done)), wanted);
    }
}

#[test]
fn an_upload_in_parts_goes_on_at_the_part_that_failed() {
    let size = 20_000_001;
    let wanted = Sha256::digest(bytes(size));
    let (send, end) = ("/v1/file_uploads/*/send", "/v1/file_uploads/*/complete");
    // What fails for good, and which requests the next try has to send.
    for (path, after, sends) in [(send, 0, 3), (send, 1, 2), (send, 2, 1), (end, 0, 0)] {
        let stage = stage(size);
        let fault = Fault::on("POST", path, What::status(504));
        stage.fake.faults().push(fault.after(after).times(1000));
        let mut made = Vec::new();
        upload_after(&stage, size as u64, "large.pdf", &mut made).unwrap_err();
        stage.fake.faults().clear();
        let before = stage.fake.count("POST /v1/file_uploads/{id}/send");
        let done = upload_after(&stage, size as u64, "large.pdf", &mut made).unwrap();
        let case = format!("{path} {after}");
        assert_eq!(stage.fake.counts()["POST /v1/file_uploads"], 1, "{case}");
        let sent = stage.fake.count("POST /v1/file_uploads/{id}/send") - before;
        assert_eq!(sent, sends, "{case}");
        assert_eq!(Sha256::digest(attached(&stage, &done)), wanted, "{case}");
    }
}

#[test]
fn an_upload_that_expired_before_its_end_is_made_again() {
    let size = 20_000_001;
    let stage = stage(size);
    let fault = Fault::on("POST", "/v1/file_uploads/*/send", What::status(504));
    stage.fake.faults().push(fault.after(1).times(1000));
    let mut made = Vec::new();
    upload_after(&stage, size as u64, "large.pdf", &mut made).unwrap_err();
    stage.fake.faults().clear();
    stage.fake.edit(|ws| ws.advance_minutes(61));
    let done = upload_after(&stage, size as u64, "large.pdf", &mut made).unwrap();
    let wanted = Sha256::digest(bytes(size));
    assert_eq!(Sha256::digest(attached(&stage, &done)), wanted);
}

#[test]
fn what_cannot_be_uploaded_fails_by_itself() {
    let stage = stage(10);
    for (size, name, part) in [
        (10, "a.exe", ".exe"),
        (11, "a.pdf", "fewer bytes"),
        (9, "a.pdf", "more bytes"),
        (u64::MAX, "a.pdf", "more than an upload takes"),
    ] {
        let failure = upload(&stage, size, name).unwrap_err();
        assert!(matches!(failure, Failure::Step { .. }), "{failure}");
        assert!(failure.to_string().contains(part), "{failure}");
    }
    let missing = Stage::new();
    let failure = upload(&missing, 10, "a.pdf").unwrap_err();
    assert!(failure.to_string().contains("no such file"), "{failure}");
}

#[test]
fn an_upload_that_has_expired_is_told() {
    let stage = stage(10);
    let done = upload(&stage, 10, "a.pdf").unwrap();
    stage.fake.edit(|ws| ws.advance_minutes(61));
    let root = stage.get("root");
    let block = json!({"pdf": {"type": "file_upload", "file_upload": {"id": done.answer["id"]}}});
    let append = call(
        Method::Patch,
        format!("/v1/blocks/{root}/children"),
        json!({"children": [block]}),
    );
    let id = done.answer["id"].as_str().unwrap().parse().unwrap();
    let failure = stage.perform(&append, None).unwrap_err();
    assert!(
        matches!(failure, Failure::Upload(upload, _) if upload == id),
        "{failure}"
    );
}
