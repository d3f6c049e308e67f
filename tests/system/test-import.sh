#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# The main job on every variant of BlueMind: test-import.sh LAB-OPTIONS. Import, again, without the
# job directory, merged, killed at every failpoint of a small file.
. "$(dirname "$0")/lib.sh"
lab_up --users 8 "$@"
"$make_pst" --sample "$work/sample.pst" || exit 1

import "$work/sample.pst" alice
is "$status" 0 "a PST is imported"
note < "$work/talk"
is "$(ledger verified)" 24 "every message is verified"
is "$(ledger skipped)" 4 "what is no mail is skipped by rule"
is "$(mailbox alice | wc -l)" 24 "the database has every message once"
before=$(mailbox alice)
is "$(sql "SELECT count(*) FROM t_mailbox_record WHERE internal_date > now() - interval '1 day'")" 0 "with its own date"

import "$work/sample.pst" alice
is "$status $(ledger verified)" "0 24" "the same command again says the same"
is "$(mailbox alice)" "$before" "and appends nothing"

import "$work/sample.pst" alice --dry-run --exclude '#SentItems#'
is "$status $(ledger verified) $(ledger pending)" "0 24 0" "a dry run begins where the job is"
is "$(cd "$work/jobs" && "$program" status --config "$BMLAB_CONFIG" --jobs . | grep -c '24 verified, 4 skipped')" 1 "and leaves the job as it is"

rm -rf "$work/jobs"
import "$work/sample.pst" alice
is "$status $(ledger verified) $(ledger present_before)" "0 24 24" "without its job directory everything is found present"
is "$(mailbox alice)" "$before" "and nothing is appended"

import "$work/sample.pst" carol --into /
is "$status $(ledger verified)" "0 24" "merged into the mailbox"
is "$(mailbox carol INBOX | wc -l)" 14 "the PST's inbox went to INBOX"
is "$(mailbox carol Sent | wc -l)" 3 "sent items to Sent"
is "$(mailbox carol | grep -c '^Outbox')" 0 "and nothing to the Outbox"

# The user's tree, seen by the mail server: every folder that got a message, and its parents.
python3 - "$BMLAB_IMAP_PORT" "alice@$BMLAB_DOMAIN_UID" > "$work/subscribed" <<'P'
import imaplib, sys
m = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
m.login(sys.argv[2], "secret")
print("\n".join(sorted(l.decode().split('"/" ')[1].strip('"') for l in m.lsub()[1] if b"Imported" in l)))
P
is "$(tr '\n' ' ' < "$work/subscribed")" "Imported Imported/sample Imported/sample/Deleted Items Imported/sample/Drafts \
Imported/sample/Inbox Imported/sample/Junk E-mail Imported/sample/Projets r&AOk-alis&AOk-s \
Imported/sample/Projets r&AOk-alis&AOk-s/&AMk-t&AOk- 2017 &IhU- &ANw-bersicht Imported/sample/Sent Items " \
  "folders are made level by level, only where messages are, and subscribed"

import "$work/sample.pst" u4 --into inbox/Old
if [ "$BMLAB_SCHEMA" = 4.0 ]; then
  is "$status $(mailbox u4 | wc -l)" "64 0" "4.0: no folder below the inbox, its upgrade deletes it"
else
  is "$status $(mailbox u4 | grep -c '^INBOX/Old/')" "0 24" "a target below the inbox, whatever its case"
fi
import "$work/sample.pst" u5 --into INBOX
is "$status $(ledger verified)" "0 24" "and the inbox itself, though the PST has an Inbox, too"
below=$(mailbox u5 | grep -c '^INBOX/')
is "$below" "$([ "$BMLAB_SCHEMA" = 4.0 ] && echo 0 || echo 24)" "4.0: on top, else below"
is "$(python3 -c 'import json,sys; print(any("inbox-child-moved" in f["notes"] for f in json.load(open(sys.argv[1]))["folders"]))' "$work/report.json")" \
  "$([ "$BMLAB_SCHEMA" = 4.0 ] && echo True || echo False)" "and noted when moved"
