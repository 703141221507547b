//! Advice about the documented limits of texts and numbers. Limits drift and the documentation lags behind, so nothing here stops
//! a run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::api::kinds::{Kind, Whole};
use crate::document::escape;
use crate::model::application_submission::ApplicationSubmission;
use crate::model::gaming::GamingOptions;
use crate::model::in_app_product_submission::InAppProductSubmission;
use crate::model::listing::{BaseListing, Image};
use crate::model::trailer::Trailer;
use crate::publish::decide::image_rules::most_images;

/// Something in a submission that the service or the Store may not take, by the limits that are documented. It never stops a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Advice {
    /// The place, as a JSON pointer, for example `/listings/en-us/baseListing/description`.
    pub place: String,
    /// What is the matter there, for example `10,512 of at most 10,000 characters`. Characters are Unicode code points.
    pub problem: String,
}

impl Advice {
    pub(crate) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

/// What a submission holds beyond the documented limits.
pub(crate) fn findings(submission: &impl Kind) -> Vec<Advice> {
    let mut found = Findings(Vec::new());
    match submission.whole() {
        Whole::Application(submission) => found.application(submission),
        Whole::InAppProduct(submission) => found.in_app_product(submission),
        Whole::Flight => {}
    }
    found.0
}

struct Findings(Vec<Advice>);

impl Findings {
    fn add(&mut self, place: &str, problem: impl Into<String>) {
        self.0.push(Advice::new(place, problem));
    }

    fn application(&mut self, submission: &ApplicationSubmission) {
        for (language, listing) in &submission.listings {
            let place = format!("/listings/{}", escape(language));
            let base = &format!("{place}/baseListing");
            self.of_every_platform(base, &listing.base_listing);
            self.of_the_base(base, &listing.base_listing);
            for (platform, texts) in &listing.platform_overrides {
                self.of_every_platform(&format!("{place}/platformOverrides/{}", escape(platform)), texts);
            }
        }
        let listings = submission.listings.values();
        let with_keywords = listings.filter(|listing| !listing.base_listing.keywords.is_empty()).count();
        self.count("/listings", with_keywords, 21, "languages with search terms");
        self.count("/trailers", submission.trailers.len(), 15, "entries");
        for (index, trailer) in submission.trailers.iter().enumerate() {
            self.trailer(&format!("/trailers/{index}"), trailer);
        }
        self.count("/gamingOptions", submission.gaming_options.len(), 1, "entries");
        let is_game = submission.application_category.starts_with("Games");
        for (index, options) in submission.gaming_options.iter().enumerate() {
            self.gaming_options(&format!("/gamingOptions/{index}"), options, is_game);
        }
    }

    /// The members that can be overridden for old platforms.
    fn of_every_platform(&mut self, place: &str, texts: &BaseListing) {
        self.text(&format!("{place}/description"), &texts.description, 10_000);
        self.text(&format!("{place}/releaseNotes"), &texts.release_notes, 1_500);
        self.texts(&format!("{place}/features"), &texts.features, 20, 200);
        self.texts(&format!("{place}/minimumHardware"), &texts.minimum_hardware, 11, 200);
        self.texts(&format!("{place}/recommendedHardware"), &texts.recommended_hardware, 11, 200);
        let mut counts = BTreeMap::<&str, usize>::new();
        for (index, image) in texts.images.iter().enumerate() {
            if image.file_status.stays() {
                self.text(&format!("{place}/images/{index}/description"), &image.description, 200);
                *counts.entry(image.image_type.as_str()).or_default() += 1;
            }
        }
        for (kind, count) in counts {
            let what = format!("images of the type {kind}");
            self.count(&format!("{place}/images"), count, most_images(kind), &what);
        }
    }

