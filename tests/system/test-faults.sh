#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# What goes wrong around an import: replication late, refused, stopped; bodies lost; users that may
# not receive; quota; locks; interrupts; bad files, bad usage, bad configuration.
. "$(dirname "$0")/lib.sh"
lab_up --users 8
"$make_pst" --sample "$work/sample.pst" || exit 1
job() { basename "$(ls -d "$work"/jobs/"$1"-*)"; }
verify() {
  timeout 100 "$program" verify "$(job "$1")" --config "$BMLAB_CONFIG" --jobs "$work/jobs" --format json --stall-after "${2:-10}" \
    > "$work/report.json" 2> "$work/talk"
  status=$?
}

knobs '{"delay_ms": 300}'
import "$work/sample.pst" u1
is "$status $(ledger verified)" "0 24" "late replication is waited for"
# other bodies than u1's: bodies are shared
"$make_pst" --bulk 10 --seed 7 "$work/other.pst"
knobs '{"delay_ms": 0, "drop_body": 2}'
import "$work/other.pst" u2 --stall-after 3
is "$status $(ledger unverified_by_reason.body-missing)" "2 2" "lost bodies are seen: record without body"
knobs '{"drop_body": 0, "refuse": true}'
import "$work/sample.pst" u3 --stall-after 11
is "$status $(ledger unverified_by_reason.stalled)" "2 24" "refused replication is called stalled"
is "$(grep -c '^verifying: 0 verified, 24 not yet' "$work/talk")" 1 "after a line of progress every 10 s"
knobs '{"refuse": false}'
verify u3 60
is "$status $(ledger verified)" "0 24" "verify proves it later"
knobs '{"stop": true}'
import "$work/sample.pst" u4 --no-wait
is "$status $(ledger unverified)" "2 24" "--no-wait ends at once, unproven"
knobs '{"stop": false}'
verify u4 60
is "$status $(ledger verified)" "0 24" "and verify goes on"

knobs '{"stop": true}'
"$program" import "$work/sample.pst" --user "u5@$BMLAB_DOMAIN" --into Left --config "$BMLAB_CONFIG" --jobs "$work/jobs" > "$work/out" 2> "$work/talk" &
first=$!
for i in $(seq 1 200); do
  grep -qs 'appended.all' "$work"/jobs/u5-*/journal.sqlite* && break
  sleep 0.05
done
sleep 0.5
kill -INT $first
wait $first
is $? 130 "whoever does not want to wait may leave"
knobs '{"stop": false}'
"$program" status --config "$BMLAB_CONFIG" --jobs "$work/jobs" > "$work/out" 2> "$work/talk"
grep -A 3 '^u5-' "$work/out" | grep -q '28 found: 24 unverified, 4 skipped; stopped: interrupted'
ok $? "status says so"
verify u5 60
is "$status $(ledger verified)" "0 24" "and verify ends the job: nothing of it is left to be told"
rm -rf "$work"/jobs/u5-*
mkdir -p "$work/jobs/new"
cp "$work"/jobs/u3-*/journal.sqlite "$work/jobs/new"
python3 - "$work/jobs/new/journal.sqlite" <<'P'
import sqlite3, sys
journal = sqlite3.connect(sys.argv[1])
for table in "fact", "item", "folder", "target":
    journal.execute("DELETE FROM " + table)
journal.commit()
P
"$program" verify new --config "$BMLAB_CONFIG" --jobs "$work/jobs" > "$work/out" 2> "$work/talk"
is $? 64 "a job that died before it began cannot be verified"
rm -rf "$work/jobs/new"

python3 - "$program" import "$work/sample.pst" --user "u6@$BMLAB_DOMAIN" --into Terminal --config "$BMLAB_CONFIG" --jobs "$work/jobs" > "$work/out" 2> "$work/talk" <<'P'
import fcntl, os, pty, re, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(sys.argv[1], sys.argv[1:])
said = b""
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    said += part
lines = re.findall(rb"\r\x1b\[K([^\r\n]+)", said)
progress = [line for line in lines if re.match(rb"(appending|verifying|done): ", line)]
print(len(progress) > 2 and max(len(line) for line in progress) <= 39, os.waitpid(pid, 0)[1])
P
is "$(cat "$work/out")" "True 0" "on a terminal one line is rewritten, and fits"
rm -rf "$work"/jobs/u6-*

