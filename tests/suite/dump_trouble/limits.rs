//! Notion's own limits, and Notion being away.

use std::sync::Arc;

use super::*;
use crate::dump_again::small;
use crate::site::assert_same_tree;
use crate::support::workspace::model::Parent;
use notion_backup::crawl;
use notion_backup::dump;
use notion_backup::model::{Kind, NotionId};
use notion_backup::stop::Stop;

/// A database with rows at so many creation times, so many at each.
fn rows(times: u32, each: u32) -> Site {
    let site = Site::new(small());
    site.fake.edit(|ws| {
        let (database, source) = ws.database(Parent::Workspace, "Many", Vec::new());
        ws.name("many", database);
        ws.name("many source", source);
        for time in 0..times {
            for number in 0..each {
                let row = ws.row(source, &format!("{time}.{number}"));
                if let Some(page) = ws.pages.get_mut(&row) {
                    page.omitted_by_search = true;
                }
            }
            ws.advance_minutes(1);
        }
        ws.advance_minutes(10);
    });
    site
}

fn rows_in_tree(site: &Site) -> usize {
    let many = site.fake.look(|ws| ws.get("many"));
    let inside = format!("/{many}/");
    let tree = site.tree();
    tree.keys()
        .filter(|path| path.starts_with(&inside) && path.ends_with("/page.json"))
        .count()
}

#[test]
fn rows_past_the_cap_of_a_query_are_all_there() {
    for (times, each, cap) in [(40, 5, 23), (100, 1, 4), (7, 10, 11), (3, 100, 150)] {
        let site = rows(times, each);
        site.fake.set(|switches| switches.query_cap = cap);
        let summary = site.dump();
        assert!(summary.complete, "{:?}", summary.problems);
        assert_eq!(rows_in_tree(&site), (times * each) as usize);
    }
}

#[test]
fn rows_that_no_query_can_tell_apart_are_told_of() {
    let site = rows(3, 20);
    let source = site.fake.look(|ws| ws.get("many source"));
    site.fake.set(|switches| switches.query_cap = 12);
    let summary = site.dump();
    assert_incomplete(&site, &summary, &source.to_string());
    let lost = losses(&site);
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!(
        (lost[0].status, lost[0].kind),
        (Status::Truncated, Kind::DataSource)
    );
    assert_eq!(rows_in_tree(&site), 36);

    // Those that an earlier dump had are not lost by a cap that comes later.
    let site = rows(3, 20);
    site.dump();
    assert_eq!(rows_in_tree(&site), 60);
    site.fake.set(|switches| switches.query_cap = 12);
    let summary = site.dump();
    assert_incomplete(&site, &summary, &source.to_string());
    assert_eq!(rows_in_tree(&site), 60);
}

/// A site with an archived row that search does not show, the row, and its data source.
fn archive() -> (Site, NotionId, NotionId) {
    let site = everything();
    let archived = site.fake.look(|ws| ws.get("archived row"));
    let source = site.fake.edit(|ws| {
        let page = ws.pages.get_mut(&archived).expect("the row");
        page.omitted_by_search = true;
        match page.parent {
            Parent::DataSource(source) => source,
            other => panic!("{other:?}"),
        }
    });
    site.fake.edit(|ws| ws.advance_minutes(10));
    (site, archived, source)
}

fn is_there(site: &Site, page: NotionId) -> bool {
    let end = format!("/{page}/page.json");
    site.tree().keys().any(|path| path.ends_with(&end))
}

/// Refuses the queries for archived rows of a data source, from the first one on. They
/// come after those for the others, of which each data source here needs one.
fn refuse_archived(site: &Site, source: NotionId, status: u16, times: usize) {
    let path = format!("/v1/data_sources/{source}/query");
    let fault = Fault::on("POST", &path, What::status(status));
    site.fake.faults().push(fault.after(1).times(times));
}

#[test]
fn archived_rows_that_are_refused_once_are_asked_for_once_more() {
    for status in [400, 403, 404] {
        let (site, archived, source) = archive();
        refuse_archived(&site, source, status, 1);
        let summary = site.dump();
        assert!(summary.complete, "{status}: {:?}", summary.problems);
        assert!(is_there(&site, archived));
        assert_eq!(site.fake.faults().left(), 0);
    }
}

#[test]
fn archived_rows_that_are_refused_twice_concern_one_data_source_and_are_told() {
    for status in [400, 403, 404] {
        let (site, archived, source) = archive();
        let other = site.fake.edit(|ws| {
            let home = ws.page(Parent::Workspace, "Another home");
            let (_, other) = ws.database(Parent::Page(home), "Another", Vec::new());
            let row = ws.row(other, "Archived too");
            let page = ws.pages.get_mut(&row).expect("the row");
            (page.is_archived, page.omitted_by_search) = (true, true);
            ws.advance_minutes(10);
            row
        });
        let mut calm = undisturbed(&site);
        refuse_archived(&site, source, status, 2);
        let summary = site.dump();
        assert_incomplete(&site, &summary, &source.to_string());
        let lost = losses(&site);
        assert_eq!(lost.len(), 1, "{lost:?}");
        assert_eq!(
            (lost[0].id, lost[0].kind, lost[0].place.as_str()),
            (source, Kind::DataSource, "archived rows")
        );
        assert!(!is_there(&site, archived));
        assert!(
            is_there(&site, other),
            "one refusal switched off the others"
        );
        assert_eq!(site.fake.faults().left(), 0);
        assert_recovers(&site, &calm);
        // Then it is not lost when the API no longer lists it.
        calm = site.tree();
        refuse_archived(&site, source, status, usize::MAX);
        let summary = site.dump();
        assert_incomplete(&site, &summary, &source.to_string());
        assert!(is_there(&site, archived));
        assert_eq!(difference(&calm, &site.tree()), BTreeSet::new());
        let line = site.line(archived, Kind::Page).unwrap();
        assert_eq!(line.status, Status::Captured);
    }
}

