#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Case 54 as an administrator meets it: an attachment of 150 MB through the program and its confined
child. Every byte arrives. What each of both has of its own stays below 32 MB (pages of the PST and of
the sealed memory file in which a message travels belong to the kernel, and are bounded by the size of
one message). Prints TAP."""
import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = os.environ["BM_BUILD_ROOT"]
SIZE = 157286400
LIMIT = 32 * 1024  # kB
results = []


def ok(good, name, *got):
    results.append(good)
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}")
    if not good:
        print(f"not ok - {name}: {got}", file=sys.stderr)


def family(pid):
    """It and what it started, as far as they run."""
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children", encoding="ascii") as file:
                    left += [int(child) for child in file.read().split()]
        except OSError:
            pass
    return found


def memory(pid):
    """What it has of its own, kB, and the name of its program; None when it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            lines = [line.split() for line in file]
    except OSError:
        return None
    fields = {line[0]: line[1] for line in lines if len(line) > 1}
    return (int(fields["RssAnon:"]), fields["Name:"]) if "RssAnon:" in fields else None


def run(command):
    """Its status, and the most that each program had at a time."""
    peaks = {}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        for pid in family(process.pid):
            now = memory(pid)
            if now is not None and now[1].startswith("bm-pst"):
                peaks[now[1]] = max(peaks.get(now[1], 0), now[0])
        time.sleep(0.002)
    return process.returncode, peaks


def expected():
    digest, piece = hashlib.sha256(), bytes(range(251)) * 4096
    for at in range(0, SIZE, len(piece)):
        digest.update(piece[: SIZE - at])
    return digest.hexdigest()


def attachment(path):
    """Length and digest of what stands in base64 after the head of the only attachment."""
    size, digest, inside = 0, hashlib.sha256(), False
    with open(path, "rb") as file:
        for line in file:
            if line.startswith(b"Content-Disposition: attachment"):
                inside = None
            elif inside is None and line == b"\r\n":
                inside = True
            elif inside and line.startswith((b"--", b"\r\n")):
                break
            elif inside:
                data = base64.b64decode(line, validate=False)
                size += len(data)
                digest.update(data)
    return size, digest.hexdigest()


def main():
    work = tempfile.mkdtemp(prefix="bm-big-")
    try:
        pst, out = os.path.join(work, "big.pst"), os.path.join(work, "out")
        subprocess.run([os.path.join(BUILD, "tests/lib/bm-pst-make"), "--bulk", "1", "--attachment", str(SIZE), pst],
                       check=True)
        status, peaks = run([os.path.join(BUILD, "src/cli/bm-pst-import"), "export", pst, "--output", out])
        ok(status == 0, "54: the program ends well", status)
        mails = [os.path.join(path, name) for path, _, names in os.walk(out) for name in names if name.endswith(".eml")]
        ok(len(mails) == 1, "54: one message", mails)
        ok(mails and attachment(mails[0]) == (SIZE, expected()), "54: every byte of the attachment")
        ok({"bm-pst-import", "bm-pst-reader"} <= set(peaks), "54: both processes were seen", peaks)
        ok(0 < peaks.get("bm-pst-import", 0) < LIMIT, f"54: the program has less than {LIMIT} kB", peaks)
        ok(0 < peaks.get("bm-pst-reader", 0) < LIMIT, f"54: the child has less than {LIMIT} kB", peaks)
        print(f"# peaks: {peaks}")
    finally:
        shutil.rmtree(work)
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


sys.exit(main())
