use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;
use crate::model::NotionId;
use crate::notion::testing::{Bench, answering, ids, json_answer, page_of};
use crate::notion::{Response, TransportError};

/// A search index: objects with the minute of their last edit, and what happens to them.
struct Index {
    objects: Vec<(u128, i64)>,
    /// How many results one search gives.
    cap: usize,
    /// At which request which object is edited.
    edits: Vec<(usize, u128)>,
    /// Whether an edited object stays for now where it was.
    lags: bool,
}

impl Index {
    fn new(count: u128, cap: usize) -> Index {
        Index {
            objects: (1..=count).map(|id| (id, id as i64)).collect(),
            cap,
            edits: Vec::new(),
            lags: false,
        }
    }

    fn answer(&mut self, request: &Request, number: usize) -> Result<Response, TransportError> {
        let body = request.body.as_ref().unwrap();
        let mut order = self.objects.clone();
        let position = |&(id, minute): &(u128, i64)| if self.lags { id as i64 } else { minute };
        order.sort_by_key(|object| (position(object), object.0));
        if body["sort"]["direction"] == "descending" {
            order.reverse();
        }
        let from = body["start_cursor"]
            .as_str()
            .map_or(0, |it| it.parse().unwrap());
        let to = (from + 100).min(order.len()).min(self.cap);
        let shown: Vec<u128> = order[from..to].iter().map(|object| object.0).collect();
        let next = (to < order.len().min(self.cap)).then(|| to.to_string());
        let mut page = page_of(&shown, next.as_deref());
        let results = page["results"].as_array_mut().unwrap();
        for (object, (_, minute)) in results.iter_mut().zip(&order[from..to]) {
            let time = Timestamp::from_second(minute * 60).unwrap();
            object["object"] = "page".into();
            object["last_edited_time"] = time.to_string().into();
        }
        if next.is_none() && to < order.len() {
            page["request_status"] =
                json!({"type": "incomplete", "incomplete_reason": "query_result_limit_reached"});
        }
        for (_, edited) in self.edits.iter().filter(|(at, _)| *at == number) {
            let object = self.objects.iter_mut().find(|(id, _)| id == edited);
            object.unwrap().1 = 1_000_000 + number as i64;
        }
        json_answer(200, page)
    }
}

fn over(mut index: Index) -> Bench {
    let index = Mutex::new(move |request: &Request, number| index.answer(request, number));
    answering(move |request, number| (index.lock().unwrap())(request, number))
}

/// Searches; gives how it ended, and all ids in their order.
fn search(bench: &Bench) -> (Result<End, Error>, Vec<u128>) {
    let mut all = Vec::new();
    let end = bench.notion.search(&mut |objects| {
        all.extend(ids(&objects));
        Ok(())
    });
    all.sort_unstable();
    (end, all)
}

#[test]
fn a_page_that_is_edited_during_a_continued_search_is_not_missed() {
    for at in 0..9 {
        for edited in [1, 50, 99, 150, 250, 299, 300, 301, 350, 450, 699, 700] {
            let mut index = Index::new(700, 400);
            index.edits = vec![(at, edited)];
            let (end, all) = search(&over(index));
            assert_eq!(end, Ok(End::Complete), "{edited} at {at}");
            assert!(
                all.iter().copied().eq(1..=700),
                "{edited} at {at}: {} came",
                all.len()
            );
        }
    }
}

#[test]
fn many_pages_that_are_edited_at_once_are_not_missed() {
    let mut index = Index::new(700, 400);
    index.edits = (0..250).map(|number| (4, 50 + number)).collect();
    index.edits.extend((0..120).map(|number| (8, 20 + number)));
    let (end, all) = search(&over(index));
    assert_eq!(end, Ok(End::Complete));
    assert!(all.iter().copied().eq(1..=700), "{} came", all.len());
}

#[test]
fn an_edited_page_that_still_stands_at_its_old_place_does_not_end_the_search() {
    for edited in [1, 99, 150, 299] {
        let mut index = Index::new(700, 400);
        index.edits = vec![(3, edited)];
        index.lags = true;
        let (end, all) = search(&over(index));
        assert_eq!(end, Ok(End::Complete), "{edited}");
        assert!(
            all.iter().copied().eq(1..=700),
            "{edited}: {} came",
            all.len()
        );
    }
}

#[test]
fn a_page_that_is_edited_during_a_long_search_is_not_missed() {
    let clock = Arc::new(Mutex::new(None::<Arc<crate::clock::ManualClock>>));
    let (ticking, requests) = (clock.clone(), Arc::new(AtomicU64::new(0)));
    let mut index = Index::new(300, 1000);
    index.edits = vec![(0, 50)];
    let index = Mutex::new(index);
    let counted = requests.clone();
    let bench = answering(move |request, number| {
        counted.fetch_add(1, Ordering::SeqCst);
        if let Some(clock) = &*ticking.lock().unwrap() {
            clock.advance(Duration::from_secs(40));
        }
        index.lock().unwrap().answer(request, number)
    });
    *clock.lock().unwrap() = Some(bench.clock.clone());
    let (end, all) = search(&bench);
    assert_eq!(end, Ok(End::Complete));
    assert!(all.iter().copied().eq(1..=300), "{} came", all.len());
    assert_eq!(requests.load(Ordering::SeqCst), 4);
}

#[test]
fn a_search_that_is_soon_over_costs_no_more_than_its_pages() {
    for (count, requests) in [(1, 1), (100, 1), (101, 2), (1000, 10)] {
        let bench = over(Index::new(count, 10_000));
        assert_eq!(search(&bench).0, Ok(End::Complete));
        assert_eq!(bench.seen.requests.lock().unwrap().len(), requests);
    }
}

#[test]
fn a_search_without_end_is_incomplete_although_its_two_ends_seem_to_meet() {
    let bench = answering(|_, number| {
        assert!(number < 1000, "endless");
        let mut page = page_of(&[1, 2, 3], Some(&format!("cursor {number}")));
        for object in page["results"].as_array_mut().unwrap() {
            let id: NotionId = object["id"].as_str().unwrap().parse().unwrap();
            let time = Timestamp::from_second(id.bits() as i64 * 60).unwrap();
            object["last_edited_time"] = time.to_string().into();
        }
        json_answer(200, page)
    });
    let (end, all) = search(&bench);
    assert!(
        matches!(&end, Ok(End::Incomplete(why)) if why.contains("anything new")),
        "{end:?}"
    );
    assert_eq!(all, [1, 2, 3]);
    assert!(bench.seen.requests.lock().unwrap().len() < 30);
}

#[test]
fn where_the_two_ends_do_not_meet_the_search_is_incomplete() {
    let bench = over(Index::new(700, 300));
    let (end, all) = search(&bench);
    assert_eq!(
        end,
        Ok(End::Incomplete("query_result_limit_reached".into()))
    );
    assert_eq!(all.len(), 600);
}
