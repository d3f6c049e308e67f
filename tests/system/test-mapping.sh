#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# From an address to a mailbox: aliases, shards, refusals with reason and remedy, credentials and
# their end, and what is checked before anything is sent.
. "$(dirname "$0")/lib.sh"
lab_up --users 4 --shards 2
"$make_pst" --sample "$work/sample.pst" || exit 1
sessions() { curl -sf "$BMLAB_CORE_URL/lab/sessions" || python3 -c 'import sys,urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())' "$BMLAB_CORE_URL/lab/sessions"; }
# dry ADDRESS [FILE]: the status of a dry run for this address
dry() {
  timeout 60 "$program" import "${2:-$work/sample.pst}" --user "$1" --config "${config:-$BMLAB_CONFIG}" --jobs "$work/jobs" --dry-run \
    --format json > "$work/report.json" 2> "$work/talk"
  status=$?
}
finds() { # address, login
  dry "$1"
  is "$status $(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["mailbox"]["user_uid"])' "$work/report.json")" \
    "0 $(user_uid "$2")" "$1 is $2"
}
finds erin@lab.test erin
finds "Erin@$BMLAB_DOMAIN_UID" erin
finds erin.martin@other.test erin
finds E.Martin@lab.test erin
finds "e.martin@$BMLAB_DOMAIN_UID" erin
finds jean.dupont@other.test jean.dupont

refused() { # address, words
  dry "$1"
  is "$status $(grep -ci "$2" "$work/talk")" "77 1" "$1 is refused: $2"
}
refused erin.martin@lab.test "no user"
refused e.martin@nowhere.test "no user"
refused erin "not login@domain"
refused archie@lab.test "suspended.*reactivate"
refused xavier@lab.test "external server; import there"
refused nora@lab.test "no mail routing; set it to internal"
refused sven@lab.test "no folder container.*maintenance repair"
refused team@lab.test "not a user but a share"
refused admin0@lab.test "administrator"
refused admin0@global.virt "administrator"
sed 's/^\[imap\]/[imap]\nadmins=carol/' "$BMLAB_CONFIG" > "$work/admins.conf"
config=$work/admins.conf refused carol@lab.test "administrator"
sql "INSERT INTO t_mailbox_email SELECT item_id, 'dave', 'lab.test', false, false FROM t_domain_user WHERE login = 'carol'" bj > /dev/null
refused dave@lab.test "carol@$BMLAB_DOMAIN, dave@$BMLAB_DOMAIN\|dave@$BMLAB_DOMAIN, carol@$BMLAB_DOMAIN"
finds "dave@$BMLAB_DOMAIN_UID" dave
sql "DELETE FROM t_mailbox_email WHERE left_address = 'dave' AND item_id = (SELECT item_id FROM t_domain_user WHERE login = 'carol')" bj > /dev/null
is "$(sessions)" 0 "no refusal leaves a session behind, nor does a dry run"

# A directory of 20 000 users is searched in less than the two seconds this configuration gives.
sql "WITH i AS (INSERT INTO t_container_item (container_id, uid, displayname)
       SELECT id, 'mass-' || n, 'x' FROM t_container, generate_series(1, 20000) n WHERE uid = '$BMLAB_DOMAIN_UID' RETURNING id, uid),
     m AS (INSERT INTO t_mailbox (item_id, name, type, archived, routing) SELECT id, uid, 'user', false, 'internal' FROM i),
     e AS (INSERT INTO t_mailbox_email SELECT id, uid, 'lab.test', false, true FROM i)
     INSERT INTO t_domain_user (item_id, login, password, archived, routing, server_id, properties)
       SELECT id, uid, 'x', false, 'internal', 'bm-master', '' FROM i" bj > /dev/null
sed 's/^\[directory\]/[directory]\ntimeout=2/' "$BMLAB_CONFIG" > "$work/hasty.conf"
config=$work/hasty.conf dry e.martin@lab.test
is "$status" 0 "a large directory is searched quickly"

import "$work/sample.pst" bob
is "$status $(ledger verified)" "0 24" "a user of the second shard"
is "$(sql 'SELECT count(*) FROM t_message_body')" 0 "nothing of whom is on the first"