import "$work/sample.pst" u6 --into "Autres utilisateurs/x"
is "$status $(mailbox u6 | wc -l)" "64 0" "other users' folders are no target"

if [[ " $* " == *" --bm5 "* ]]; then
  import "$work/sample.pst" u6 --dry-run --into /
  grep -q "1 MB/s.*[0-9] min; bm-cli mail imap-rate-limit --bypass" "$work/talk"
  ok $? "BlueMind 5: the estimate names the throttle and what lifts it"
  grep -q "notify.*--mark-seen" "$work/talk"
  ok $? "and push notices, with the way round them"
  import "$work/sample.pst" u6 --dry-run --into / --mark-seen
  ! grep -q notify "$work/talk"
  ok $? "which are not named when it is taken"
fi

import "$work/sample.pst" u2 --include '#Inbox#'
is "$status $(ledger verified) $(ledger skipped_by_rule.excluded)" "0 14 12" "one folder, by its well-known name"
import "$work/sample.pst" u2 --include '#Inbox#' --since 2030-01-01
is "$status $(ledger verified)" "0 14" "another selection leaves what was sent"
import "$work/sample.pst" u2
is "$status $(ledger verified) $(ledger skipped)" "0 24 4" "and brings what was left out"
import "$work/sample.pst" u3 --max-size 2K --exclude-class IPM.Schedule
is "$status $(ledger verified) $(ledger failed)" "0 23 0" "by class and size"

import "$work/sample.pst" dave --dry-run --before 1970-01-01
is "$status $(ledger pending)" "0 0" "nothing is older than 1970"
import "$work/sample.pst" dave --dry-run
is "$status $(ledger pending)" "0 24" "a dry run says what would be appended"
is "$(python3 -c 'import json,sys; print(len(json.load(open(sys.argv[1]))["exceptions"]))' "$work/report.json")" 0 "which is no exception"
is "$(mailbox dave | wc -l)" 0 "and appends nothing"
is "$(ls "$work/jobs" | grep -c dave)" 0 "and leaves no job"

# Dies at the n-th failpoint, for every n (of BM_KILL_STEP, in the variants) until the run survives;
# then the same command finishes it. Three users take turns, because most of a run is waiting.
expected=$(mailbox alice | sed 's/^Imported.sample/X/')
step=${BM_KILL_STEP:-1}
die_everywhere() { # USER FIRST STEP: a line for each death, and for each mailbox that is wrong after it
  local user=$1 n=$2 died=1 got
  work=$work/$user
  mkdir "$work"
  while [ $died = 1 ] && [ "$n" -lt 300 ]; do
    rm -rf "$work/jobs"
    BM_FAILPOINT=$n import "$work/../sample.pst" "$user" --into "Killed/$n"
    died=0
    [ "$status" = 137 ] && died=1 && echo "died at $n"
    import "$work/../sample.pst" "$user" --into "Killed/$n"
    got=$(mailbox "$user" | grep "^Killed/$n/" | sed "s/^Killed.$n/X/")
    [ "$status" = 0 ] && [ "$got" = "$expected" ] ||
      echo "wrong at $n: status $status, $(echo "$got" | wc -l) messages"
    n=$((n + $3))
  done
  echo "survived $n"
}
for lane in 1 2 3; do
  (trap - EXIT; die_everywhere "u$((lane + 5))" $((lane * step)) $((3 * step)) > "$work/deaths$lane" 2> "$work/said$lane") &
done
wait
note < <(cat "$work"/said? "$work"/deaths? | grep -v '^died')
echo "# died at $(cat "$work"/deaths? | grep -c '^died') failpoints"
is "$(cat "$work"/deaths? | grep -c '^survived')" 3 "it dies at failpoints until it survives"
[ "$(cat "$work"/deaths? | grep -c '^died')" -gt 5 ]
ok $? "many of them"
is "$(cat "$work"/deaths? | grep -c '^wrong')" 0 "and a second run always ends in the same mailbox"
done_testing
