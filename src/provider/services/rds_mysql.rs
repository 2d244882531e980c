//! RDS for MySQL: sessions of an instance, which DAS lists and kills by an account that it has stored.

use async_trait::async_trait;

use super::relational::{self, NODE, Thread, is_number, number, optional_node, told_database};
use crate::huaweicloud::das::mysql::{
    self, DatabaseUserId, InstanceId, NodeId, ProcessPage, ProcessRecord,
};
use crate::huaweicloud::das::{KILL_BATCH, PROCESSES_PER_PAGE, SMALL_KILL_BATCH};
use crate::huaweicloud::error::{Error, Outcome};
use crate::provider::arguments::identifier;
use crate::provider::listing::{Listing, page, read_pages};
use crate::provider::service::{
    Answered, Calls, Description, IdKind, Ids, Place, PlaceArgument, Policy, Scope, Target, Words,
};
use crate::session::Session;
use crate::session::listing::Page;

#[cfg(test)]
mod tests;

/// RDS for MySQL.
pub static SERVICE: Description = Description {
    name: "rds_mysql",
    words: Words {
        service: "RDS for MySQL",
        heading: "RDS for MySQL",
        place: "an RDS for MySQL instance",
        listed_place: "an RDS for MySQL instance, or one of its nodes",
        session: "session",
        protected: Some((
            "the server itself",
            "Sessions of the server itself (`system user`, `event_scheduler`, names that start with `rds`, replication) are \
             selected only if `users` names them. RDS does not kill those of `rdsadmin`, `rdsbackup`, `rdsmetric` and \
             `rdsRepl` even then.",
        )),
        lingers: ": a thread that rolls back a transaction ends only when the roll-back is done, and under full load a kill may have \
                  to be repeated",
        look: "Look at SHOW PROCESSLIST on the instance.",
        lists: "DAS lists them with the account in `database_user_id`.",
    },
    place: &[
        PlaceArgument::required(
            "instance_id",
            "the instance",
            "ID of the RDS for MySQL instance: 32 or 36 letters and digits; in the examples of the documents, the last four are `in01`.",
        ),
        PlaceArgument::required(
            "database_user_id",
            "",
            "ID of a database account that is stored in DAS, for example by `huaweicloud_das_database_user`. DAS lists and kills \
             sessions with the rights of this account.",
        ),
        NODE,
    ],
    open: |diags, arguments, _| {
        let instance = identifier(diags, arguments, "instance_id");
        let user = identifier(diags, arguments, "database_user_id");
        let node = optional_node(diags, arguments);
        Some(Box::new(Instance {
            instance: instance?,
            user: user?,
            node: node?,
        }))
    },
    warn: |_, _| {},
    ids: Ids {
        argument: "session_ids",
        words: "IDs of the sessions to kill, as `SHOW PROCESSLIST` shows them.",
        one: "session ID",
        form: "A session's ID is a whole number from 1 to 9223372036854775807 in quotes, as in \"2075425\".",
        kind: IdKind::Texts(is_number),
    },
    conditions: relational::CONDITIONS,
    notes: &relational::NOTES,
    policy: Policy::ids_come_back(KILL_BATCH, SMALL_KILL_BATCH),
    confirmed: false,
    results: &[],
};

struct Instance {
    instance: InstanceId,
    user: DatabaseUserId,
    node: Option<NodeId>,
}

#[async_trait]
impl Place for Instance {
    async fn list(&self, calls: Calls<'_>, scope: Scope<'_>) -> Result<Listing, Error> {
        let list_of = |node| self.list_of(node, calls, scope);
        let node = self.node.as_ref();
        relational::list_where_kills_name_no_node(node, scope.choosing, list_of).await
    }

    async fn kill(&self, calls: Calls<'_>, batch: &[Target]) -> Outcome<Answered> {
        let threads: Vec<i64> = (batch.iter())
            .filter_map(|target| target.id.as_number())
            .collect();
        mysql::kill(calls, &self.instance, &self.user, &threads)
            .await
            .map(Answered::from)
    }
}

impl Instance {
    async fn list_of(
        &self,
        node: Option<&NodeId>,
        calls: Calls<'_>,
        scope: Scope<'_>,
    ) -> Result<Listing, Error> {
        let list = read_pages(PROCESSES_PER_PAGE, |page| async move {
            let list = mysql::processes(calls, &self.instance, &self.user, node, page).await;
            list.map(|list| rows(list, scope.statements))
        });
        list.await.map(Listing::from)
    }
}

fn rows(list: ProcessPage, statements: bool) -> Page<Session> {
    page(list.processes, list.count, number, |record| {
        session(record, statements)
    })
}

fn session(record: ProcessRecord, statements: bool) -> Option<Session> {
    let thread = Thread {
        id: number(&record.id)?,
        user: record.user,
        host: record.host,
        database: told_database(record.database),
        command: record.command,
        state: record.state,
        time: record.time.and_then(relational::listed_time),
        transaction: record.trx_executed_time,
        statement: record.statement,
    };
    Some(thread.into_session(statements))
}
