#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# A migration weekend: two shards, forty users, a hundred PSTs; failures of every kind between them;
# conductor and workers killed in the middle; pause, cancel, retry; trouble that comes and goes.
. "$(dirname "$0")/lib.sh"
lab_up --users 40 --shards 2
map=$work/weekend.csv

# batch MAP OPTIONS...: lines of JSON in $work/lines, the status in $status
batch() {
  timeout 600 "$program" batch "$@" --config "$BMLAB_CONFIG" --jobs "$work/jobs" --format json \
    > "$work/lines" 2> "$work/talk"
  status=$?
}
order() { timeout 600 "$program" "$@" --config "$BMLAB_CONFIG" --jobs "$work/jobs" > "$work/lines" 2> "$work/talk"; status=$?; }
# of EXPRESSION: a value of the report of batch $name; r is the report, row(n) the row of line n
of() {
  "$program" report "$name" --config "$BMLAB_CONFIG" --jobs "$work/jobs" --format json > "$work/report.json" 2> "$work/talk"
  python3 - "$work/report.json" "$1" << 'P'
import json, sys
r = json.load(open(sys.argv[1]))
row = lambda n: next(x for x in r["rows"] if x["line"] == n)
print(eval(sys.argv[2]))
P
}
states() { of '" ".join("%d %s" % (n, s) for s, n in sorted((s, sum(x["state"] == s for x in r["rows"])) for s in {x["state"] for x in r["rows"]}))'; }
until_running() { for _ in $(seq 1 1000); do [ -n "$(worker)" ] && return; sleep 0.02; done; }
worker() { pgrep -f "^$program import .*--jobs $work/jobs " | head -n 1; }

# ---- the hundred
{
  echo "file,user,into,options"
  for i in $(seq 1 80); do
    "$make_pst" --bulk 25 --size 1500 --folders 3 --seed "$i" "$work/f$i.pst"
    echo "f$i.pst,u$(((i - 1) % 40 + 1))@$BMLAB_DOMAIN,,"
  done
} > "$map"
rows=80
if [ -d "$corpus" ]; then
  for file in tika-test.pst aspose-sample.pst go-pst-ansi.pst outlook-com-4k.ost empty.pst java-libpst-dist-list.pst \
    tika-bodies.pst aspose-search.pst inline-image.pst; do
    rows=$((rows + 1))
    echo "$corpus/$file,u$((rows - 80))@$BMLAB_DOMAIN,Old,--owner-mismatch-ok"
  done >> "$map"
fi
good=$rows
"$make_pst" --sample "$work/sample.pst"
sql "UPDATE t_mailbox SET quota = 20 WHERE name = 'quinn'" bj > /dev/null
head -c 20000 "$work/f1.pst" > "$work/cut.pst"
first_bad=$((rows + 2))
cat >> "$map" << M
sample.pst,nobody@$BMLAB_DOMAIN,,
gone.pst,u9@$BMLAB_DOMAIN,,
sample.pst,admin0@global.virt,,
sample.pst,u10@$BMLAB_DOMAIN,,--nonsense
.,u11@$BMLAB_DOMAIN,,
cut.pst,u12@$BMLAB_DOMAIN,,
sample.pst,archie@$BMLAB_DOMAIN,,
sample.pst,,,
f1.pst,u1@$BMLAB_DOMAIN,,
sample.pst,u13@$BMLAB_DOMAIN,Outbox,
f3.pst,quinn@$BMLAB_DOMAIN,,
sample.pst,carol@$BMLAB_DOMAIN,,
M
name=weekend
batch "$map" --parallel 4 --per-server 3
is "$status" 1 "a batch with failures ends with 1"
is "$(of 'r["ledger"]["balanced"], r["ledger"]["verified"] + r["ledger"]["skipped"] + r["ledger"]["failed"] == r["ledger"]["found"]')" "(True, True)" "the ledger over all balances"
is "$(of "sum(x['state'] == 'ended' and x['status'] == 0 for x in r['rows'][:$good])")" "$good" "every good row is proven; bad ones cost none of them"
is "$(of "' '.join(str(row($first_bad + i)['status']) for i in range(12))")" \
  "77 66 77 None 66 66 77 None None 64 73 77" "every bad row says how"
for i in $(seq 0 11); do
  text=$(of "row($first_bad + $i)['message']")
  [ -n "$text" ] && [ "$text" != None ]
  ok $? "line $((first_bad + i)): $text"
