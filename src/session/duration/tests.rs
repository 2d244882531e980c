#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::*;

#[test]
fn durations_are_read_in_seconds() {
    for (text, seconds) in [
        ("0s", 0),
        ("1s", 1),
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5_400),
        ("1h5s", 3_605),
        ("2d", 172_800),
        ("1d2h3m4s", 93_784),
        ("007m", 420),
        ("000000000000000000000000000007m", 420),
        ("9223372036854775807s", i64::MAX as u64),
    ] {
        assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
    }
}

#[test]
fn anything_else_is_refused_with_what_is_wrong() {
    let value = |text: &str| text.to_owned();
    for text in [
        " 5m", "5m ", "5 m", "1h 30m", "-5m", "+5m", "1.5h", "m", "5m,", "5m3", "PT5M", "5:00",
    ] {
        assert_eq!(
            parse(text),
            Err(DurationError::Malformed { value: value(text) }),
            "{text}"
        );
    }
    for (text, unit) in [
        ("1month", "month"),
        ("1M", "M"),
        ("2w", "w"),
        ("1y", "y"),
        ("500ms", "ms"),
        ("5min", "min"),
        ("3hours", "hours"),
        ("10us", "us"),
        ("3µs", "µs"),
        ("1h5x", "x"),
        ("99999999999999999999d5x", "x"),
    ] {
        let unit = unit.to_owned();
        assert_eq!(
            parse(text),
            Err(DurationError::UnknownUnit {
                value: value(text),
                unit
            }),
            "{text}"
        );
    }
    for (text, unit) in [("30m1h", 'h'), ("5m5m", 'm'), ("1s1d", 'd')] {
        assert_eq!(
            parse(text),
            Err(DurationError::Disordered {
                value: value(text),
                unit
            }),
            "{text}"
        );
    }
    for text in [
        "9223372036854775808s",
        "99999999999999999999d",
        "106751991167301d",
        "1d9223372036854775807s",
        "213503982334601d18446744073709551615s",
    ] {
        assert_eq!(
            parse(text),
            Err(DurationError::TooLong { value: value(text) }),
            "{text}"
        );
    }
    assert_eq!(parse(""), Err(DurationError::Empty));
}

#[test]
fn a_bare_number_is_refused_with_the_form_that_was_probably_meant() {
    let error = parse("90").unwrap_err();

    assert_eq!(
        error,
        DurationError::NoUnit {
            value: "90".to_owned()
        }
    );
    assert!(error.to_string().contains("\"90s\""), "{error}");
}

#[test]
fn durations_are_shown_in_their_largest_units() {
    for (seconds, text) in [
        (0, "0s"),
        (59, "59s"),
        (90, "1m30s"),
        (300, "5m"),
        (5_400, "1h30m"),
        (172_801, "2d1s"),
    ] {
        assert_eq!(show(Duration::from_secs(seconds)), text);
    }
}

proptest! {
    #[test]
    fn what_is_shown_reads_back_as_the_same_duration(seconds in 0..=i64::MAX as u64) {
        let duration = Duration::from_secs(seconds);
        prop_assert_eq!(parse(&show(duration)), Ok(duration));
    }

    #[test]
    fn no_text_whatever_is_read_as_something_that_is_shown_differently(text in "[0-9dhms]{0,8}") {
        if let Ok(duration) = parse(&text) {
            let again = parse(&show(duration));
            prop_assert_eq!(again, Ok(duration));
        }
    }
}
