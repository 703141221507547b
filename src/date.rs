//! ISO 8601 date and time, as the service and the blob store write it, to and from `SystemTime`.
//!
//! A leaf: it knows the proleptic Gregorian calendar and nothing else. Reading is lenient about the
//! number of fractional digits, about a missing time and about the offset; what it cannot read is `None`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: i64 = 86_400;
const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// Reads `2026-02-10`, `2026-02-10T07:24:27Z`, `2026-02-10T07:24:27.0747851+02:00` and their like. A text
/// without an offset is UTC.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, time),
        None => (text, "00:00:00Z"),
    };
    let [year, month, day] = numbers(date, '-')?;
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    // A day that its month does not have would count on into the next.
    if civil_from_days(days) != (year, month, day) {
        return None;
    }
    let (clock, offset) = split_offset(time)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let [hour, minute, second] = match clock.matches(':').count() {
        1 => numbers(&format!("{clock}:00"), ':')?,
        _ => numbers(clock, ':')?,
    };
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let whole = match seconds {
        0.. => UNIX_EPOCH.checked_add(distance),
        _ => UNIX_EPOCH.checked_sub(distance),
    };
    whole?.checked_add(Duration::from_nanos(nanoseconds(fraction)?))
}

/// Writes UTC with as many fractional digits as the time needs: none, or seven.
pub(crate) fn format(time: SystemTime) -> String {
    let nanos = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_nanos().cast_signed(),
        Err(before) => -before.duration().as_nanos().cast_signed(),
    };
    let seconds = nanos.div_euclid(NANOS_PER_SECOND) as i64;
    let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
    let rest = seconds.rem_euclid(SECONDS_PER_DAY);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let fraction = match nanos.rem_euclid(NANOS_PER_SECOND) / 100 {
        0 => String::new(),
        ticks => format!(".{ticks:07}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut next = || {
        let part = parts.next()?;
        (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let found = [next()?, next()?, next()?];
    parts.next().is_none().then_some(found)
}

/// Splits `07:24:27.5+02:00` into the time of day and the offset in seconds.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, 0));
    };
    let (clock, offset) = time.split_at(at);
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 4 {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let seconds = number / 100 * 3600 + number % 100 * 60;
    Some((clock, if offset.starts_with('-') { -seconds } else { seconds }))
}

fn nanoseconds(fraction: &str) -> Option<u64> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nine: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    nine.parse().ok()
}

// Both conversions count eras of 400 years from 1 March 0000, so that the leap day is a year's last day.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        parse(text).map(|time| match time.duration_since(UNIX_EPOCH) {
            Ok(after) => after.as_secs().cast_signed(),
            Err(before) => -before.duration().as_secs_f64().ceil() as i64,
        })
    }

    #[test]
    fn reads_every_shape_of_the_wire() {
        let table = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-02-10T07:24:27Z", Some(1_770_708_267)),
            ("2026-02-10T07:24:27.047Z", Some(1_770_708_267)),
            ("2026-02-10T07:24:27.0747851Z", Some(1_770_708_267)),
            ("2026-02-10T09:24:27+02:00", Some(1_770_708_267)),
            ("2026-02-10T07:24:27", Some(1_770_708_267)),
            ("2026-02-10T07:24Z", Some(1_770_708_240)),
            ("2026-02-10", Some(1_770_681_600)),
            ("1601-01-01T00:00:00.0000000Z", Some(-11_644_473_600)),
            ("", None),
            ("yesterday", None),
            ("2026-13-10T07:24:27Z", None),
            ("2026-02-31", None),
            ("2026-02-29", None),
            ("2024-02-29", Some(1_709_164_800)),
            ("1900-02-29", None),
            ("2026-04-31T07:24:27Z", None),
            ("2026-12-31", Some(1_798_675_200)),
            ("2026-01-00", None),
            ("9223372036854775807-01-01", None),
            ("2026-01-9223372036854775807", None),
            ("2026-02-10T25:24:27Z", None),
            ("2026-02-10T07:24:27.12x4Z", None),
            ("2026-02-10T07:24:27+2", None),
        ];
        for (text, expected) in table {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for text in [
            "1601-01-01T00:00:00Z",
            "2024-02-29T23:59:59Z",
            "2026-02-10T07:24:27.0747851Z",
            "1969-12-31T23:59:59.5000000Z",
        ] {
            assert_eq!(parse(text).map(format).as_deref(), Some(text));
        }
    }
}