for user in archie xavier nora sven team admin0 nobody; do
  import "$work/sample.pst" $user
  is "$status" 77 "$user is refused"
  [ -s "$work/talk" ]
  ok $? "with a reason: $(head -n 1 "$work/talk")"
done
import "$work/sample.pst" quinn --dry-run
is "$status" 0 "a quota that is smaller than the file, but not than its mails ($(($(stat -c %s "$work/sample.pst") / 1024)) KiB)"
sql "UPDATE t_mailbox SET quota = 60 WHERE name = 'quinn'" bj > /dev/null
import "$work/sample.pst" quinn
is "$status $(grep -c 'over-quota: an estimated .* are needed, .* of 60.0.*KiB are left' "$work/talk")" "73 1" "a quota too small for the mails stops before anything is sent"
is "$(mailbox quinn | wc -l)" 0 "nothing is"
is "$(python3 -c 'import json,sys; r=json.load(open(sys.argv[1])); print(r["stopped"]["cause"], r["exit_status"])' "$work/report.json")" \
  "over-quota 73" "and the report says why"
knobs '{"quota_used_kib": 0}'
sql "UPDATE t_mailbox SET quota = 400 WHERE name = 'quinn'" bj > /dev/null
import "$work/sample.pst" quinn --into Full --include '#Inbox#'
is "$status $(ledger verified)" "0 14" "one that is just large enough"
knobs '{"quota_used_kib": 350}'
import "$work/sample.pst" quinn --into Full --include '#Inbox#'
is "$status $(ledger verified)" "0 14" "the same command again needs no room for what was sent"
import "$work/sample.pst" quinn --into Fuller
is "$status" 73 "another does"
knobs '{"quota_used_kib": -1}'
"$make_pst" --bulk 200 --size 4000 "$work/big.pst"
import "$work/big.pst" quinn --ignore-quota
is "$status $(ledger balanced)" "73 True" "over quota in the middle stops, the ledger balances"
is "$(ledger unverified)" 0 "what was sent before is proven all the same"
[ "$(ledger pending)" -gt 0 ] && [ "$(ledger verified)" -gt 0 ]
ok $? "and the rest is pending ($(ledger verified) verified, $(ledger pending) pending)"

echo wrong > "$work/password"
import "$work/sample.pst" u5 --password-file "$work/password"
is "$status" 77 "a wrong password is refused"
echo secret > "$work/password"
import "$work/sample.pst" u5 --password-file "$work/password"
is "$status" 0 "a right one is not"
import "$work/sample.pst" "erin.martin" --into Alias
is "$status" 77 "an alias of another domain is not one of this"
"$program" import "$work/sample.pst" --user erin.martin@other.test --config "$BMLAB_CONFIG" --jobs "$work/jobs" > /dev/null 2> "$work/talk"
is $? 0 "an alias address finds its user"

knobs '{"state": "CORE_STATE_MAINTENANCE"}'
import "$work/sample.pst" u6
is "$status" 69 "a core in maintenance is not imported into"
knobs '{"state": "CORE_STATE_RUNNING"}'

# through_proxy LIMIT...: an import of which the first connections to the database are cut
through_proxy() {
  local port
  coproc proxy { exec "$root/tests/system/cutting-proxy.py" "$BMLAB_PG_PORT" "$@"; }
  read -r port <&"${proxy[0]}"
  sed "s/^port=$BMLAB_PG_PORT\$/port=$port\ntimeout=2/" "$BMLAB_CONFIG" > "$work/proxy.conf"
  BMLAB_CONFIG=$work/proxy.conf import "$work/sample.pst" u5 --into Cut
  eval "exec ${proxy[1]}>&-"
  wait
}
through_proxy 0 10 400 0
is "$status $(ledger verified)" "0 24" "a directory whose connections are cut is asked again"
through_proxy 100000 0 300 500 450
is "$status $(ledger verified)" "0 24" "and so is a shard"
through_proxy 100000 -700 -900
is "$status $(ledger verified)" "0 24" "a database that falls silent is not waited for for ever"
through_proxy 0 0 0 0 0 0 0 0 0 0
is "$status" 69 "a database that stays away stops the job"

