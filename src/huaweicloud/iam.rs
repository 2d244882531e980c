//! Identity and Access Management: projects by name, tokens, and temporary keys (IAM API reference, v3).

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroize;

use super::api::{Api, CallPermission, Permission, regional};
use super::call::{Answer, Call, ForCall};
use super::endpoint::DEFAULT_CLOUD;
use super::error::{Error, SettingsProblem};
pub use super::identity::Reference;
use super::identity::{Credential, Issued, Keys};
use super::loose_json;
use super::retry::Repeat;

/// The API.
pub static API: Api = Api {
    key: "iam",
    other_keys: &[],
    host: |region, cloud| match cloud == DEFAULT_CLOUD && !REGIONS_WITH_IAM.contains(&region) {
        true => format!("iam.{cloud}"),
        false => regional("iam", region, cloud),
    },
    absent_in: &[],
    busy: &[],
    doubtful: &[],
    permissions: &[CallPermission {
        method: None,
        path: "v3/projects",
        permission: PROJECTS_PERMISSION,
    }],
};

/// Lists the projects of the account.
pub const PROJECTS_PERMISSION: Permission = Permission::both("iam:projects:listProjects");

/// Regions of [`DEFAULT_CLOUD`] where IAM has a name of its own (table of the official SDK). The global name serves all
/// regions.
const REGIONS_WITH_IAM: [&str; 27] = [
    "ae-ad-1",
    "af-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "cn-east-2",
    "cn-east-3",
    "cn-east-4",
    "cn-east-5",
    "cn-north-1",
    "cn-north-12",
    "cn-north-2",
    "cn-north-4",
    "cn-north-9",
    "cn-south-1",
    "cn-south-2",
    "cn-southwest-2",
    "eu-west-0",
    "la-north-2",
    "la-south-2",
    "me-east-1",
    "my-kualalumpur-1",
    "na-mexico-1",
    "ru-moscow-1",
    "sa-brazil-1",
    "tr-west-1",
];

/// Path of the call that lists projects.
pub(super) const PROJECTS: &str = "/v3/projects";

/// Path of the call that lists the projects that the caller can reach.
const REACHABLE_PROJECTS: &str = "/v3/auth/projects";

/// The header that a new token comes in.
const SUBJECT_TOKEN: &str = "x-subject-token";

/// Looks up a project by name. In every region there is one named after it.
///
/// `GET /v3/projects?name=` needs the permission `iam:projects:listProjects`. Who does not have it is answered 403, and
/// finds the project among those that the caller can reach: `GET /v3/auth/projects`, which needs none.
pub(super) async fn find_project(call: ForCall<'_>, name: &str) -> Result<String, Error> {
    let by_name = ("name".to_owned(), name.to_owned());
    let listed = match list_projects(call, PROJECTS, vec![by_name]).await {
        Err(forbidden @ Error::Api { .. }) if is_forbidden(&forbidden) => {
            match list_projects(call, REACHABLE_PROJECTS, vec![]).await {
                Err(Error::Api { .. }) => Err(forbidden),
                listed => listed,
            }
        }
        listed => listed,
    }?;
    let mut ids: Vec<String> = (listed.into_iter())
        .filter(|project| project.name == name)
        .map(|project| project.id)
        .collect();
    ids.sort();
    ids.dedup();
    match ids.as_slice() {
        [] => Err(Error::NoProject {
            name: name.to_owned(),
            region: call.region.to_owned(),
        }),
        [id] => Ok(id.clone()),
        _ => Err(Error::Settings(SettingsProblem::SeveralProjects {
            name: name.to_owned(),
            count: ids.len(),
        })),
    }
}

fn is_forbidden(error: &Error) -> bool {
    error.api().is_some_and(|answer| answer.status == 403)
}

/// Lists projects. What is no project in the list is passed over.
async fn list_projects(
    call: ForCall<'_>,
    path: &str,
    query: Vec<(String, String)>,
) -> Result<Vec<Project>, Error> {
    let path = path.to_owned();
    let mut request = Call::new(&API, call.region, Method::GET, path, Repeat::Read);
    request.query = query;
    let answer = call.client.read(request, call.operation).await?;
    let body: Value = serde_json::from_str(&loose_json::repair(&answer.body))
        .map_err(|reason| answer.unreadable(&reason.to_string()))?;
    match body.get("projects") {
        Some(Value::Array(projects)) => Ok(projects.iter().filter_map(Project::read).collect()),
        _ => Err(answer.unreadable("it has no list of projects")),
    }
}

struct Project {
    id: String,
    name: String,
}

impl Project {
    fn read(value: &Value) -> Option<Self> {
        let text = |name| Some(value.get(name)?.as_str()?.to_owned());
        Some(Self {
            id: text("id")?,
            name: text("name")?,
        })
    }
}

/// Exchanges a password for a token: `POST /v3/auth/tokens`. `domain` is the account of a user that is given by name.
pub(super) async fn token_for_password(
    call: ForCall<'_>,
    user: &Reference,
    domain: Option<&Reference>,
    password: &SecretString,
    project: &Reference,
) -> Result<Issued, Error> {
    let mut user = json!(user);
    user["password"] = json!(password.expose_secret());
    if let Some(domain) = domain {
        user["domain"] = json!(domain);
    }
    let body = json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": project},
    }});
    let request = request(&API, call, "/v3/auth/tokens", &body)?;
    token(send(call, request, Credential::None).await?)
}

