//! The calls about resources.

use prost::bytes::Bytes;
use tf_provider::{AttributePath, Diagnostics};

use super::find;
use crate::plugin::catalogue::{Catalogue, Registered};
use crate::plugin::dynamic::{Change, DynResource, EncodedState};
use crate::plugin::proto::tfplugin6::{self as wire, DynamicValue};
use crate::plugin::value::{self, Received};
use crate::plugin::{diagnostics, panics, record};

impl Catalogue {
    pub(crate) async fn validate_resource(
        &self,
        request: wire::validate_resource_config::Request,
    ) -> wire::validate_resource_config::Response {
        let mut diags = Diagnostics::default();
        if let Some(resource) = self.find_resource(&request.type_name, &mut diags)
            && let Some(config) = resource.configuration(request.config, &mut diags)
        {
            let outcome = panics::catch(
                "ValidateResourceConfig",
                resource.item.validate(&mut diags, config),
            )
            .await;
            panics::explain(outcome, &mut diags);
        }
        wire::validate_resource_config::Response {
            diagnostics: diagnostics::to_wire(diags),
        }
    }

    /// Brings a stored state to today's schema. The host sends every state through here before it uses it.
    pub(crate) fn upgrade_state(
        &self,
        request: wire::upgrade_resource_state::Request,
    ) -> wire::upgrade_resource_state::Response {
        let mut diags = Diagnostics::default();
        let upgraded = self.upgraded(&request, &mut diags).map(Received::into_wire);
        wire::upgrade_resource_state::Response {
            upgraded_state: upgraded,
            diagnostics: diagnostics::to_wire(diags),
        }
    }