    fn of_the_base(&mut self, place: &str, texts: &BaseListing) {
        self.needed(&format!("{place}/description"), &texts.description);
        let is_screenshot = |image: &Image| image.file_status.stays() && image.image_type.as_str().ends_with("Screenshot");
        if !texts.images.iter().any(is_screenshot) {
            self.add(&format!("{place}/images"), "no screenshot, and at least one is needed");
        }
        let table = [
            ("copyrightAndTrademarkInfo", &texts.copyright_and_trademark_info, 200),
            ("licenseTerms", &texts.license_terms, 10_000),
            ("shortTitle", &texts.short_title, 50),
            ("sortTitle", &texts.sort_title, 255),
            ("voiceTitle", &texts.voice_title, 255),
            ("devStudio", &texts.dev_studio, 255),
        ];
        for (name, text, most) in table {
            self.text(&format!("{place}/{name}"), text, most);
        }
        let count = texts.short_description.chars().count();
        let what = "characters; the documentation says 1,000, but the service is known to refuse more than 500";
        self.count(&format!("{place}/shortDescription"), count, 500, what);
        let keywords = &format!("{place}/keywords");
        self.texts(keywords, &texts.keywords, 7, 40);
        let words = texts.keywords.iter().flat_map(|keyword| keyword.split_whitespace());
        let words: BTreeSet<String> = words.map(str::to_lowercase).collect();
        self.count(keywords, words.len(), 21, "separate words");
    }

    fn trailer(&mut self, place: &str, trailer: &Trailer) {
        for (language, assets) in &trailer.trailer_assets {
            let place = format!("{place}/trailerAssets/{}", escape(language));
            self.text(&format!("{place}/title"), &assets.title, 255);
            if assets.image_list.len() != 1 {
                let problem = format!("{} images where there must be exactly 1", assets.image_list.len());
                self.add(&format!("{place}/imageList"), problem);
            }
        }
    }

    fn gaming_options(&mut self, place: &str, options: &GamingOptions, is_game: bool) {
        if is_game && options.genres.is_empty() {
            self.add(&format!("{place}/genres"), "none, and a game needs 1 to 3");
        }
        self.count(&format!("{place}/genres"), options.genres.len(), 3, "entries");
        let (local, online) = (true, false);
        let table = [
            (
                "localMultiplayer",
                options.is_local_multiplayer,
                [options.local_multiplayer_min_players, options.local_multiplayer_max_players],
                local,
            ),
            (
                "localCooperative",
                options.is_local_cooperative,
                [options.local_cooperative_min_players, options.local_cooperative_max_players],
                local,
            ),
            (
                "onlineMultiplayer",
                options.is_online_multiplayer,
                [options.online_multiplayer_min_players, options.online_multiplayer_max_players],
                online,
            ),
            (
                "onlineCooperative",
                options.is_online_cooperative,
                [options.online_cooperative_min_players, options.online_cooperative_max_players],
                online,
            ),
        ];
        for (mode, is_on, numbers, is_needed) in table {
            if is_on != Some(true) {
                continue;
            }
            for (end, number) in ["MinPlayers", "MaxPlayers"].into_iter().zip(numbers) {
                let place = format!("{place}/{mode}{end}");
                match number {
                    Some(number) if !(2..=1000).contains(&number) => {
                        self.add(&place, format!("{number} where it must be 2 to 1,000"));
                    }
                    None if is_needed => self.add(&place, "none, and it is needed while the mode is on"),
                    _ => {}
                }
            }
        }
    }

    fn in_app_product(&mut self, submission: &InAppProductSubmission) {
        self.texts("/keywords", &submission.keywords, 10, 30);
        self.text("/tag", &submission.tag, 3_000);
        for (language, listing) in &submission.listings {
            let place = format!("/listings/{}", escape(language));
            self.needed(&format!("{place}/title"), &listing.title);
            self.text(&format!("{place}/title"), &listing.title, 100);
            self.text(&format!("{place}/description"), &listing.description, 200);
        }
    }

    fn needed(&mut self, place: &str, text: &str) {
        if text.is_empty() {
            self.add(place, "none, and it is needed");
        }
    }

    fn text(&mut self, place: &str, text: &str, most: usize) {
        // As many bytes as characters at least, so that most texts need not be counted.
        if text.len() > most {
            self.count(place, text.chars().count(), most, "characters");
        }
    }

