#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# What needs no server: help, export and its manifest over the corpus, the same bytes under other
# time zones and locales and without the sandbox, inspect.
. "$(dirname "$0")/lib.sh"
for command in "" import map verify report status inspect export; do
  "$program" $command --help > "$work/help" 2> "$work/talk"
  is $? 0 "${command:-bm-pst-import} --help"
  is "$(awk 'length > 79' "$work/help" | head -n 3)" "" "${command:-bm-pst-import} --help: under 80 columns"
  is "$(cat "$work/talk")" "" "${command:-bm-pst-import} --help: nothing on stderr"
  grep -q '^Examples:' "$work/help"
  ok $? "${command:-bm-pst-import} --help: has examples"
done
"$program" --version | grep -q 'sandbox: on (seccomp'
ok $? "the sandbox closes here"
cp "$program" "$work/alone" # the reader is not beside it
"$work/alone" --version | grep -q 'sandbox: off'
ok $? "--version says when there is no sandbox"

is "$("$program" status --jobs "$work/none" 2>&1)" "no jobs in $work/none" "status without jobs says so"

"$make_pst" --sample "$work/sample.pst"
"$program" export "$work/sample.pst" --output "$work/a" > /dev/null 2>&1
is $? 0 "export"
TZ=Pacific/Auckland LC_ALL=fr_FR.UTF-8 "$program" export "$work/sample.pst" --output "$work/b" > /dev/null 2>&1
TZ=America/St_Johns LC_ALL=C "$program" export "$work/sample.pst" --output "$work/c" --no-sandbox > /dev/null 2>&1
diff -r "$work/a" "$work/b" > /dev/null && diff -r "$work/a" "$work/c" > /dev/null
ok $? "other time zone, locale, no sandbox: the same bytes"
python3 "$root/tests/system/check-mail.py" "$work/a"
ok $? "the sample's messages, read by another parser"
"$program" inspect "$work/sample.pst" --no-sandbox 2> /dev/null | grep -q 'sandbox: off$'
ok $? "inspect says that it ran without a sandbox"
"$program" export "$work/sample.pst" --output "$work/a" > /dev/null 2> "$work/talk"
is $? 64 "an export overwrites nothing"
"$program" inspect "$work/sample.pst" --full --format json > "$work/inspect.json" 2> /dev/null
is "$(python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(d["items"], d["rendered"])' "$work/inspect.json")" "28 24" "inspect --full"

is "$(python3 - "$work/inspect.json" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
print(d["skipped"], sum(d["sizes"].values()) == d["rendered"], list(d["sizes"]))
P
)" "{'associated': 1, 'hidden': 1, 'not-mail': 2} True ['up-to-10K', 'up-to-100K', 'up-to-1M', 'up-to-10M', 'up-to-100M', 'larger']" "inspect: rules and sizes"
"$program" inspect "$work/sample.pst" --full > "$work/inspect.txt" 2> /dev/null
for title in Classes Sizes Years Senders 'Left out'; do
  grep -q "^$title" "$work/inspect.txt"
  ok $? "inspect --full: $title"
done

# What is not mail is counted by class, each item once, in whatever folder it lies.
if [ -d "$corpus" ]; then
  for file in "$corpus"/*.[op]st; do
    "$program" inspect "$file" --full --format json 2> /dev/null
  done | python3 -c '
import json, sys
MAIL = ("IPM.Note", "IPM.Schedule", "REPORT")
decoder, text, seen = json.JSONDecoder(), sys.stdin.read().strip(), {}
while text:
    one, end = decoder.raw_decode(text)
    text = text[end:].strip()
    kept = {c: n for c, n in one["classes"].items() if not c.startswith(MAIL)}
    if sum(kept.values()) != one["skipped"].get("not-mail", 0):
        print(one["file"], kept, one["skipped"])
    for c, n in kept.items():
        seen[c] = seen.get(c, 0) + n
print(sorted(seen.items()))' > "$work/kept"
  is "$(cat "$work/kept")" "[('IPM.Appointment', 188), ('IPM.Contact', 98), ('IPM.DistList', 2), ('IPM.StickyNote', 3), ('IPM.Task', 1)]" "what is not mail in the corpus, by class"
fi

"$make_pst" --case deep-folders "$work/deep.pst"
"$program" export "$work/deep.pst" --output "$work/deep" > /dev/null 2> "$work/talk"
status=$?
is $status 0 "folders deeper than paths may be"
python3 "$root/tests/system/check-manifest.py" "$work/deep" $status
ok $? "folders deeper than paths may be: their manifest"

"$program" export "$work/deep.pst" --output "$work/owned" --owner nobody > "$work/talk" 2>&1
is $? 64 "an owner who has no address"
"$program" export "$work/deep.pst" --output "$work/owned" --owner Jd@Lab.Test > "$work/talk" 2>&1
is $? 0 "the address of an owner"
[ "$(grep -o '"render_id":"[^ ]*' "$work/owned/manifest.jsonl")" != "$(grep -o '"render_id":"[^ ]*' "$work/deep/manifest.jsonl")" ]
ok $? "is a part of how it is rendered"

printf 'dn,address\nnot a name,a@b.example\n' > "$work/map.csv"
"$program" export "$work/deep.pst" --output "$work/mapped" --address-map "$work/map.csv" > "$work/talk" 2>&1
is $? 64 "an address map that is none"
grep -q 'line 2: the first column' "$work/talk"
ok $? "an address map that is none: its line is named"
"$program" export "$work/deep.pst" --output "$work/paged" --code-page 99999 > "$work/talk" 2>&1
is $? 64 "a code page that is none"
"$program" export "$work/deep.pst" --output "$work/paged" --code-page 1251 > "$work/talk" 2>&1
is $? 0 "a code page"

[ -d "$corpus" ] || { echo "# no corpus at $corpus: its files are not exported"; done_testing; }
for file in "$corpus"/*.[op]st; do
  name=$(basename "$file")
  rm -rf "$work/out"
  "$program" export "$file" --output "$work/out" > /dev/null 2> "$work/talk"
  status=$?
  python3 "$root/tests/system/check-manifest.py" "$work/out" $status > "$work/problems"
  ok $? "$name: its manifest"
  note < "$work/problems"
  python3 "$root/tests/system/check-mail.py" "$work/out" > "$work/problems"
  ok $? "$name: its messages, read by another parser"
  note < "$work/problems"
done
done_testing
