#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# The lab is what other tests believe in, so it is tested itself: test-lab.sh [option of `lab up`]...
set -u
here=$(cd "$(dirname "$0")" && pwd)
for tool in python3 psql setpriv; do
  command -v $tool >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done
case "$*" in
*--bm5*) ;;
*) [ -x /usr/lib/cyrus/bin/master ] || { echo "skipped: Cyrus IMAP is not installed"; exit 77; } ;;
esac
state=$("$here/lab" up "$@") || exit 1
. "$state"
echo "lab up took $BMLAB_UP_MS ms"
python3 "$here/test-lab.py"
result=$?
[ $result = 0 ] || tail -n 20 "$BMLAB_DIR"/log/core "$BMLAB_DIR"/log/cyrus 2>/dev/null

nothing_left () {
  for file in /proc/[0-9]*/cmdline; do
    [ "$file" = "/proc/$$/cmdline" ] || ! tr '\0' ' ' <"$file" 2>/dev/null | grep -q "$BMLAB_DIR/" || return 1
  done
  [ ! -e "$BMLAB_DIR" ]
}

"$here/lab" status >/dev/null || { echo "FAIL: status says a server is down"; result=1; }
"$here/lab" down
for try in 1 2 3 4 5 6 7 8 9 10; do nothing_left && break; sleep 0.2; done
nothing_left || { echo "FAIL: something of $BMLAB_DIR is left"; result=1; }

# A starter that is killed leaves nothing either.
held=$(mktemp)
bash -c '"$0" up --users 0 --state "$1" >/dev/null; sleep 1000' "$here/lab" "$held" &
starter=$!
for try in $(seq 1 100); do [ -s "$held" ] && break; sleep 0.2; done
. "$held"
rm -f "$held"
kill -KILL $starter
for try in $(seq 1 50); do nothing_left && break; sleep 0.2; done
nothing_left || { echo "FAIL: a killed starter left $BMLAB_DIR"; result=1; }
pkill -P $starter sleep 2>/dev/null
exit $result
