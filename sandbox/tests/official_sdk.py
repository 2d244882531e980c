"""The official Huawei Cloud SDK as a client of the sandbox, unchanged but for its endpoint.

Usage: official_sdk.py READY, where READY is the line of JSON that hwc-sandbox prints once it is ready.
It kills sessions, so the sandbox must have two simulated nodes of each service.
"""

import json
import sys
import time

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, ServerResponseException
from huaweicloudsdkcore.region.region import Region
import huaweicloudsdkdas.v3 as das
import huaweicloudsdkdcs.v2 as dcs
import huaweicloudsdkddm.v1 as ddm


import huaweicloudsdkdds.v3 as dds
import huaweicloudsdkgaussdb.v3 as taurusdb
import huaweicloudsdkgaussdbforopengauss.v3 as gaussdb


def main(ready):
    kill_chosen_dcs_sessions(ready)
    kill_all_dcs_sessions(ready)
    kill_taurusdb_threads(ready)
    kill_htap_sessions(ready)
    kill_rds_mysql_sessions(ready)
    kill_gaussdb_sessions(ready)
    kill_rds_postgresql_sessions(ready)
    kill_ddm_sessions(ready)


    kill_dds_operations(ready)
    refuse_what_does_not_exist(ready)
    find_the_project_by_the_region(ready)
    refuse_a_wrong_key(ready)


def credentials(ready):
    return BasicCredentials(ready["access_key"], ready["secret_key"], ready["project_id"])


def dcs_client(ready, with_credentials=None):
    builder = dcs.DcsClient.new_builder().with_credentials(with_credentials or credentials(ready))
    return builder.with_endpoint(ready["url"]).build()


def taurusdb_client(ready):
    builder = taurusdb.GaussDBClient.new_builder().with_credentials(credentials(ready))
    return builder.with_endpoint(ready["url"]).build()


def das_client(ready):
    builder = das.DasClient.new_builder().with_credentials(credentials(ready))
    return builder.with_endpoint(ready["url"]).build()


def gaussdb_client(ready):
    builder = gaussdb.GaussDBforopenGaussClient.new_builder().with_credentials(credentials(ready))
    return builder.with_endpoint(ready["url"]).build()


def ddm_client(ready):
    builder = ddm.DdmClient.new_builder().with_credentials(credentials(ready))
    return builder.with_endpoint(ready["url"]).build()


def nodes(ready, service):
    return [node for node in ready["nodes"] if node["service"] == service]


def job_end(client, job_id):
    deadline = time.time() + 10
    while True:
        job = client.show_job_info(dcs.ShowJobInfoRequest(job_id=job_id))
        assert job.job_id == job_id, job
        if job.status in ("SUCCESS", "FAIL") or time.time() > deadline:
            return job
        assert job.status in ("INIT", "RUNNING"), job
        time.sleep(0.02)


def dcs_sessions(client, node, **arguments):
    body = dcs.ScanClientsRequestBody(node_id=node["node_id"], clean_cache=True)
    scan = client.scan_clients(dcs.ScanClientsRequest(instance_id=node["instance_id"], body=body))
    # The SDK's model of this answer may have no job_id; the answer as it came has it.
    job = job_end(client, json.loads(scan.raw_content)["job_id"])
    assert job.status == "SUCCESS" and job.fail_reason is None, job
    return client.list_clients(
        dcs.ListClientsRequest(instance_id=node["instance_id"], node_id=node["node_id"], **arguments)
    )


def kill_chosen_dcs_sessions(ready):
    client, node = dcs_client(ready), nodes(ready, "dcs")[0]
    try:
        client.list_clients(dcs.ListClientsRequest(instance_id=node["instance_id"], node_id=node["node_id"]))
        raise AssertionError("there was a list before any scan")
    except ServerResponseException as error:
        assert error.status_code == 500, error

    before = dcs_sessions(client, node, offset=0, limit=2, sort="age", order="desc")
    assert before.count == node["sessions"], before
    assert len(before.clients) == 2 and before.clients[0].age >= before.clients[1].age, before

    body = dcs.HangUpClientsRequestBody(node_id=node["node_id"], client_addrs=[before.clients[0].peer])
    response = client.hang_up_clients(dcs.HangUpClientsRequest(instance_id=node["instance_id"], body=body))
    assert response.status_code == 204, response

    after = dcs_sessions(client, node, limit=1000)
    assert after.count == before.count - 1, after
    assert before.clients[0].id not in [session.id for session in after.clients], after


