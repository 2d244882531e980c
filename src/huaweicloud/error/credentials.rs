//! Why there is no credential to sign in with.

use std::path::PathBuf;

/// What is missing or wrong with what was given to sign in. Nothing secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialProblem {
    /// Nothing was given to sign in with.
    #[error("there are no credentials")]
    NothingGiven,
    /// An access key without its secret key.
    #[error("there is an access key but no secret key")]
    SecretKeyMissing,
    /// A secret key without its access key.
    #[error("there is a secret key but no access key")]
    AccessKeyMissing,
    /// A user without a password.
    #[error("there is a user but no password")]
    PasswordMissing,
    /// A password without a user.
    #[error("there is a password but no user")]
    UserMissing,
    /// A user that is given by name, without its account.
    #[error("there is a user name and a password, but no account")]
    AccountMissing,
    /// An id token without its identity provider.
    #[error("there is an ID token but no identity provider")]
    IdentityProviderMissing,
    /// An identity provider without an id token.
    #[error("there is an identity provider but no ID token")]
    IdTokenMissing,
    /// The file with the ID token cannot be used.
    #[error("the file with the ID token, {}, {flaw}", path.display())]
    IdTokenFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        flaw: IdTokenFlaw,
    },
    /// The agencies to assume are not described completely; in the words of the caller, who described them.
    #[error("{0}")]
    Agencies(String),
    /// The credentials file of the SDKs cannot be used.
    #[error("the credentials file of the SDKs, {}, cannot be used: {flaw}", path.display())]
    SdkFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        flaw: SdkFileFlaw,
    },
    /// The credentials file of the SDKs has no keys.
    #[error("the section [basic] of the SDKs' credentials file has no keys")]
    SdkFileWithoutKeys,
    /// It is not known where the shared config file is.
    #[error("the shared config file {file} cannot be found: {reason}")]
    SharedConfigNotFound {
        /// The path as it was given.
        file: String,
        /// Why it leads nowhere.
        reason: String,
    },
    /// The shared config file cannot be read.
    #[error("the shared config file {} cannot be read: {reason}", path.display())]
    SharedConfigUnreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's own words.
        reason: String,
    },
    /// The shared config file is not the JSON that `hcloud` writes.
    #[error("the shared config file {} is not the JSON that hcloud writes: line {line}, column {column}", path.display())]
    SharedConfigMalformed {
        /// The file.
        path: PathBuf,
        /// The line in which reading ended.
        line: usize,
        /// The column in it.
        column: usize,
    },
    /// The shared config file does not have the profile.
    #[error("the shared config file {} has no profile {name:?}", path.display())]
    NoProfile {
        /// The file.
        path: PathBuf,
        /// The name of the profile; empty when neither the user nor the file names one.
        name: String,
        /// The names of the profiles that the file has.
        known: Vec<String>,
    },
    /// The profile cannot be used.
    #[error("the profile {name:?} in {} {flaw}", path.display())]
    Profile {
        /// The file that it is in.
        path: PathBuf,
        /// Its name.
        name: String,
        /// What is wrong with it.
        flaw: ProfileFlaw,
    },
    /// The machine has no credential of its own.
    #[error("{because}: {problem}")]
    Machine {
        /// Why the machine's credential was to be used.
        because: MachineSignIn,
        /// Why there is none.
        problem: MetadataProblem,
    },
}

/// What is wrong with a file that is to hold an id token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenFlaw {
    /// It cannot be read; the operating system's own words.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Nothing is in it.
    #[error("is empty")]
    Empty,
}

/// What is wrong with a credentials file of the SDKs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdkFileFlaw {
    /// It is not known where it is.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be read; the operating system's own words.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It is no INI file.
    #[error("line {line} or the line before it is not in INI form")]
    Malformed {
        /// The line in which reading ended.
        line: usize,
    },
    /// It has no section `basic`.
    #[error("it has no section [basic]")]
    NoSection,
}

/// What is wrong with a profile of a shared config file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileFlaw {
    /// It signs in by SSO, and nobody has done so.
    #[error("uses SSO, and no user has signed in")]
    NotSignedIn,
    /// It has a mode that is not known here.
    #[error("has the mode {0:?}")]
    UnknownMode(String),
    /// It has no access key or no secret key.
    #[error("has no access key or no secret key")]
    NoKeys,
    /// `hcloud` has encrypted it.
    #[error("is encrypted, with a key that only hcloud has")]
    Encrypted,
    /// It names an agency without the agency's account.
    #[error("names the agency {0:?}, but not its account")]
    AgencyWithoutAccount(String),
}

/// Why the machine's own credential, which its metadata service gives out, is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MachineSignIn {
    /// Nothing else was given.
    #[error("there are no credentials")]
    NothingElseGiven,
    /// The profile of this name says so.
    #[error("the profile {0:?} signs in as the agency of this machine")]
    Profile(String),
}

/// Why the metadata service gave no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataProblem {
    /// It was not asked; in the words of the caller, who forbids it.
    #[error("{0}")]
    Off(String),
    /// It was asked.
    #[error("the metadata service at {endpoint}: {reason}")]
    NoKeys {
        /// Where it was asked.
        endpoint: String,
        /// What it answered, or why it did not.
        reason: String,
    },
}

/// How a credential was to be fetched. Nothing secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInMethod {
    /// A user's password was exchanged for a token.
    #[error("with the password of user {user:?}")]
    Password {
        /// The user's name or id.
        user: String,
    },
    /// An id token was exchanged for temporary keys.
    #[error("with the ID token for identity provider {provider:?}")]
    IdToken {
        /// The identity provider's id.
        provider: String,
    },
    /// An agency was assumed through IAM.
    #[error("as the agency {agency:?} of account {account:?}")]
    Agency {
        /// The agency's name.
        agency: String,
        /// The name of its account.
        account: String,
    },
    /// An agency was assumed through STS.
    #[error("as the agency {agency:?} of account {account:?}")]
    TrustAgency {
        /// The agency's name.
        agency: String,
        /// The id of its account.
        account: String,
    },
}
