//! The list of services. A new service is a module of its own and a line in this list.

use std::sync::Arc;

use clap::Args;

use crate::{
    busy::Refusal,
    cloud::Cloud,
    service::{Description, Nodes, Service},
};

/// Each line is a service: the name and the type of its options, which also describe the service.
macro_rules! services {
    ($($name:ident: $options:ty,)*) => {
        /// The options of each service.
        #[derive(Debug, Clone, Args)]
        pub struct ServiceOptions {
            $(
                #[doc = concat!("Options of `", stringify!($name), "`.")]
                #[command(flatten)]
                pub $name: $options,
            )*
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
    dcs: crate::dcs::DcsOptions,
    taurusdb: crate::taurusdb::TaurusDbOptions,
    taurusdb_htap: crate::taurusdb_htap::TaurusDbHtapOptions,
    rds_mysql: crate::rds_mysql::RdsMySqlOptions,
    rds_postgresql: crate::rds_postgresql::RdsPostgreSqlOptions,
    gaussdb: crate::gaussdb::GaussDbOptions,
    geminidb_redis: crate::geminidb::GeminiDbOptions,
    ddm_logical: crate::ddm::DdmLogicalOptions,
    ddm_physical: crate::ddm::DdmPhysicalOptions,
    dds: crate::dds::DdsOptions,
    iam: crate::iam::IamOptions,
    metadata: crate::metadata::MetadataOptions,
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
