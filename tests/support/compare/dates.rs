//! Dates, compared by the moment and by what a clock at their place showed. Notion takes
//! the name of a zone and answers the offset that it had (all recorded times have one).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

/// A date value as it reads when it was written: `start` and `end` with an offset, and
/// without a zone. What is no such value stays as it is.
pub fn date(value: &Value) -> Value {
    let zone = value["time_zone"].as_str();
    let Some(start) = value["start"].as_str() else {
        return super::rich::without_nulls(value);
    };
    let mut drawn = json!({"start": moment(start, zone)});
    if let Some(end) = value["end"].as_str() {
        drawn["end"] = json!(moment(end, zone));
    }
    drawn
}

fn moment(text: &str, zone: Option<&str>) -> String {
    shown(text, zone).unwrap_or_else(|| text.to_owned())
}

/// `None` for a day, and for what is no time.
fn shown(text: &str, zone: Option<&str>) -> Option<String> {
    if !text.contains('T') {
        return None;
    }
    let zone = zone.map(TimeZone::get).transpose().ok()?;
    let zoned: Zoned = match (text.parse::<Timestamp>(), zone) {
        (Ok(time), Some(zone)) => time.to_zoned(zone),
        (Ok(_), None) if text.ends_with('Z') => return Some(text.replace('Z', "+00:00")),
        (Ok(_), None) => return None,
        (Err(_), zone) => {
            let time: DateTime = text.parse().ok()?;
            time.to_zoned(zone.unwrap_or(TimeZone::UTC)).ok()?
        }
    };
    Some(zoned.strftime("%Y-%m-%dT%H:%M:%S.000%:z").to_string())
}
