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
done_testing
