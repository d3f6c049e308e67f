# SPDX-License-Identifier: AGPL-3.0-or-later
# What the system tests share: a lab of their own, TAP, and questions to the database. Sourced.
set -u
root=${BM_SOURCE_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
build=${BM_BUILD_ROOT:-$root/build}
export BM_SOURCE_ROOT=$root BM_BUILD_ROOT=$build
program=$build/src/cli/bm-pst-import
make_pst=$build/tests/lib/bm-pst-make
corpus=${BM_CORPUS:-$root/../shared/corpus}
# Beside the lab: hundreds of jobs, made and removed, cost a disk more than the imports do.
work=$(mktemp -d "$("$root/tests/lab/lab" base)/bm-sys.XXXXXX") || exit 1
tests=0 bad=0

finish() {
  [ -n "${lab_state:-}" ] && "$root/tests/lab/lab" down --state "$lab_state" > /dev/null 2>&1
  rm -rf "$work"
}
trap finish EXIT

skip_all() { echo "1..0 # SKIP $*"; exit 0; }
ok() { # status, description
  tests=$((tests + 1))
  if [ "$1" = 0 ]; then echo "ok $tests - $2"; else echo "not ok $tests - $2"; bad=$((bad + 1)); fi
}
is() { # got, wanted, description
  [ "$1" = "$2" ]
  ok $? "$3"
  [ "$1" = "$2" ] && return
  # on stderr, because meson shows that of a failed test; with the end of what the program said
  { echo "not ok $tests - $3"; echo "  got:    $1"; echo "  wanted: $2"; tail -n 5 "$work/talk" 2> /dev/null; } >&2
}
note() { sed "/^$/d; s/^/# /"; }
done_testing() { echo "1..$tests"; [ "$bad" = 0 ]; exit $?; }

# lab_up OPTIONS...: a lab of this test; its variables are then set
lab_up() {
  lab_state=$("$root/tests/lab/lab" up "$@" 2> "$work/lab.err") || { note < "$work/lab.err"; echo "Bail out! no lab"; exit 1; }
  . "$lab_state"
}
lab_down() { "$root/tests/lab/lab" down --state "$lab_state" > /dev/null 2>&1; lab_state=; }
knobs() { curl -sf -X PUT "$BMLAB_CORE_URL/lab/knobs" -d "$1" > /dev/null || python3 - "$BMLAB_CORE_URL/lab/knobs" "$1" <<'P'
import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(sys.argv[1], sys.argv[2].encode(), method="PUT")).read()
P
}
sql() { psql -X -A -t -F ' ' -h "$BMLAB_PG_HOST" -p "$BMLAB_PG_PORT" -U "$BMLAB_PG_ADMIN" -c "$1" "${2:-bj-data}"; }

# import FILE USER OPTIONS...: report in $work/report.json, talk in $work/talk; the status is left in $status
import() {
  local file=$1 user=$2
  shift 2
  # a subshell, because bash tells on stderr of every command that was killed
  (timeout 300 "$program" import "$file" --user "$user@$BMLAB_DOMAIN" --config "$BMLAB_CONFIG" --jobs "$work/jobs" \
    --format json --stall-after 30 "$@" > "$work/report.json" 2> "$work/talk" || exit $?) 2> /dev/null
  status=$?
}
# ledger MEMBER: of the last report
ledger() { python3 -c 'import json,sys; l=json.load(open(sys.argv[1]))["ledger"]; v=l
for k in sys.argv[2].split("."): v=v.get(k,0)
print(v)' "$work/report.json" "$1" 2> /dev/null || echo none; }

user_uid() { sql "SELECT ci.uid FROM t_domain_user u JOIN t_container_item ci ON ci.id = u.item_id WHERE u.login = '$1'" bj; } # on the first port, where bj is
# mailbox USER [FOLDER]: every message of the user as "folder guid", sorted; the truth of the database
mailbox() {
  local guid="encode(r.message_body_guid, 'hex')" join="JOIN t_container rc ON rc.id = r.container_id JOIN t_mailbox_replica mr ON rc.uid = 'mbox_records_' || mr.unique_id JOIN t_container sc ON sc.id = mr.container_id"
  if [ "$BMLAB_SCHEMA" = 4.0 ]; then
    guid="r.message_body_guid"
    join="JOIN t_container_item ri ON ri.id = r.item_id JOIN t_container rc ON rc.id = ri.container_id JOIN t_container_item fi ON rc.uid = 'mbox_records_' || fi.uid JOIN t_mailbox_replica mr ON mr.item_id = fi.id JOIN t_container sc ON sc.id = fi.container_id"
  fi
  local port uid n=0
  uid=$(user_uid "$1")
  for port in $BMLAB_PG_PORTS; do # a user is on one of the shards
    n=$((n + 1))
    BMLAB_PG_HOST=127.0.0.$n BMLAB_PG_PORT=$port sql "SELECT mr.name || ' ' || $guid FROM t_mailbox_record r $join
       WHERE sc.uid LIKE '%!user.$uid' AND r.system_flags >= 0 ${2:+AND mr.name = '$2'} ORDER BY 1"
  done
}
wait_for() { # COMMAND: until it says yes, for 20 s
  for try in $(seq 1 200); do
    eval "$1" && return 0
    sleep 0.1
  done
  return 1
}
copy_shard() { # every row of the first bj-data to the second, and where its numbers go on
  local _ port2
  read -r _ port2 <<< "$BMLAB_PG_PORTS"
  local other=(psql -X -q -h 127.0.0.2 -p "$port2" -U "$BMLAB_PG_ADMIN" bj-data)
  local tables
  tables=$(sql "SELECT string_agg(format('%I', tablename), ' ') FROM pg_tables
    WHERE schemaname = 'public' AND 'r' = (SELECT relkind FROM pg_class WHERE oid = format('%I', tablename)::regclass)") # no parents of partitions
  { echo "SET session_replication_role = replica;"
    for table in $tables; do
      echo "DELETE FROM $table;"
      echo "COPY $table FROM STDIN;"
      sql "COPY $table TO STDOUT"
      echo '\.'
    done
    sql "SELECT format('SELECT setval(%L, %s);', schemaname || '.' || sequencename, last_value) FROM pg_sequences WHERE last_value > 0"
  } | "${other[@]}" > "$work/sql" 2>&1
}