def kill_all_dcs_sessions(ready):
    client, (target, other) = dcs_client(ready), nodes(ready, "dcs")
    listed = client.show_nodes_information(dcs.ShowNodesInformationRequest(instance_id=target["instance_id"]))
    assert [node.node_id for node in listed.nodes] == [target["node_id"], other["node_id"]], listed
    assert [(node.node_role, node.node_type, node.status, node.node_port) for node in listed.nodes] == [
        ("redis-server", "master", "Active", "6379"),
        ("redis-server", "slave", "Active", "6379"),
    ], listed

    body = dcs.HangUpKillAllClientsRequestBody(node_id=target["node_id"], kill_all_nodes=False)
    request = dcs.HangUpKillAllClientsRequest(instance_id=target["instance_id"], body=body)
    # The SDK's model of this answer has no job_id; the answer as it came has it.
    job_id = json.loads(client.hang_up_kill_all_clients(request).raw_content)["job_id"]
    try:
        client.hang_up_kill_all_clients(request)
        raise AssertionError("a second kill was accepted while the first one ran")
    except ClientRequestException as error:
        assert (error.status_code, error.error_code) == (400, "DCS.4017"), error

    job = job_end(client, job_id)
    assert job.status == "SUCCESS", job
    assert int(job.end_time) >= int(job.begin_time), job

    assert dcs_sessions(client, target).count == 0
    assert dcs_sessions(client, other).count == other["sessions"]


def taurusdb_threads(client, node):
    threads, total = [], 1
    while len(threads) < total:
        page = client.list_taurus_db_node_processes(
            taurusdb.ListTaurusDbNodeProcessesRequest(
                instance_id=node["instance_id"], node_id=node["node_id"], offset=len(threads), limit=5
            )
        )
        threads, total = threads + page.processes, page.total_count
    return threads


def kill_taurusdb_threads(ready):
    client, (target, other) = taurusdb_client(ready), nodes(ready, "taurusdb")
    before = taurusdb_threads(client, target)
    assert not [thread for thread in before if thread.command == "Daemon"], before
    sessions = [thread.id for thread in before]
    assert len(sessions) == target["sessions"], before
    internal = 1
    gone = 9223372036854775807
    largest = max(sessions)
    assert largest > 2**53, sessions

    response = client.delete_taurus_db_node_processes(
        taurusdb.DeleteTaurusDbNodeProcessesRequest(
            x_language="en-us",
            instance_id=target["instance_id"],
            node_id=target["node_id"],
            body=taurusdb.DeleteTaurusDbNodeProcessesRequestBody(processes=[largest, internal, sessions[0], gone]),
        )
    )
    assert response.processes_killed == [largest, sessions[0]], response
    assert response.processes_not_found == [gone], response

    left = [thread.id for thread in taurusdb_threads(client, target)]
    assert left == [thread.id for thread in before if thread.id not in (largest, sessions[0])], left
    assert len(taurusdb_threads(client, other)) == other["sessions"]


def htap_sessions(client, node):
    sessions, page = [], None
    while page is None or page.process_list:
        page = client.show_htap_process_list(
            taurusdb.ShowHtapProcessListRequest(
                x_language="en-us", instance_id=node["instance_id"], offset=str(len(sessions)), limit="5"
            )
        )
        sessions += page.process_list
    return sessions


def kill_htap_sessions(ready):
    client, (target, other) = taurusdb_client(ready), nodes(ready, "taurusdb_htap")
    before = htap_sessions(client, target)
    assert len(before) == target["sessions"] + other["sessions"], before
    assert all(isinstance(session.duration, float) for session in before), before

    def kill(ids):
        return client.delete_htap_process_list(
            taurusdb.DeleteHtapProcessListRequest(
                x_language="en-us",
                instance_id=target["instance_id"],
                body=taurusdb.DeleteHtapProcessReq(process_list=ids),
            )
        )

    first = before[0].id
    assert kill([first]).status == "success"
    failed = kill([first])
    assert (failed.status, failed.msg) == ("failed", f"Unknown thread id: {first}"), failed
    assert [session.id for session in htap_sessions(client, target)] == [session.id for session in before[1:]]


def rds_mysql_sessions(client, node, **arguments):
    sessions, total = [], 1
    while len(sessions) < total:
        page = client.list_processes(
            das.ListProcessesRequest(
                instance_id=node["instance_id"],
                db_user_id=node["database_user_id"],
                offset=len(sessions),
                limit=5,
                **arguments,
            )
        )
        sessions, total = sessions + page.processes, page.count
    return sessions


