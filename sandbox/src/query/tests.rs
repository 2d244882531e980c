#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn numbers_are_checked_against_their_range() {
    let cases = [
        ("", Ok(10)),
        ("limit=", Ok(10)),
        ("limit=1", Ok(1)),
        ("limit=1000", Ok(1000)),
        ("limit=0", Err(())),
        ("limit=1001", Err(())),
        ("limit=-1", Err(())),
        ("limit=ten", Err(())),
        ("limit=%31%30%30", Ok(100)),
    ];
    for (query, expected) in cases {
        let found = Query::parse(Some(query)).number("limit", 10, 1..=1000);
        assert_eq!(found.map_err(drop), expected, "{query}");
    }
}
