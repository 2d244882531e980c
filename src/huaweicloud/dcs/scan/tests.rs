use super::*;

#[test]
fn a_list_is_new_when_its_time_is_another_or_its_scan_has_succeeded() {
    let at = |time: &str| Shown::SavedAt(Some(time.to_owned()));
    for (shown, now, by_time, by_job) in [
        (at("1"), Some("2"), true, true),
        // The same time is the old list, or one that cannot be told from it, whatever the job says.
        (at("1"), Some("1"), false, false),
        (at("1"), None, false, true),
        (Shown::SavedAt(None), Some("1"), true, true),
        (Shown::SavedAt(None), None, false, true),
        (Shown::Nothing, Some("1"), false, true),
        (Shown::Nothing, None, false, true),
        // There may have been a list, and this may be it.
        (Shown::Unseen, Some("1"), false, false),
        // A list that was read earlier is old, whatever was shown before the scan.
        (at("1"), Some("earlier"), false, false),
        (Shown::Nothing, Some("earlier"), false, false),
    ] {
        let before = Before {
            shown,
            earlier: BTreeSet::from(["earlier".to_owned()]),
        };
        assert_eq!(
            before.is_older_than(now, false),
            by_time,
            "{before:?} {now:?}"
        );
        assert_eq!(
            before.is_older_than(now, true),
            by_job,
            "{before:?} {now:?}"
        );
    }
}
