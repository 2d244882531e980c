//! The calls of the protocol, one file for each kind of block that they are about.

mod action;
mod data_source;
mod ephemeral_resource;
mod provider;
mod resource;

use std::collections::BTreeMap;

use tf_provider::Diagnostics;

use super::catalogue::Registered;
use super::proto::tfplugin6::DynamicValue;
use super::value::Received;

impl<T: ?Sized> Registered<T> {
    pub(crate) fn configuration(
        &self,
        config: Option<DynamicValue>,
        diags: &mut Diagnostics,
    ) -> Option<Received<'_>> {
        Received::read(config, &self.value_type, "the configuration", diags)
    }
}

/// The part called `type_name`, or an error that there is none.
fn find<'c, T: ?Sized>(
    registered: &'c BTreeMap<String, Registered<T>>,
    sort: &str,
    type_name: &str,
    diags: &mut Diagnostics,
) -> Option<&'c Registered<T>> {
    let found = registered.get(type_name);
    if found.is_none() {
        diags.root_error(
            format!("Unknown {sort}"),
            format!("This version of the provider has no {sort} called {type_name:?}."),
        );
    }
    found
}
