#![allow(clippy::unwrap_used)]

use super::*;

#[derive(Debug, PartialEq, Deserialize)]
struct Person {
    #[serde(deserialize_with = "super::super::loose_json::text")]
    id: String,
    #[serde(default, deserialize_with = "text")]
    name: Option<String>,
}

impl Record for Person {
    const ID: &'static [&'static str] = &["id", "number"];
}

#[derive(Deserialize)]
struct List {
    #[serde(deserialize_with = "rows")]
    people: Vec<Row<Person>>,
}

fn whole(id: &str, name: Option<&str>) -> Row<Person> {
    Row::Whole(Person {
        id: id.to_owned(),
        name: name.map(ToOwned::to_owned),
    })
}

fn odd(id: Option<&str>) -> Row<Person> {
    Row::Odd {
        id: id.map(ToOwned::to_owned),
    }
}

#[test]
fn an_odd_row_keeps_its_place_and_its_id_and_hides_nobody() {
    let json = r#"{"people": [
            {"id": "1", "name": "ann"},
            {"id": 2, "name": 17},
            null,
            {"id": 3, "name": "\ud800 half of a pair"},
            {"id": 4, "name": ["a", "list"]},
            {"name": "nobody"},
            ["5", "in order"],
            {"id": {}, "name": "six"},
            {"id": "7", "name": null, "unknown": "\udc00"},
            {"id": "8"},
            {"number": 9, "name": ["a", "list"]},
            {"name": ["a", "list"], "id": "10", "number": "11"}
        ]}"#;

    let list: List = serde_json::from_str(json).unwrap();

    assert_eq!(
        list.people,
        [
            whole("1", Some("ann")),
            whole("2", Some("17")),
            odd(None),
            odd(Some("3")),
            odd(Some("4")),
            odd(None),
            odd(None),
            odd(None),
            whole("7", None),
            whole("8", None),
            odd(Some("9")),
            odd(Some("10")),
        ]
    );
}

#[test]
fn null_is_an_empty_list_and_a_missing_list_is_none() {
    assert_eq!(
        serde_json::from_str::<List>(r#"{"people": null}"#)
            .unwrap()
            .people,
        []
    );
    for json in ["{}", r#"{"error_code": "X"}"#, r#"{"people": {}}"#] {
        assert!(serde_json::from_str::<List>(json).is_err(), "{json}");
    }
}

#[test]
fn a_statement_is_read_only_when_asked_for_and_is_never_printed() {
    let statement = |json| serde_json::from_str::<Statement>(json).unwrap();
    assert_eq!(
        statement(r#""select 'secret'""#).text().unwrap().as_deref(),
        Some("select 'secret'")
    );
    assert_eq!(statement("null").text().unwrap(), None);
    assert!(statement(r#""half \ud800""#).text().is_err());
    assert!(statement("{}").text().is_err());
    let printed = format!("{:?}", statement(r#""select 'secret'""#));
    assert!(!printed.contains("secret"), "{printed}");
}
