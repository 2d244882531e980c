#![allow(clippy::unwrap_used, clippy::expect_used)]

use secrecy::ExposeSecret;

use super::*;

fn read(text: &str) -> Result<Option<SdkFile>, CredentialProblem> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials");
    std::fs::write(&path, text).unwrap();
    SdkFile::read(path.to_str(), None)
}

#[test]
fn the_section_basic_is_read_as_the_sdks_read_it() {
    let file = read(
        "# made by hand\n[global]\nak = OTHER\n\n[basic]\nak = AK1\nsk=a%b;c\\n\"d\"\nsecurity_token = T\n\
         project_id = p\niam_endpoint = https://iam.example.com\n",
    );
    let file = file.unwrap().unwrap();
    assert_eq!(file.given.access_key.as_deref(), Some("AK1"));
    let secret = file.given.secret_key.unwrap();
    assert_eq!(secret.expose_secret(), "a%b;c\\n\"d\"");
    assert_eq!(file.given.security_token.unwrap().expose_secret(), "T");
    assert_eq!(file.project_id.as_deref(), Some("p"));
    let iam = file.iam_endpoint.as_deref();
    assert_eq!(iam, Some("https://iam.example.com"));
}

#[test]
fn an_identity_provider_needs_its_token_to_count() {
    let file = read("[basic]\nidp_id = i\nid_token_file = f\nak = AK\n");
    assert_eq!(file.unwrap().unwrap().given.idp_id.as_deref(), Some("i"));
    let file = read("[basic]\nidp_id = i\nak = AK\nsk = SK\n");
    assert_eq!(file.unwrap().unwrap().given.idp_id, None);
}

#[test]
fn a_named_file_must_be_there_and_whole_and_its_secrets_are_not_told() {
    for (text, reason) in [
        ("[global]\nak = AK\n", "no section [basic]"),
        ("[basic]\nvery-secret-words\n", "not in INI form"),
    ] {
        let error = format!("{0} {0:?}", read(text).unwrap_err());
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains("secret-words"), "{error}");
    }
    let error = SdkFile::read(Some("/nowhere/at/all"), None).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("cannot be read"), "{error}");
}

#[test]
fn the_file_in_the_home_may_be_missing_or_about_something_else() {
    let home = tempfile::tempdir().unwrap();
    let read = || SdkFile::read(None, Some(home.path())).unwrap();
    assert!(read().is_none());
    let folder = home.path().join(".huaweicloud");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("credentials"), "[global]\nak = AK\n").unwrap();
    assert!(read().is_none());
    std::fs::write(folder.join("credentials"), "[basic]\nak = AK\nsk = SK\n").unwrap();
    assert_eq!(read().unwrap().given.access_key.as_deref(), Some("AK"));
    assert!(SdkFile::read(None, None).unwrap().is_none());
}
