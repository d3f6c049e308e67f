#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Mapping: what map proposes and why, what it leaves open, what map --check lets through; the owner
# rule in import itself. Over SQL, over REST, without directory.
. "$(dirname "$0")/lib.sh"
lab_up --users 6
d=$BMLAB_DOMAIN
mbox() { # FILE OWNER OPTIONS...: a mailbox of 40 messages, ten of them sent
  local file=$1 owner=$2
  shift 2
  mkdir -p "$(dirname "$file")"
  "$make_pst" --bulk 40 --size 2000 --folders 2 --owner "$owner" "$@" "$file"
}
# map OPTIONS...: CSV in $work/map.csv, talk in $work/talk, status in $status
map() {
  timeout 300 "$program" map "$@" --config "$BMLAB_CONFIG" > "$work/map.csv" 2> "$work/talk"
  status=$?
}
# row FILE-END COLUMN: of $work/map.csv
row() {
  python3 - "$work/map.csv" "$1" "$2" << 'P'
import csv, sys
rows = [r for r in csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8-sig")) if r["file"].endswith(sys.argv[2])]
print(rows[0][sys.argv[3]] if len(rows) == 1 else "%d rows" % len(rows))
P
}
proposal() { is "$(row "$1" user) $(row "$1" confidence)" "$2" "$1: $(row "$1" evidence) $(row "$1" conflict)"; }
open_row() { # FILE-END WORD: no user, and the conflict says why
  row "$1" conflict | grep -q -- "$2"
  is "$?$(row "$1" user)$(row "$1" confidence)" 0 "$1 is left open: $(row "$1" conflict)"
}

# ---- a share full of PSTs
p=$work/psts
mbox "$p/alice@$d.pst" "alice@$d"                                        # name and contents agree
mbox "$p/alice@$d.2.PST" "alice@old.example" --seed 2                    # the same user, an old domain
mbox "$p/bob@other.test/2019/archive.ost" nobody@example.org --no-sent   # only a folder's name
mbox "$p/erin/export.pst" "erin.martin@other.test" --seed 3              # an alias, from the contents
mbox "$p/inbox.pst" "carol@$d" --no-sent --seed 4                        # only recipients
mbox "$p/store.pst" nobody@example.org --no-sent --store-name "Mailbox - dave@$d" --seed 5
mbox "$p/name.pst" "jean.dupont@$d" --no-sent --store-name "Jean Dupont" --seed 6
mbox "$p/u1@$d.pst" "u2@$d" --seed 7                                     # a contradiction
mbox "$p/u3@$d/u4@$d.pst" "u3@$d" --no-sent --seed 8                     # of names
mbox "$p/archie@$d.pst" "archie@$d" --seed 9                             # suspended
mbox "$p/gone@$d.pst" "gone@$d" --seed 10                                # unknown
mbox "$p/admin0@global.virt.pst" "x@example.org" --no-sent --seed 11
mbox "$p/team.pst" "team@$d" --seed 12                                   # a share's
mbox "$p/list.pst" "list@example.org" --no-sent --seed 13                # nobody's
head -c 20000 "$p/alice@$d.pst" > "$p/u5@$d.pst"                         # truncated
head -c 70000 /dev/urandom > "$p/noise.pst"
: > "$p/empty.pst"
touch "$p/readme.txt"
ln -s .. "$p/erin/circle"
ln -s "alice@$d.pst" "$p/link.pst"
mkdir "$p/directory.pst"
map "$p"
is "$status" 1 "rows are left open: $(tail -n 1 "$work/talk")"
is "$(head -n 1 "$work/map.csv" | tr -d '\r')" "file,user,into,options,confidence,evidence,conflict" "the columns"
is "$(wc -l < "$work/map.csv")" 19 "every file has a row; a circle of links ends"
proposal "alice@$d.pst" "alice@$d high"
proposal "alice@$d.2.PST" "alice@$d medium" # the contents agree by the local part only
proposal 2019/archive.ost "bob@$d medium"
proposal erin/export.pst "erin@$d high"
proposal inbox.pst "carol@$d low"
proposal store.pst "dave@$d medium"
proposal name.pst "jean.dupont@$d high"
open_row "u1@$d.pst" "u2@$d"
open_row "u4@$d.pst" folder
open_row "archie@$d.pst" suspended
open_row "gone@$d.pst" "no user gone@$d"
open_row global.virt.pst administrator
open_row team.pst "not a user"
open_row list.pst "nothing tells"
open_row "u5@$d.pst" pst-unreadable
open_row noise.pst pst-unreadable
open_row empty.pst pst-unreadable
open_row link.pst "same file as $p/alice@$d.pst"
grep -q "@" "$work/talk"
is $? 1 "nobody's address is in the talk"
cp "$work/map.csv" "$work/sql.csv"

# the same over REST: the database bj is out of reach
sed "s/^\[directory\]/&\nsource=rest/; /^\[directory\]/,/^\[data\]/s/^port=.*/port=1/" "$BMLAB_CONFIG" > "$work/rest.conf"
timeout 300 "$program" map "$p" --config "$work/rest.conf" > "$work/map.csv" 2> "$work/talk"
is "$?" 1 "over REST"
cmp -s "$work/map.csv" "$work/sql.csv"
ok $? "the same proposals over REST"

# without a server
map "$p" --no-directory
is "$status" 1 "without a directory"
proposal "alice@$d.pst" "alice@$d high"
proposal "gone@$d.pst" "gone@$d high"
open_row "u1@$d.pst" "u2@$d"
sed '/^\[directory\]/,/^\[data\]/s/^port=.*/port=1/' "$BMLAB_CONFIG" > "$work/away.conf"
timeout 300 "$program" map "$p" --config "$work/away.conf" > "$work/map.csv" 2> "$work/talk"
is "$? $(grep -c -- --no-directory "$work/talk")" "69 1" "a directory that is away: $(head -n 1 "$work/talk" | cut -c 1-100)"
is "$(wc -l < "$work/map.csv")" 1 "and nothing is guessed without it"

# output
map "$p" --output "$work/out.csv"
is "$status $(wc -c < "$work/map.csv")" "1 0" "--output"
cmp -s "$work/out.csv" "$work/sql.csv"
ok $? "holds the same"
map "$p" --output "$work/out.csv"
is "$status" 64 "a reviewed mapping is not overwritten: $(head -n 1 "$work/talk" | cut -c 1-100)"
map "$p/bob@other.test" --output "$work/out.csv" --force --format excel
is "$status $(head -c 3 "$work/out.csv" | od -An -tx1 | tr -d ' ') $(head -n 1 "$work/out.csv" | grep -o ';' | wc -l)" "0 efbbbf 6" "--force, --format excel"
map "$p" --format json
is "$(python3 -c 'import json,sys; v=json.load(open(sys.argv[1])); r=[x for x in v["rows"] if x["file"].endswith("erin/export.pst")][0]; print(v["version"], v["rows_without_user"], len(v["rows"]), r["user"], r["items"], r["mails_estimate"], r["bytes_estimate"] > 80000)' "$work/map.csv")" "1 11 18 erin@$d 40 40 True" "--format json"
for words in "" "--check $work/out.csv $p" "$p --format text" "$p --owner-mismatch-ok" "$p --since 2015-01-01" "--check $work/nothing.csv" "--check $work/out.csv --since x"; do
  map $words
  is "$status" 64 "usage: map $(echo "$words" | sed "s|$work/||g"): $(head -n 1 "$work/talk" | cut -c 1-90)"
done
map "$work/nowhere"
is "$status" 66 "no such directory"
mkdir "$work/hollow"
map "$work/hollow"
is "$status" 66 "no PST: $(head -n 1 "$work/talk" | cut -c 1-90)"

# ---- map --check
# check MAP OPTIONS...: JSON in $work/check.json, text in $work/check.txt, status in $status
check() {
  timeout 300 "$program" map --check "$@" --config "$BMLAB_CONFIG" --format json > "$work/check.json" 2> "$work/talk"
  status=$?
  timeout 300 "$program" map --check "$@" --config "$BMLAB_CONFIG" > "$work/check.txt" 2> "$work/talk"
}
of() { python3 - "$work/check.json" "$1" << 'P'
import json, sys
r = json.load(open(sys.argv[1]))
row = lambda n: next(x for x in r["rows"] if x["line"] == n)
level = lambda n: row(n)["level"]
text = lambda n: " | ".join(f["cause"] + ": " + f["text"] + "; " + f["do"] for f in row(n)["findings"])
print(eval(sys.argv[2]))
P
}
level() { # LINE LEVEL WORDS: of the row, and what it says
  of "text($1)" | grep -q -- "$3"
  is "$? $(of "level($1)")" "0 $2" "line $1: $(of "text($1)" | sed "s|$work/||g" | cut -c 1-150)"
  is "$(grep -c "^line $1: $2: " "$work/check.txt")" 1 "line $1 is one line of text"
}
cp "$work/sql.csv" "$work/reviewed.csv"
check "$work/reviewed.csv"
is "$status $(of 'r["ok"], r["warning"], r["stop"], r["exit_status"]')" "77 (5, 2, 11, 77)" "a proposal as it is: open rows are stopped, $(tail -n 1 "$work/talk")"
is "$(wc -l < "$work/check.txt")" 18 "one line per row"
sql "UPDATE t_mailbox SET quota = 1400 WHERE name = 'u6'" bj > /dev/null
head -c 20000 "$p/alice@$d.pst" > "$work/cut.pst"
cat > "$work/all.csv" << M
file;user;into;options
psts/alice@$d.pst;alice@$d;;
psts/alice@$d.2.PST;ALICE@other.test;Old/2019;--since 2010-01-01 --include '#Inbox#'
psts/alice@$d.pst;bob@$d;;
psts/alice@$d.pst;bob@$d;B;--owner-mismatch-ok
psts/list.pst;carol@$d;;
gone.pst;carol@$d;;
.;carol@$d;;
cut.pst;carol@$d;;
psts/inbox.pst;nobody@$d;;
psts/inbox.pst;admin0@global.virt;;
psts/inbox.pst;archie@$d;;
psts/inbox.pst;team@$d;;
psts/inbox.pst;carol@$d;;--nonsense
psts/inbox.pst;carol@$d;A;--since yesterday
psts/inbox.pst;carol@$d;Outbox;
psts/inbox.pst;carol@$d;a*b;
psts/inbox.pst;carol@$d;C;--include #Nobox#
psts/inbox.pst;;;
psts/alice@$d.pst;alice@$d;;
psts/inbox.pst;carol@$d;D;--before 1990-01-01
psts/noise.pst;carol@$d;;
M
check "$work/all.csv"
is "$status" 77 "stopped rows"
is "$(of 'len(r["rows"])')" 21 "each row has its verdict, whatever the others are"
is "$(of '[f["topic"] for f in row(2)["findings"]], {f["topic"] for f in row(7)["findings"]}')" \
  "(['owner', 'shared', 'mailbox'], {'file'})" "each finding names what was looked at"
level 2 ok "10 of 10 sent items come from this user"
of 'text(2)' | grep -q "line 3"
ok $? "two rows of one mailbox are noted, by whatever name: $(of 'text(2)' | grep -o 'also.*;')"
level 3 warning "only when alice@old.example counts by its local part"
is "$(of 'row(3)["owner"]')" namesake "and is no plain match"
is "$(of 'row(3)["mails_estimate"] < row(2)["mails_estimate"], row(2)["mails_estimate"]')" "(True, 40)" "the estimate counts what the row's options want"
level 4 stop "owner-mismatch: 10 of 10 sent items come from other addresses, 10 from alice@$d; correct user"
level 5 warning "owner-mismatch"
level 6 warning "nothing in the file tells"
level 7 stop pst-missing
level 8 stop "pst-unreadable"
level 9 stop "pst-unreadable"
level 10 stop "user-unknown"
level 11 stop "admin-refused"
level 12 stop "suspended"
level 13 stop "not a user"
level 14 stop "nonsense"
level 15 stop "not a day"
level 16 stop "Outbox"
level 17 stop "folder name"
level 18 stop "Nobox"
level 19 stop "no user"
level 20 stop "the same file, user and folder as line 2"
level 21 warning "no mail is wanted"
level 22 stop "pst-unreadable"
check "$work/all.csv" --exclude '#Inbox#'
is "$(of 'row(2)["mails_estimate"] < 40, row(3)["mails_estimate"]')" "(True, 0)" "a selection for all rows, as batch takes it, is added to each row's own"
check "$work/all.csv" --owner-mismatch-ok
is "$(of 'level(4)')" warning "--owner-mismatch-ok for all rows"

# quota: an estimate from the items, of all rows of a mailbox together
mbox "$work/q1.pst" "u6@$d" --seed 21
"$make_pst" --bulk 150 --size 3000 --owner "u6@$d" --seed 22 "$work/q2.pst"
"$make_pst" --bulk 400 --size 3000 --owner "u6@$d" --seed 23 "$work/q3.pst"
cat > "$work/quota.csv" << M
file,user,into,options
q1.pst,u6@$d,,
q2.pst,u6@$d,,
q3.pst,u6@$d,R,--include #SentItems# --before 2010-01-02
q2.pst,u6@$d,again,
q2.pst,u6@$d,third,
q3.pst,u6@$d,,
q3.pst,u6@$d,Q,--ignore-quota
M
check "$work/quota.csv"
level 2 ok "also into this mailbox"
level 3 ok "also into this mailbox"
level 4 ok "also into this mailbox" # the file is larger than the quota, what is wanted of it is not
level 5 ok "also into this mailbox"
level 6 stop "over-quota: an estimated .* are needed with the mailbox's rows before"
level 7 stop "over-quota: an estimated .*raise the quota, or write --ignore-quota into options"
level 8 ok "also into this mailbox"
import "$work/q3.pst" u6 --into R --include '#SentItems#' --before 2010-01-02 --dry-run
is "$status" 0 "import judges as map --check does: what is wanted of a large file fits"
"$make_pst" --bulk 600 --size 3000 --owner "u6@$d" --seed 24 "$work/q4.pst"
import "$work/q4.pst" u6 --into Q --dry-run
is "$status $(grep -c 'over-quota: an estimated .* are needed, .* are left' "$work/talk")" "73 1" "all of it does not: $(head -n 1 "$work/talk")"
sed '/^token-file/d' "$BMLAB_CONFIG" > "$work/keyless.conf"
if [ ! -r /etc/bm/bm-core.tok ]; then
  timeout 300 "$program" map --check "$work/quota.csv" --config "$work/keyless.conf" > "$work/check.txt" 2> "$work/talk"
  is "$(grep -c '^line 7: stop: .*: over-quota: ' "$work/check.txt") $(grep -c 'as if mailboxes were empty' "$work/talk")" "1 1" "without an admin key the quota is the directory's"
fi

# the owner: people who left, offices, old domains
sql "INSERT INTO t_mailbox_email SELECT item_id, 'info', 'lab.test', true, false FROM t_domain_user WHERE login = 'carol'" bj > /dev/null
mbox "$work/left.pst" "gone@$d" --no-sent --seed 31
mbox "$work/suspended.pst" "archie@$d" --no-sent --seed 32
mbox "$work/office.pst" info@old.example --seed 33
mbox "$work/here.pst" "info@$d" --seed 34
mbox "$work/namesake.pst" carol@old.example --seed 35
mbox "$work/below.pst" "dave@$d" --sent-below --seed 36
cat > "$work/owners.csv" << M
file,user,into,options
left.pst,carol@$d,,
suspended.pst,carol@$d,,
office.pst,carol@$d,,
here.pst,carol@$d,,
namesake.pst,carol@$d,,
below.pst,carol@$d,,
M
check "$work/owners.csv"
level 2 stop "owner-mismatch: no sent items; .* addressed to gone@$d"
level 3 stop "owner-mismatch: no sent items; .* addressed to archie@$d"
level 4 stop "owner-mismatch: 10 of 10 sent items come from other addresses, 10 from info@old.example"
level 5 ok "10 of 10 sent items come from this user"
level 6 warning "only when carol@old.example counts"
level 7 stop "owner-mismatch: 10 of 10 sent items come from other addresses, 10 from dave@$d" # in a folder of an archive
cp "$work/check.json" "$work/sql.json"
ln "$work/here.pst" "$work/hard.pst"
printf 'file,user,options\nhere.pst,carol@%s,\nhard.pst,dave@%s,--owner-mismatch-ok\nhere.pst,carol@%s,--default-charset nonsense\n"here.pst,carol@%s\nhere.pst,dave@%s,\n' $d $d $d $d $d > "$work/hands.csv"
check "$work/hands.csv"
level 2 ok "the same file also goes to dave@$d: line 3" # it is carol's
level 3 warning "the same file also goes to carol@$d: line 2"
level 4 stop "the same file, user and folder as line 2"
level 5 stop "a quote is opened and never closed"
level 6 stop "owner-mismatch"
printf 'file,user,into,options\nhere.pst,carol@%s,X,--default-charset nonsense\n' $d > "$work/hands.csv"
check "$work/hands.csv"
level 2 stop "no character set that is known"
timeout 300 "$program" map --check "$work/owners.csv" --config "$work/rest.conf" --format json > "$work/check.json" 2> "$work/talk"
cmp -s "$work/check.json" "$work/sql.json"
ok $? "the same verdicts over REST"

# Microsoft 365's columns, and whatever a spreadsheet writes
{
  echo "Workload,FilePath,Name,Mailbox,IsArchive,TargetRootFolder,ContentCodePage,SPFileContainer,SPManifestContainer,SPSiteUrl"
  echo "Exchange,psts,alice@$d.pst,alice@$d,FALSE,/,,,,"
  echo "Exchange,psts\\erin,export.pst,erin@$d,FALSE,,1252,,,"
  echo "Exchange,psts,alice@$d.pst,u1@$d,FALSE,/x,,,,"
  echo "Exchange,psts,alice@$d.pst,alice@$d,TRUE,/x,,,,"
} > "$work/ms.csv"
check "$work/ms.csv"
is "$(of 'r["microsoft"], [row(n)["into"] for n in (2, 3)]')" "(True, ['/', 'Imported'])" "Microsoft 365's CSV as it is"
level 2 ok "sent items come from this user"
level 3 ok "sent items come from this user"
level 4 stop owner-mismatch
level 5 stop IsArchive
good="file;user\r\npsts/alice@$d.pst;alice@$d\r\n"
printf "\xef\xbb\xbf$good" > "$work/bom.csv"
printf "\xff\xfe" > "$work/utf16.csv"
printf "$good" | iconv -t UTF-16LE >> "$work/utf16.csv"
printf "$good" | iconv -t UTF-16LE > "$work/bare16.csv"
for file in bom utf16 bare16; do
  check "$work/$file.csv"
  is "$status $(of 'r["ok"]')" "0 1" "$file.csv"
done
printf 'a,b\nc,d\n' > "$work/bad.csv"
for file in bad.csv psts/noise.pst psts hollow/none.csv; do
  map --check "$work/$file"
  is "$status" 64 "no mapping: $file: $(head -n 1 "$work/talk" | sed "s|$work/||g" | cut -c 1-90)"
done

# ---- import obeys the same rule, before a byte is sent
import "$p/alice@$d.pst" bob --check-owner
is "$status" 77 "import --check-owner: $(head -n 1 "$work/talk" | sed "s|$work/||g" | cut -c 1-160)"
grep -q "^bm-pst-import: owner-mismatch: .*nothing was sent" "$work/talk"
ok $? "says why"
is "$(mailbox bob | wc -l)" 0 "nothing was sent"
is "$(find "$work/jobs" -name journal.sqlite | wc -l)" 0 "nothing was started"
import "$p/alice@$d.pst" bob --check-owner --owner-mismatch-ok --into Alice
is "$status $(mailbox bob | wc -l)" "0 40" "--owner-mismatch-ok"
grep -rl "alice@$d" "$work"/jobs/*/import.log > "$work/logged"
is "$(wc -l < "$work/logged")" 0 "no address is in the log"
import "$p/alice@$d.2.PST" alice --check-owner
is "$status $(ledger verified)" "0 40" "a PST that is the user's by a local part"
job=$(ls -d "$work"/jobs/alice-*)
for file in "$work/talk" "$job/import.log" "$job/report.txt" "$job/report.json" "$job/report.html"; do
  grep -q 'only by the local part of an address' "$file" && ! grep -q 'old\.example' "$file"
  ok $? "says so, with no address: $(basename "$file")"
done
import "$p/alice@$d.pst" alice --check-owner --into Own
is "$status $(grep -c 'local part' "$work/talk")" "0 0" "the user's own PST needs no word"
import "$p/list.pst" carol --check-owner
is "$status $(ledger verified)" "0 40" "a PST that tells nothing: $(grep -o 'nothing in the PST.*' "$work/talk")"
is "$(python3 -c 'import json,sys
lines = [json.loads(l) for l in open(sys.argv[1])]
print(*["%s:%s" % (l["event"], l.get("owner")) for l in lines])' "$work/jobs/audit.log")" \
  "refused:mismatch begin:mismatch end:mismatch begin:namesake end:namesake begin:match end:match begin:unknown end:unknown" \
  "the audit log tells what the owner rule said, and what was imported all the same"
for source in $(ls "$corpus"/*.[op]st 2> /dev/null); do
  name=$(basename "$source")
  import "$source" dave --check-owner --dry-run
  case $name in
  aspose-damaged-index.pst | aspose-outlook.pst | aspose-test.pst | aspose-test-part1.pst | generator-900.pst | aspose-sample.ost | outlook-com-4k.ost) want=77 ;;
  *) want="[012]" ;;
  esac
  echo "$status" | grep -q "^$want\$"
  ok $? "$name: $status $(grep -o 'owner-mismatch: .*\|nothing in the PST.*' "$work/talk" | sed "s|$corpus/||" | cut -c 1-120)"
done
if [ -d "$corpus" ]; then
  map "$corpus"
  is "$status $(grep -c 'no user\|nothing tells\|pst-unreadable' "$work/map.csv")" "1 $(ls "$corpus"/*.[op]st | wc -l)" "the corpus belongs to nobody here"
  head -c 2000000 "$corpus/aspose-test.pst" > "$work/hollow/cut.pst"
  map "$work/hollow" --no-directory
  row cut.pst evidence | grep -q "damage: "
  ok $? "a damaged PST is told as such: $(row cut.pst evidence)"
  printf 'file,user\nhollow/cut.pst,carol@%s\n' "$d" > "$work/damaged.csv"
  check "$work/damaged.csv" --owner-mismatch-ok
  level 2 warning "damage: .*inspect lists all of it"
fi
done_testing
