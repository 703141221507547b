//! Tables of what is inherited, what the settings write, and what families are missing.

use serde_json::json;

use super::*;
use crate::api::kinds::Kind;
use crate::document::Document;
use crate::model::flight_submission::FlightSubmission;

type Set = fn(&mut Settings);

const UNSET: &str = "1601-01-01T00:00:00.0000000Z";
const PAST: &str = "2026-09-30T06:00:00.0000000Z";
const FUTURE: &str = "2027-09-30T06:00:00.0000000Z";

fn now() -> SystemTime {
    crate::date::parse("2027-03-01T09:00:00.5Z").unwrap()
}

/// A submission by what its next draft inherits: rollout, percentage, mandatory, its date, mode, its date.
type Row = (Value, Value, Value, &'static str, &'static str, &'static str);

const ORDINARY: fn() -> Row = || (json!(false), json!(0), json!(false), UNSET, "Immediate", UNSET);

fn json_of((is_rollout, percentage, is_mandatory, from, mode, date): Row) -> Value {
    json!({
        "packageDeliveryOptions": {
            "packageRollout": { "isPackageRollout": is_rollout, "packageRolloutPercentage": percentage },
            "isMandatoryUpdate": is_mandatory,
            "mandatoryUpdateEffectiveDate": from,
        },
        "targetPublishMode": mode,
        "targetPublishDate": date,
    })
}

fn document(row: Row) -> Document<FlightSubmission> {
    Document::detached(json_of(row)).unwrap()
}

fn members(row: Row) -> Members {
    Members::of(&document(row).parts())
}

/// The lines of the plan.
fn lines(base: &Members, edited: &Members, set: &Members, settings: &Settings) -> Vec<String> {
    let found = inherited(base, edited, set, settings, now());
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn all_but_the_ordinary_is_listed() {
    let off = || json!(false);
    let table: [(Row, &[&str]); 11] = [
        (ORDINARY(), &[]),
        ((json!(null), json!(null), json!(null), "", "", ""), &[]),
        // What is off is off, whatever stands beside it.
        ((off(), json!(10.0), off(), PAST, "NotSet", PAST), &[]),
        (
            (json!(true), json!(10.0), off(), UNSET, "Immediate", UNSET),
            &["rolled out gradually, at first to 10 %"],
        ),
        (
            (json!(true), json!(2.5), off(), UNSET, "Immediate", UNSET),
            &["rolled out gradually, at first to 2.5 %"],
        ),
        (
            (json!(true), json!(null), off(), UNSET, "Immediate", UNSET),
            &["rolled out gradually"],
        ),
        ((off(), json!(0), json!(true), UNSET, "Immediate", UNSET), &["mandatory"]),
        (
            (off(), json!(0), json!(true), FUTURE, "Immediate", UNSET),
            &["mandatory from 2027-09-30T06:00:00.0000000Z on"],
        ),
        (
            (off(), json!(0), json!(true), PAST, "Manual", UNSET),
            &[
                "mandatory from 2026-09-30T06:00:00.0000000Z on",
                "published by hand in Partner Center",
            ],
        ),
        (
            (off(), json!(0), off(), UNSET, "SpecificDate", PAST),
            &["published on 2026-09-30T06:00:00.0000000Z"],
        ),
        (
            (off(), json!(0), off(), UNSET, "WithTheMoon", FUTURE),
            &["published in the mode WithTheMoon"],
        ),
    ];
    for (row, expected) in table {
        let what = json_of(row.clone());
        let there = members(row);
        let found = lines(&there, &there, &Members::default(), &Settings::default());
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn a_date_in_the_past_is_worth_a_finding() {
    let off = || json!(false);
    let table: [(Row, &[&str]); 4] = [
        (ORDINARY(), &[]),
        (
            (off(), json!(0), json!(true), FUTURE, "SpecificDate", FUTURE),
            &["/packageDeliveryOptions/isMandatoryUpdate: the update is mandatory"],
        ),
        (
            (off(), json!(0), json!(true), PAST, "Immediate", UNSET),
            &[
                "/packageDeliveryOptions/mandatoryUpdateEffectiveDate: the date is in the past, so the update is mandatory at once",
            ],
        ),
        (
            (off(), json!(0), off(), UNSET, "SpecificDate", PAST),
            &["/targetPublishDate: the date is in the past: set another with .publish_at(..)"],
        ),
    ];
    for (row, expected) in table {
        let there = members(row);
        let listed = inherited(&there, &there, &Members::default(), &Settings::default(), now());
        let (mode, date) = &there.publish;
        let found = listed
            .iter()
            .filter_map(InheritedSetting::finding)
            .chain(past_date(mode, date, now()));
        let found: Vec<String> = found.map(|found| found.to_string()).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert!(
            found
                .iter()
                .zip(expected)
                .all(|(found, expected)| found.starts_with(expected)),
            "{found:?}"
        );
    }
}

#[test]
fn what_somebody_has_set_is_not_listed() {
    let all = || (json!(true), json!(10.0), json!(true), FUTURE, "SpecificDate", FUTURE);
    let base = members(all());
    let count = |edited: &Members, set: &Members, settings: &Settings| lines(&base, edited, set, settings).len();
    let nothing = Members::default();
    assert_eq!(count(&base, &nothing, &Settings::default()), 3);
    // By a setting of the run.
    let settings: [Set; 7] = [
        |it| it.set_percentage(10.0),
        Settings::set_no_rollout,
        |it| it.set_mandatory(Mandatory::No),
        |it| it.set_mandatory(Mandatory::FromNowOn),
        |it| it.set_mandatory(Mandatory::From(Timestamp::new(PAST))),
        |it| it.set_publish_mode(TargetPublishMode::Manual),
        |it| it.set_publish_date(&Timestamp::new(PAST)),
    ];
    for (n, set) in settings.iter().enumerate() {
        let mut settings = Settings::default();
        set(&mut settings);
        assert_eq!(count(&base, &nothing, &settings), 2, "setting {n}");
    }
    // By an edit, to another value or to the one that is there.
    let edits = [
        (json!(true), json!(20.0), json!(true), FUTURE, "SpecificDate", FUTURE),
        (json!(false), json!(10.0), json!(true), FUTURE, "SpecificDate", FUTURE),
        (json!(true), json!(10.0), json!(true), PAST, "SpecificDate", FUTURE),
        (json!(true), json!(10.0), json!(false), FUTURE, "SpecificDate", FUTURE),
        (json!(true), json!(10.0), json!(true), FUTURE, "Manual", FUTURE),
        (json!(true), json!(10.0), json!(true), FUTURE, "SpecificDate", PAST),
    ];
    for edit in edits {
        let what = json_of(edit.clone());
        assert_eq!(count(&members(edit), &nothing, &Settings::default()), 2, "{what}");
    }
    let again = [
        (json!(true), json!(null), json!(null), "", "", ""),
        (json!(null), json!(10.0), json!(null), "", "", ""),
        (json!(null), json!(null), json!(true), "", "", ""),
        (json!(null), json!(null), json!(null), FUTURE, "", ""),
        (json!(null), json!(null), json!(null), "", "SpecificDate", ""),
        (json!(null), json!(null), json!(null), "", "", FUTURE),
    ];
    for set in again {
        let what = json_of(set.clone());
        assert_eq!(count(&base, &members(set), &Settings::default()), 2, "{what}");
    }
}

#[test]
fn the_guard_looks_at_the_rollout_alone() {
    let rollout = InheritedSetting::Rollout { percentage: Some(10.0) };
    let mandatory = InheritedSetting::Mandatory {
        from: Timestamp::default(),
        is_past: false,
    };
    assert_eq!(inherited_rollout(&[]), None);
    assert_eq!(inherited_rollout(std::slice::from_ref(&mandatory)), None);
    let problem = inherited_rollout(&[mandatory, rollout]).unwrap();
    for says in [
        "at first to 10 %",
        ".no_rollout()",
        ".rollout_percentage(",
        "Guard::InheritedRollout",
    ] {
        assert!(problem.contains(says), "{problem}");
    }
}

#[test]
fn the_settings_write_what_differs_and_nothing_else() {
    let changes = |row: Row, set: &[Set]| {
        let mut settings = Settings::default();
        for set in set {
            set(&mut settings);
        }
        settings.check().unwrap();
        let mut draft = document(row);
        settings.apply(draft.parts_mut(), now()).unwrap();
        let changes = draft.changes().unwrap();
        let last = |pointer: &str| pointer.rsplit('/').next().unwrap_or_default().to_owned();
        let changes = changes.into_iter().map(|change| (last(&change.pointer), change.after));
        changes.map(|(name, after)| json!([name, after])).collect::<Value>()
    };
    let on = || (json!(true), json!(10.0), json!(true), PAST, "SpecificDate", FUTURE);
    let absent = || (json!(null), json!(null), json!(null), "", "", "");
    let percentage = |percentage: f64| json!([["isPackageRollout", true], ["packageRolloutPercentage", percentage]]);
    let is = |mode: &str| json!([["targetPublishMode", mode]]);
    let whole = "2027-03-01T09:00:00Z";
    let from = |date: &str| json!([["isMandatoryUpdate", true], ["mandatoryUpdateEffectiveDate", date]]);
    let at = |date: &str| json!([["targetPublishDate", date], ["targetPublishMode", "SpecificDate"]]);
    type Case = (Row, &'static [Set], Value);
    let table: [Case; 26] = [
        (on(), &[], json!([])),
        (ORDINARY(), &[|it| it.set_percentage(10.0)], percentage(10.0)),
        (on(), &[|it| it.set_percentage(10.0)], json!([])),
        (
            on(),
            &[|it| it.set_percentage(5.0)],
            json!([["packageRolloutPercentage", 5.0]]),
        ),
        (
            on(),
            &[Settings::set_no_rollout],
            json!([["isPackageRollout", false], ["packageRolloutPercentage", 0.0]]),
        ),
        (ORDINARY(), &[Settings::set_no_rollout], json!([])),
        (absent(), &[Settings::set_no_rollout], json!([])),
        // The last one holds.
        (
            ORDINARY(),
            &[Settings::set_no_rollout, |it| it.set_percentage(10.0)],
            percentage(10.0),
        ),
        (
            ORDINARY(),
            &[|it| it.set_percentage(10.0), Settings::set_no_rollout],
            json!([]),
        ),
        (
            on(),
            &[|it| it.set_mandatory(Mandatory::No)],
            json!([["isMandatoryUpdate", false]]),
        ),
        (ORDINARY(), &[|it| it.set_mandatory(Mandatory::No)], json!([])),
        (absent(), &[|it| it.set_mandatory(Mandatory::No)], json!([])),
        (ORDINARY(), &[|it| it.set_mandatory(Mandatory::FromNowOn)], from(whole)),
        // Since some time in the past it is so from now on.
        (on(), &[|it| it.set_mandatory(Mandatory::FromNowOn)], json!([])),
        (
            (json!(false), json!(0), json!(true), whole, "Immediate", UNSET),
            &[|it| it.set_mandatory(Mandatory::FromNowOn)],
            json!([]),
        ),
        (
            (json!(false), json!(0), json!(true), FUTURE, "Immediate", UNSET),
            &[|it| it.set_mandatory(Mandatory::FromNowOn)],
            json!([["mandatoryUpdateEffectiveDate", whole]]),
        ),
        (
            (json!(false), json!(0), json!(true), UNSET, "Immediate", UNSET),
            &[|it| it.set_mandatory(Mandatory::FromNowOn)],
            json!([["mandatoryUpdateEffectiveDate", whole]]),
        ),
        (
            ORDINARY(),
            &[|it| it.set_mandatory(Mandatory::From(Timestamp::new("2027-09-30T08:00:00.25+02:00")))],
            from("2027-09-30T06:00:00Z"),
        ),
        // The same moment keeps the text that is there.
        (
            on(),
            &[|it| it.set_mandatory(Mandatory::From(Timestamp::new("2026-09-30T08:00+02:00")))],
            json!([]),
        ),
        (
            on(),
            &[
                |it| it.set_mandatory(Mandatory::FromNowOn),
                |it| it.set_mandatory(Mandatory::No),
            ],
            json!([["isMandatoryUpdate", false]]),
        ),
        (
            on(),
            &[|it| it.set_publish_mode(TargetPublishMode::Immediate)],
            is("Immediate"),
        ),
        (
            ORDINARY(),
            &[|it| it.set_publish_mode(TargetPublishMode::Manual)],
            is("Manual"),
        ),
        (ORDINARY(), &[|it| it.set_publish_date(&now().into())], at(whole)),
        (
            on(),
            &[|it| it.set_publish_date(&Timestamp::new("2027-09-30T06:00:00Z"))],
            json!([]),
        ),
        (
            ORDINARY(),
            &[
                |it| it.set_publish_date(&now().into()),
                |it| it.set_publish_mode(TargetPublishMode::Manual),
            ],
            is("Manual"),
        ),
        (
            ORDINARY(),
            &[
                |it| it.set_publish_date(&now().into()),
                |it| it.set_publish_mode(TargetPublishMode::SpecificDate),
            ],
            at(whole),
        ),
    ];
    for (n, (row, set, expected)) in table.into_iter().enumerate() {
        let what = json_of(row.clone());
        assert_eq!(changes(row, set), expected, "row {n}: {what}");
    }
}

#[test]
fn a_rollout_keeps_its_percentage_where_it_cannot_be_changed() {
    let apply = |row: Row, set: Set| {
        let (mut settings, mut there) = (Settings::default(), document(row));
        set(&mut settings);
        settings.apply_but_percentage(there.parts_mut(), now()).unwrap();
        there.changes().unwrap().len()
    };
    let on = || (json!(true), json!(10.0), json!(false), UNSET, "Immediate", UNSET);
    assert_eq!(apply(on(), |it| it.set_percentage(50.0)), 0);
    assert_eq!(apply(ORDINARY(), |it| it.set_percentage(50.0)), 2);
    assert_eq!(apply(on(), Settings::set_no_rollout), 2);
    assert_eq!(apply(ORDINARY(), Settings::set_no_rollout), 0);
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let table: [(Set, &str); 7] = [
        (|it| it.set_percentage(-1.0), "-1 is not from 0 to 100"),
        (|it| it.set_percentage(f64::NAN), "NaN is not from 0 to 100"),
        (|it| it.set_publish_date(&Timestamp::new("soon")), "\"soon\""),
        (|it| it.set_publish_date(&Timestamp::default()), "the publish date"),
        (|it| it.set_publish_date(&Timestamp::new(UNSET)), "1601"),
        (
            |it| it.set_mandatory(Mandatory::From(Timestamp::new("2027-02-30"))),
            "the date of the mandatory update",
        ),
        (
            |it| it.set_publish_date(&(UNIX_EPOCH + Duration::from_secs(300_000_000_000)).into()),
            "the publish date",
        ),
    ];
    for (set, says) in table {
        let mut settings = Settings::default();
        set(&mut settings);
        let error = settings.check().unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    // A date is asked for where there is none.
    let mut settings = Settings::default();
    settings.set_publish_mode(TargetPublishMode::SpecificDate);
    settings.check().unwrap();
    let error = settings.apply(document(ORDINARY()).parts_mut(), now()).unwrap_err();
    assert!(error.to_string().contains(".publish_at(time)"), "{error}");
    let dated = (json!(false), json!(0), json!(false), UNSET, "Immediate", FUTURE);
    settings.apply(document(dated).parts_mut(), now()).unwrap();
}

#[test]
fn a_family_is_missing_unless_it_is_there_in_whatever_case() {
    let all = &["Desktop", "Mobile", "Xbox", "Holographic"][..];
    let of = |families: Value| json!({ "allowTargetFutureDeviceFamilies": families });
    let table = [
        (json!({}), all),
        (of(json!(null)), all),
        (of(json!({})), all),
        (of(json!({"7": true, "Team": false})), all),
        (
            json!({"AllowTargetFutureDeviceFamilies": {"Mobile": true}}),
            &["Desktop", "Xbox", "Holographic"],
        ),
        (of(json!({"desktop": true, "XBOX": false})), &["Mobile", "Holographic"]),
        // A null is none, and keeps its spelling.
        (
            of(json!({"Desktop": true, "mobile": null, "Xbox": false, "Holographic": false})),
            &["mobile"],
        ),
        (
            of(json!({"Desktop": true, "Mobile": false, "Xbox": false, "Holographic": false})),
            &[],
        ),
        (of(json!(true)), &[]),
    ];
    for (body, expected) in table {
        assert_eq!(missing_families(&body), expected, "{body}");
    }
}
