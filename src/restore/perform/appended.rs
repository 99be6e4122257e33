//! Which blocks of an append are there: the blocks that a parent has now, compared with
//! those that were sent.

use serde_json::{Value, json};

use super::stand_in::{self, stands_for};
use super::text;
use crate::model::{NotionId, id_of};

/// Where blocks are put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// After all others.
    End,
    /// Before all others.
    Start,
    /// After this one.
    After(NotionId),
}

impl Place {
    /// What a request says.
    pub(super) fn of(body: &Value) -> Place {
        let position = &body["position"];
        match position["type"].as_str() {
            Some("start" | "page_start") => Place::Start,
            Some("after_block") => {
                let id = position["after_block"]["id"].as_str();
                let id = id.and_then(|text| text.parse().ok());
                id.map_or(Place::End, Place::After)
            }
            _ => Place::End,
        }
    }
}

/// A block of which the id is known, as an answer has it; `Null` for one that was given up.
pub(super) fn block(id: Option<NotionId>) -> Value {
    id.map_or(Value::Null, |id| json!({"object": "block", "id": id}))
}

/// The blocks that an answer to an append of `count` blocks says were made; `None` when
/// it does not have them. Where they were put before others, these follow in the same
/// list (section 7.3 of the API digest).
pub(super) fn answered(answer: &Value, count: usize, place: Place) -> Option<&[Value]> {
    let blocks = answer["results"].as_array()?;
    let following = place != Place::End;
    let whole = blocks.len() == count || (following && blocks.len() > count);
    blocks.get(..count).filter(|_| whole)
}

/// The blocks of `now`, from the first on, that are what `sent` became.
///
/// With `before`, the number of blocks that were there, the number of new ones is known,
/// and the comparison only confirms it: when all seem to be there, half of them need to
/// look alike, because Notion may show a block as another type. Without, the most blocks count that look alike
/// and that nobody has made before (`taken`).
pub(super) fn found<'a>(
    now: &'a [Value],
    sent: &[Value],
    place: Place,
    before: Option<usize>,
    taken: &dyn Fn(NotionId) -> bool,
) -> &'a [Value] {
    let anchor = match place {
        Place::End => None,
        Place::Start => Some(0),
        Place::After(id) => match now.iter().position(|block| id_of(block) == Some(id)) {
            Some(at) => Some(at + 1),
            None => return &[],
        },
    };
    let stretch = |count: usize| {
        let from = anchor.unwrap_or_else(|| now.len().saturating_sub(count));
        now.get(from..from + count)
    };
    let alike = |count: usize, least: usize| {
        stretch(count).filter(|found| {
            let pairs = found.iter().zip(sent);
            found.iter().all(|it| id_of(it).is_none_or(|id| !taken(id)))
                && pairs.filter(|(found, sent)| is_same(found, sent)).count() >= least
        })
    };
    let fits = |count: usize| alike(count, count);
    if let Some(before) = before {
        let new = now.len().saturating_sub(before);
        if new == 0 {
            return &[];
        }
        let least = if new == sent.len() {
            new.div_ceil(2)
        } else {
            new
        };
        if new <= sent.len()
            && let Some(found) = alike(new, least)
        {
            return found;
        }
    }
    let counts = (1..=sent.len()).rev();
    counts.into_iter().find_map(fits).unwrap_or_default()
}

