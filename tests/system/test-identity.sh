#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Who is imported into, and as whom: the directory over SQL and over REST, imports without a database to prove them,
# API keys that never stay, passwords of many, the audit log, and mailboxes that move in the middle of an import.
. "$(dirname "$0")/lib.sh"
lab_up --users 8
"$make_pst" --sample "$work/sample.pst" && "$make_pst" --bulk 3000 --size 2000 "$work/bulk.pst" || exit 1
"$make_pst" --bulk 60 --seed 3 "$work/small.pst"

# as USER-AS-TYPED FILE OPTIONS...: import that names the user in any way
as() {
  local user=$1 file=$2
  shift 2
  (timeout 300 "$program" import "$file" --user "$user" --config "${conf:-$BMLAB_CONFIG}" --jobs "$work/jobs" \
    --format json --stall-after 30 "$@" > "$work/report.json" 2> "$work/talk" || exit $?) 2> /dev/null
  status=$?
}
report() { python3 -c 'import json,sys; v=json.load(open(sys.argv[1]))
for k in sys.argv[2].split("."): v=v[k]
print(v)' "$work/report.json" "$1" 2> /dev/null || echo none; }
configure() { # NAME SED-EXPRESSION...: a changed configuration; its path is left in $conf
  conf=$work/$1.conf
  shift
  sed "$@" "$BMLAB_CONFIG" > "$conf"
}
keys() { sql "SELECT count(*) FROM t_api_key WHERE displayname LIKE 'bm-pst-import-%'" bj; }
notes() { find "$work/jobs/keys" -type f 2> /dev/null | wc -l; }

# --- the directory, over SQL and over REST: the same answers

external() { sql "UPDATE t_container_item SET external_id = '$2' WHERE uid = '$(user_uid "$1")'" bj > "$work/sql"; }
external alice 'ldap://dc=lab/4711'
external carol carol-7
external dave 'twins'
external erin 'twins'
external archie 'left'
sql "INSERT INTO t_mailbox_email SELECT item_id, 'carol', 'other.test', false, false FROM t_domain_user WHERE login = 'dave'" bj > "$work/sql"
for source in sql rest; do
  # over REST nothing is asked of the database bj: its port leads nowhere
  configure $source "s/^\[directory\]/&\nsource=$source/"
  [ $source = rest ] && sed -i '/^\[directory\]/,/^\[data\]/s/^port=.*/port=1/' "$conf"
  while read -r address login; do
    as "$address" "$work/sample.pst" --dry-run
    is "$status $(report mailbox.user_uid)" "0 $(user_uid "$login")" "$source: $address is $login"
  done << 'END'
alice@lab.test alice
alice@d41d8cd9.internal alice
Alice@OTHER.test alice
jean.dupont@lab.test jean.dupont
erin.martin@other.test erin
e.martin@lab.test erin
e.martin@other.test erin
ext:ldap://dc=lab/4711 alice
ext:carol-7 carol
ext:carol-7@lab.test carol
END
  while read -r want address words; do
    as "$address" "$work/sample.pst" --dry-run
    grep -q "$words" "$work/talk"
    is "$status $?" "$want 0" "$source: $address is refused: $(head -n 1 "$work/talk" | cut -c 16-100)"
  done << 'END'
77 nobody@lab.test user-unknown
77 alice@elsewhere.test user-unknown
77 erin.martin@lab.test user-unknown
77 carol@other.test means 2 mailboxes (.*carol@lab.test
77 ext:4711 user-unknown
77 ext:carol-7@elsewhere.test user-unknown
77 ext:left suspended
77 archie@lab.test suspended
77 xavier@lab.test external server
77 nora@lab.test no mail routing
77 sven@lab.test no folder container
77 team@lab.test not a user
77 admin0@global.virt admin-refused
END
done
as bob@lab.test "$work/sample.pst"
is "$status $(ledger verified)" "0 24" "an import whose user REST found"
for conf in "$work/sql.conf" "$work/rest.conf"; do
  as ext:twins "$work/sample.pst" --dry-run
  grep -q 'means 2 mailboxes (dave@lab.test, erin@lab.test)\|means 2 mailboxes (erin@lab.test, dave@lab.test)' "$work/talk"
  is "$status $?" "77 0" "an external id that two users have: $(head -n 1 "$work/talk" | cut -c 16-100)"
done
configure no-core '/^token-file/s/=.*/=\/nonexistent/; s/^\[directory\]/&\nsource=rest/'
as bob@lab.test "$work/sample.pst"
is "$status" 78 "REST without admin key: $(head -n 1 "$work/talk" | cut -c 1-80)"
conf=

# --- no database, no proof

configure blind 's/^\[data\]/&\nenabled=false/; /^dbname=bj-data/,$s/^port=5.*/port=1/'
as u1@lab.test "$work/sample.pst"
is "$status $(ledger unverified_by_reason.no-database) $(ledger verified)" "2 24 0" "without database: sent, unproven, with the reason"
grep -q 'nothing will be proven' "$work/talk"
ok $? "stderr says why"
job=$(basename "$(ls -d "$work"/jobs/u1-*)")
grep -q 'may not be read' "$work/jobs/$job/report.txt" && grep -q 'database *none' "$work/jobs/$job/report.txt"
ok $? "and so does the report"
"$program" verify "$job" --config "$conf" --jobs "$work/jobs" > /dev/null 2>&1
is $? 2 "verify without database proves nothing"
"$program" verify "$job" --config "$BMLAB_CONFIG" --jobs "$work/jobs" > /dev/null 2> "$work/talk"
is $? 0 "verify with one does"
BM_FAILPOINT=sink.append.after as u2@lab.test "$work/sample.pst"
is "$status" 137 "killed after an append without answer"
as u2@lab.test "$work/sample.pst"
is "$status $(ledger unverified) $(ledger in_doubt)" "2 24 0" "Cyrus is asked for digests: nothing stays in doubt"
wait_for '[ "$(mailbox u2 | wc -l)" -ge 24 ]'
is "$(mailbox u2 | wc -l) $(mailbox u2 | sort -u | wc -l)" "24 $(mailbox u1 | sort -u | wc -l)" "and nothing came twice"
as bob@lab.test "$work/sample.pst" --into Imported/sample
is "$status $(ledger verified)" "0 24" "an old job keeps its proof"
conf=

# --- API keys

sql "INSERT INTO t_api_key VALUES ('11111111-aaaa', 'pst-import', '$(user_uid u3)', 'd41d8cd9.internal')" bj > "$work/sql"
as u3@lab.test "$work/small.pst" --credential api-key
is "$status $(ledger verified) $(keys) $(notes)" "0 60 0 0" "an import with an API key leaves none"
configure key 's/^\[core\]/&\ncredential=api-key/'
as u3@lab.test "$work/sample.pst" --dry-run
is "$status $(keys)" "0 0" "a dry run makes none"
for point in key.create.before key.create.after sink.append.after key.delete.before key.delete.after; do
  BM_FAILPOINT=$point as u3@lab.test "$work/sample.pst" --into "Killed/$point"
  [ $point = key.create.before ] || [ $point = key.delete.after ]
  left=$?
  is "$status $(keys) $(notes)" "137 $left 1" "killed at $point: the key ($left) and its note are left"
  note=$(find "$work/jobs/keys" -type f)
  sid=$(sql "SELECT sid FROM t_api_key WHERE displayname LIKE 'bm-pst-import-%'" bj)
  [ "$(stat -c %a "$note")" = 600 ] && ! grep -q "${sid:-no-such-key}" "$note" && ! grep -rq "${sid:-no-such-key}" "$work/jobs" "$work/talk"
  ok $? "which is private, and nothing on disk holds the key"
  BM_FAILPOINT= as u4@lab.test "$work/sample.pst" --credential token
  is "$status $(keys) $(notes)" "0 0 0" "the next import, of another user, deletes it"
done
as u3@lab.test "$work/sample.pst" --into "Killed/sink.append.after"
is "$status $(ledger verified) $(keys)" "0 24 0" "the same command goes on, with a key of its own"

background() { # USER FILE OPTIONS...: an import with a key, once it sends; its pid is left in $import
  local user=$1 file=$2
  shift 2
  "$program" import "$file" --user "$user@lab.test" --config "$conf" --jobs "$work/jobs" --format json --stall-after 60 \
    --state "$work/state" "$@" > "$work/report.json" 2> "$work/talk" &
  import=$!
  wait_for 'grep -q "^appended=[1-9]" "$work/state" 2> /dev/null'
}
background u5 "$work/bulk.pst" --credential api-key
is $? 0 "an import with a key runs"
kill -STOP $import # a fast one would be over before the other has looked
(work=$work/other && mkdir -p "$work" && as u6@lab.test "$work/../sample.pst" --jobs "$work/../jobs" --credential token && exit "$status")
is "$? $(keys) $(notes)" "0 1 1" "the start of another does not touch the key of a living one"
kill -9 $import
wait $import 2> /dev/null
is "$(keys) $(notes)" "1 1" "kill -9 leaves the key"
as nobody@lab.test "$work/sample.pst" --credential token
is "$status $(keys) $(notes)" "77 0 0" "and even an import that is refused sweeps it"
rm -f "$work/state"
background u5 "$work/bulk.pst" --credential api-key
knobs '{"state": "CORE_STATE_MAINTENANCE"}'
knobs '{"state": "CORE_STATE_RUNNING"}'
wait $import
is "$? $(ledger verified) $(keys) $(notes)" "0 3000 0 0" "it goes on, through a maintenance, and its key is gone"
is "$(sql "SELECT count(*) FROM t_api_key" bj)" 1 "the users' other keys stay"
conf=

# --- passwords of many

printf '\xef\xbb\xbfuser;password\r\nu6@lab.test;wrong\r\nu7@LAB.test;secret\r\n' > "$work/passwords"
chmod 644 "$work/passwords"
as u7@lab.test "$work/sample.pst" --passwords "$work/passwords"
is "$status" 78 "a passwords file that others may read: $(head -n 1 "$work/talk" | cut -c 1-90)"
chmod 600 "$work/passwords"
as u7@lab.test "$work/sample.pst" --passwords "$work/passwords"
is "$status $(ledger verified)" "0 24" "the user's own row"
as u6@lab.test "$work/small.pst" --passwords "$work/passwords"
is "$status" 77 "a wrong password"
as u8@lab.test "$work/sample.pst" --passwords "$work/passwords"
is "$status" 77 "no row: $(head -n 1 "$work/talk" | cut -c 1-90)"
as u7@lab.test "$work/sample.pst" --passwords "$work/passwords" --credential token
is "$status" 64 "two credentials are one too many"
as u7@lab.test "$work/sample.pst" --credential key
is "$status" 64 "an unknown kind"
printf 'file,user,into\n%s,u7@lab.test,Batch\n' "$work/small.pst" > "$work/map.csv"
timeout 120 "$program" batch "$work/map.csv" --passwords "$work/passwords" --config "$BMLAB_CONFIG" --jobs "$work/jobs" > "$work/out" 2> "$work/talk"
is $? 0 "batch gives its rows the passwords file"

# --- the audit log

check_audit() { python3 - "$work/jobs/audit.log" "$work/sample.pst" "$work/small.pst" << 'P'
import json, os, sys
lines = [json.loads(l) for l in open(sys.argv[1])]
assert os.stat(sys.argv[1]).st_mode & 0o777 == 0o600
runs = {}
for l in lines:
    assert {"time", "event", "run", "operator", "version", "file", "user", "into"} <= set(l), l
    assert l["operator"]["uid"] == os.getuid()
    runs.setdefault(l["run"], []).append(l)
for events in runs.values():
    assert [l["event"] for l in events] in (["begin", "end"], ["begin"], ["refused"]), events
    if events[0]["event"] == "begin":
        b = events[0]
        assert {"size", "pst_identity", "user_uid", "domain_uid", "credential", "job"} <= set(b) and "status" not in b, b
begun = [e for e in runs.values() if len(e) == 1 and e[0]["event"] == "begin"]
assert len(begun) == 3, begun  # killed after the begin: two at failpoints, one by kill -9
ended = [e[1] for e in runs.values() if len(e) == 2]
u7 = [l for l in ended if l["user"] == "u7@lab.test"]
assert u7[0]["file"] == sys.argv[2] and u7[0]["status"] == 0 and u7[0]["credential"] == "passwords", u7
assert u7[0]["size"] == os.path.getsize(sys.argv[2]) and u7[0]["ledger"]["verified"] == 24, u7
assert u7[-1]["file"] == sys.argv[3] and u7[-1]["into"] == "Batch" and u7[-1]["ledger"]["verified"] == 60, u7
assert {l["credential"] for l in ended} == {"token", "api-key", "passwords"}
assert any(l["status"] == 2 and l["ledger"]["unverified"] == 24 for l in ended)
refused = [e[0] for e in runs.values() if e[0]["event"] == "refused"]
assert {"user-unknown", "config", "login-refused", "usage"} <= {l["cause"] for l in refused}, refused
P
}
check_audit > "$work/out" 2>&1
ok $? "audit log: $(wc -l < "$work/jobs/audit.log") lines; every begin has its end, but for the killed ones"
tail -n 3 "$work/out" | note
SUDO_USER=jo as u8@lab.test "$work/sample.pst"
tail -n 1 "$work/jobs/audit.log" | grep -q '"sudo_user":"jo"'
ok $? "who became root by sudo is named"
lab_down

# --- mailboxes that move

lab_up --shards 2 --users 8
"$make_pst" --bulk 40 --seed 9 "$work/forty.pst"
read -r _ port2 <<< "$BMLAB_PG_PORTS"
move() { # USER: its place in the directory, as BlueMind's move changes it
  sql "UPDATE t_container_location SET location = 'bm-shard2' WHERE container_uid LIKE '%!user.$(user_uid "$1")'" bj > "$work/sql"
}
rm -rf "$work/jobs" "$work/state"
configure moving 's/^\[directory\]/&\nrecheck=1/'
knobs '{"delay_ms": 400}'
background u1 "$work/forty.pst"
wait_for 'grep -q "^appended=40" "$work/state" 2> /dev/null'
move u1
wait $import
is "$? $(report stopped.cause)" "75 mailbox-moved" "a mailbox that moves stops its import: run again"
report stopped.reason | grep -q 'from server bm-master (127.0.0.1) to bm-shard2 (127.0.0.2)'
ok $? "naming both: $(report stopped.reason)"
knobs '{"delay_ms": 0}'
wait_for '[ "$(mailbox u1 | wc -l)" = 40 ]'
copy_shard
as u1@lab.test "$work/forty.pst"
is "$status $(ledger verified) $(ledger balanced)" "0 40 True" "the same command goes on"
report mailbox.database | grep -q "on 127.0.0.2 port $port2"
ok $? "on the new shard: $(report mailbox.database)"

# the database of the old shard fails for good: the directory is asked at once, not in an hour
configure hour 's/^\[directory\]/&\nrecheck=3600/'
rm -f "$work/state"
knobs '{"stop": true}'
background u3 "$work/forty.pst"
wait_for 'grep -q "^appended=40" "$work/state" 2> /dev/null'
move u3
sql 'ALTER DATABASE "bj-data" ALLOW_CONNECTIONS false' postgres > "$work/sql"
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pstimport'" postgres > "$work/sql"
wait $import
is "$? $(report stopped.cause)" "75 mailbox-moved" "a database that stays away makes it ask"
sql 'ALTER DATABASE "bj-data" ALLOW_CONNECTIONS true' postgres > "$work/sql"

# suspended in the middle
rm -f "$work/state"
conf=$work/moving.conf
background u5 "$work/forty.pst"
sql "UPDATE t_domain_user SET archived = true WHERE login = 'u5'" bj > "$work/sql"
wait $import
is "$? $(report stopped.cause) $(ledger balanced)" "77 user-refused True" "a user suspended meanwhile: $(report stopped.reason)"
knobs '{"stop": false}'

# the directory goes away in the middle: no reason to stop
rm -f "$work/state"
background u7 "$work/bulk.pst"
sql 'ALTER DATABASE bj ALLOW_CONNECTIONS false' postgres > "$work/sql"
wait $import
is "$? $(ledger verified)" "0 3000" "a directory that cannot be asked any more costs nothing"
sql 'ALTER DATABASE bj ALLOW_CONNECTIONS true' postgres > "$work/sql"
lab_down

# --- BlueMind 5: no digests; over REST, with a key, without database

lab_up --bm5
rm -rf "$work/jobs" "$work/state"
configure all 's/^\[core\]/&\ncredential=api-key/; s/^\[directory\]/&\nsource=rest/; s/^\[data\]/&\nenabled=false/'
as alice@lab.test "$work/small.pst"
is "$status $(ledger unverified_by_reason.no-database) $(keys)" "2 60 0" "BlueMind 5 over REST and with a key, without any database"
as alice@lab.test "$work/forty.pst"
is "$status $(ledger unverified) $(ledger pending)" "2 40 0" "and a second PST below the same folder"
BM_FAILPOINT=sink.append.after as bob@lab.test "$work/small.pst"
as bob@lab.test "$work/small.pst"
doubt=$(ledger in_doubt)
is "$status $(ledger pending) $(($(ledger unverified) + doubt)) $([ "$doubt" -gt 0 ] && echo some)" "2 $doubt 60 some" \
  "what is in doubt stays pending: $doubt"
is "$(mailbox bob | wc -l)" 60 "and is not sent again"
as bob@lab.test "$work/forty.pst" --into Imported/small
grep -q 'nobody can tell what is in it' "$work/talk"
is "$status $?" "2 0" "a folder in use is warned of: $(grep -m 1 'nobody can tell' "$work/talk" | cut -c 16-100)"
sed -i '/^enabled=false/d' "$conf"
"$program" verify "$(basename "$(ls -d "$work"/jobs/alice-* | head -n 1)")" --config "$conf" --jobs "$work/jobs" > "$work/out" 2>&1
is $? 0 "with a database all of it is proven later"
done_testing
