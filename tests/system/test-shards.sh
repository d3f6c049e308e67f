#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Two mail servers, each with its Cyrus and its bj-data: a message goes to its mailbox's own, and is proven there.
. "$(dirname "$0")/lib.sh"
lab_up --shards 2 --users 2 "$@"
"$make_pst" --sample "$work/sample.pst"
read -r _ port2 <<< "$BMLAB_PG_PORTS"
for user in bob u1 u2; do
  import "$work/sample.pst" "$user"
  is "$status $(ledger verified) $(ledger balanced)" "0 24 True" "$user: all is proven"
  here=1 host=127.0.0.1 port=$BMLAB_PG_PORT
  [ "$user" = u1 ] || { here=2 host=127.0.0.2 port=$port2; }
  is "$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["mailbox"]["database"])' "$work/report.json" | cut -d: -f1)" \
    "bj-data on $host port $port" "$user: in the bj-data of server $here"
  [ "$BMLAB_BM5" = 1 ] && host=127.0.0.1 # one IMAP server for all
  python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["mailbox"]["server"])' "$work/report.json" | grep -q "IMAP at $host port $BMLAB_IMAP_PORT"
  ok $? "$user: over the IMAP of server $here"
done
done_testing
