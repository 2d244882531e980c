//! The list of services.

use std::sync::Arc;

use clap::Args;

use crate::{
    busy::Refusal,
    cloud::Cloud,
    dcs::DcsOptions,
    iam::IamOptions,
    metadata::MetadataOptions,
    service::{Description, Nodes, Service},
    taurusdb::TaurusDbOptions,
};

/// Each line is a service: the field of its options, and their type, which also describes the service.
macro_rules! services {
    ($($(#[$words:meta])* $name:ident: $options:ty,)*) => {
        /// The options of each service.
        #[derive(Debug, Clone, Args)]
        pub struct ServiceOptions {
            $($(#[$words])* #[command(flatten)] pub $name: $options,)*
        }

        impl ServiceOptions {
            fn descriptions(&self) -> Vec<&dyn Description> {
                vec![$(&self.$name,)*]
            }
        }

        /// The refusal with this code; `None` when no service has such a one.
        pub(crate) fn refusal_with_code(code: &str) -> Option<Refusal> {
            let refusals = [$(<$options>::refusals(),)*].concat();
            refusals.into_iter().find(|refusal| refusal.code == code)
        }
    };
}

services! {
    /// Options of DCS.
    dcs: DcsOptions,
    /// Options of TaurusDB.
    taurusdb: TaurusDbOptions,
    /// Options of IAM and STS.
    iam: IamOptions,
    /// Options of the metadata service.
    metadata: MetadataOptions,
}

impl ServiceOptions {
    /// Opens every service. Where none has a mapped node, all have simulated ones.
    pub(crate) fn open(&self, cloud: &Arc<Cloud>) -> anyhow::Result<Vec<Arc<dyn Service>>> {
        let descriptions = self.descriptions();
        let nodes = if descriptions.iter().any(|service| service.maps_nodes()) {
            Nodes::Mapped
        } else {
            Nodes::Examples
        };
        descriptions
            .into_iter()
            .map(|service| service.open(cloud, nodes))
            .collect()
    }
}
