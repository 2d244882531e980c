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

#[test]
fn pages_make_up_the_whole_list() {
    let list: Vec<usize> = (0..7).collect();
    let page = |query| Page::read(&Query::parse(Some(query)), 3, 1..=5).map_err(drop);
    for (query, rows) in [
        ("", &list[..3]),
        ("offset=3", &list[3..6]),
        ("offset=5&limit=5", &list[5..]),
        ("offset=7", &[]),
    ] {
        let found = page(query).unwrap().of(list.clone());
        assert_eq!((found.rows.as_slice(), found.total), (rows, 7), "{query}");
    }
    assert!(page("limit=6").is_err() && page("offset=-1").is_err());
}
