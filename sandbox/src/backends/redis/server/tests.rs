#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn a_line_of_client_list_becomes_a_connection() {
    let connection = connection_from_line(
        "id=28 addr=127.0.0.1:41954 laddr=127.0.0.1:6379 fd=8 name=a=b age=61 idle=4 flags=N db=3 sub=1 psub=2 \
         ssub=0 multi=-1 qbuf=26 qbuf-free=20448 argv-mem=10 obl=5 oll=6 omem=7 events=r cmd=client|list \
         user=default redir=-1 resp=2",
    );
    let expected = Connection {
        id: 28,
        addr: "127.0.0.1:41954".into(),
        fd: "8".into(),
        name: "a=b".into(),
        cmd: "client|list".into(),
        age: 61,
        idle: 4,
        db: "3".into(),
        flags: "N".into(),
        sub: 1,
        psub: 2,
        multi: -1,
        qbuf: 26,
        qbuf_free: 20448,
        obl: 5,
        oll: 6,
        omem: 7,
        events: "r".into(),
        user: "default".into(),
    };
    assert_eq!(connection, expected);
}

#[test]
fn the_url_is_never_printed() {
    let sessions = ServerConnections::new(&"redis://:hunter2@127.0.0.1/".into()).unwrap();
    assert!(!format!("{sessions:?}").contains("hunter2"));
}