done
is "$(of "row($first_bad + 11)['cause']") $(mailbox carol | wc -l)" "owner-mismatch 0" "somebody else's PST stops before a byte is sent"
is "$(of 'r["grade"]')" poor "the grade is that of the worst mailbox"
is "$(of '[m["grade"] for m in r["mailboxes"] if m["user"] == "u2@lab.test"]')" "['perfect']" "others keep theirs"
python3 - "$work/lines" << 'P'
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
kinds = {e["event"] for e in events}
assert kinds == {"row", "progress", "end"}, kinds
assert all(e["time"].endswith("Z") for e in events)
assert all("workers" in e and "trouble" in e for e in events if e["event"] == "progress")
assert events[-1]["grade"] == "poor" and events[-1]["exit_status"] == 1
P
ok $? "lines of JSON tell how it goes"
for user in u1 u2 u40; do
  is "$(mailbox $user | sort | uniq -d | wc -l)" 0 "$user has nothing twice"
done
page=$work/jobs/batches/weekend/index.html
links=$(grep -o 'href="[^"]*"' "$page" | sed 's/href="//; s/"//')
missing=$(for link in $links; do [ -f "$(dirname "$page")/$link" ] || echo "$link"; done | wc -l)
[ "$(echo "$links" | wc -l)" -ge "$good" ] && [ "$missing" = 0 ]
ok $? "the page links the mailboxes' pages ($(echo "$links" | wc -l))"
is "$(head -c 3 "$work/jobs/batches/weekend/report.csv" | od -An -tx1 | tr -d ' ')" efbbbf "the CSV opens in Excel: byte order mark"
is "$(awk -F';' 'NR == 2 {print NF >= 19}' "$work/jobs/batches/weekend/report.csv")" 1 "and semicolons"

before=$(mailbox u1 | sha1sum)
batch "$map"
is "$status" 1 "the same command again"
is "$(mailbox u1 | sha1sum)" "$before" "imports nothing twice"

# ---- mended and retried
sql "UPDATE t_mailbox SET quota = NULL WHERE name = 'quinn'" bj > /dev/null
order retry weekend --cause over-quota
is "$(of "row($first_bad + 10)['state'], row($first_bad + 10)['status']")" "('ended', 0)" "retry --cause over-quota brings what the quota had stopped"
sed -i "s/^gone.pst/f10.pst/; s/,--nonsense\$/,--mark-seen --owner-mismatch-ok/" "$map"
batch "$map"
is "$(of "row($first_bad + 1)['status'], row($first_bad + 3)['status']")" "(0, 0)" "a mended mapping brings the rows that were refused"