    fn texts(&mut self, place: &str, texts: &[String], most: usize, longest: usize) {
        self.count(place, texts.len(), most, "entries");
        for (index, text) in texts.iter().enumerate() {
            self.text(&format!("{place}/{index}"), text, longest);
        }
    }

    fn count(&mut self, place: &str, count: usize, most: usize, what: &str) {
        if count > most {
            self.add(place, format!("{} of at most {} {what}", grouped(count), grouped(most)));
        }
    }
}

/// A number with a comma between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::flight_submission::FlightSubmission;

    /// An app in which nothing is amiss.
    fn app() -> Value {
        json!({
            "applicationCategory": "Games_Word",
            "listings": {"en-us": {
                "baseListing": {
                    "title": "Paper Lantern",
                    "description": "Light.",
                    "images": [{"fileName": "a.png", "imageType": "Screenshot"}],
                },
                "platformOverrides": {},
            }},
            "applicationPackages": [{"fileName": "a.msix", "fileStatus": "Uploaded", "languages": ["en-US"]}],
            "gamingOptions": [{"genres": ["Games_Word"]}],
            "trailers": [],
        })
    }

    fn of_app(document: Value) -> Vec<String> {
        let submission: ApplicationSubmission = serde_json::from_value(document).unwrap();
        findings(&submission).iter().map(Advice::to_string).collect()
    }

    fn with(mut document: Value, pointer: &str, value: Value) -> Value {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[name] = value;
        document
    }

    fn long(length: usize) -> Value {
        // Two bytes each.
        "é".repeat(length).into()
    }

    #[test]
    fn each_limit_of_a_text_is_told_beyond_it() {
        let base = "/listings/en-us/baseListing";
        let table = [
            ("description", 10_000, "10,001 of at most 10,000 characters"),
            ("releaseNotes", 1_500, "1,501 of at most 1,500 characters"),
            ("copyrightAndTrademarkInfo", 200, "201 of at most 200 characters"),
            ("licenseTerms", 10_000, "10,001 of at most 10,000 characters"),
            ("shortTitle", 50, "51 of at most 50 characters"),
            ("sortTitle", 255, "256 of at most 255 characters"),
            ("voiceTitle", 255, "256 of at most 255 characters"),
            ("devStudio", 255, "256 of at most 255 characters"),
        ];
        for (name, most, problem) in table {
            let place = format!("{base}/{name}");
            assert_eq!(of_app(with(app(), &place, long(most))), [""; 0], "{name}");
            let found = of_app(with(app(), &place, long(most + 1)));
            assert_eq!(found, [format!("{place}: {problem}")]);
        }
        let place = format!("{base}/shortDescription");
        assert_eq!(of_app(with(app(), &place, long(500))), [""; 0]);
        let found = of_app(with(app(), &place, long(501)));
        assert!(
            found.len() == 1 && found[0].contains("501 of at most 500") && found[0].contains("1,000"),
            "{found:?}"
        );
    }

    #[test]
    fn each_limit_of_a_list_is_told_beyond_it() {
        let base = "/listings/en-us/baseListing";
        for (name, most, longest) in [
            ("features", 20, 200),
            ("minimumHardware", 11, 200),
            ("recommendedHardware", 11, 200),
            ("keywords", 7, 40),
        ] {
            let place = format!("{base}/{name}");
            assert_eq!(
                of_app(with(app(), &place, vec![long(longest); most].into())),
                [""; 0],
                "{name}"
            );
            let found = of_app(with(app(), &place, vec![long(1); most + 1].into()));
            assert_eq!(found, [format!("{place}: {} of at most {most} entries", most + 1)]);
            let found = of_app(with(app(), &place, json!(["a", long(longest + 1)])));
            assert_eq!(found, [format!("{place}/1: {} of at most {longest} characters", longest + 1)]);
        }
    }

