//! Finding a listing or a package of a submission, with an error that names what there is.

use std::collections::BTreeMap;

use crate::document::Document;
use crate::error::{Error, Result};
use crate::model::application_submission::ApplicationSubmission;
use crate::model::flight_submission::FlightSubmission;
use crate::model::in_app_product_submission::{InAppProductListing, InAppProductSubmission};
use crate::model::listing::Listing;
use crate::model::package::ApplicationPackage;

impl Document<ApplicationSubmission> {
    /// The listing in this language, in any case (`en-US` finds `en-us`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming the languages there are.
    pub fn listing_mut(&mut self, language: &str) -> Result<&mut Listing> {
        listing(&mut self.listings, language)
    }

    /// The listing in this language, in any case; if there is none, a new one, whose key is the language in lower case as the
    /// service writes it (`fr-FR` adds `fr-fr`).
    pub fn listing_or_insert(&mut self, language: &str) -> &mut Listing {
        listing_or_insert(&mut self.listings, language)
    }

    /// The package with this file name, in any case. Of several it is the first that is not to be deleted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming the packages there are.
    pub fn package_mut(&mut self, file_name: &str) -> Result<&mut ApplicationPackage> {
        package(&mut self.application_packages, file_name)
    }
}

impl Document<FlightSubmission> {
    /// The package with this file name, in any case. Of several it is the first that is not to be deleted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming the packages there are.
    pub fn package_mut(&mut self, file_name: &str) -> Result<&mut ApplicationPackage> {
        package(&mut self.flight_packages, file_name)
    }
}

impl Document<InAppProductSubmission> {
    /// The listing in this language, in any case (`EN` finds `en`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming the languages there are.
    pub fn listing_mut(&mut self, language: &str) -> Result<&mut InAppProductListing> {
        listing(&mut self.listings, language)
    }

    /// The listing in this language, in any case; if there is none, a new one, whose key is the language in lower case as the
    /// service writes it (`FR` adds `fr`).
    pub fn listing_or_insert(&mut self, language: &str) -> &mut InAppProductListing {
        listing_or_insert(&mut self.listings, language)
    }
}

fn listing<'l, L>(listings: &'l mut BTreeMap<String, L>, language: &str) -> Result<&'l mut L> {
    let Some(found) = key_of(listings, language) else {
        return Err(missing("listing", language, listings.keys()));
    };
    listings
        .get_mut(&found)
        .ok_or_else(|| missing("listing", language, [].iter()))
}

fn listing_or_insert<'l, L: Default>(listings: &'l mut BTreeMap<String, L>, language: &str) -> &'l mut L {
    let key = key_of(listings, language).unwrap_or_else(|| language.to_ascii_lowercase());
    listings.entry(key).or_default()
}

/// The key of this language: the exact one, else the first in another case.
fn key_of<L>(listings: &BTreeMap<String, L>, language: &str) -> Option<String> {
    let exact = listings.contains_key(language);
    let fits = |known: &str| known == language || (!exact && known.eq_ignore_ascii_case(language));
    listings.keys().find(|known| fits(known)).cloned()
}

fn package<'p>(packages: &'p mut [ApplicationPackage], file_name: &str) -> Result<&'p mut ApplicationPackage> {
    let fits = |package: &ApplicationPackage| package.file_name.eq_ignore_ascii_case(file_name);
    let stays = |package: &ApplicationPackage| fits(package) && package.file_status.stays();
    let found = packages.iter().position(stays).or_else(|| packages.iter().position(fits));
    match found {
        Some(index) => Ok(&mut packages[index]),
        None => Err(missing(
            "package",
            file_name,
            packages.iter().map(|package| &package.file_name),
        )),
    }
}

fn missing<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n String>) -> Error {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let problem = if known.is_empty() {
        "the submission has none".to_owned()
    } else {
        format!("the submission has {}", known.join(", "))
    };
    Error::invalid(format!("the {what} {name:?}"), problem)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::receipt::Receipt;

    fn document<T: serde::de::DeserializeOwned + serde::Serialize>(body: serde_json::Value) -> Document<T> {
        Document::decode(body, Receipt::new(200, None, None, ()), "x".to_owned()).unwrap()
    }

    #[test]
    fn a_listing_is_found_in_any_case_and_the_exact_one_first() {
        let listings = json!({"listings": {"EN-us": {"baseListing": {"title": "A"}}, "en-us": {"baseListing": {"title": "B"}}}});
        let mut submission: Document<ApplicationSubmission> = document(listings);
        assert_eq!(submission.listing_mut("en-us").unwrap().base_listing.title, "B");
        assert_eq!(submission.listing_mut("EN-us").unwrap().base_listing.title, "A");
        assert_eq!(submission.listing_mut("en-US").unwrap().base_listing.title, "A");
        let error = submission.listing_mut("de").unwrap_err().to_string();
        assert!(error.contains("\"de\"") && error.contains("EN-us, en-us"), "{error}");

        let mut add_on: Document<InAppProductSubmission> = document(json!({"listings": {"en": {"title": "A"}}}));
        assert_eq!(add_on.listing_mut("EN").unwrap().title, "A");
        let mut empty: Document<InAppProductSubmission> = document(json!({}));
        assert!(empty.listing_mut("en").unwrap_err().to_string().contains("none"));
    }

    #[test]
    fn a_listing_that_is_not_there_is_added_in_lower_case() {
        let listings = json!({"listings": {"EN-us": {"baseListing": {"title": "A"}}, "en-us": {"baseListing": {"title": "B"}}}});
        let mut submission: Document<ApplicationSubmission> = document(listings);
        for (language, title) in [("en-us", "B"), ("EN-us", "A"), ("en-US", "A")] {
            assert_eq!(submission.listing_or_insert(language).base_listing.title, title, "{language}");
        }
        assert_eq!(submission.changes().unwrap(), []);
        submission.listing_or_insert("fr-FR").base_listing.title = "C".to_owned();
        assert_eq!(submission.listing_or_insert("Fr-fr").base_listing.title, "C");
        let body = submission.body().unwrap();
        assert_eq!(body["listings"]["fr-fr"], json!({"baseListing": {"title": "C"}}));
        assert_eq!(submission.changes().unwrap().len(), 1);

        let mut add_on: Document<InAppProductSubmission> = document(json!({"listings": {"en": {"title": "A"}}}));
        assert_eq!(add_on.listing_or_insert("EN").title, "A");
        add_on.listing_or_insert("DE").title = "B".to_owned();
        let expected = json!({"listings": {"en": {"title": "A"}, "de": {"title": "B"}}});
        assert_eq!(add_on.body().unwrap(), expected);
    }

    #[test]
    fn a_package_that_stays_is_found_before_one_that_goes() {
        let packages = json!([
            {"fileName": "a.msix", "id": "1", "fileStatus": "PendingDelete"},
            {"fileName": "A.msix", "id": "2", "fileStatus": "PendingUpload"},
            {"fileName": "b.msix", "id": "3", "fileStatus": "PendingDelete"},
        ]);
        let mut app: Document<ApplicationSubmission> = document(json!({"applicationPackages": packages}));
        let mut flight: Document<FlightSubmission> = document(json!({"flightPackages": packages}));
        for (name, id) in [("a.msix", "2"), ("B.MSIX", "3")] {
            assert_eq!(app.package_mut(name).unwrap().id, id);
            assert_eq!(flight.package_mut(name).unwrap().id, id);
        }
        let error = app.package_mut("c.msix").unwrap_err().to_string();
        assert!(error.contains("a.msix, A.msix, b.msix"), "{error}");
    }
}