    fn upgraded<'k>(
        &'k self,
        request: &wire::upgrade_resource_state::Request,
        diags: &mut Diagnostics,
    ) -> Option<Received<'k>> {
        let resource = self.find_resource(&request.type_name, diags)?;
        match &request.raw_state {
            Some(stored) if !stored.json.is_empty() => {
                resource.upgrade(&request.type_name, request.version, &stored.json, diags)
            }
            Some(stored) if !stored.flatmap.is_empty() => {
                diags.root_error(
                    "State from before Terraform 0.12",
                    format!(
                        "The stored state of this {} is in the format of Terraform 0.11 and older, which the provider \
                         never wrote and cannot read. Remove it with `terraform state rm` and import or create the \
                         resource again.",
                        request.type_name
                    ),
                );
                None
            }
            _ => {
                diags.root_error(
                    "No state",
                    format!(
                        "The host sent no state of {} to upgrade.",
                        request.type_name
                    ),
                );
                None
            }
        }
    }

    pub(crate) async fn read_resource(
        &self,
        request: wire::read_resource::Request,
    ) -> wire::read_resource::Response {
        let mut diags = Diagnostics::default();
        let before = (request.current_state.clone(), request.private.clone());
        let read = self.read(request, &mut diags).await;
        let (new_state, private) = match read {
            Some((state, private)) => (Some(value::with_numbers_as_text(state)), private),
            // No state and no error: it is gone.
            None if diags.errors.is_empty() => (Some(value::null()), Bytes::new()),
            None => before,
        };
        wire::read_resource::Response {
            new_state,
            private,
            diagnostics: diagnostics::to_wire(diags),
            ..Default::default()
        }
    }

    async fn read(
        &self,
        request: wire::read_resource::Request,
        diags: &mut Diagnostics,
    ) -> Option<EncodedState> {
        let resource = self.find_resource(&request.type_name, diags)?;
        let state = Received::read(
            request.current_state,
            &resource.value_type,
            "the state",
            diags,
        )?;
        let outcome = panics::catch(
            "ReadResource",
            resource.item.read(diags, state, request.private),
        )
        .await;
        outcome.unwrap_or_else(|panicked| {
            panicked.report(diags);
            None
        })
    }

    pub(crate) async fn plan(
        &self,
        request: wire::plan_resource_change::Request,
    ) -> wire::plan_resource_change::Response {
        let mut diags = Diagnostics::default();
        let plan = self.planned(request, &mut diags).await;
        let Plan {
            state,
            private,
            replaced_by,
        } = plan.unwrap_or_default();
        wire::plan_resource_change::Response {
            planned_state: state,
            planned_private: private,
            requires_replace: replaced_by
                .into_iter()
                .map(diagnostics::path_to_wire)
                .collect(),
            diagnostics: diagnostics::to_wire(diags),
            ..Default::default()
        }
    }

    async fn planned(
        &self,
        request: wire::plan_resource_change::Request,
        diags: &mut Diagnostics,
    ) -> Option<Plan> {
        let resource = self.find_resource(&request.type_name, diags)?;
        let change = Change {
            prior: Received::read(
                request.prior_state,
                &resource.value_type,
                "the prior state",
                diags,
            )?,
            planned: Received::read(
                request.proposed_new_state,
                &resource.value_type,
                "the proposed state",
                diags,
            )?,
            config: resource.configuration(request.config, diags)?,
            private: request.prior_private,
        };
        let (rpc, item) = ("PlanResourceChange", &resource.item);
        match Operation::of(&change, diags)? {
            Operation::Create => {
                let outcome = panics::catch(rpc, item.plan_create(diags, change)).await;
                panics::explain(outcome, diags).map(|state| Plan::to(state, Vec::new()))
            }
            Operation::Update => {
                let outcome = panics::catch(rpc, item.plan_update(diags, change)).await;
                panics::explain(outcome, diags)
                    .map(|(state, replaced_by)| Plan::to(state, replaced_by))
            }
            Operation::Destroy => {
                let outcome = panics::catch(rpc, item.plan_destroy(diags, change)).await;
                panics::explain(outcome, diags)
                    .map(|private| Plan::to((value::null(), private), Vec::new()))
            }
        }
    }

    pub(crate) async fn apply(
        &self,
        request: wire::apply_resource_change::Request,
    ) -> wire::apply_resource_change::Response {
        let mut diags = Diagnostics::default();
        let before = (
            request.prior_state.clone().unwrap_or_else(value::null),
            request.planned_private.clone(),
        );
        let applied = self.applied(request, &mut diags).await;
        // What failed without a word about the state has not changed it: nothing stays nothing, and what there was is
        // still there.
        let (new_state, private) = applied.unwrap_or(before);
        wire::apply_resource_change::Response {
            new_state: Some(new_state),
            private,
            diagnostics: diagnostics::to_wire(diags),
            ..Default::default()
        }
    }

    async fn applied(
        &self,
        request: wire::apply_resource_change::Request,
        diags: &mut Diagnostics,
    ) -> Option<EncodedState> {
        let resource = self.find_resource(&request.type_name, diags)?;
        let change = Change {
            prior: Received::read(
                request.prior_state,
                &resource.value_type,
                "the prior state",
                diags,
            )?,
            planned: Received::read(
                request.planned_state,
                &resource.value_type,
                "the planned state",
                diags,
            )?,
            config: resource.configuration(request.config, diags)?,
            private: request.planned_private,
        };
        let (rpc, item) = ("ApplyResourceChange", &resource.item);
        match Operation::of(&change, diags)? {
            Operation::Create => {
                let (planned, private) = (change.planned.messagepack(), change.private.clone());
                let create = panics::catch(rpc, item.create(diags, change));
                match record::recorded(create).await {
                    // It may have been done before the panic.
                    (Err(panicked), told) => {
                        panicked.report_unknown(diags);
                        Some((told.state(&planned)?, private))
                    }
                    (outcome, told) => {
                        let created = panics::explain(outcome, diags);
                        match created {
                            // It was done, and its state was lost.
                            None if told.is_created() => Some((told.state(&planned)?, private)),
                            created => created,
                        }
                    }
                }
            }
            Operation::Update => {
                let outcome = panics::catch(rpc, item.update(diags, change)).await;
                panics::explain(outcome, diags)
            }
            Operation::Destroy => {
                let outcome = panics::catch(rpc, item.destroy(diags, change)).await;
                panics::explain(outcome, diags).map(|()| (value::null(), Bytes::new()))
            }
        }
    }

    pub(crate) async fn import(
        &self,
        request: wire::import_resource_state::Request,
    ) -> wire::import_resource_state::Response {
        let mut diags = Diagnostics::default();
        let type_name = request.type_name.clone();
        let imported = self.imported(request, &mut diags).await;
        let imported =
            imported.map(
                |(state, private)| wire::import_resource_state::ImportedResource {
                    type_name,
                    state: Some(state),
                    private,
                    identity: None,
                },
            );
        wire::import_resource_state::Response {
            imported_resources: imported.into_iter().collect(),
            diagnostics: diagnostics::to_wire(diags),
            deferred: None,
        }
    }

    async fn imported(
        &self,
        request: wire::import_resource_state::Request,
        diags: &mut Diagnostics,
    ) -> Option<EncodedState> {
        let resource = self.find_resource(&request.type_name, diags)?;
        if request.identity.is_some() {
            diags.root_error(
                "No import by identity",
                format!(
                    "{} has no resource identity. Import it by `id` instead.",
                    request.type_name
                ),
            );
            return None;
        }
        let outcome = panics::catch(
            "ImportResourceState",
            resource.item.import(diags, request.id),
        )
        .await;
        let imported = panics::explain(outcome, diags);
        explain_no_import(&request.type_name, diags);
        imported
    }

    fn find_resource(
        &self,
        type_name: &str,
        diags: &mut Diagnostics,
    ) -> Option<&Registered<dyn DynResource>> {
        find(&self.resources, "resource", type_name, diags)
    }
}

/// What is to be done with a resource, by which of its states there are.
enum Operation {
    Create,
    Update,
    Destroy,
}

impl Operation {
    fn of(change: &Change<'_>, diags: &mut Diagnostics) -> Option<Self> {
        match (change.prior.is_null(), change.planned.is_null()) {
            (true, false) => Some(Operation::Create),
            (false, false) => Some(Operation::Update),
            (false, true) => Some(Operation::Destroy),
            (true, true) => {
                diags.root_error(
                    "Nothing to do",
                    "The host sent neither a prior state nor a new one.",
                );
                None
            }
        }
    }
}

#[derive(Default)]
struct Plan {
    state: Option<DynamicValue>,
    private: Bytes,
    replaced_by: Vec<AttributePath>,
}

impl Plan {
    fn to((state, private): EncodedState, replaced_by: Vec<AttributePath>) -> Self {
        Self {
            state: Some(state),
            private,
            replaced_by,
        }
    }
}

/// tf-provider's own answer for a resource without import is four words; say what to do instead.
fn explain_no_import(type_name: &str, diags: &mut Diagnostics) {
    for error in &mut diags.errors {
        if error.summary == "Import is not supported" {
            error.summary = "This resource cannot be imported".into();
            error.detail =
                format!("There is nothing in the cloud that a {type_name} could be read from. Write it as a resource \
                         block and apply it instead.")
                .into();
        }
    }
}
