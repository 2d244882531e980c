//! The calls about actions.

use std::sync::Arc;

use tf_provider::Diagnostics;
use tokio::sync::mpsc;
use tonic::Status;

use super::find;
use crate::plugin::action::Progress;
use crate::plugin::catalogue::{Catalogue, Registered};
use crate::plugin::dynamic::DynAction;
use crate::plugin::proto::tfplugin6 as wire;
use crate::plugin::{diagnostics, panics};

/// The stream that an action's progress and its end go into.
pub(crate) type Events = mpsc::Sender<Result<wire::invoke_action::Event, Status>>;

impl Catalogue {
    pub(crate) async fn validate_action(
        &self,
        request: wire::validate_action_config::Request,
    ) -> wire::validate_action_config::Response {
        let mut diags = Diagnostics::default();
        if let Some(action) = self.find_action(&request.type_name, &mut diags)
            && let Some(config) = action.configuration(request.config, &mut diags)
        {
            let outcome = panics::catch(
                "ValidateActionConfig",
                action.item.validate(&mut diags, config),
            )
            .await;
            panics::explain(outcome, &mut diags);
        }
        wire::validate_action_config::Response {
            diagnostics: diagnostics::to_wire(diags),
        }
    }

    pub(crate) async fn plan_action(
        &self,
        request: wire::plan_action::Request,
    ) -> wire::plan_action::Response {
        let mut diags = Diagnostics::default();
        if let Some(action) = self.find_action(&request.action_type, &mut diags)
            && let Some(config) = action.configuration(request.config, &mut diags)
        {
            let outcome = panics::catch("PlanAction", action.item.plan(&mut diags, config)).await;
            panics::explain(outcome, &mut diags);
        }
        wire::plan_action::Response {
            diagnostics: diagnostics::to_wire(diags),
            deferred: None,
        }
    }

    /// Runs an action to its end, whether or not somebody still listens: half an action is worse than one that nobody
    /// saw.
    pub(crate) async fn invoke_action(
        self: Arc<Self>,
        request: wire::invoke_action::Request,
        events: Events,
    ) {
        use wire::invoke_action::event::{Completed, Progress as Report, Type};

        let send = |event| {
            let event = wire::invoke_action::Event {
                r#type: Some(event),
            };
            async { _ = events.send(Ok(event)).await }
        };
        let mut diags = Diagnostics::default();
        let (progress, mut messages) = Progress::channel();
        {
            let mut invoked = std::pin::pin!(self.invoked(request, progress, &mut diags));
            loop {
                tokio::select! {
                    // What was said before the end is heard before the end.
                    biased;
                    Some(message) = messages.recv() => send(Type::Progress(Report { message })).await,
                    () = &mut invoked => break,
                }
            }
        }
        while let Ok(message) = messages.try_recv() {
            send(Type::Progress(Report { message })).await;
        }
        send(Type::Completed(Completed {
            diagnostics: diagnostics::to_wire(diags),
        }))
        .await;
    }

    async fn invoked(
        &self,
        request: wire::invoke_action::Request,
        progress: Progress,
        diags: &mut Diagnostics,
    ) {
        if let Some(action) = self.find_action(&request.action_type, diags)
            && let Some(config) = action.configuration(request.config, diags)
        {
            let outcome =
                panics::catch("InvokeAction", action.item.invoke(diags, config, progress)).await;
            panics::explain(outcome, diags);
        }
    }

    fn find_action(
        &self,
        type_name: &str,
        diags: &mut Diagnostics,
    ) -> Option<&Registered<dyn DynAction>> {
        find(&self.actions, "action", type_name, diags)
    }
}