# ---- killed in the middle: the conductor, then a worker
name=killed
for i in 1 2 3 4; do "$make_pst" --bulk 2500 --size 2000 --folders 4 --seed "5$i" "$work/k$i.pst"; done
{ echo "file;user;into"; for i in 1 2 3 4; do echo "k$i.pst;u$i@$BMLAB_DOMAIN;Killed"; done; } > "$work/killed.csv"
"$program" batch "$work/killed.csv" --config "$BMLAB_CONFIG" --jobs "$work/jobs" --parallel 2 --per-server 2 > /dev/null 2> "$work/talk" &
conductor=$!
until_running
for _ in $(seq 1 400); do grep -qs "^appended=[1-9]" "$work"/jobs/batches/killed/rows/*.state && break; sleep 0.05; done
grep -qs "^appended=[1-9]" "$work"/jobs/batches/killed/rows/*.state
ok $? "workers tell how far they are"
kill -KILL $conductor
wait $conductor 2> /dev/null
[ -n "$(worker)" ]
ok $? "its workers go on when a conductor dies"
"$program" batch "$work/killed.csv" --config "$BMLAB_CONFIG" --jobs "$work/jobs" --format json > "$work/lines" 2> "$work/talk" &
conductor=$!
sleep 0.3
kills=0
for _ in 1 2 3; do
  pid=$(worker)
  [ -n "$pid" ] && kill -KILL "$pid" 2> /dev/null && kills=$((kills + 1))
  sleep 0.2
done
order batch "$work/killed.csv"
is "$status" 75 "a second conductor is refused: $(head -n 1 "$work/talk")"
wait $conductor
is $? 0 "$kills workers were killed too; the batch ends well"
is "$(of 'r["ledger"]["verified"], r["grade"]')" "(10000, 'perfect')" "everything is proven"
for i in 1 4; do
  is "$(mailbox "u$i" | grep -c ^Killed)" 2500 "u$i has every message once"
done

# ---- pause, resume, cancel
name=paused
{ echo "file;user;into"; for i in 1 2 3 4; do echo "k$i.pst;u$((i + 20))@$BMLAB_DOMAIN;"; done; } > "$work/paused.csv"
"$program" batch "$work/paused.csv" --config "$BMLAB_CONFIG" --jobs "$work/jobs" --parallel 2 > "$work/lines" 2> "$work/talk7" &
conductor=$!
until_running
order pause paused
for _ in $(seq 1 400); do [ -z "$(worker)" ] && break; sleep 0.05; done
[ -z "$(worker)" ] && kill -0 $conductor
ok $? "pause stops the workers, the conductor stays"
sleep 0.5
is "$(worker)" "" "and starts nothing"
order resume paused
until_running
[ -n "$(worker)" ]
ok $? "resume goes on: $(head -n 1 "$work/talk")"
order cancel paused
wait $conductor
is $? 1 "cancel ends the batch"
[ "$(of 'sum(x["state"] == "cancelled" for x in r["rows"]) > 0')" = True ]
ok $? "with its rows marked: $(states)"
order retry paused
is "$status $(of 'r["ledger"]["verified"], r["grade"]')" "0 (10000, 'perfect')" "retry brings the rest"

name=orphans
{ echo "file;user;into"; for i in 1 2 3; do echo "k$i.pst;u$((i + 20))@$BMLAB_DOMAIN;Orphans"; done; } > "$work/orphans.csv"
"$program" batch "$work/orphans.csv" --config "$BMLAB_CONFIG" --jobs "$work/jobs" --parallel 2 > "$work/lines" 2> "$work/talk7" &
conductor=$!
for _ in $(seq 1 1000); do grep -qs "^appended=[1-9]" "$work"/jobs/batches/orphans/rows/*.state && break; sleep 0.02; done
kill -KILL $conductor
wait $conductor 2> /dev/null
[ "$(of '[x["ledger"]["found"] for x in r["rows"] if x["state"] == "running" and x["ledger"]].count(2500) > 0')" = True ]
ok $? "the report knows the ledger of what still runs"
order pause orphans
is "$status $(worker)" "0 " "pause without a conductor stops what a dead one left running: $(tail -n 1 "$work/talk")"
sed -i '/^k1/d' "$work/orphans.csv"
order batch "$work/orphans.csv"
is "$(of "row(0)['state'], r['ledger']['verified'] - row(0)['ledger']['verified']") $([ "$(mailbox u21 | grep -c ^Orphans)" -lt 2500 ] && echo few)" \
  "('cancelled', 5000) few" "a row that is taken out of the mapping never goes on; the others do"
order retry orphans --cause nonsense
is "$status" 64 "retry knows its causes: $(head -n 1 "$work/talk")"

# ---- trouble that goes by itself
name=trouble
{ echo "file;user;into"; for i in 1 2; do echo "f$i.pst;u3$i@$BMLAB_DOMAIN;Trouble"; done; } > "$work/trouble.csv"
knobs '{"state": "CORE_STATE_MAINTENANCE"}'
"$program" batch "$work/trouble.csv" --config "$BMLAB_CONFIG" --jobs "$work/jobs" --on-end "echo \$BM_BATCH \$BM_BATCH_GRADE \$BM_BATCH_STATUS \$BM_BATCH_REPORT > '$work/ended'" > "$work/lines" 2> "$work/talk" &
conductor=$!
for _ in $(seq 1 400); do grep -q paused "$work/talk" && break; sleep 0.05; done
grep -q "paused: .*MAINTENANCE" "$work/talk"
ok $? "maintenance pauses the batch: $(grep -m 1 paused "$work/talk")"
is "$("$program" status trouble --config "$BMLAB_CONFIG" --jobs "$work/jobs" | grep -c 'paused:.*MAINTENANCE')" 1 "status says why"
knobs '{"state": "CORE_STATE_RUNNING"}'
wait $conductor
is $? 0 "and it goes on by itself"
is "$(cat "$work/ended")" "trouble perfect 0 $work/jobs/batches/trouble/index.html" "--on-end is told name, grade, status and page"

# a maintenance in the middle of an import
name=maintenance
{ echo "file;user;into"; echo "k1.pst;u34@$BMLAB_DOMAIN;Maintenance"; } > "$work/maintenance.csv"
knobs '{"refuse": true}' # so that it lasts
"$program" batch "$work/maintenance.csv" --config "$BMLAB_CONFIG" --jobs "$work/jobs" > "$work/lines" 2> "$work/talk" &
conductor=$!
for _ in $(seq 1 1000); do grep -qs "^appended=[1-9]" "$work"/jobs/batches/maintenance/rows/*.state && break; sleep 0.02; done
knobs '{"state": "CORE_STATE_MAINTENANCE"}'
wait_for '[ -z "$(worker)" ]' # when it has lasted 5 s
sleep 1
is "$(worker) $(states)" " 1 waiting" "a maintenance that lasts stops the import that runs"
knobs '{"state": "CORE_STATE_RUNNING", "refuse": false}'
wait $conductor
is "$? $(of 'r["ledger"]["verified"], r["grade"]')" "0 (2500, 'perfect')" "which goes on after it"

# replication that stands still: found, waited for, gone on
name=stalled
{ echo "file;user;into"; echo "k4.pst;u38@$BMLAB_DOMAIN;Stalled"; for i in 1 2 3; do echo "f$i.pst;u3$((i + 3))@$BMLAB_DOMAIN;Stalled"; done; } > "$work/stalled.csv"
"$make_pst" --bulk 25 --size 1500 --folders 3 --seed 991 "$work/f1.pst"
knobs '{"refuse": true}'
"$program" batch "$work/stalled.csv" --config "$BMLAB_CONFIG" --jobs "$work/jobs" --parallel 1 --stall-after 2 > "$work/lines" 2> "$work/talk" &
conductor=$!
for _ in $(seq 1 400); do grep -q "has stalled" "$work/talk" && break; sleep 0.05; done
grep -q "paused: replication of mail server .* has stalled" "$work/talk"
ok $? "stalled replication pauses: $(grep -m 1 stalled "$work/talk")"
[ "$(of '0 < row(2)["ledger"]["pending"] < 2500')" = True ]
ok $? "and holds back the import that runs: $(of 'row(2)["ledger"]["pending"]') of 2500 are not sent"
knobs '{"refuse": false}'
wait $conductor
is $? 0 "and the batch goes on when it moves again"
is "$(of 'r["grade"]')" perfect "to a good end"

# a disk that is nearly full
sed '/^\[batch\]/,/^$/d' "$BMLAB_CONFIG" > "$work/full.conf"
printf '\n[batch]\nmin-free=9000000000000000000\n' >> "$work/full.conf"
"$program" batch "$work/trouble.csv" --name full --config "$work/full.conf" --jobs "$work/jobs" > "$work/lines" 2> "$work/talk" &
conductor=$!
for _ in $(seq 1 400); do grep -q paused "$work/talk" && break; sleep 0.05; done
grep -q "paused: only .* free at $work/jobs" "$work/talk"
ok $? "a disk that is nearly full pauses: $(grep -m 1 paused "$work/talk")"
kill -INT $conductor
wait $conductor
is $? 130 "SIGINT ends the conductor"
order resume full
is "$status" 0 "resume goes on, with room on the disk"

# ---- what changes while a batch runs
name=meanwhile
cp "$work/f4.pst" "$work/vanishing.pst"
{ echo "file;user"; echo "k1.pst;u25@$BMLAB_DOMAIN"; echo "f2.pst;u26@$BMLAB_DOMAIN"; echo "vanishing.pst;u27@$BMLAB_DOMAIN"; echo "f5.pst;u28@$BMLAB_DOMAIN"; } > "$work/meanwhile.csv"
"$program" batch "$work/meanwhile.csv" --config "$BMLAB_CONFIG" --jobs "$work/jobs" --parallel 1 > "$work/lines" 2> "$work/talk" &
conductor=$!
until_running
sql "UPDATE t_domain_user SET archived = true WHERE login = 'u26'" bj > /dev/null
rm "$work/vanishing.pst"
wait $conductor
is "$? $(of '[(x["state"], x["status"]) for x in r["rows"]]')" \
  "1 [('ended', 0), ('refused', 77), ('refused', 66), ('ended', 0)]" "a user archived and a file that vanished meanwhile cost no other row"

# ---- bad mappings
bad_map() { batch "$1"; is "$status" 64 "$2: $(head -n 1 "$work/talk" | cut -c 1-100)"; }
bad_map "$work/nothing.csv" "no such mapping"
printf 'a,b\nc,d\n' > "$work/bad.csv"; bad_map "$work/bad.csv" "no columns"
bad_map "$work/sample.pst" "a PST instead of a mapping"
order pause nonsense
is "$status" 64 "no such batch: $(head -n 1 "$work/talk")"
done_testing