    #[test]
    fn words_count_once_however_they_are_written() {
        let keywords = |words: &[&str]| with(app(), "/listings/en-us/baseListing/keywords", json!(words));
        let words = ["a b c d", "e f g h", "i j k l", "m n o p", "q r s t", "u A  B", "c U"];
        assert_eq!(of_app(keywords(&words)), [""; 0]);
        let words = ["a b c d", "e f g h", "i j k l", "m n o p", "q r s t", "u v"];
        assert_eq!(
            of_app(keywords(&words)),
            ["/listings/en-us/baseListing/keywords: 22 of at most 21 separate words"]
        );
    }

    #[test]
    fn search_terms_in_too_many_languages_are_told() {
        let mut document = app();
        let listing = document["listings"]["en-us"].clone();
        for index in 0..21 {
            let mut listing = listing.clone();
            listing["baseListing"]["keywords"] = json!(["lantern"]);
            document["listings"][format!("x{index}")] = listing;
        }
        assert_eq!(of_app(document.clone()), [""; 0]);
        let document = with(document, "/listings/en-us/baseListing/keywords", json!(["lantern"]));
        assert_eq!(of_app(document), ["/listings: 22 of at most 21 languages with search terms"]);
    }

    #[test]
    fn screenshots_and_captions_are_counted() {
        let place = "/listings/en-us/baseListing/images";
        let images = |kind: &str, count: usize| {
            let mut images = vec![json!({"imageType": kind}); count];
            images.push(json!({"imageType": "Screenshot"}));
            images.push(json!({"imageType": kind, "fileStatus": "PendingDelete", "description": long(300)}));
            with(app(), place, images.into())
        };
        assert_eq!(of_app(images("Screenshot", 9)), [""; 0]);
        assert_eq!(
            of_app(images("Screenshot", 10)),
            [format!("{place}: 11 of at most 10 images of the type Screenshot")]
        );
        assert_eq!(of_app(images("XboxScreenshot", 8)), [""; 0]);
        assert_eq!(
            of_app(images("XboxScreenshot", 9)),
            [format!("{place}: 9 of at most 8 images of the type XboxScreenshot")]
        );
        assert_eq!(of_app(images("Icon", 30)), [""; 0]);
        let caption = |length| with(app(), "/listings/en-us/baseListing/images/0/description", long(length));
        assert_eq!(of_app(caption(200)), [""; 0]);
        assert_eq!(
            of_app(caption(201)),
            [format!("{place}/0/description: 201 of at most 200 characters")]
        );
        for none in [
            json!([]),
            json!([{"imageType": "Icon"}]),
            json!([{"imageType": "Screenshot", "fileStatus": "PendingDelete"}]),
        ] {
            let found = of_app(with(app(), place, none));
            assert_eq!(found, [format!("{place}: no screenshot, and at least one is needed")]);
        }
    }

    #[test]
    fn a_description_is_needed() {
        let found = of_app(with(app(), "/listings/en-us/baseListing/description", json!("")));
        assert_eq!(found, ["/listings/en-us/baseListing/description: none, and it is needed"]);
    }

    #[test]
    fn texts_for_old_platforms_have_the_same_limits_and_nothing_else() {
        let texts = |texts: Value| with(app(), "/listings/en-us/platformOverrides", json!({"Windows81": texts}));
        assert_eq!(
            of_app(texts(json!({"shortTitle": long(99), "keywords": vec!["a"; 9]}))),
            [""; 0]
        );
        let found = of_app(texts(json!({"releaseNotes": long(1_501), "features": [long(201)]})));
        let place = "/listings/en-us/platformOverrides/Windows81";
        assert_eq!(
            found,
            [
                format!("{place}/releaseNotes: 1,501 of at most 1,500 characters"),
                format!("{place}/features/0: 201 of at most 200 characters"),
            ]
        );
    }

    #[test]
    fn trailers_are_counted() {
        let asset = |title: Value, images: usize| json!({"title": title, "imageList": vec![json!({}); images]});
        let trailer = |asset: &Value| json!({"trailerAssets": {"en-us": asset}});
        let fine = trailer(&asset(long(255), 1));
        assert_eq!(of_app(with(app(), "/trailers", vec![fine.clone(); 15].into())), [""; 0]);
        assert_eq!(
            of_app(with(app(), "/trailers", vec![fine.clone(); 16].into())),
            ["/trailers: 16 of at most 15 entries"]
        );
        let place = "/trailers/1/trailerAssets/en-us";
        let found = of_app(with(app(), "/trailers", json!([fine, trailer(&asset(long(256), 2))])));
        assert_eq!(
            found,
            [
                format!("{place}/title: 256 of at most 255 characters"),
                format!("{place}/imageList: 2 images where there must be exactly 1"),
            ]
        );
    }

