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
result=0
export PYTHONDONTWRITEBYTECODE=1
for script in test-lab-rest.py test-lab.py; do python3 "$here/$script" || result=1; done
[ $result = 0 ] || tail -n 20 "$BMLAB_DIR"/log/core "$BMLAB_DIR"/log/cyrus* 2>/dev/null

nothing_left () {
  [ ! -e "$BMLAB_DIR" ] && ! echo "$BMLAB_DIR/" | grep -qsFf - /proc/[0-9]*/cmdline
}

servers=$(echo "$BMLAB_SERVERS" | wc -w)
"$here/lab" status >/dev/null || { echo "FAIL: status says a server is down"; result=1; }
[ "$("$here/lab" status --state "$state" | grep -c '^pg.*: running')" = "$servers" ] ||
  { echo "FAIL: status does not show every PostgreSQL"; result=1; }
[ "$BMLAB_BM5" = 1 ] || [ "$("$here/lab" status "$BMLAB_DIR" | grep -c '^cyrus.*: running')" = "$servers" ] ||
  { echo "FAIL: status does not show every Cyrus"; result=1; }
! grep -q /dev/shm/PostgreSQL "/proc/$(head -n 1 "$BMLAB_DIR"/pg1/data/postmaster.pid)/maps" ||
  { echo "FAIL: a PostgreSQL that is killed leaves its shared memory"; result=1; }
sh -c '"$0" down --state "$1"; sleep 0; :' "$here/lab" "$state" || { echo "FAIL: lab down ended its caller"; result=1; }
for try in 1 2 3 4 5 6 7 8 9 10; do nothing_left && break; sleep 0.2; done
nothing_left || { echo "FAIL: something of $BMLAB_DIR is left"; result=1; }

# What follows does not depend on tables: with the default ones, and with BlueMind 5's lack of Cyrus, it is enough.
case "$*" in *--schema*) exit $result ;; esac

# An owner that is killed leaves nothing.
held=$(mktemp)
bash -c '"$0" up --users 0 --state "$1" >/dev/null; exec sleep 1000' "$here/lab" "$held" &
owner=$!
for try in $(seq 1 100); do [ -s "$held" ] && break; sleep 0.2; done
. "$held"
rm -f "$held"
kill -KILL $owner
for try in $(seq 1 50); do nothing_left && break; sleep 0.2; done
nothing_left || { echo "FAIL: a killed owner left $BMLAB_DIR"; result=1; }

# Nor does a `lab up` that is killed in the middle while its owner lives on.
base=$(mktemp -d /tmp/labtest.XXXX)
chmod 0755 "$base"
for after in 0.2 0.5 0.8; do
  "$here/lab" up --owner 0 --users 0 --dir "$base" >/dev/null 2>&1 &
  starter=$!
  sleep $after
  kill -KILL $starter 2>/dev/null
  BMLAB_DIR=$(echo "$base"/bmlab.*)
  [ ! -f "$BMLAB_DIR/env" ] || { "$here/lab" down "$BMLAB_DIR"; continue; }
  for try in $(seq 1 50); do nothing_left && break; sleep 0.2; done
  nothing_left || { echo "FAIL: lab up killed after $after s left $BMLAB_DIR"; result=1; }
done
rm -rf "$base"
exit $result
