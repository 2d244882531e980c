//! What the provider block and the variables say about signing in, as the client's credentials.

use super::environment::{self as variables, Environment, parse_bool};
use super::provider_block::model::{AssumeRoleBlock, OidcBlock, ProviderBlock};
use super::provider_block::table::{HclBlock, Purpose, known, secret_text, text};
use crate::huaweicloud::credentials::assume_role::{AgencyDomain, Role};
use crate::huaweicloud::credentials::chain::{Inputs, SignIn};
use crate::huaweicloud::credentials::metadata::{DEFAULT_ENDPOINT, Metadata};
use crate::huaweicloud::endpoint::{parse_endpoint, shown};

/// Everything that says how to sign in, or the names of the arguments that are not known yet.
pub(super) fn sign_in(block: &ProviderBlock, env: Environment<'_>) -> Result<SignIn, Vec<String>> {
    let not_known = block.not_known(Purpose::SignIn);
    if !not_known.is_empty() {
        return Err(not_known);
    }
    // What is not valid in a variable is told where the variable stands in for an argument.
    let (by_variables, _) = ProviderBlock::default().or_variables(env);
    let (oidc_by_variables, _) = OidcBlock::default().or_variables(env);
    let oidc = known(&block.assume_role_with_oidc).next();
    Ok(SignIn {
        arguments: Inputs {
            oidc: oidc.is_some(),
            ..given(block, oidc.unwrap_or(&OidcBlock::default()))
        },
        variables: given(&by_variables, &oidc_by_variables),
        sdk_variables: given_to_sdks(env),
        sdk_file: env.text(variables::SDK_CREDENTIALS_FILE),
        domain_id: text(&block.domain_id).or_else(|| text(&by_variables.domain_id)),
        domain_name: text(&block.domain_name).or_else(|| text(&by_variables.domain_name)),
        roles: roles(block, env),
        home: env.home(),
        metadata: metadata(env),
    })
}

/// Does an argument or a variable name a profile, or the file that has profiles?
pub(super) fn names_profile(sign_in: &SignIn) -> bool {
    let places = [&sign_in.arguments, &sign_in.variables];
    (places.iter()).any(|place| place.shared_config_file.is_some() || place.profile.is_some())
}

/// What a block gives to sign in with.
fn given(block: &ProviderBlock, oidc: &OidcBlock) -> Inputs {
    Inputs {
        token: secret_text(&block.token),
        access_key: text(&block.access_key),
        secret_key: secret_text(&block.secret_key),
        security_token: secret_text(&block.security_token),
        user_name: text(&block.user_name),
        user_id: text(&block.user_id),
        password: secret_text(&block.password),
        shared_config_file: text(&block.shared_config_file),
        profile: text(&block.profile),
        oidc: false,
        idp_id: text(&oidc.idp_id),
        id_token: secret_text(&oidc.id_token),
        id_token_file: text(&oidc.id_token_file),
    }
}

/// What the variables of the official SDKs give to sign in with.
fn given_to_sdks(env: Environment<'_>) -> Inputs {
    Inputs {
        access_key: env.text(variables::SDK_ACCESS_KEY),
        secret_key: env.secret(variables::SDK_SECRET_KEY),
        security_token: env.secret(variables::SDK_SECURITY_TOKEN),
        idp_id: env.text(variables::SDK_IDP_ID),
        id_token_file: env.text(variables::SDK_ID_TOKEN_FILE),
        ..Inputs::default()
    }
}

/// The agencies to assume: those of the blocks, else the one that variables name.
fn roles(block: &ProviderBlock, env: Environment<'_>) -> Result<Vec<Role>, String> {
    let (by_variables, _) = AssumeRoleBlock::default().or_variables(env);
    let nothing_written = AssumeRoleBlock::default();
    let mut blocks: Vec<&AssumeRoleBlock> = known(&block.assume_role).collect();
    if blocks.is_empty() && by_variables.agency_name.is_value() {
        blocks.push(&nothing_written);
    }
    let roles = blocks.into_iter();
    roles.map(|block| role(block, &by_variables, env)).collect()
}

fn role(
    block: &AssumeRoleBlock,
    by_variables: &AssumeRoleBlock,
    env: Environment<'_>,
) -> Result<Role, String> {
    let agency = text(&block.agency_name).or_else(|| text(&by_variables.agency_name));
    let Some(agency) = agency else {
        return Err("An assume_role block has no agency_name, and the variable HW_ASSUME_ROLE_AGENCY_NAME is not set. \
                    Set one of them, or leave the block out."
            .to_owned());
    };
    let domain_of = |block: &AssumeRoleBlock| {
        let id = text(&block.domain_id).map(AgencyDomain::Id);
        id.or_else(|| text(&block.domain_name).map(AgencyDomain::Name))
    };
    let Some(domain) = domain_of(block).or_else(|| domain_of(by_variables)) else {
        return Err(format!(
            "The agency {agency:?} has no account. Set domain_name or domain_id in assume_role, or the variable \
             HW_ASSUME_ROLE_DOMAIN_NAME or HW_ASSUME_ROLE_DOMAIN_ID."
        ));
    };
    let (completed, refusals) = block.or_variables(env);
    if let Some(refusal) = refusals.into_iter().next() {
        return Err(refusal.detail);
    }
    Ok(Role {
        agency,
        domain,
        // Checked: within bounds.
        duration: (completed.duration.as_option()).and_then(|seconds| u32::try_from(seconds).ok()),
    })
}

fn metadata(env: Environment<'_>) -> Metadata {
    if let Some(written) = env.text(&[variables::DISABLE_METADATA])
        && parse_bool(&written) != Some(false)
    {
        return Metadata::Off(format!(
            "The provider did not ask the metadata service of an ECS, because {} is {written:?}.",
            variables::DISABLE_METADATA
        ));
    }
    let written = env
        .text(&[variables::METADATA_ENDPOINT])
        .unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
    let with_scheme = if written.contains("://") {
        written.clone()
    } else {
        format!("http://{written}")
    };
    match parse_endpoint(&with_scheme) {
        Ok(url) => Metadata::At(url),
        Err(reason) => Metadata::Off(format!(
            "The provider did not ask the metadata service of an ECS, because the variable {} is {}: {reason}.",
            variables::METADATA_ENDPOINT,
            shown(&written)
        )),
    }
}

#[cfg(test)]
mod tests;
