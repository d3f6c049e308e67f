#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# The quick start does what the README says, and the README shows what it really prints.
. "$(dirname "$0")/lib.sh"
export BM_BUILD_BASE=$build TMPDIR=$work
"$root/samples/quickstart" --help > "$work/help" 2>&1
is "$? $(grep -c FILE "$work/help")" "0 1" "--help"
"$root/samples/quickstart" "$work/nothing.pst" > "$work/out" 2> "$work/talk"
is $? 66 "a file that is not there"

"$root/samples/quickstart" > "$work/out" 2> "$work/talk"
is $? 0 "without a file"
grep -q 'the report as a page' "$work/talk" && [ -s "$(sed -n 's/.*report as a page: //p' "$work/talk")" ]
ok $? "it names the page, and the page is there"
plain() { sed -E 's/\xc2\xa0/ /g; s/^ *//; s#/[^ ]*/sample.pst#sample.pst#; s/port [0-9]+/port N/g; s/on \(.*\)/on/; /^$/d' "$@"; }
awk '/^    Import report/{f=1} f && /^[^ ]/{exit} f' "$root/README.md" | plain > "$work/shown"
plain "$work/out" > "$work/real"
is "$(wc -l < "$work/shown")" 21 "the README shows a report"
is "$(grep -vxFf "$work/real" "$work/shown")" "" "and each of its lines is printed"

cp "$work"/bm-pst-import-quickstart.*/sample.pst "$work/mine.pst"
(cd "$work" && "$root/samples/quickstart" mine.pst > "$work/out" 2> "$work/talk")
is $? 0 "with a file, named from elsewhere"
grep -q 'The ledger balances' "$work/out"
ok $? "its ledger balances"

# The daemon is left running, with its lab, until somebody stops it.
"$root/samples/quickstart" --web > "$work/web" 2> "$work/talk"
is $? 0 "with --web"
stop=$(sed -n 's/^Stop it with *//p' "$work/web")
trap '[ ! -x "$stop" ] || "$stop"; finish' EXIT
address=$(sed -n 's/^The pages *//p' "$work/web")
account=$(sed -n 's/^Sign in as *\([^,]*\), password \([^ ]*\).*/\1 \2/p' "$work/web")
python3 - "$address" $account > "$work/out" <<'P'
import json, sys, urllib.request
address, login, password = sys.argv[1:]
page = urllib.request.urlopen(address).read().decode()
body = json.dumps({"login": login, "password": password}).encode()
request = urllib.request.Request(address + "api/v1/session", body, {"Content-Type": "application/json"})
answer = urllib.request.urlopen(request)
files = urllib.request.Request(address + "api/v1/files", headers={"Cookie": answer.headers["Set-Cookie"].split(";")[0]})
print("static/js/app.js" in page, json.load(answer)["sudo"], len(json.load(urllib.request.urlopen(files))["files"]))
P
is "$(cat "$work/out")" "True True 2" "the page is there, and the account it names may import"
state=$(sed -n 's/.*--state \([^ ]*\).*/\1/p' "$stop")
"$stop"
is $? 0 "it can be stopped"
! python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1])' "$address" 2> /dev/null && [ ! -e "$state" ]
ok $? "then daemon and lab are gone"
done_testing
