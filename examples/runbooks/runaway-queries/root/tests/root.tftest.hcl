# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    taurusdb = "http://127.0.0.1:8490"
    iam      = "http://127.0.0.1:8490"
  }
}

mock_provider "huaweicloud" {
  mock_data "huaweicloud_taurusdb_instances" {
    defaults = {
      instances = [{
        id   = "a23fb62bd61e4e9e9636fd2225f395bein07"
        name = "shop"
        nodes = [
          {
            id                = "18663926eacb443d98dc20f8620f28f2no07"
            name              = "shop-node-1"
            type              = "master"
            status            = "ACTIVE"
            availability_zone = ""
            private_read_ip   = ""
          },
          {
            id                = "5b1e0c7d94f24a6db0a3f6c2e8d47190no07"
            name              = "shop-node-2"
            type              = "slave"
            status            = "ACTIVE"
            availability_zone = ""
            private_read_ip   = ""
          },
        ]

        # Nothing reads these, but OpenTofu wants every attribute.
        availability_zone_mode   = ""
        backup_strategy          = []
        configuration_id         = ""
        created_at               = ""
        datastore                = []
        db_user_name             = ""
        description              = ""
        enterprise_project_id    = ""
        flavor                   = ""
        maintain_begin           = ""
        maintain_end             = ""
        master_availability_zone = ""
        mode                     = ""
        port                     = 0
        private_dns_name         = ""
        private_dns_name_prefix  = ""
        private_write_ip         = ""
        read_replicas            = 0
        region                   = ""
        security_group_id        = ""
        status                   = ""
        subnet_id                = ""
        time_zone                = ""
        updated_at               = ""
        vpc_id                   = ""
      }]
    }
  }
}

variables {
  incident = "INC-1"
}

run "queries_are_stopped_on_the_nodes_that_the_data_source_finds" {
  assert {
    condition = toset(keys(output.killed)) == toset([
      "18663926eacb443d98dc20f8620f28f2no07",
      "5b1e0c7d94f24a6db0a3f6c2e8d47190no07",
    ])
    error_message = "There is a kill for each node."
  }

  assert {
    condition     = sum(values(output.killed)) > 0 && length(output.remaining) == 0
    error_message = "Queries are stopped."
  }
}
