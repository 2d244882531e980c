#!/usr/bin/env bash
# Kills real sessions on this machine with Terraform, and shows them before and after.
#
#   scripts/demo.sh               with real sessions where Redis, MariaDB and PostgreSQL can be had
#   scripts/demo.sh --simulated   with the sandbox's simulated sessions
#
# Two Redis servers, two MariaDB servers and a PostgreSQL server with clients connected stand behind hwc-sandbox, which
# answers like Huawei Cloud. Where no such servers can be had, the sandbox's simulated sessions take their place.
# Everything listens on loopback, lives in a temporary folder, and is gone afterwards.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# ---------------------------------------------------------------------------------------------------------------------
# How it looks

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m' color=; else bold='' dim='' plain='' color=-no-color; fi

step=0
heading() {
  step=$((step + 1))
  printf '\n%s%d. %s%s\n\n' "$bold" "$step" "$*" "$plain"
}
command_line() { printf '%s$ %s%s\n' "$bold" "$*" "$plain"; }
indent() { sed 's/^./    &/'; }

# ---------------------------------------------------------------------------------------------------------------------
# What runs, and how it ends

# What is set for another configuration must not show here. Which Terraform to use is still the user's choice.
terraform=${TF_ACC_TERRAFORM_PATH:-}
for variable in "${!TF_@}" "${!HW_@}"; do unset "$variable"; done
export TF_ACC_TERRAFORM_PATH=$terraform

work=$(mktemp -d)
started=()
# PostgreSQL, which waits for its clients when it is told to end in the ordinary way.
impatient=()

clean_up() {
  local status=$?
  trap - EXIT
  if [ "$status" -ne 0 ]; then
    warn "The demonstration stopped early. The last lines of the servers' logs:"
    tail -n 5 "$work"/*.log >&2 2>/dev/null || true
  fi
  if [ "${#impatient[@]}" -gt 0 ]; then kill -INT "${impatient[@]}" 2>/dev/null || true; fi
  if [ "${#started[@]}" -gt 0 ]; then
    kill "${started[@]}" 2>/dev/null || true
    wait "${started[@]}" 2>/dev/null || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Starts a program in the background: the name of its log, then the program and its arguments.
start() {
  local log="$work/$1.log"
  shift
  "$@" </dev/null >"$log" 2>&1 &
  started+=($!)
}

# Tries a command until it succeeds: what is waited for, then the command.
until_ready() {
  local what=$1 attempt
  shift
  for attempt in $(seq 300); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  die "$what is not ready after 30 seconds"
}

# Prints a loopback port on which nothing listens.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%s\n' "$port"
      return
    fi
  done
}

# ---------------------------------------------------------------------------------------------------------------------
# Redis: two nodes of a DCS instance

dcs_instance=0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f
dcs_nodes=(8f7ee181-88e2-49b7-a4bf-81f18f93a135 1d0c8a52-7e3b-4c58-9be1-5f0a6a0f4c77)
redis_ports=()

start_redis() {
  local number port
  for number in 0 1; do
    port=$(free_port)
    start "redis-$number" redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$work"
    redis_ports[number]=$port
    until_ready Redis redis-cli -p "$port" ping
  done
}

# Opens connections that stay open: a node's number, then a name for each connection.
connect_redis() {
  local port=${redis_ports[$1]} name connection
  shift
  for name in "$@"; do
    exec {connection}<>"/dev/tcp/127.0.0.1/$port"
    printf 'CLIENT SETNAME %s\r\n' "$name" >&"$connection"
    read -r -t 5 <&"$connection"
  done
}

redis_sessions() {
  redis-cli -p "${redis_ports[$1]}" client list |
    sed -n 's/.* addr=\([^ ]*\) .* name=\([a-z][^ ]*\) age=\([^ ]*\) .*/\2  from \1, connected for \3 s/p' | sort
}

# ---------------------------------------------------------------------------------------------------------------------
# MariaDB: two nodes of a TaurusDB instance

