use super::*;

#[test]
fn only_the_users_own_home_is_put_in() {
    let home = Some(Path::new("/home/ops"));
    for (path, home, expanded) in [
        (
            "~/.hcloud/config.json",
            home,
            Some("/home/ops/.hcloud/config.json"),
        ),
        ("~", home, Some("/home/ops/")),
        ("/etc/~/x", home, Some("/etc/~/x")),
        ("config.json", None, Some("config.json")),
        ("~root/x", home, None),
        ("~/x", None, None),
    ] {
        assert_eq!(
            expand(path, home).ok(),
            expanded.map(PathBuf::from),
            "{path}"
        );
    }
}
