//! Identity and Access Management: finding a project's id by its name.

use serde::Deserialize;

use super::client::{Call, Client};
use super::endpoint::Service;
use super::error::Error;
use super::operation::Operation;
use super::retry::Repeat;

/// Path of the call that lists projects.
pub(super) const PROJECTS: &str = "/v3/projects";

#[derive(Deserialize)]
struct Projects {
    projects: Vec<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: String,
    name: String,
}

/// Looks up a project by name: `GET /v3/projects?name=`. In every region there is one named after it.
pub(super) async fn find_project(
    client: &Client,
    region: &str,
    name: &str,
    operation: &Operation,
) -> Result<String, Error> {
    let mut call = Call::new(
        Service::Iam,
        region,
        "GET",
        PROJECTS.to_owned(),
        Repeat::Read,
    );
    call.query.push(("name".to_owned(), name.to_owned()));
    // Boxed, since every call may begin with this one.
    let answer = Box::pin(client.read(call, operation)).await?;
    let found: Projects = answer.json()?;
    found
        .projects
        .into_iter()
        .find(|project| project.name == name)
        .map(|project| project.id)
        .ok_or_else(|| Error::NoProject {
            name: name.to_owned(),
            region: region.to_owned(),
        })
}