/// Exchanges the id token of an identity provider for a token of no project: `POST /v3.0/OS-AUTH/id-token/tokens`.
pub(super) async fn token_for_id_token(
    call: ForCall<'_>,
    idp_id: &str,
    id_token: &SecretString,
) -> Result<Issued, Error> {
    let body = json!({"auth": {"id_token": {"id": id_token.expose_secret()}}});
    let mut request = request(&API, call, "/v3.0/OS-AUTH/id-token/tokens", &body)?;
    request
        .headers
        .push(("X-Idp-Id".to_owned(), idp_id.to_owned()));
    token(send(call, request, Credential::None).await?)
}

/// Exchanges a token for temporary keys that live `seconds`: `POST /v3.0/OS-CREDENTIAL/securitytokens`.
pub(super) async fn keys_for_token(
    call: ForCall<'_>,
    token: &SecretString,
    seconds: u32,
) -> Result<Issued, Error> {
    let body = json!({"auth": {"identity": {
        "methods": ["token"],
        "token": {"id": token.expose_secret(), "duration_seconds": seconds},
    }}});
    let request = request(&API, call, SECURITY_TOKENS, &body)?;
    keys(send(call, request, Credential::None).await?)
}

/// Assumes an agency of the account named `domain_name`: `POST /v3.0/OS-CREDENTIAL/securitytokens`.
pub(super) async fn keys_of_agency(
    call: ForCall<'_>,
    credential: Credential,
    agency: &str,
    domain_name: &str,
    seconds: u32,
) -> Result<Issued, Error> {
    let body = json!({"auth": {"identity": {
        "methods": ["assume_role"],
        "assume_role": {
            "agency_name": agency,
            "domain_name": domain_name,
            "duration_seconds": seconds,
        },
    }}});
    let request = request(&API, call, SECURITY_TOKENS, &body)?;
    keys(send(call, request, credential).await?)
}

/// Path of the call that gives out temporary keys.
const SECURITY_TOKENS: &str = "/v3.0/OS-CREDENTIAL/securitytokens";

/// A call that signs in. Signing in twice does no harm, so it is repeated like one that only reads.
pub(super) fn request<'a>(
    api: &'static Api,
    call: ForCall<'a>,
    path: &str,
    body: &serde_json::Value,
) -> Result<Call<'a>, Error> {
    Call::new(
        api,
        call.region,
        Method::POST,
        path.to_owned(),
        Repeat::Read,
    )
    .with_json(body)
}

/// Makes a call with the credential given, not with the client's own, which it is to fetch.
pub(super) async fn send(
    call: ForCall<'_>,
    request: Call<'_>,
    credential: Credential,
) -> Result<Answer, Error> {
    let request = request.with_credential(credential);
    call.client.read(request, call.operation).await
}

#[derive(Deserialize)]
struct TokenResponse {
    token: IssuedToken,
}

#[derive(Deserialize)]
struct IssuedToken {
    expires_at: Option<String>,
}

/// Takes the token out of an answer.
fn token(answer: Answer) -> Result<Issued, Error> {
    let Some(token) = answer
        .headers
        .get(SUBJECT_TOKEN)
        .and_then(|value| value.to_str().ok())
    else {
        return Err(answer.unreadable("it has no X-Subject-Token header"));
    };
    let expires_at = answer
        .json::<TokenResponse>()
        .ok()
        .and_then(|body| moment(body.token.expires_at));
    Ok(Issued {
        credential: Credential::Token(token.into()),
        expires_at,
    })
}

#[derive(Deserialize)]
struct KeysResponse {
    credential: IssuedKeys,
}

/// Temporary keys, as IAM and the metadata service write them.
#[derive(Deserialize)]
pub(super) struct IssuedKeys {
    access: String,
    secret: SecretString,
    securitytoken: SecretString,
    expires_at: Option<String>,
}

impl From<IssuedKeys> for Issued {
    fn from(body: IssuedKeys) -> Self {
        Self {
            credential: Credential::Keys(Keys {
                access_key: body.access,
                secret_key: body.secret,
                security_token: Some(body.securitytoken),
            }),
            expires_at: moment(body.expires_at),
        }
    }
}

/// Takes temporary keys out of an answer.
fn keys(answer: Answer) -> Result<Issued, Error> {
    secret_json::<KeysResponse>(answer).map(|body| body.credential.into())
}

/// Reads a body that holds secrets: it is wiped, and an error does not quote it.
pub(super) fn secret_json<T: for<'a> Deserialize<'a>>(mut answer: Answer) -> Result<T, Error> {
    let read = serde_json::from_slice(&answer.body)
        .map_err(|_| answer.unreadable("it has no credential in the form that is documented"));
    answer.body.zeroize();
    read
}

/// Reads the moment at which a credential expires. One that cannot be read counts as not given: the credential is
/// then used until the cloud says that it has expired.
pub(super) fn moment(text: Option<String>) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(&text?, &Rfc3339).ok()
}
