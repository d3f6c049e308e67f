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

import "$work/sample.pst" alice
is "$status $(ledger verified)" "0 24" "the same command again says the same"
is "$(mailbox alice)" "$before" "and appends nothing"

rm -rf "$work/jobs"
import "$work/sample.pst" alice
is "$status $(ledger verified) $(ledger present_before)" "0 24 24" "without its job directory everything is found present"
is "$(mailbox alice)" "$before" "and nothing is appended"

import "$work/sample.pst" carol --into /
is "$status $(ledger verified)" "0 24" "merged into the mailbox"
is "$(mailbox carol INBOX | wc -l)" 14 "the PST's inbox went to INBOX"
is "$(mailbox carol Sent | wc -l)" 3 "sent items to Sent"
is "$(mailbox carol | grep -c '^Outbox')" 0 "and nothing to the Outbox"

import "$work/sample.pst" u2 --include '#Inbox#'
is "$status $(ledger verified) $(ledger skipped_by_rule.excluded)" "0 14 12" "one folder, by its well-known name"
import "$work/sample.pst" u2 --include '#Inbox#' --since 2030-01-01
is "$status $(ledger verified)" "0 14" "another selection leaves what was sent"
import "$work/sample.pst" u2
is "$status $(ledger verified) $(ledger skipped)" "0 24 4" "and brings what was left out"
import "$work/sample.pst" u3 --max-size 2K --exclude-class IPM.Schedule
is "$status $(ledger verified) $(ledger failed)" "0 23 0" "by class and size"

import "$work/sample.pst" dave --dry-run
is "$status $(ledger pending)" "0 24" "a dry run says what would be appended"
is "$(mailbox dave | wc -l)" 0 "and appends nothing"
is "$(ls "$work/jobs" | grep -c dave)" 0 "and leaves no job"

# Dies at the n-th failpoint, for every n (of BM_KILL_STEP, in the variants) until the run survives;
# then the same command finishes it.
expected=$(mailbox alice | sed 's/^Imported.sample/X/')
n=0 died=1 wrong=0 deaths=0 step=${BM_KILL_STEP:-1}
while [ $died = 1 ] && [ $n -lt 300 ]; do
  n=$((n + step))
  rm -rf "$work/jobs"
  BM_FAILPOINT=$n import "$work/sample.pst" u1 --into "Killed/$n"
  died=$([ "$status" = 137 ] && echo 1 || echo 0)
  deaths=$((deaths + died))
  import "$work/sample.pst" u1 --into "Killed/$n"
  got=$(mailbox u1 | grep "^Killed/$n/" | sed "s/^Killed.$n/X/")
  if [ "$status" != 0 ] || [ "$got" != "$expected" ]; then
    wrong=$((wrong + 1))
    echo "# failpoint $n: status $status, $(echo "$got" | wc -l) messages"
  fi
done
echo "# died at $deaths failpoints"
[ $deaths -gt 5 ]
ok $? "it dies at many failpoints"
is $wrong 0 "and a second run always ends in the same mailbox"
done_testing
