#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# The witness on BlueMind's tables: rows are changed behind its back, each in one way, and each must
# be called by its name. test-witness.sh LAB-OPTIONS
. "$(dirname "$0")/lib.sh"
lab_up "$@"
"$make_pst" --sample "$work/sample.pst" || exit 1
knobs '{"stop": true}' # or some are proven while others are sent, and are not looked at again
import "$work/sample.pst" alice --no-wait
is "$status $(ledger unverified)" "2 24" "imported, not awaited"
knobs '{"stop": false}'
for try in $(seq 1 200); do
  [ "$(mailbox alice | wc -l)" = 24 ] && break
  sleep 0.1
done
is "$(mailbox alice | wc -l)" 24 "replicated"

item() { # uid: the record's item id
  local join="JOIN t_container rc ON rc.id = r.container_id JOIN t_mailbox_replica mr ON rc.uid = 'mbox_records_' || mr.unique_id"
  [ "$BMLAB_SCHEMA" = 4.0 ] && join="JOIN t_container_item ri ON ri.id = r.item_id JOIN t_container rc ON rc.id = ri.container_id JOIN t_container_item fi ON rc.uid = 'mbox_records_' || fi.uid JOIN t_mailbox_replica mr ON mr.item_id = fi.id"
  sql "SELECT r.item_id FROM t_mailbox_record r $join WHERE mr.name = 'Imported/sample/Inbox' AND r.imap_uid = $1"
}
guid() { echo "(SELECT message_body_guid FROM t_mailbox_record WHERE item_id = $(item "$1"))"; }
change() { sql "$1" > "$work/sql" 2>&1 || { note < "$work/sql"; ok 1 "$1"; }; }
change "DELETE FROM t_message_body WHERE guid = $(guid 1)"
change "UPDATE t_mailbox_record SET message_body_guid = $(guid 6) WHERE item_id = $(item 2)"
change "UPDATE t_mailbox_record SET system_flags = system_flags | (1<<31) WHERE item_id = $(item 4)"
change "UPDATE t_mailbox_record SET system_flags = system_flags # 2 WHERE item_id = $(item 5)"
change "UPDATE t_message_body SET size = size + 1 WHERE guid = $(guid 7)"
change "DELETE FROM t_mailbox_record WHERE item_id = $(item 3)"
timeout 200 "$program" verify "$(basename "$(ls -d "$work"/jobs/alice-*)")" --config "$BMLAB_CONFIG" --jobs "$work/jobs" \
  --format json --stall-after 40 > "$work/report.json" 2> "$work/talk"
is $? 3 "a difference is loud"
is "$(ledger verified)" 20 "what was not touched is verified"
is "$(ledger differs)" 1 "another guid under the uid: differs"
is "$(ledger gone)" 2 "deleted and expunged: gone"
is "$(ledger unverified_by_reason.body-missing)" 1 "no body row: body-missing"
is "$(python3 -c 'import json,sys; n=json.load(open(sys.argv[1]))["fidelity_notes"]; print(n.get("flags-differ"), n.get("size-differs"))' "$work/report.json")" "1 1" \
  "other flags and sizes are noted"

# The user deletes folders and makes them again, with other messages under the old uids: what was in
# them is gone, not different.
imap() { # USER COMMAND FOLDER...
  python3 - "$BMLAB_IMAP_HOST" "$BMLAB_IMAP_PORT" "$1@$BMLAB_DOMAIN_UID" "$BMLAB_PASSWORD" "${@:2}" <<'P'
import imaplib, sys
server = imaplib.IMAP4(sys.argv[1], int(sys.argv[2]))
server.login(sys.argv[3], sys.argv[4])
for command, folder in zip(sys.argv[5::2], sys.argv[6::2]):
    folder = '"' + folder + '"'
    if command == "append":
        for n in range(3):
            server.append(folder, None, None, b"Subject: %d\r\n\r\nother\r\n" % n)
    else:
        getattr(server, command)(folder)
P
}
knobs '{"stop": true}' # as above
import "$work/sample.pst" dave --no-wait
imap dave delete "Imported/sample/Sent Items" create "Imported/sample/Sent Items" append "Imported/sample/Sent Items"
import "$work/sample.pst" carol --no-wait
imap carol delete "Imported/sample/Drafts" delete "Imported/sample/Sent Items" create "Imported/sample/Sent Items"
knobs '{"stop": false}'
for try in $(seq 1 200); do
  [ "$(mailbox dave | wc -l) $(mailbox carol | wc -l)" = "24 19" ] && break
  sleep 0.1
done
is "$(mailbox dave "Imported/sample/Sent Items" | wc -l)" 3 "a folder is made anew with other messages"
timeout 200 "$program" verify "$(basename "$(ls -d "$work"/jobs/dave-*)")" --config "$BMLAB_CONFIG" --jobs "$work/jobs" \
  --format json --stall-after 40 > "$work/report.json" 2> "$work/talk"
is "$? $(ledger verified) $(ledger gone) $(ledger differs)" "2 21 3 0" "what it held is gone, says verify"
import "$work/sample.pst" carol
is "$status $(ledger verified) $(ledger gone)" "2 19 5" "and of deleted folders too, says import"

# The database goes away and comes back: the import does not care.
"$make_pst" --bulk 3000 --size 500 --folders 3 "$work/bulk.pst"
knobs '{"delay_ms": 50}'
( for i in $(seq 1 30); do sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pstimport'" > /dev/null 2>&1; sleep 0.1; done ) &
import "$work/bulk.pst" carol
wait
is "$status $(ledger verified)" "0 3000" "connections to the database are cut, 3000 claims are proven"
done_testing
