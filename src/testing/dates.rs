//! Dates as the service writes them, and numbers that look random but are the same in each run.
//!
//! Nothing here is shared with the client: the fake reads the protocol a second time.

use std::time::{SystemTime, UNIX_EPOCH};

/// How the service writes "no date".
pub(super) const UNSET: &str = "1601-01-01T00:00:00.0000000Z";

/// UTC with seven fractional digits.
pub(super) fn ticks(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:07}Z", civil(since.as_secs()), since.subsec_nanos() / 100)
}

/// UTC to the second.
pub(super) fn seconds(time: SystemTime) -> String {
    format!("{}Z", civil(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()))
}

fn civil(seconds: u64) -> String {
    let (mut days, rest) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    format!(
        "{year:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        month + 1,
        days + 1,
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// A counter from which every id of a fake is made.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    fn mixed(&mut self) -> u64 {
        let mut z = self.next().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Above 2^53, so that whoever reads it as a float gets another one.
    pub(super) fn submission(&mut self) -> String {
        (1_152_921_506_000_000_001 + self.next() * 1_017).to_string()
    }

    pub(super) fn package(&mut self) -> String {
        (2_000_000_000_070_000_003 + self.next() * 1_013).to_string()
    }

    pub(super) fn guid(&mut self) -> String {
        let (a, b) = (self.mixed(), self.mixed());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }

    pub(super) fn store_id(&mut self) -> String {
        format!("9F{:010X}", self.mixed() >> 24)
    }

    /// 32 bytes for a signature.
    pub(super) fn bytes(&mut self) -> Vec<u8> {
        (0..4).flat_map(|_| self.mixed().to_be_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_are_written_to_the_tick() {
        let time = UNIX_EPOCH + Duration::new(1_709_251_199, 74_785_100);
        assert_eq!(ticks(time), "2024-02-29T23:59:59.0747851Z");
        assert_eq!(seconds(time + Duration::from_secs(1)), "2024-03-01T00:00:00Z");
        assert_eq!(
            seconds(UNIX_EPOCH + Duration::from_secs(1_767_225_599)),
            "2025-12-31T23:59:59Z"
        );
    }
}
