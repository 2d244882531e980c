//! `hwc_*_sessions`: the sessions of a place, as a data source and as an ephemeral resource.

use std::collections::HashMap;

use async_trait::async_trait;
use tf_provider::schema::{Attribute, AttributeType, Schema};
use tf_provider::value::ValueEmpty;
use tf_provider::{DataSource, Diagnostics};

use super::arguments::{self, computed, optional, required, sensitive};
use super::explain::Report;
use super::record::{Block, Encoded, Record};
use super::service::{Calls, Description, PlaceKind, Purpose, Scope};
use super::session_kill::proof;
use super::{HwcProvider, select};
use crate::plugin::{EphemeralResource, Opened, Progress};
use crate::session::{Selector, Selects, Session, Verdict};

/// The argument with which a data source keeps statements.
const INCLUDE: &str = "include_statements";

/// The data source and the ephemeral resource that list sessions of a service.
pub struct Sessions {
    provider: HwcProvider,
    service: &'static Description,
}

impl Sessions {
    /// One that works for `provider`.
    pub fn new(provider: HwcProvider, service: &'static Description) -> Self {
        Self { provider, service }
    }

    fn schema(&self, is_stored: bool) -> Schema {
        let service = self.service;
        let mut attributes: HashMap<String, Attribute> = HashMap::new();
        let mut add = |name: &str, attribute| _ = attributes.insert(name.to_owned(), attribute);
        add("region", arguments::region_attribute());
        for argument in service.place_for(Purpose::List) {
            let attribute = match argument.kind {
                PlaceKind::Required => required(AttributeType::String, argument.words),
                PlaceKind::Optional | PlaceKind::KillFlag => {
                    optional(AttributeType::String, argument.words)
                }
            };
            add(argument.name, attribute);
        }
        let rows = AttributeType::AttributeList(proof::row_type(service));
        add(
            "sessions",
            computed(rows, "The sessions, sorted by node and ID."),
        );
        if service.policy.keeps_lists {
            let moments = AttributeType::Map(Box::new(AttributeType::String));
            add("listed_at", computed(moments, proof::LISTED_AT));
        }
        if service.tells_statements() {
            // Statements stand beside the sessions and not in them for two reasons. A sensitive attribute makes every
            // expression that touches it sensitive, and sessions without their statements are not. And engines mark
            // sensitive values one by one: in the elements of a long list that takes them minutes, in a map of its own
            // nothing.
            let statements = AttributeType::Map(Box::new(AttributeType::String));
            let words = "Statements by session ID, as far as the list shows them. A session that executes no statement is not included.";
            match is_stored {
                false => add("statements", computed(statements, words)),
                true => {
                    let words = format!("{words} Null unless `{INCLUDE}` is true.");
                    add("statements", sensitive(computed(statements, &words)));
                    add(
                        INCLUDE,
                        optional(
                            AttributeType::Bool,
                            "Store the statements in state. By default false, because SQL text may contain personal data. \
                             The ephemeral resource of the same name reads them without storing them.",
                        ),
                    );
                }
            }
        }
        let words = &service.words;
        let description = match is_stored {
            true => format!(
                "Lists the {}s of {}, all of them or those that `select` chooses. {}",
                words.session, words.listed_place, words.lists
            ),
            false => format!(
                "Lists the {}s of {}{}, and stores nothing.",
                words.session,
                words.listed_place,
                match service.tells_statements() {
                    true => " with their statements",
                    false => "",
                }
            ),
        };
        let blocks = HashMap::from([(select::BLOCK.to_owned(), select::block(service))]);
        arguments::schema(description.trim_end().to_owned(), attributes, blocks)
    }

    /// What can be said without knowing every value.
    fn check(&self, diags: &mut Diagnostics, config: &Record) {
        _ = (self.service.open)(diags, config, Purpose::List);
        if let block @ Block::Present(_) = config.block(select::BLOCK) {
            _ = select::selector(diags, self.service, block);
        }
    }

    /// The same with the sessions that are asked for.
    async fn fetch(
        &self,
        diags: &mut Diagnostics,
        config: Record,
        with_statements: bool,
    ) -> Option<Record> {
        let service = self.service;
        let region = arguments::region(diags, &self.provider, &config);
        let place = (self.service.open)(diags, &config, Purpose::List);
        let selector = match config.block(select::BLOCK) {
            Block::Absent => None,
            Block::Unknown => return None,
            block => Some(select::selector(diags, service, block)?),
        };
        let (region, place) = (region?, place?);

        let client = self.provider.client(diags)?;
        let limit = arguments::LISTING_TIMEOUT;
        let operation = self.provider.operation(&client, limit, &Progress::none());
        let calls = Calls {
            client: &client,
            region: &region,
            operation: &operation,
            leave_before: None,
        };
        let reads_statements = selector.as_ref().is_some_and(|one| one.reads_statements());
        let scope = Scope {
            nodes: None,
            choosing: false,
            seen: &Default::default(),
            statements: with_statements || reads_statements,
            blockers: selector.as_ref().is_some_and(|one| one.asks_who_blocks()),
            questions: &|| selector.as_ref().map_or_else(Vec::new, Selector::questions),
        };
        let listing = match place.list(calls, scope).await {
            Ok(listing) => listing,
            Err(error) => {
                Report::not_listed(error).into_error(diags);
                return None;
            }
        };
        listing.tell_gaps(diags);
        let mut sessions = listing.sessions;
        if let Some(selector) = selector {
            sessions.retain(|session| selector.verdict(session) == Verdict::Chosen);
        }

        let mut state = config;
        state.set("region", region.into());
        if service.policy.keeps_lists {
            let moments = listing.saved_at.into_iter();
            let moments = moments.map(|(node, time)| (node.into(), time.into()));
            state.set("listed_at", Encoded::Map(moments.collect()));
        }
        if service.tells_statements() {
            let statements = match with_statements {
                true => Encoded::Map(statements(&mut sessions)),
                false => Encoded::Nil,
            };
            state.set("statements", statements);
        }
        let rows = sessions
            .iter()
            .map(|session| Encoded::Map(proof::row(session)));
        state.set("sessions", Encoded::Array(rows.collect()));
        Some(state)
    }
}

/// Takes the statements out of the sessions that have one.
fn statements(sessions: &mut [Session]) -> Vec<(Encoded, Encoded)> {
    (sessions.iter_mut())
        .filter_map(|session| {
            let statement = session.statement.take()?;
            Some((session.id.to_string().into(), statement.into()))
        })
        .collect()
}

#[async_trait]
impl DataSource for Sessions {
    type State<'a> = Record;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(self.schema(true))
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Record) -> Option<()> {
        self.check(diags, &config);
        Some(())
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        config: Record,
        _meta: ValueEmpty,
    ) -> Option<Record> {
        let with_statements = config.is_true(INCLUDE);
        self.fetch(diags, config, with_statements).await
    }
}

#[async_trait]
impl EphemeralResource for Sessions {
    type Config<'a> = Record;
    type Result<'a> = Record;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(self.schema(false))
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Record) -> Option<()> {
        self.check(diags, &config);
        Some(())
    }

    async fn open<'a>(&self, diags: &mut Diagnostics, config: Record) -> Option<Opened<Record>> {
        let with_statements = self.service.tells_statements();
        self.fetch(diags, config, with_statements)
            .await
            .map(Opened::new)
    }
}
