#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn ids_follow_the_api_document() {
    let instance = "a23fb62bd61e4e9e9636fd2225f395bein07";
    let node = "18663926eacb443d98dc20f8620f28f2no07";
    assert!(instance.parse::<InstanceId>().is_ok());
    assert!(node.parse::<NodeId>().is_ok());
    assert!(
        node.parse::<InstanceId>()
            .unwrap_err()
            .to_string()
            .contains("the ID of a node")
    );
    assert!(
        instance
            .parse::<NodeId>()
            .unwrap_err()
            .to_string()
            .contains("the ID of an instance")
    );
    for text in [
        "",
        "in07",
        "a23fb62b-d61e-4e9e-9636-fd2225f395be",
        "a23fb62bd61e4e9e9636fd2225f395bXin08",
    ] {
        assert!(text.parse::<InstanceId>().is_err(), "{text}");
    }
}