taurusdb_instance=619d3e78f61b4be68bc5aa0b59edcf7bin07
taurusdb_nodes=(b5f8e3e3f0e14cc38ad6d59c5d8a1f2ano07 c0a4d1d9a7b84f6e93e2b6f4c7d95e3bno07)
mariadb_ports=()
mariadb_password=only-for-the-demonstration

# The servers below do not run as root, and so nobody must be able to enter the folder.
chmod 711 "$work"
mariadb_account=()
if [ "$(id -u)" -eq 0 ]; then mariadb_account=(--user=nobody); fi

mariadb_client() {
  local port=${mariadb_ports[$1]}
  shift
  MYSQL_PWD=$mariadb_password mariadb --no-defaults --protocol=tcp --host=127.0.0.1 --port="$port" "$@"
}

mariadb_url() { printf 'mysql://operator:%s@127.0.0.1:%s\n' "$mariadb_password" "${mariadb_ports[$1]}"; }

start_mariadb() {
  local number port home
  cat >"$work/accounts.sql" <<SQL
CREATE USER 'operator'@'%' IDENTIFIED BY '$mariadb_password';
GRANT ALL ON *.* TO 'operator'@'%';
CREATE USER 'reports'@'%' IDENTIFIED BY '$mariadb_password';
SQL
  chmod 644 "$work/accounts.sql"
  for number in 0 1; do
    home="$work/mariadb-$number"
    mkdir "$home"
    if [ "$(id -u)" -eq 0 ]; then chown nobody "$home"; fi
    if [ "$number" -eq 0 ]; then
      mariadb-install-db --no-defaults --datadir="$home/data" --skip-test-db --innodb-log-file-size=4M \
        "${mariadb_account[@]}" >"$work/mariadb-install.log" 2>&1
      cp -a "$home/data" "$work/data"
    else
      mv "$work/data" "$home/data"
    fi
    port=$(free_port)
    start "mariadb-$number" mariadbd --no-defaults --datadir="$home/data" --socket="$home/socket" \
      --pid-file="$home/pid" --port="$port" --bind-address=127.0.0.1 --skip-name-resolve \
      --innodb-buffer-pool-size=8M --init-file="$work/accounts.sql" "${mariadb_account[@]}"
    mariadb_ports[number]=$port
  done
  for number in 0 1; do
    until_ready MariaDB mariadb_client "$number" --user=operator --execute='DO 1'
  done
}

# Runs slow queries, each in a client of its own: a node's number, then a name for each query.
connect_mariadb() {
  local number=$1 name count
  shift
  for name in "$@"; do
    start "client-$number-$name" mariadb_client "$number" --user=reports --execute="SELECT SLEEP(3600) AS $name"
  done
  count=$#
  until_ready "every client" has_sessions "$number" "$count"
}

has_sessions() {
  [ "$(mariadb_sessions "$1" | wc -l)" -eq "$2" ]
}

# A line for each session of a node: its thread id, and the query that it runs.
mariadb_sessions() {
  mariadb_client "$1" --user=operator --batch --skip-column-names --execute="
    SELECT CONCAT('thread ', id, '  ', info) FROM information_schema.processlist
    WHERE user = 'reports' AND info IS NOT NULL ORDER BY id"
}

# ---------------------------------------------------------------------------------------------------------------------
# PostgreSQL: the node of an RDS for PostgreSQL instance

postgresql_instance=7d3e9b1c5a8f4e06b2c4d6f8091a3b5cin03
postgresql_node=e4f60718293a4b5c8d9e0f1a2b3c4d5eno03
postgresql_home="$work/postgresql"
postgresql_port=

# Runs a program of the server in the server's own folder, since nobody may be unable to enter this one.
as_postgresql() {
  local account=()
  if [ "$(id -u)" -eq 0 ]; then
    account=(setpriv "--reuid=$(id -u nobody)" "--regid=$(id -g nobody)" --clear-groups)
  fi
  cd "$postgresql_home"
  exec "${account[@]}" "$(find_postgresql)/$1" "${@:2}"
}

