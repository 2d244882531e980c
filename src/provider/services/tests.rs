use super::*;

#[test]
fn an_address_has_a_port() {
    for (text, expected) in [
        ("10.0.0.7:51234", true),
        ("[2001:db8::7]:51234", true),
        ("10.0.0.7", false),
        (":51234", false),
        ("10.0.0.7:70000", false),
        ("", false),
    ] {
        assert_eq!(has_port(text), expected, "{text}");
    }
}

#[test]
fn ids_of_relational_databases_are_known_by_their_end() {
    let with = |end: &str| format!("{}{end}", "0a".repeat(16));
    for (id, expected) in [
        (with("in07"), true),
        (with("no01"), true),
        (with("xx07"), false),
        (with("in7"), false),
        (with("in077"), false),
        ("5560df16-cebf-4473-95c4-d1b573c16e79".to_owned(), false),
        ("in07".to_owned(), false),
    ] {
        assert_eq!(looks_relational(&id), expected, "{id}");
    }
}

#[test]
fn an_id_is_a_text_without_white_space() {
    assert!(["34631", "shard_1:7201646", "-5"].into_iter().all(is_id));
    assert!(!["", "a b", "34631\n"].into_iter().any(is_id));
}
