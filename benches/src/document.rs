//! What a document costs beyond reading and writing its JSON: `cargo run --release --bin document`.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use msstore::Document;
use msstore::model::ApplicationSubmission;
use serde_json::{Value, json};

const ROUNDS: usize = 5;
const REPEATS: u32 = 300;
const LANGUAGES: usize = 60;

fn main() {
    let text = submission().to_string();
    let contenders: [(&str, fn(&str)); 3] = [
        ("Value: parse, print", plain),
        ("Document: decode, update unedited", unedited),
        ("Document: decode, 60 edits, update", edited),
    ];
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..ROUNDS {
        // Contenders take turns, so that what else the machine does falls on all of them.
        for ((_, work), times) in contenders.iter().zip(&mut times) {
            let started = Instant::now();
            for _ in 0..REPEATS {
                work(black_box(&text));
            }
            times.push(started.elapsed() / REPEATS);
        }
    }
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2]
    });
    println!("{} bytes, {LANGUAGES} listings", text.len());
    println!("| | µs | ratio | limit |\n|---|---|---|---|");
    for (((name, _), time), limit) in contenders.iter().zip(medians).zip(["", "1.2", "4"]) {
        let ratio = time.as_secs_f64() / medians[0].as_secs_f64();
        println!("| {name} | {} | {ratio:.2} | {limit} |", time.as_micros());
    }
}

fn plain(text: &str) {
    let value: Value = serde_json::from_str(text).unwrap();
    black_box(serde_json::to_vec(&value).unwrap());
}

fn decode(text: &str) -> Document<ApplicationSubmission> {
    Document::detached(serde_json::from_str(text).unwrap()).unwrap()
}

fn unedited(text: &str) {
    black_box(decode(text).body_bytes().unwrap());
}

fn edited(text: &str) {
    let mut document = decode(text);
    for listing in document.listings.values_mut() {
        listing.base_listing.release_notes = "Faster.".into();
    }
    black_box(document.body_bytes().unwrap());
}

/// A submission with many listings, as large as they come.
fn submission() -> Value {
    let listing = |language: usize| {
        let mut description = String::new();
        for sentence in 0..6 {
            let _ = write!(
                description,
                "Sentence {sentence} of the description in language {language}, neither short nor long. "
            );
        }
        let images: Vec<Value> = (0..4)
            .map(|image| json!({"fileName": format!("{language}/{image}.png"), "fileStatus": "Uploaded", "id": format!("115292150{language:04}{image:04}"), "imageType": "Screenshot"}))
            .collect();
        json!({"baseListing": {
            "copyrightAndTrademarkInfo": "", "keywords": ["lantern", "paper", "light"], "licenseTerms": "", "privacyPolicy": "",
            "supportContact": "", "websiteUrl": "", "description": description, "features": ["Floats", "Glows", "Folds"],
            "releaseNotes": "First.", "images": images, "recommendedHardware": [], "minimumHardware": [], "title": "Lantern",
        }, "platformOverrides": {}})
    };
    let listings: serde_json::Map<String, Value> = (0..LANGUAGES)
        .map(|language| (format!("l{language}"), listing(language)))
        .collect();
    json!({
        "id": "1152921500000000001", "applicationCategory": "Lifestyle", "pricing": {"priceId": "Free", "trialPeriod": "NoFreeTrial",
        "marketSpecificPricings": {}, "sales": []}, "visibility": "Public", "targetPublishMode": "Immediate",
        "targetPublishDate": "1601-01-01T00:00:00.0000000Z", "listings": listings, "hardwarePreferences": [],
        "gamingOptions": [], "status": "PendingCommit", "statusDetails": {"errors": [], "warnings": [], "certificationReports": []},
        "applicationPackages": [{"fileName": "a.msix", "fileStatus": "Uploaded", "id": "2000000000000000001", "version": "1.0.0.0",
        "architecture": "x64", "languages": ["en-us"], "capabilities": ["runFullTrust"]}], "trailers": [], "aNewMember": {"x": 1.0},
    })
}