postgresql_client() {
  psql --no-psqlrc --quiet --host=127.0.0.1 --port="$postgresql_port" --dbname=postgres "$@"
}

postgresql_url() { printf 'postgres://operator@127.0.0.1:%s/postgres\n' "$postgresql_port"; }

start_postgresql() {
  local data="$postgresql_home/data"
  mkdir "$postgresql_home"
  if [ "$(id -u)" -eq 0 ]; then chown nobody "$postgresql_home"; fi
  (as_postgresql initdb -D "$data" --username=operator --auth=trust --encoding=UTF8 --locale=C --no-sync) \
    >"$work/postgresql-install.log" 2>&1
  postgresql_port=$(free_port)
  # Its shared memory is in its folder, too, which is gone afterwards in any case.
  start postgresql as_postgresql postgres -D "$data" --port="$postgresql_port" --listen_addresses=127.0.0.1 \
    --unix_socket_directories="$postgresql_home" --shared_buffers=16MB --fsync=off \
    --dynamic_shared_memory_type=mmap
  impatient+=("${started[-1]}")
  until_ready PostgreSQL postgresql_client --username=operator --command='SELECT 1'
  postgresql_client --username=operator --command='CREATE ROLE report LOGIN; CREATE ROLE shop LOGIN'
}

# Runs slow queries, each in a client of its own: a user, then a name for each query.
connect_postgresql() {
  local user=$1 name
  shift
  for name in "$@"; do
    start "client-postgresql-$name" postgresql_client --username="$user" --command="SELECT pg_sleep(3600) AS $name"
  done
  until_ready "every client" has_postgresql_sessions "$user" "$#"
}

has_postgresql_sessions() {
  [ "$(postgresql_sessions | grep -c "  $1: ")" -eq "$2" ]
}

# A line for each session: its process id, its user, and the query that it runs.
postgresql_sessions() {
  postgresql_client --username=operator --tuples-only --no-align --command="
    SELECT concat('process ', pid, '  ', usename, ': ', query) FROM pg_stat_activity
    WHERE usename <> 'operator' AND state = 'active' ORDER BY pid"
}

# ---------------------------------------------------------------------------------------------------------------------
# Sessions, real or simulated

real=true

