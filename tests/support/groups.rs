//! What tells groups of a service's sessions apart, so that a test can choose some and leave others alone.

/// The group of about half of the simulated sessions of every service.
pub const MOST: &str = "app";
/// The group of some of the simulated sessions of every service.
pub const SOME: &str = "report";
/// Another such group.
pub const FEW: &str = "ops";
/// The group of sessions that are in none of the others.
pub const REST: &str = "worker";

/// How the groups of a service are chosen and told.
pub struct Groups {
    /// The condition that chooses a group.
    pub condition: &'static str,
    /// The condition that leaves a group alone, where there is one.
    pub exclusion: Option<&'static str>,
    /// The column of `sessions` that tells the group.
    pub column: &'static str,
    /// What messages call that column.
    pub word: &'static str,
    /// What is written for a group in these conditions.
    pub written: fn(&'static str) -> &'static str,
    /// The group of a value of the column.
    pub of: fn(&str) -> &str,
}

/// Groups are users.
pub static USERS: Groups = Groups {
    condition: "users",
    exclusion: Some("exclude_users"),
    column: "user",
    word: "user",
    written: |group| group,
    of: |user| user,
};

/// Groups are names of clients, which simulated clients of Redis have with a number at the end.
pub static NAMES: Groups = Groups {
    condition: "names",
    exclusion: None,
    column: "application",
    word: "name",
    written: |group| match group {
        MOST => "{orders-api,cart,notifications,sessions-web}-?",
        SOME => "report-?",
        FEW => "checkout-?",
        REST => "billing-worker-?",
        guest => guest,
    },
    of: |name| match name.trim_end_matches(|letter: char| letter == '-' || letter.is_ascii_digit())
    {
        "orders-api" | "cart" | "notifications" | "sessions-web" => MOST,
        "checkout" => FEW,
        "billing-worker" => REST,
        other => other,
    },
};
