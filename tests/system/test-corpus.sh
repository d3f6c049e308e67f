#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# The whole corpus into the lab: everything rendered is verified, a second run appends nothing.
. "$(dirname "$0")/lib.sh"
[ -d "$corpus" ] || skip_all "no corpus at $corpus"
lab_up --users 4
for file in "$corpus"/*.[op]st; do
  name=$(basename "$file")
  import "$file" u1
  is "$status" 0 "$name: status"
  is "$(ledger balanced) $(ledger unverified) $(ledger differs) $(ledger gone) $(ledger pending)" "True 0 0 0 0" "$name: all is settled"
  is "$(ledger failed)" 0 "$name: nothing has failed, not what libpff refuses either"
done
before=$(mailbox u1)
echo "# $(echo "$before" | wc -l) messages"
for keep in yes no; do
  [ $keep = yes ] || rm -rf "$work/jobs"
  for file in "$corpus"/*.[op]st; do import "$file" u1; done
  is "$(mailbox u1 | sha1sum)" "$(echo "$before" | sha1sum)" "a second run appends nothing (job directories kept: $keep)"
done

# Killed at random moments and started again, until it ends by itself; more work than one moment.
"$make_pst" --bulk 4000 --size 2000 --folders 12 "$work/bulk.pst"
import "$work/bulk.pst" u2
is "$status $(ledger verified)" "0 4000" "4000 messages in one go"
RANDOM=${BM_SEED:-$$}
echo "# seed ${BM_SEED:-$$}"
kills=0
for try in $(seq 1 200); do
  "$program" import "$work/bulk.pst" --user "u3@$BMLAB_DOMAIN" --config "$BMLAB_CONFIG" --jobs "$work/jobs" --stall-after 30 \
    > /dev/null 2> "$work/talk" &
  pid=$!
  if [ "$try" -le 12 ]; then
    python3 -c "import time; time.sleep(0.05 + $RANDOM / 32768 * 0.8)"
    kill -KILL $pid 2> /dev/null && kills=$((kills + 1))
  fi
  wait $pid 2> /dev/null
  status=$?
  [ "$status" = 137 ] || break
done
is "$status" 0 "killed $kills times and started again, it ends well"
[ $kills -gt 2 ]
ok $? "it was killed in the middle several times"
is "$(mailbox u3 | sha1sum)" "$(mailbox u2 | sha1sum)" "in the same mailbox as the unbroken run"
done_testing
