#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn a_busy_instance_may_name_a_documented_code() {
    let busy: Busy = "i=30s:DCS.4113".parse().unwrap();
    assert_eq!((busy.duration.as_secs(), busy.code), (30, Some("DCS.4113")));
    assert_eq!("i=30s".parse::<Busy>().unwrap().code, None);
    for text in ["i", "i=soon", "i=30s:", "i=30s:DCS.1"] {
        assert!(text.parse::<Busy>().is_err(), "{text}");
    }
}

#[test]
fn printing_the_options_shows_no_secret() {
    let options = Options::parse_from([
        "hwc-sandbox",
        "--secret-key=hunter2",
        "--user-password=hunter2",
        "--id-token=hunter2",
        "--taurusdb-node=i/n=mysql://root:hunter2@127.0.0.1/",
    ]);
    assert!(!format!("{options:?}").contains("hunter2"));
}

#[test]
fn the_command_line_is_consistent() {
    use clap::CommandFactory;
    Options::command().debug_assert();
    assert_eq!(
        Options::default().services.dcs.job_duration,
        Duration::from_secs(1)
    );
}