def kill_rds_mysql_sessions(ready):
    client, (primary, replica) = das_client(ready), nodes(ready, "rds_mysql")
    before = rds_mysql_sessions(client, primary)
    assert len(before) == primary["sessions"], before
    assert len(rds_mysql_sessions(client, primary, node_id=replica["node_id"])) == replica["sessions"]
    chosen = [session for session in before if session.user != "rdsAdmin"][:2]

    def kill(**arguments):
        body = das.DeleteProcessReqBody(**arguments)
        return client.delete_process(das.DeleteProcessRequest(instance_id=primary["instance_id"], body=body))

    account = primary["database_user_id"]
    response = kill(db_user_id=account, process_ids=[session.id for session in chosen] + ["7"])
    assert response.status_code == 200, response
    left = [session.id for session in rds_mysql_sessions(client, primary)]
    assert left == [session.id for session in before if session not in chosen], left

    for code, arguments in [
        ("DAS.200112", {"db_user_id": "none", "user": "app"}),
        ("DAS.200100", {"db_user_id": account}),
    ]:
        try:
            kill(**arguments)
            raise AssertionError(f"{code} was not answered")
        except ClientRequestException as error:
            assert (error.status_code, error.error_code) == (400, code), error


def gaussdb_sessions(client, node, **query_info):
    body = gaussdb.ListRealTimeSessionsRequestBody(
        node_id=node["node_id"],
        component_id=node["component_id"],
        query_info=gaussdb.SessionQueryInfoOption(**query_info) if query_info else None,
    )
    request = gaussdb.ListRealTimeSessionsRequest(instance_id=node["instance_id"], body=body)
    return client.list_real_time_sessions(request).sessions


def kill_gaussdb_sessions(ready):
    client, (target, other) = gaussdb_client(ready), nodes(ready, "gaussdb")
    before = gaussdb_sessions(client, target)
    assert len(before) == target["sessions"], before
    session = before[0]
    assert session.back_end_start > 10**12 and int(session.exec_time) >= 0, session
    of_user = gaussdb_sessions(client, target, user_name=session.user_name)
    assert 0 < len(of_user) < len(before), of_user
    assert {found.user_name for found in of_user} == {session.user_name}, of_user

    def kill(ids):
        body = gaussdb.KillSessionRequestBody(
            node_id=target["node_id"], component_id=target["component_id"], session_ids=ids
        )
        return client.stop_session(gaussdb.StopSessionRequest(instance_id=target["instance_id"], body=body))

    response = kill([session.session_id, "100000000000000"])
    assert (response.session_ids, response.success) == ([session.session_id], True), response
    again = kill([session.session_id])
    assert (again.session_ids, again.success) == ([], False), again
    left = [found.session_id for found in gaussdb_sessions(client, target)]
    assert left == [found.session_id for found in before[1:]], left
    assert len(gaussdb_sessions(client, other)) == other["sessions"]


def rds_postgresql_sessions(client, node):
    sessions, page = [], 0
    while len(sessions) == page * 5:
        page += 1
        answer = client.list_postgres_processes(
            das.ListPostgresProcessesRequest(
                instance_id=node["instance_id"],
                node_id=node["node_id"],
                hide_sys=True,
                cur_page=str(page),
                per_page="5",
            )
        )
        sessions += answer.process_info_list
        assert len(sessions) <= answer.total, answer
    return sessions


def kill_rds_postgresql_sessions(ready):
    client, (target, other) = das_client(ready), nodes(ready, "rds_postgresql")
    before = rds_postgresql_sessions(client, target)
    assert len(before) == target["sessions"], before
    for session in before:
        assert session.id.isdecimal() and session.time.isdecimal() and session.trx_duration.isdecimal(), session
        assert session.user and session.db and session.command and session.state and session.info, session

    killed, spared = [session for session in before if session.user == "app"][:2]
    processes = [
        das.CancelInstanceProcessInfo(id=int(killed.id), user="app"),
        das.CancelInstanceProcessInfo(id=int(spared.id), user="somebody else"),
        das.CancelInstanceProcessInfo(id=2147483647, user="app"),
    ]
    response = client.cancel_instance_process(
        das.CancelInstanceProcessRequest(
            instance_id=target["instance_id"],
            body=das.CancelInstanceProcessRequestBody(engine_type="postgresql", processes=processes),
        )
    )
    assert response.count == 1, response
    left = [session.id for session in rds_postgresql_sessions(client, target)]
    assert left == [session.id for session in before if session.id != killed.id], left
    assert len(rds_postgresql_sessions(client, other)) == other["sessions"]