    #[test]
    fn the_numbers_of_a_game_are_looked_at() {
        let games = |options: Value| with(app(), "/gamingOptions", options);
        let genres = json!(["Games_Word", "Games_Music", "Games_Sports"]);
        let table = [
            (json!([]), ""),
            (
                json!([{"genres": genres}, {"genres": genres}]),
                "/gamingOptions: 2 of at most 1 entries",
            ),
            (json!([{}]), "/gamingOptions/0/genres: none, and a game needs 1 to 3"),
            (
                json!([{"genres": ["a", "b", "c", "d"]}]),
                "/gamingOptions/0/genres: 4 of at most 3 entries",
            ),
            (
                json!([{"genres": genres, "isLocalMultiplayer": true, "localMultiplayerMinPlayers": 2, "localMultiplayerMaxPlayers": 1000}]),
                "",
            ),
            (
                json!([{"genres": genres, "isLocalMultiplayer": true, "localMultiplayerMinPlayers": 1, "localMultiplayerMaxPlayers": 4}]),
                "/gamingOptions/0/localMultiplayerMinPlayers: 1 where it must be 2 to 1,000",
            ),
            (
                json!([{"genres": genres, "isLocalCooperative": true, "localCooperativeMinPlayers": 2}]),
                "/gamingOptions/0/localCooperativeMaxPlayers: none, and it is needed while the mode is on",
            ),
            (
                json!([{"genres": genres, "isOnlineMultiplayer": true, "onlineMultiplayerMaxPlayers": 1001}]),
                "/gamingOptions/0/onlineMultiplayerMaxPlayers: 1001 where it must be 2 to 1,000",
            ),
            (
                json!([{"genres": genres, "isOnlineCooperative": false, "onlineCooperativeMaxPlayers": 0}]),
                "",
            ),
        ];
        for (options, expected) in table {
            let found = of_app(games(options.clone()));
            assert_eq!(found.join("\n"), expected, "{options}");
        }
        // An app that is no game has the options, too.
        assert_eq!(
            of_app(with(games(json!([{}])), "/applicationCategory", json!("Productivity"))),
            [""; 0]
        );
    }

    #[test]
    fn an_add_on_has_limits_of_its_own() {
        let fine = json!({
            "keywords": vec![long(30); 10],
            "tag": long(3_000),
            "listings": {"en": {"title": long(100), "description": long(200)}},
        });
        let found = |document: Value| {
            let submission: InAppProductSubmission = serde_json::from_value(document).unwrap();
            let found = findings(&submission).iter().map(Advice::to_string).collect::<Vec<_>>();
            found.join("\n")
        };
        assert_eq!(found(fine.clone()), "");
        let table = [
            ("/keywords", json!(vec!["a"; 11]), "/keywords: 11 of at most 10 entries"),
            ("/keywords/3", long(31), "/keywords/3: 31 of at most 30 characters"),
            ("/tag", long(3_001), "/tag: 3,001 of at most 3,000 characters"),
            (
                "/listings/en/title",
                long(101),
                "/listings/en/title: 101 of at most 100 characters",
            ),
            ("/listings/en/title", json!(""), "/listings/en/title: none, and it is needed"),
            (
                "/listings/en/description",
                long(201),
                "/listings/en/description: 201 of at most 200 characters",
            ),
        ];
        for (pointer, value, expected) in table {
            let mut document = fine.clone();
            *document.pointer_mut(pointer).unwrap() = value;
            assert_eq!(found(document), expected);
        }
    }

    #[test]
    fn a_flight_has_no_listings() {
        assert_eq!(findings(&FlightSubmission::default()), []);
    }

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (10_512, "10,512"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
