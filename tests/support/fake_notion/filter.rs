//! Filters by time (section 2.5): the only ones a backup needs. Filters by property
//! are refused, so that nobody relies on an answer that the fake would invent.

use serde_json::Value;

use super::super::workspace::MINUTE;
use super::super::workspace::model::Stamps;
use super::refusal::Refusal;

/// A parsed filter.
#[derive(Debug)]
pub enum Filter {
    All,
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Time {
        created: bool,
        test: Test,
        /// Milliseconds.
        than: i64,
    },
}

#[derive(Clone, Copy, Debug)]
pub enum Test {
    Equals,
    Before,
    After,
    OnOrBefore,
    OnOrAfter,
    NotEmpty,
}

const DAY: i64 = 24 * 60 * MINUTE;

impl Filter {
    /// Reads the `filter` of a query body. `now` is for relative operators.
    pub fn parse(value: &Value, now: i64) -> Result<Filter, Refusal> {
        Filter::level(value, now, 0)
    }

    fn level(value: &Value, now: i64, depth: usize) -> Result<Filter, Refusal> {
        if value.is_null() && depth == 0 {
            return Ok(Filter::All);
        }
        for (key, and) in [("and", true), ("or", false)] {
            let Some(parts) = value[key].as_array() else {
                continue;
            };
            if depth >= 2 {
                let rule = "is nested too deeply: two levels of and/or are allowed";
                return Err(Refusal::body("filter", rule));
            }
            let parts = parts
                .iter()
                .map(|part| Filter::level(part, now, depth + 1))
                .collect::<Result<_, _>>()?;
            return Ok(if and {
                Filter::And(parts)
            } else {
                Filter::Or(parts)
            });
        }
        let kind = value["timestamp"].as_str().unwrap_or("");
        if !matches!(kind, "created_time" | "last_edited_time") {
            return Err(Refusal::body(
                "filter.timestamp",
                "should be `\"created_time\"` or `\"last_edited_time\"`; this server knows no property filters",
            ));
        }
        let Some((operator, operand)) = value[kind].as_object().and_then(|map| map.iter().next())
        else {
            let path = format!("filter.{kind}");
            return Err(Refusal::body(&path, "should be an object"));
        };
        let test = match operator.as_str() {
            "equals" => Test::Equals,
            "before" => Test::Before,
            "after" => Test::After,
            "on_or_before" => Test::OnOrBefore,
            "on_or_after" => Test::OnOrAfter,
            "is_not_empty" => Test::NotEmpty,
            "past_week" | "past_month" | "past_year" => {
                let days = match operator.as_str() {
                    "past_week" => 7,
                    "past_month" => 30,
                    _ => 365,
                };
                return Ok(Filter::Time {
                    created: kind == "created_time",
                    test: Test::OnOrAfter,
                    than: now - days * DAY,
                });
            }
            _ => {
                let path = format!("filter.{kind}.{operator}");
                return Err(Refusal::body(&path, "should be not present"));
            }
        };
        let than = match (test, operand.as_str()) {
            (Test::NotEmpty, _) => 0,
            (_, Some(text)) => time(text).ok_or_else(|| {
                let path = format!("filter.{kind}.{operator}");
                Refusal::body(&path, "should be a valid ISO 8601 date string")
            })?,
            (_, None) => {
                let path = format!("filter.{kind}.{operator}");
                return Err(Refusal::body(&path, "should be a string"));
            }
        };
        Ok(Filter::Time {
            created: kind == "created_time",
            test,
            than,
        })
    }

    /// Whether an object with these times passes. Times are compared as they are shown:
    /// without their seconds.
    pub fn fits(&self, stamps: &Stamps) -> bool {
        match self {
            Filter::All => true,
            Filter::And(parts) => parts.iter().all(|part| part.fits(stamps)),
            Filter::Or(parts) => parts.iter().any(|part| part.fits(stamps)),
            Filter::Time {
                created,
                test,
                than,
            } => {
                let time = if *created {
                    stamps.created
                } else {
                    stamps.edited
                };
                let time = time - time.rem_euclid(MINUTE);
                match test {
                    Test::Equals => time == than - than.rem_euclid(MINUTE),
                    Test::Before => time < *than,
                    Test::After => time > *than,
                    Test::OnOrBefore => time <= *than,
                    Test::OnOrAfter => time >= *than,
                    Test::NotEmpty => true,
                }
            }
        }
    }
}

/// Milliseconds of an ISO 8601 time, or of a date's first moment.
fn time(text: &str) -> Option<i64> {
    let text = if text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        text.to_string()
    };
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(time.as_millisecond())
}
