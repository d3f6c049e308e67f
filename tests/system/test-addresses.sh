#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Exchange names in a job: what is learnt stays in the job directory, and another map changes nothing
# that was sent.
. "$(dirname "$0")/lib.sh"
file=$corpus/tika-test.pst
[ -e "$file" ] || skip_all "no corpus at $corpus"
lab_up --users 3
notes() { grep -c '"exchange-unresolved"' "$work/report.json"; }

import "$file" u1
is "$status $(ledger verified)" "0 7" "a PST with an Exchange name that nobody knows"
learnt=$(echo "$work"/jobs/u1*/addresses.csv)
head -n 1 "$learnt" 2> /dev/null | grep -q '"dn","address","source"'
ok $? "what was learnt is in the job directory"
[ "$(notes)" -gt 0 ]
ok $? "the name is noted"
before=$(mailbox u1)

import "$file" u1
is "$status $(ledger verified)" "0 7" "the same command again"
is "$(mailbox u1)" "$before" "appends nothing"
grep -q 'another address map' "$work/talk"
is $? 1 "and is the same rendering"

# Killed between learning and the end, when the journal still has the id of before.
for n in $(seq 1 60); do
  rm -rf "$work"/jobs/u2*
  BM_FAILPOINT=$n import "$file" u2 --into "Killed/$n"
  [ -e "$(echo "$work"/jobs/u2*/addresses.csv)" ] && break
done
is "$status" 137 "killed right after learning"
import "$file" u2 --into "Killed/$n"
is "$status $(ledger verified)" "0 7" "goes on"
grep -q 'another address map' "$work/talk"
is $? 1 "with the map that it has learnt, which is no other one"

"$program" export "$file" --output "$work/out" > /dev/null 2>&1
name=$(python3 - "$work/out" <<'P'
import email, email.policy, glob, sys
for path in glob.glob(sys.argv[1] + "/**/*.eml", recursive=True):
    for mail in email.message_from_bytes(open(path, "rb").read(), policy=email.policy.default).walk():
        if mail["X-PST-EX-Address"]:
            print(mail["X-PST-EX-Address"])
            sys.exit()
P
)
printf 'dn,address\n"%s",somebody@example.org\n' "$name" > "$work/map.csv"
import "$file" u1 --address-map "$work/map.csv"
is "$status $(ledger verified)" "0 7" "with a map, in the same job"
is "$(mailbox u1)" "$before" "what was sent keeps its bytes"
grep -q 'another address map' "$work/talk"
ok $? "and that is said"

import "$file" u3 --address-map "$work/map.csv"
is "$status $(ledger verified) $(notes)" "0 7 0" "with the map from the start the name is known"
"$program" export "$file" --output "$work/mapped" --address-map "$work/map.csv" > /dev/null 2>&1
grep -rq 'somebody@example.org' "$work/mapped"
ok $? "the address is in the mail"
[ "$(mailbox u3 | cut -d' ' -f2 | sort)" != "$(mailbox u1 | cut -d' ' -f2 | sort)" ]
ok $? "whose bytes are others"

# A draft that names no sender is from the mailbox, by its default address.
draft=$corpus/inline-image.pst
if [ -e "$draft" ]; then
  import "$draft" u3 --into Draft
  is "$status $(ledger verified)" "0 1" "a draft without sender"
  address=$(sql "SELECT left_address || '@' || right_address FROM t_mailbox_email WHERE is_default AND left_address = 'u3'" bj)
  "$program" export "$draft" --output "$work/owned" --owner "$address" > /dev/null 2>&1
  guid=$(grep -o '"guid":"[0-9a-f]*' "$work/owned/manifest.jsonl" | cut -d'"' -f4)
  mailbox u3 | grep -q "$guid"
  ok $? "is from $address, as export --owner has it"
fi
done_testing