"$make_pst" --bulk 6000 --size 3000 "$work/long.pst"
"$program" import "$work/long.pst" --user "u7@$BMLAB_DOMAIN" --config "$BMLAB_CONFIG" --jobs "$work/jobs" > /dev/null 2> "$work/talk7" &
first=$!
for i in $(seq 1 1000); do
  [ -s "$(ls "$work"/jobs/u7-*/lock 2> /dev/null)" ] && break
  sleep 0.02
done
import "$work/long.pst" u7
is "$status" 75 "a second process on the same job is locked out"
grep -q "process $first" "$work/talk"
ok $? "naming the pid of the first: $(head -n 1 "$work/talk")"
import "$work/sample.pst" u7
is "$status" 75 "and so is another file for the same mailbox"
kill -INT $first
wait $first
is $? 130 "SIGINT interrupts"
import "$work/long.pst" u7
is "$status $(ledger verified)" "0 6000" "and the same command goes on to the end"

cp "$work/sample.pst" "$work/changing.pst"
BM_FAILPOINT=sink.append.before import "$work/changing.pst" u8
"$make_pst" --bulk 10 "$work/changing.pst"
import "$work/changing.pst" u8
is "$status $(ls -d "$work"/jobs/u8-* | wc -l)" "66 1" "a PST that changed in the middle of its job stops with the reason"
grep -q "has changed since job u8-" "$work/talk"
ok $? "naming the job: $(head -n 1 "$work/talk")"
import "$work/changing.pst" u8 --new-job
is "$status $(ledger verified)" "0 10" "--new-job begins anew"
"$make_pst" --bulk 12 "$work/changing.pst"
import "$work/changing.pst" u8
is "$status $(ledger verified) $(ledger present_before)" "0 12 10" "after a finished job a changed PST is a new job, which sends what is new"

bad_file() { # status, description, file
  import "$3" u6
  is "$status" "$1" "$2: $(head -n 1 "$work/talk" | cut -c 1-90)"
}
bad_file 66 "missing file" "$work/nothing.pst"
bad_file 66 "directory" "$work"
: > "$work/empty.pst"
bad_file 66 "empty file" "$work/empty.pst"
printf 'PK\003\004%020000d' 0 > "$work/zip.pst"
bad_file 66 "a zip named .pst" "$work/zip.pst"
head -c 20000 "$work/sample.pst" > "$work/cut.pst"
bad_file 66 "truncated" "$work/cut.pst"
printf 'version https://git-lfs.github.com/spec/v1\n' > "$work/lfs.pst"
bad_file 66 "a pointer instead of the file" "$work/lfs.pst"

usage() { # status, words...
  local want=$1
  shift
  "$program" "$@" > "$work/out" 2> "$work/talk"
  is $? "$want" "bm-pst-import $*"
}
usage 64
usage 64 nonsense
usage 64 import
usage 64 import "$work/sample.pst"
usage 64 import "$work/sample.pst" --user a@b --nonsense
usage 64 import "$work/sample.pst" --user a@b --into Outbox
usage 64 import "$work/sample.pst" --user a@b --format yaml
usage 64 import "$work/sample.pst" --user a@b --since yesterday
usage 64 import "$work/sample.pst" --user a@b --max-size huge
usage 64 import "$work/sample.pst" --user a@b --include '#Nonsense#'
usage 64 import "$work/sample.pst" --user a@b --item-memory 1
usage 64 import "$work/sample.pst" --user a@b --stall-after -1
usage 64 verify job --stall-after -1
usage 64 report no-such-job --jobs "$work/jobs"
usage 0 --help
usage 0 --version
printf '[imap]\ntls=perhaps\nport=abc\n[nonsense]\nx=1\n' > "$work/bad.conf"
usage 78 import "$work/sample.pst" --user a@b --config "$work/bad.conf"
is "$(grep -c '^\[' "$work/talk")" 3 "all faults of a configuration are told at once"
sed 's/^port=.*/port=1/' "$BMLAB_CONFIG" > "$work/away.conf"
usage 69 import "$work/sample.pst" --user a@b --config "$work/away.conf"
sed '/^\[imap\]/,$s/^port=.*/port=1/' "$BMLAB_CONFIG" > "$work/away.conf"
rm -rf "$work/jobs"
usage 69 import "$work/sample.pst" --user "u6@$BMLAB_DOMAIN" --config "$work/away.conf" --jobs "$work/jobs"
is "$(ls -d "$work"/jobs/u6-* 2> /dev/null)" "" "a mail server that is away is found before a job is begun"
done_testing
