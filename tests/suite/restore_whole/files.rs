//! Attachments.

use notion_backup::restore::{self, Degree};
use serde_json::json;

use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::fake_notion::{Fault, Refusal, What};
use crate::support::workspace::model::Parent;

fn one_file(name: &str, content_type: &str, content: &[u8]) -> Workspace {
    let mut ws = Workspace::new(5);
    let page = ws.page(Parent::Workspace, "With a file");
    let mut file = ws.file(name, content_type, content);
    file["name"] = json!(name);
    file["caption"] = json!([]);
    ws.block(page, "file", file);
    ws
}

#[test]
fn each_content_is_uploaded_once() {
    let mut ws = Workspace::new(6);
    for number in 0..4 {
        let page = ws.page(Parent::Workspace, &format!("Page {number}"));
        for name in ["a.png", "b.png"] {
            let mut image = ws.file(name, "image/png", b"the same picture");
            image["caption"] = json!([]);
            ws.block(page, "image", image);
        }
        let cover = ws.file("cover.png", "image/png", b"the same picture");
        ws.pages.get_mut(&page).unwrap().cover = cover;
    }
    for restorer in [Restorer::home(ws.clone()), Restorer::abroad(ws)] {
        let summary = restorer.prove();
        assert_eq!(summary.totals.files, 1);
        let uploads = restorer.target.count("POST /v1/file_uploads");
        assert_eq!(uploads, 2, "{:?}", restorer.target.counts());
    }
}

#[test]
fn a_large_file_travels_in_parts() {
    // Over 20 MB, the most in one part (section 7.7); and no two parts are alike.
    let content: Vec<u8> = (0..21_000_000u32).map(|at| (at / 65_521) as u8).collect();
    let restorer = Restorer::abroad(one_file("film.mp4", "video/mp4", &content));
    let summary = restorer.prove();
    let counts = restorer.target.counts();
    assert_eq!(counts["POST /v1/file_uploads"], 1);
    assert_eq!(counts["POST /v1/file_uploads/{id}/send"], 3);
    assert_eq!(counts["POST /v1/file_uploads/{id}/complete"], 1);
    assert_eq!(summary.totals.file_bytes, 21_000_000);
}

#[test]
fn a_refused_type_is_wrapped_and_told() {
    let restorer = Restorer::home(one_file("tool.exe", "application/x-msdownload", b"MZ"));
    let summary = restorer.prove();
    let stand_in = |it: &&notion_backup::restore::Loss| it.degree == Degree::StandIn;
    let told: Vec<String> = summary
        .losses
        .iter()
        .filter(stand_in)
        .map(|it| it.what.clone())
        .collect();
    assert_eq!(told, ["file 'tool.exe'"]);
    let there = restorer
        .target
        .look(|ws| ws.assets.values().filter(|it| *it.content == b"MZ").count());
    assert_eq!(there, 2, "the original and its copy");
}

#[test]
fn an_upload_older_than_its_hour_is_made_again() {
    let restorer = Restorer::home(one_file("notes.txt", "text/plain", b"notes"));
    let refused = Refusal::new(403, "restricted_resource", "no more blocks")
        .with(json!({"block_limit": "block_creation"}));
    restorer
        .target
        .faults()
        .push(Fault::on("POST", "/v1/pages", What::Refuse(refused)));
    let early = restorer.try_restore().unwrap();
    assert!(early.early.is_some());
    assert_eq!(restorer.target.counts()["POST /v1/file_uploads"], 1);
    restorer.target.edit(|ws| ws.advance_minutes(120));
    restorer.clock.advance(std::time::Duration::from_secs(7200));
    let summary = restorer.job(restore::resume).unwrap();
    restorer.completed(&summary);
    assert_eq!(restorer.target.counts()["POST /v1/file_uploads"], 2);
    let restored = restorer.restored();
    let page = restorer.made("With a file");
    let block = restored.visible_children(page).unwrap()[0];
    assert_eq!(restored.blocks[&block].kind, "file");
}

#[test]
fn what_is_too_large_for_the_workspace_is_reported() {
    let restorer = Restorer::home(one_file("big.txt", "text/plain", &[b'x'; 6000]));
    restorer.target.set(|it| it.max_upload = 5000);
    let summary = restorer.restore();
    assert_eq!(restorer.target.count("POST /v1/file_uploads"), 0);
    let serious = crate::restorer::serious(&summary.losses);
    assert_eq!(serious.len(), 1, "{serious:?}");
    assert!(serious[0].contains("5000"), "{serious:?}");
    let page = restorer.made("With a file");
    let told = restorer.target.look(|ws| {
        let block = ws.visible_children(page).unwrap()[0];
        ws.blocks[&block].payload.to_string()
    });
    assert!(told.contains("big.txt"), "{told}");
}