#[test]
fn an_api_that_knows_no_archived_rows_is_told_for_each_data_source() {
    let (site, archived, _) = archive();
    site.dump();
    site.fake.set(|switches| switches.refuse_is_archived = true);
    let summary = site.dump();
    assert!(!summary.complete);
    assert!(is_there(&site, archived), "it was there");
    let sources = site.ledger().into_iter();
    let sources = sources.filter(|line| line.kind == Kind::DataSource && line.place.is_empty());
    let captured = sources.filter(|line| line.status == Status::Captured);
    assert_eq!(losses(&site).len(), captured.count());
}

#[test]
fn everything_in_a_wiki_is_there() {
    let site = everything();
    site.dump();
    let tree = site.tree();
    site.fake.look(|ws| {
        let source = &ws.data_sources[&ws.get("wiki source")];
        assert!(!source.rows.is_empty() && !source.wiki_databases.is_empty());
        let named = |id: &NotionId, file: &str| {
            let end = format!("/{id}/{file}");
            assert!(tree.keys().any(|path| path.ends_with(&end)), "{end}");
        };
        source.rows.iter().for_each(|row| named(row, "page.json"));
        for database in &source.wiki_databases {
            named(database, "database.json");
            let sources = &ws.databases[database].data_sources;
            let rows = sources
                .iter()
                .flat_map(|source| &ws.data_sources[source].rows);
            rows.for_each(|row| named(row, "page.json"));
        }
    });
}

#[test]
fn cursors_that_expire_in_the_middle_of_a_listing_are_begun_anew() {
    let site = everything();
    let calm = undisturbed(&site);
    for at in [1, 150] {
        let other = site.elsewhere();
        let fake = other.fake.clone();
        let hook = when(Counter::ListedObjects, at, move || fake.expire_cursors());
        let summary = other
            .dump_with(&other.options, &Stop::new(), Arc::new(hook))
            .unwrap();
        assert!(summary.complete, "{:?}", summary.problems);
        assert_same_tree(&calm, &other.tree());
    }
    // Those of blocks as well.
    let other = site.elsewhere();
    let fake = other.fake.clone();
    let hook = when(Counter::Requests, 300, move || fake.expire_cursors());
    let summary = other
        .dump_with(&other.options, &Stop::new(), Arc::new(hook))
        .unwrap();
    assert!(summary.complete, "{:?}", summary.problems);
    assert_same_tree(&calm, &other.tree());
}

#[test]
fn a_dump_ends_soon_when_notion_is_away() {
    for (what, when) in [
        (
            What::status(500),
            &[0, 1, 2, 3, 5, 40, 200, 400, 560, 575][..],
        ),
        (What::HtmlBadGateway, &[0, 200]),
        (What::HangUp, &[1, 300]),
    ] {
        for &after in when {
            let site = everything();
            let away = Fault::on("*", "/v1/*", what.clone());
            site.fake.faults().push(away.after(after).times(usize::MAX));
            let error = match site.try_dump() {
                Err(error) => error,
                Ok(summary) => {
                    // All was there but for a few last questions.
                    assert!(after >= 560 && !summary.complete, "{after}: {summary:?}");
                    continue;
                }
            };
            let text = error.to_string();
            assert!(
                matches!(
                    error,
                    dump::Error::Notion(_)
                        | dump::Error::Crawl(crawl::Error::Notion(_) | crawl::Error::Outage { .. })
                ),
                "{after}: {error:?}"
            );
            assert!(text.len() > 20, "{text}");
            let sent = site.fake.requests().len() - after;
            assert!(sent <= 400, "{sent} requests after the end, of {after}");
            assert!(site.repo().snapshots().unwrap().is_empty());
        }
    }
}

#[test]
fn notion_being_away_costs_nothing_that_was_read() {
    let mut site = everything();
    // With several workers the figure depends on how many pages are half read at that time.
    site.options.crawl.jobs = 1;
    site.fake.edit(|ws| ws.advance_minutes(10));
    let calm = undisturbed(&site);
    site.fake
        .faults()
        .push(lasting("*", "/v1/*", 502).after(400));
    site.try_dump().unwrap_err();
    let read = site.fake.requests();
    let read = read.iter().filter(|request| request.status == 200);
    let read: BTreeSet<String> = read
        .map(|request| request.path.clone())
        .filter(|path| path.ends_with("/children"))
        .collect();
    site.requests();
    assert_recovers(&site, &calm);
    let again = site.fake.requests();
    let again = again
        .iter()
        .filter(|request| read.contains(&request.path))
        .count();
    assert!(
        again <= 30,
        "{again} of {} lists were read twice",
        read.len()
    );
}
