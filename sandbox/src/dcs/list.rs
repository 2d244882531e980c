//! The list of sessions that the last scan saved, page by page.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
};
use serde_json::{Value, json};

use super::{
    client::{Client, SortKey},
    error::{bad_argument, no_list, server_does_not_answer},
    state::{Dcs, session_node},
};
use crate::{
    error::ApiError,
    query::{Page, Query},
};

const LARGEST_PAGE: usize = 1000;
const DEFAULT_PAGE: usize = 10;

/// The field by which lists are sorted when nobody says which. No document names it; a client that needs an order has to
/// ask for one.
const DEFAULT_SORT: &str = "idle";

/// `GET /v2/{project_id}/instances/{instance_id}/clients`: a page of the saved list.
pub(super) async fn list_clients(
    State(dcs): State<Arc<Dcs>>,
    Path((_, instance_id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = Query::parse(query.as_deref());
    let instance = dcs.instance(&instance_id)?;
    let node = session_node(instance, query.get("node_id"))?;
    let page = Page::read(&query, DEFAULT_PAGE, 1..=LARGEST_PAGE)
        .map_err(|reason| bad_argument(&reason))?;
    let order = Order::from_query(&query)?;

    node.come_and_go();
    let mut list = node.saved_list().ok_or_else(no_list)?;
    let every = dcs.options.foreign_scan_every;
    if every > 0 && node.count_page().is_multiple_of(every) {
        let sessions = node.sessions().await;
        node.save(sessions.map_err(|error| server_does_not_answer(&error))?);
        list = node.saved_list().ok_or_else(no_list)?;
    }
    if let Some(addr) = query.get("addr") {
        list.clients.retain(|client| client.addr.contains(addr));
    }
    order.apply(&mut list.clients);

    let page = page.of(list.clients);
    Ok(Json(
        json!({"time": list.time, "clients": page.rows, "count": page.total}),
    ))
}

/// The `sort` and `order` of a list: descending unless said otherwise.
struct Order {
    key: SortKey,
    descending: bool,
}

impl Order {
    fn from_query(query: &Query) -> Result<Self, ApiError> {
        let field = query.get("sort").unwrap_or(DEFAULT_SORT);
        let key = SortKey::named(field)
            .ok_or_else(|| bad_argument(&format!("sort: sessions have no field {field:?}")))?;
        let descending = match query.get("order").unwrap_or("desc") {
            "asc" => false,
            "desc" => true,
            other => {
                return Err(bad_argument(&format!(
                    "order must be asc or desc, not {other:?}"
                )));
            }
        };
        Ok(Self { key, descending })
    }

    fn apply(&self, clients: &mut [Client]) {
        self.key.sort(clients, self.descending);
    }
}
