//! The price of a product.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::open_enum::{OtherValue, open_enum};
use crate::model::timestamp::Timestamp;

/// The price of an app or an add-on, and where it differs.
///
/// A submission that is sent without `priceId` makes the product free; see [`PriceTier::Base`] for another trap.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Pricing {
    /// The free trial. Only of apps.
    pub trial_period: TrialPeriod,
    /// Prices of single markets, by upper-case ISO 3166-1 alpha-2 code; they override `price_id`.
    pub market_specific_pricings: BTreeMap<String, PriceTier>,
    /// Not supported by the service any more: always empty when read, ignored when written.
    pub sales: Vec<Sale>,
    /// The base price.
    pub price_id: PriceTier,
    /// Which range of tiers the account has; set by the service. It flips on any update.
    pub is_advanced_pricing_model: Option<bool>,
}

open_enum! {
    /// The length of the free trial of an app.
    TrialPeriod {
        /// No trial.
        NoFreeTrial = "NoFreeTrial",
        /// One day.
        OneDay = "OneDay",
        /// Seven days.
        SevenDays = "SevenDays",
        /// Fifteen days.
        FifteenDays = "FifteenDays",
        /// Thirty days.
        ThirtyDays = "ThirtyDays",
        /// For ever.
        TrialNeverExpires = "TrialNeverExpires",
    }
}

/// A price tier. Which amount of money a tier stands for is listed in Partner Center.
///
/// Tiers have no order: 2 to 96 and 1012 to 1424 are two scales of about the same prices.
///
/// An open set: a value that the crate does not know is kept in `Other`. Reading ignores case, writing is exact.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PriceTier {
    /// No tier: a market has the base price. As a base price it means that the prices were set by market in Partner
    /// Center, which the service can neither show nor take back.
    Base,
    /// Not sold (in a market).
    NotAvailable,
    /// Free.
    Free,
    /// `Tier` and a number: 1012 to 1424 with the advanced pricing model, 2 to 96 without.
    Tier(u16),
    /// A value that the crate does not know, or the empty text: not set.
    Other(OtherValue),
}

impl PriceTier {
    /// The exact text of the wire.
    #[must_use]
    pub fn as_str(&self) -> Cow<'_, str> {
        match self {
            Self::Base => "Base".into(),
            Self::NotAvailable => "NotAvailable".into(),
            Self::Free => "Free".into(),
            Self::Tier(number) => format!("Tier{number}").into(),
            Self::Other(text) => text.as_str().into(),
        }
    }

    /// Whether there is a value at all.
    #[must_use]
    pub fn is_set(&self) -> bool {
        !matches!(self, Self::Other(text) if text.as_str().is_empty())
    }
}

impl Default for PriceTier {
    fn default() -> Self {
        Self::Other(OtherValue::default())
    }
}

impl From<&str> for PriceTier {
    fn from(text: &str) -> Self {
        let named = [Self::Base, Self::NotAvailable, Self::Free];
        if let Some(tier) = named.into_iter().find(|tier| text.eq_ignore_ascii_case(&tier.as_str())) {
            return tier;
        }
        let is_tier = |word: &&str| word.eq_ignore_ascii_case("Tier");
        let digits = text.get(..4).filter(is_tier).and(text.get(4..));
        // A text with leading zeros or a sign would not be written as it came, so it is kept as a text.
        let plain = |digits: &str| digits.parse().ok().filter(|number: &u16| number.to_string() == digits);
        match digits.and_then(plain) {
            Some(number) => Self::Tier(number),
            None => Self::Other(OtherValue::new(text)),
        }
    }
}

impl fmt::Display for PriceTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str())
    }
}

impl Serialize for PriceTier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.as_str())
    }
}

impl<'de> Deserialize<'de> for PriceTier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::from(text.as_str()))
    }
}

/// A sale. Not supported by the service any more; kept for old answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Sale {
    /// The name.
    pub name: String,
    /// The base price during the sale.
    pub base_price_id: PriceTier,
    /// When it begins.
    pub start_date: Timestamp,
    /// When it ends.
    pub end_date: Timestamp,
    /// Prices of single markets; they override `base_price_id`.
    pub market_specific_pricings: BTreeMap<String, PriceTier>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_are_read_in_any_case_and_written_exactly() {
        let table = [
            ("Free", PriceTier::Free, "Free"),
            ("base", PriceTier::Base, "Base"),
            ("NOTAVAILABLE", PriceTier::NotAvailable, "NotAvailable"),
            ("Tier2", PriceTier::Tier(2), "Tier2"),
            ("tier1012", PriceTier::Tier(1012), "Tier1012"),
        ];
        for (text, tier, written) in table {
            assert_eq!(PriceTier::from(text), tier);
            assert_eq!(tier.to_string(), written);
            assert_eq!(serde_json::to_value(&tier).unwrap(), written);
        }
        for kept in ["", "Tier", "Tier02", "Tier+2", "Tier70000", "Tier 2", "Tiér2", "Gratis", "é"] {
            let tier = PriceTier::from(kept);
            assert!(matches!(tier, PriceTier::Other(_)), "{kept}");
            assert_eq!(tier.as_str(), kept);
            assert_eq!(tier.is_set(), !kept.is_empty());
        }
    }
}