def kill_ddm_sessions(ready):
    client = ddm_client(ready)
    layers = [
        ("logical", client.show_logical_processes, ddm.ShowLogicalProcessesRequest,
         client.execute_kill_logical_processes, ddm.ExecuteKillLogicalProcessesRequest),
        ("physical", client.show_physical_processes, ddm.ShowPhysicalProcessesRequest,
         client.execute_kill_physical_processes, ddm.ExecuteKillPhysicalProcessesRequest),
    ]
    for layer, list_processes, list_request, kill_processes, kill_request in layers:
        node = nodes(ready, f"ddm_{layer}")[0]

        def sessions(**arguments):
            answer = list_processes(list_request(instance_id=node["instance_id"], limit=128, **arguments))
            found = getattr(answer, f"{layer}_processes")
            assert len(found) == answer.total_count, answer
            return found

        before = sessions()
        assert len(before) == node["sessions"], before
        of_user = sessions(keyword="app")
        assert 0 < len(of_user) < len(before), of_user

        body = ddm.KillProcessesOpenRequest(process_ids=[str(before[0].id), "none"])
        response = kill_processes(kill_request(instance_id=node["instance_id"], body=body))
        assert response.resp == "successful", response
        assert [session.id for session in sessions()] == [session.id for session in before[1:]]

        log = client.show_processes_audit_log(
            ddm.ShowProcessesAuditLogRequest(
                instance_id=node["instance_id"],
                start_time=time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime(time.time() - 60)),
                end_time=time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime(time.time() + 60)),
            )
        )
        assert log.total_count == 1, log
        kill = log.process_audit_logs[0]
        assert (kill.instance_id, kill.process_id) == (node["instance_id"], str(before[0].id)), kill
        assert kill.execute_user_name and kill.execute_time.endswith("+0000"), kill


def dds_operations(client, node, **filters):
    operations, answer = [], None
    while answer is None or len(operations) < answer.total_count:
        request = dds.ListSessionsRequest(node_id=node["node_id"], offset=len(operations), limit=5, **filters)
        answer = client.list_sessions(request)
        assert answer.sessions, answer
        operations += answer.sessions
    return operations


def kill_dds_operations(ready):
    builder = dds.DdsClient.new_builder().with_credentials(credentials(ready))
    client, (target, other) = builder.with_endpoint(ready["url"]).build(), nodes(ready, "dds")
    before = dds_operations(client, target)
    assert len(before) == target["sessions"], before
    operation = next(one for one in before if one.active)
    assert int(operation.cost_time) > 0 and operation.description, operation
    alike = dds_operations(client, target, type=operation.type)
    assert {one.type for one in alike} == {operation.type} and len(alike) < len(before), alike

    def kill(ids):
        body = dds.DeleteSessionRequestBody(sessions=ids)
        client.delete_session(dds.DeleteSessionRequest(node_id=target["node_id"], body=body))

    kill([operation.id, "1"])
    kill([operation.id])
    left = [one.id for one in dds_operations(client, target)]
    assert left == [one.id for one in before if one.id != operation.id], left
    assert len(dds_operations(client, other)) == other["sessions"]


def refuse_what_does_not_exist(ready):
    client, node = dcs_client(ready), nodes(ready, "dcs")[0]
    cases = [
        (404, "DCS.3022", dcs.ListClientsRequest(instance_id="none", node_id=node["node_id"])),
        (400, "DCS.3053", dcs.ListClientsRequest(instance_id=node["instance_id"], node_id="none")),
        (400, "DCS.4800", dcs.ListClientsRequest(instance_id=node["instance_id"], node_id=node["node_id"], limit=1001)),
    ]
    for status, code, request in cases:
        try:
            client.list_clients(request)
            raise AssertionError(f"{code} was not answered")
        except ClientRequestException as error:
            assert (error.status_code, error.error_code) == (status, code), error

    client, node = taurusdb_client(ready), nodes(ready, "taurusdb")[0]
    for status, code, instance_id, limit in [
        (404, "DBS.200002", "0" * 32 + "in07", 100),
        (400, "DBS.280404", "none", 100),
        (400, "DBS.280439", node["instance_id"], 101),
    ]:
        try:
            client.list_taurus_db_node_processes(
                taurusdb.ListTaurusDbNodeProcessesRequest(
                    instance_id=instance_id, node_id=node["node_id"], offset=0, limit=limit
                )
            )
            raise AssertionError(f"{code} was not answered")
        except ClientRequestException as error:
            assert (error.status_code, error.error_code) == (status, code), error


def find_the_project_by_the_region(ready):
    without_project = BasicCredentials(ready["access_key"], ready["secret_key"]).with_iam_endpoint(ready["url"])
    builder = dcs.DcsClient.new_builder().with_credentials(without_project)
    client = builder.with_region(Region(ready["region"], ready["url"])).build()
    assert dcs_sessions(client, nodes(ready, "dcs")[1]).count == nodes(ready, "dcs")[1]["sessions"]


def refuse_a_wrong_key(ready):
    wrong = BasicCredentials(ready["access_key"], "not the secret key", ready["project_id"])
    try:
        dcs_sessions(dcs_client(ready, wrong), nodes(ready, "dcs")[1])
        raise AssertionError("a wrong secret key was accepted")
    except ClientRequestException as error:
        assert (error.status_code, error.error_code) == (401, "APIGW.0301"), error
        assert len(error.request_id) == 32, error


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
