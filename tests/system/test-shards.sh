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

if [ "$BMLAB_BM5" = 1 ]; then # whose one IMAP server writes to the bj-data of the mailbox's server
  "$make_pst" --bulk 400 --seed 3 "$work/bulk.pst"
  printf 'file,user,into\n%s,u1@%s,Moved\n' "$work/bulk.pst" "$BMLAB_DOMAIN" > "$work/move.csv"
  sed 's/^\[directory\]/&\nrecheck=1/' "$BMLAB_CONFIG" > "$work/moving.conf"
  moved_on() { BMLAB_PG_HOST=127.0.0.$1 BMLAB_PG_PORT=$(echo "$BMLAB_PG_PORTS" | cut -d ' ' -f "$1") sql \
    "SELECT count(*) FROM t_mailbox_record r JOIN t_container_item i ON i.id = r.item_id JOIN t_container c ON c.id = i.container_id
      WHERE c.owner = '$(user_uid u1)'"; }
  knobs '{"delay_ms": 20}'
  "$program" batch "$work/move.csv" --config "$work/moving.conf" --jobs "$work/jobs" --format json > "$work/lines" 2> "$work/talk" &
  conductor=$!
  before=$(moved_on 1)
  wait_for '[ "$(moved_on 1)" -ge $((before + 100)) ]'
  knobs '{"stop": true}' # nobody writes while it is moved
  copy_shard
  sql "UPDATE t_container_location SET location = 'bm-shard2' WHERE container_uid LIKE '%!user.$(user_uid u1)';
       UPDATE t_domain_user SET server_id = 'bm-shard2' WHERE login = 'u1';
       UPDATE t_directory_entry SET datalocation = 'bm-shard2' WHERE entry_uid = '$(user_uid u1)'" bj > "$work/sql"
  old=$(moved_on 1)
  knobs '{"stop": false, "delay_ms": 0}'
  wait $conductor
  is $? 0 "a mailbox that moves in the middle of a batch ends well"
  grep -q '"mailbox-moved"' "$work/lines"
  ok $? "its import was started again for the move"
  is "$(moved_on 1) $(moved_on 2)" "$old $((before + 400))" "from then on every message goes to the new server's bj-data ($((before + 400 - old)) of 400)"
  "$program" report move --config "$work/moving.conf" --jobs "$work/jobs" --format json > "$work/report.json"
  is "$(ledger verified) $(ledger balanced)" "400 True" "where all of it is proven"
fi
done_testing