# The sandbox's own record of a node's sessions: the service, then the node's id.
simulated_sessions() {
  local host=${sandbox_url#http://} answer
  exec 3<>"/dev/tcp/${host%:*}/${host##*:}"
  printf 'GET /_sandbox/state HTTP/1.0\r\nHost: %s\r\n\r\n' "$host" >&3
  answer=$(cat <&3)
  exec 3>&-
  printf '%s' "$answer" | grep -o "\"node_id\":\"$2\",\"service\":\"$1\",\"sessions\":\[[^]]*\]" |
    sed 's/.*\[//; s/\]//; s/"//g' | tr ',' '\n' | sed -n 's/^..*/thread &/p'
}

# Prints a line for each session of a TaurusDB node.
taurusdb_sessions() {
  if $real; then mariadb_sessions "$1"; else simulated_sessions taurusdb "${taurusdb_nodes[$1]}"; fi
}

# Prints a line for each session of a DCS node.
dcs_sessions() {
  if $real; then redis_sessions "$1"; else simulated_sessions dcs "${dcs_nodes[$1]}" | sed 's/thread/client/'; fi
}

# Prints a line for each session of the RDS for PostgreSQL node.
rds_postgresql_sessions() {
  if $real; then postgresql_sessions
  else simulated_sessions rds_postgresql "$postgresql_node" | sed 's/thread/process/'
  fi
}

show_sessions() {
  local number
  for number in 0 1; do
    say "Redis, node ${dcs_nodes[number]}:"
    dcs_sessions "$number" | or_none | indent
  done
  for number in 0 1; do
    say "MySQL, node ${taurusdb_nodes[number]}:"
    taurusdb_sessions "$number" | or_none | indent
  done
  say "PostgreSQL, node $postgresql_node:"
  rds_postgresql_sessions | or_none | indent
}

# Says so where there is nothing to show.
or_none() { awk '{print} END {if (NR == 0) print "(no sessions)"}'; }

# ---------------------------------------------------------------------------------------------------------------------
# The cloud, and Terraform

# Where Cargo puts what it builds.
built="${CARGO_TARGET_DIR:-$root/target}/debug"

sandbox_url='' access_key='' secret_key='' project_id=''
region=eu-west-101

# Starts the sandbox with the given nodes, and reads where it serves and with which keys.
start_sandbox() {
  local ready="$work/sandbox.json"
  "$built/hwc-sandbox" --listen 127.0.0.1:0 --region "$region" "$@" </dev/null >"$ready" 2>"$work/sandbox.log" &
  started+=($!)
  until_ready "The sandbox" grep -q '"url"' "$ready"
  sandbox_url=$(ready_value url)
  access_key=$(ready_value access_key)
  secret_key=$(ready_value secret_key)
  project_id=$(ready_value project_id)
}

ready_value() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$work/sandbox.json"; }

# Puts the provider where Terraform looks for providers that are not in a registry.
install_provider() {
  local platform version folder
  version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
  platform=$("$terraform" version -json | sed -n 's/.*"platform": *"\([^"]*\)".*/\1/p')
  folder="$work/providers/registry.terraform.io/hwc-ops/hwc/$version/$platform"
  mkdir -p "$folder"
  cp "$built/terraform-provider-hwc" "$folder/terraform-provider-hwc_v$version"
  cat >"$work/terraform.rc" <<RC
provider_installation {
  filesystem_mirror {
    path = "$work/providers"
  }
}
RC
}

run_terraform() {
  command_line terraform "${@//"$work/"/}"
  (
    cd "$work/hcl"
    HW_ACCESS_KEY=$access_key HW_SECRET_KEY=$secret_key HW_PROJECT_ID=$project_id \
      TF_CLI_CONFIG_FILE="$work/terraform.rc" CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 \
      "$terraform" "$@" ${color:+$color}
  )
}

# Writes the configuration: the ids of the sessions to kill.
write_configuration() {
  mkdir "$work/hcl"
  cat >"$work/hcl/main.tf" <<HCL
terraform {
  required_providers {
    hwc = { source = "hwc-ops/hwc" }
  }
}

# Keys and project come from HW_ACCESS_KEY, HW_SECRET_KEY and HW_PROJECT_ID.
provider "hwc" {
  region = "$region"

  # This points at the sandbox. Without it, the provider calls Huawei Cloud.
  endpoints = {
    dcs      = "$sandbox_url"
    taurusdb = "$sandbox_url"
    das      = "$sandbox_url"
  }
}

# All sessions of one Redis node.
resource "hwc_dcs_session_kill" "checkout" {
  instance_id = "$dcs_instance"
  node_id     = "${dcs_nodes[0]}"
}

# Chosen sessions of one MySQL node; the last id is of a session that ended long ago.
resource "hwc_taurusdb_session_kill" "runaway_reports" {
  instance_id = "$taurusdb_instance"
  node_id     = "${taurusdb_nodes[0]}"
  processes   = [$1]
}

# The sessions of one user of a PostgreSQL instance, whoever that is when Terraform applies.
resource "hwc_rds_postgresql_session_kill" "reports" {
  instance_id = "$postgresql_instance"

  select {
    users = ["report"]
  }

  max_sessions = 5
}

output "redis" {
  value = {
    job_id      = hwc_dcs_session_kill.checkout.job_id
    job_status  = hwc_dcs_session_kill.checkout.job_status
    finished_at = hwc_dcs_session_kill.checkout.finished_at
  }
}

output "mysql" {
  value = {
    killed    = hwc_taurusdb_session_kill.runaway_reports.processes_killed
    not_found = hwc_taurusdb_session_kill.runaway_reports.processes_not_found
  }
}

output "postgresql" {
  value = { for session in hwc_rds_postgresql_session_kill.reports.sessions : session.id => session.outcome }
}
HCL
}

# ---------------------------------------------------------------------------------------------------------------------

say "${bold}terraform-provider-hwc: killing database sessions with Terraform${plain}"

heading "Getting ready"
"$root/scripts/setup.sh" --demo
terraform=$(find_terraform)
say "Building the provider and the sandbox."
cargo build --quiet --workspace --bins --manifest-path "$root/Cargo.toml"
say "Using $("$terraform" version | sed -n 1p)."

missing=
for program in redis-server redis-cli mariadbd mariadb mariadb-install-db; do
  have "$program" || missing="$missing $program"
done
if postgresql=$(find_postgresql); then PATH="$PATH:$postgresql"; else missing="$missing postgres"; fi
have psql || missing="$missing psql"
if [ "${1:-}" = --simulated ]; then
  real=false
elif [ -n "$missing" ]; then
  real=false
  say "Not to be had here:$missing."
fi

if $real; then
  say "Starting two Redis servers, two MariaDB servers and a PostgreSQL server."
  start_redis
  start_mariadb
  start_postgresql
  start_sandbox \
    --dcs-node "$dcs_instance/${dcs_nodes[0]}=redis://127.0.0.1:${redis_ports[0]}" \
    --dcs-node "$dcs_instance/${dcs_nodes[1]}=redis://127.0.0.1:${redis_ports[1]}" \
    --taurusdb-node "$taurusdb_instance/${taurusdb_nodes[0]}=$(mariadb_url 0)" \
    --taurusdb-node "$taurusdb_instance/${taurusdb_nodes[1]}=$(mariadb_url 1)" \
    --rds-postgresql-node "$postgresql_instance/$postgresql_node=$(postgresql_url)"
  say "hwc-sandbox answers for Huawei Cloud at $sandbox_url; the servers and their sessions are real."
  connect_redis 0 checkout-1 checkout-2 checkout-3 checkout-4
  connect_redis 1 search-1 search-2
  connect_mariadb 0 report_1 report_2 invoices
  connect_mariadb 1 report_1 report_2
  connect_postgresql report monthly weekly
  connect_postgresql shop checkout
else
  start_sandbox \
    --dcs-node "$dcs_instance/${dcs_nodes[0]}=simulated:4" --dcs-node "$dcs_instance/${dcs_nodes[1]}=simulated:2" \
    --taurusdb-node "$taurusdb_instance/${taurusdb_nodes[0]}=simulated:3" \
    --taurusdb-node "$taurusdb_instance/${taurusdb_nodes[1]}=simulated:2" \
    --rds-postgresql-node "$postgresql_instance/$postgresql_node=simulated:6"
  say "hwc-sandbox answers for Huawei Cloud at $sandbox_url; its sessions are simulated."
fi

heading "The sessions before"
show_sessions

heading "What you write: main.tf"
# All but one session of the first TaurusDB node: the one that runs no report, or the last.
doomed=$(taurusdb_sessions 0 | sed '/invoices/d' | sed -n '1,2s/^thread \([0-9]*\).*/\1, /p' | tr -d '\n')
write_configuration "${doomed}999999999"
indent <"$work/hcl/main.tf"

install_provider
run_terraform init -input=false >/dev/null

heading "What Terraform plans"
run_terraform plan -input=false -out="$work/kill.plan"

heading "The kill"
run_terraform apply -input=false "$work/kill.plan"

heading "The sessions after"
show_sessions

[ -z "$(dcs_sessions 0)" ] || die "the sessions of the first Redis node should be gone"
[ "$(dcs_sessions 1 | wc -l)" -eq 2 ] || die "the sessions of the second Redis node should live"
left=$(rds_postgresql_sessions)
[ -n "$left" ] || die "the sessions of other users of PostgreSQL should live"
case $left in *report*) die "the sessions of the user report of PostgreSQL should be gone" ;; esac

heading "What is kept in state"
run_terraform state show hwc_dcs_session_kill.checkout

heading "A second plan has nothing to do"
run_terraform plan -input=false