/// Whether a block that is there is what a block of a request became.
pub(super) fn is_same(found: &Value, sent: &Value) -> bool {
    let kind = stand_in::kind(sent);
    if stands_for(found, kind) {
        return true;
    }
    let wanted = &stand_in::payload(sent)["rich_text"];
    stand_in::kind(found) == kind
        && (!text::is_certain(wanted)
            || text::words(wanted) == text::words(&stand_in::payload(found)["rich_text"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(id: u128, text: &str) -> Value {
        json!({"object": "block", "id": NotionId::from_bits(id), "type": "paragraph",
            "paragraph": {"rich_text": [{"type": "text", "plain_text": text, "text": {"content": text}}]}})
    }

    fn new(text: &str) -> Value {
        json!({"paragraph": {"rich_text": [{"text": {"content": text}}]}})
    }

    fn look(now: &[Value], sent: &[Value], place: Place, before: Option<usize>) -> Vec<u128> {
        let taken = |id: NotionId| id.bits() >= 90;
        let found = found(now, sent, place, before, &taken).iter();
        found.map(|block| id_of(block).unwrap().bits()).collect()
    }

    #[test]
    fn the_first_blocks_of_a_positioned_answer_are_those_that_were_sent() {
        let answer = json!({"results": [there(1, "a"), there(2, "b"), there(3, "c")]});
        let ids = |count: usize, place: Place| -> Option<Vec<u128>> {
            let blocks = answered(&answer, count, place)?;
            Some(blocks.iter().map(|it| id_of(it).unwrap().bits()).collect())
        };
        let after = Place::After(NotionId::from_bits(9));
        for place in [Place::Start, after] {
            assert_eq!(ids(1, place), Some(vec![1]));
            assert_eq!(ids(3, place), Some(vec![1, 2, 3]));
            assert_eq!(ids(4, place), None);
        }
        // At the end nothing follows: another number is no answer to what was sent.
        assert_eq!(ids(3, Place::End), Some(vec![1, 2, 3]));
        assert_eq!(ids(2, Place::End), None);
        assert_eq!(answered(&json!({}), 1, Place::End), None);
    }

    #[test]
    fn all_some_and_none_are_told_apart_by_the_number_before() {
        // Three alike: only the number tells.
        let now = [there(1, ""), there(2, ""), there(3, "")];
        let sent = [new(""), new("")];
        assert_eq!(look(&now, &sent, Place::End, Some(1)), [2, 3]);
        assert_eq!(look(&now, &sent, Place::End, Some(2)), [3]);
        assert!(look(&now, &sent, Place::End, Some(3)).is_empty());
        assert_eq!(look(&now, &sent, Place::Start, Some(1)), [1, 2]);
        let after = Place::After(NotionId::from_bits(1));
        assert_eq!(look(&now, &sent, after, Some(2)), [2]);
    }

    #[test]
    fn without_a_number_the_words_tell() {
        let now = [there(1, "a"), there(2, "b"), there(3, "c")];
        assert_eq!(look(&now, &[new("b"), new("c")], Place::End, None), [2, 3]);
        assert_eq!(look(&now, &[new("c"), new("d")], Place::End, None), [3]);
        assert!(look(&now, &[new("d")], Place::End, None).is_empty());
        assert_eq!(look(&now, &[new("a"), new("x")], Place::Start, None), [1]);
        let gone = Place::After(NotionId::from_bits(9));
        assert!(look(&now, &[new("c")], gone, None).is_empty());
    }

    #[test]
    fn a_number_that_cannot_be_is_not_believed() {
        // Two blocks less than planned were there before.
        let now = [there(1, "a"), there(2, "b"), there(3, "c")];
        assert_eq!(
            look(&now, &[new("b"), new("c")], Place::End, Some(2)),
            [2, 3]
        );
    }

    #[test]
    fn a_block_that_notion_shows_as_another_type_does_not_hide_the_rest() {
        let now = [there(1, "a"), there(2, "b")];
        let other = json!({"heading_4": {"rich_text": [{"text": {"content": "a"}}]}});
        let sent = [other, new("b")];
        assert_eq!(look(&now, &sent, Place::End, Some(0)), [1, 2]);
        assert!(look(&now, &sent, Place::End, None).is_empty());
        assert!(look(&now[..1], &sent, Place::End, Some(0)).is_empty());
    }

    #[test]
    fn what_somebody_made_before_is_not_found() {
        let now = [there(1, "a"), there(90, "b")];
        assert!(look(&now, &[new("b")], Place::End, None).is_empty());
    }

    #[test]
    fn stand_ins_count_as_what_they_stand_for() {
        let now = [there(1, "Not restored as embed: x"), there(2, "b")];
        let sent = [json!({"embed": {"url": "x"}}), new("b")];
        assert_eq!(look(&now, &sent, Place::End, Some(0)), [1, 2]);
        let sent = [json!({"image": {}}), new("c")];
        assert!(look(&now, &sent, Place::End, Some(0)).is_empty());
    }
}