# The token: kept alive though sessions die after two idle seconds, and logged out.
knobs '{"session_ttl_s": 2, "delay_ms": 700}'
sed 's/^\[core\]/[core]\nkeep-alive=1/' "$BMLAB_CONFIG" > "$work/alive.conf"
(BMLAB_CONFIG=$work/alive.conf import "$work/sample.pst" alice; echo "$status" > "$work/status") &
sleep 4
is "$(sessions)" 1 "the token lives on after its idle time"
wait
is "$(cat "$work/status") $(sessions)" "0 0" "and is logged out at the end"
knobs '{"session_ttl_s": 1200, "delay_ms": 0}'
python3 - "$BMLAB_CORE_URL" "$BMLAB_TOKEN_FILE" "carol@$BMLAB_DOMAIN_UID" > "$work/key" <<'P'
import json, sys, urllib.parse, urllib.request
def call(method, path, key):
    request = urllib.request.Request(sys.argv[1] + path, method=method, headers={"X-BM-ApiKey": key})
    return json.load(urllib.request.urlopen(request))
token = call("POST", "/api/auth/_su?login=" + urllib.parse.quote(sys.argv[3]), open(sys.argv[2]).read().strip())["authKey"]
print(call("PUT", "/api/auth/keys?displayName=test", token)["sid"])
P
import "$work/sample.pst" carol --password-file "$work/key"
is "$status $(ledger verified)" "0 24" "an API key in a file is a credential"
sed '/^token-file/d' "$BMLAB_CONFIG" > "$work/keyless.conf"
BMLAB_CONFIG=$work/keyless.conf import "$work/sample.pst" u1 --password-file "$work/key"
is "$status" 77 "of its own user only"
# where no admin key can be read by default
if [ ! -r /etc/bm/bm-core.tok ]; then
  BMLAB_CONFIG=$work/keyless.conf import "$work/sample.pst" carol --password-file "$work/key"
  is "$status $(ledger verified) $(grep -c 'not checked' "$work/talk")" "0 24 1" "without an admin key it goes, with a warning"
  BMLAB_CONFIG=$work/keyless.conf import "$work/sample.pst" carol
  is "$status" 78 "and not without any credential"
fi

sed 's|^url=.*|url=http://127.0.0.1:1|' "$BMLAB_CONFIG" > "$work/coreless.conf"
BMLAB_CONFIG=$work/coreless.conf import "$work/sample.pst" u1
is "$status $(grep -c "BlueMind's core at" "$work/talk")" "69 1" "a core that is away is found first"

# A maintenance ends all tokens; when the connection to the mail server is then lost, a new one is asked for.
"$make_pst" --bulk 4000 --size 3000 "$work/long.pst"
(import "$work/long.pst" u3; echo "$status" > "$work/status"; ledger verified >> "$work/status") &
for try in $(seq 1 200); do
  [ "$(mailbox u3 | wc -l)" -gt 0 ] && break
  sleep 0.05
done
knobs '{"state": "CORE_STATE_MAINTENANCE"}'
knobs '{"state": "CORE_STATE_RUNNING"}'
imapd=$(grep -ho "cyrus/imap\[[0-9]*\].*login: .* u3@" "$BMLAB_DIR"/log/cyrus* | tail -n 1 | sed 's/.*imap\[\([0-9]*\)\].*/\1/')
kill -9 "$imapd"
wait
is "$(tr '\n' ' ' < "$work/status")$(grep -c 'next try\|looking what it has' "$work/talk" | sed 's/^[1-9].*/reconnected/')" "0 4000 reconnected" \
  "a new token after a maintenance"

sql "UPDATE t_systemconf SET configuration = configuration || 'message_size_limit=>\"2000\"'" bj > /dev/null
import "$work/sample.pst" u1
is "$status $(ledger verified) $(ledger failed_by_cause.too-large)" "1 23 1" "what exceeds the core's size limit is failed(too-large), unsent"
is "$(mailbox u1 | wc -l)" 23 "and nothing else"
if unshare -m true 2> /dev/null; then
  mkdir "$work/small"
  unshare -m bash -c "mount -t tmpfs -o size=20m none '$work/small' && '$program' import '$work/sample.pst' --user 'u2@$BMLAB_DOMAIN' \
    --config '$BMLAB_CONFIG' --jobs '$work/small/jobs'; status=\$?; ls '$work/small/jobs' | grep -v '^audit.log' > '$work/left'; exit \$status" > /dev/null 2> "$work/talk"
  is "$? $(grep -c '^bm-pst-import: disk-full' "$work/talk") $(mailbox u2 | wc -l) $(cat "$work/left")" "75 1 0 " \
    "a full disk stops before a job is begun"
fi
sed '/^\[imap\]/,/^$/{/^host=/d;s/^port=.*/tls=implicit/}' "$BMLAB_CONFIG" > "$work/tls.conf"
BMLAB_CONFIG=$work/tls.conf import "$work/sample.pst" u2
is "$status $(grep -c 'bm-shard2.lab.test port 993' "$work/talk")" "69 1" "with TLS the server is called by its name, which certificates hold"
done_testing
