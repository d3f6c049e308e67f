#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The comparison itself: it finds nothing missing in the sample mailbox, and finds what an export that
was tampered with lacks. test-peers.py MAKE_PST. Prints TAP."""
import importlib.machinery
import importlib.util
import os
import shutil
import struct
import subprocess
import sys
import tempfile

make_pst = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("peers", os.path.join(here, "peers"))
peers = importlib.util.module_from_spec(importlib.util.spec_from_loader("peers", loader))
loader.exec_module(peers)
root = os.environ.get("BM_SOURCE_ROOT", os.path.join(here, "..", ".."))
program = os.path.join(os.environ.get("BM_BUILD_ROOT", os.path.join(root, "build")), "src", "cli", "bm-pst-import")
# The real export, then one change: export.py export PST --output DIR
TAMPER = """#!/usr/bin/env python3
import glob, os, subprocess, sys
status = subprocess.run([{program!r}] + sys.argv[1:], stdout=subprocess.DEVNULL).returncode
out = sys.argv[sys.argv.index("--output") + 1]
{change}
sys.exit(status)
"""
EDIT = """
for path in glob.glob(os.path.join(out, "**", "*.eml"), recursive=True):
    data = open(path, "rb").read()
    if {mark!r} in data:
        open(path, "wb").write(data.replace({old!r}, {new!r}))
"""
LOSE = """
path = os.path.join(out, "manifest.jsonl")
lines = open(path).readlines()
lost = next(i for i, line in enumerate(lines) if '"rendered","cause":null' in line)
open(path, "w").writelines(lines[:lost] + lines[lost + 1:])
"""
MANIFEST = """
path = os.path.join(out, "manifest.jsonl")
text = open(path).read()
open(path, "w").write(text.replace({old!r}, {new!r}, 1))
"""
WELCOME, OFFER = b"Subject: Welcome", b"Subject: =?utf-8?B?QW5nZWJvdCBmw7xyIEp1bGkg4oCTIDEuMjAwIOKCrA==?="
CASES = [
    # in the sample, headers name the first recipient only, and headers win
    ("the real export", "pass", 1, "\n1 things that a peer has"),
    ("a message is missing", LOSE, 1, "readpst has, ours has not: 1 x message\n"),
    ("a message is missing in a folder of which an item is left out",
     LOSE.replace("next(i for", "max(i for"), 1, "readpst has, ours has not: 1 x message\n"),
    ("a date is another", EDIT.format(mark=WELCOME, old=b"\nDate: Tue, 06", new=b"\nDate: Wed, 07"), 1, "pffexport has, ours has not: 1 x date\n"),
    ("a sender is missing", EDIT.format(mark=WELCOME, old=b"\nFrom:", new=b"\nX-From:"), 1, "pffexport has, ours has not: 1 x sender\n"),
    ("a recipient is missing", EDIT.format(mark=b"Subject: FW: the original", old=b"\nTo:", new=b"\nX-To:"), 1, "readpst has, ours has not: 1 x recipient\n"),
    ("a body is missing", EDIT.format(mark=WELCOME, old=b"Hello Camille", new=b""), 1, "readpst has, ours has not: 1 x word\n"),
    ("a code page is wrong", EDIT.format(mark=OFFER, old=b"charset=utf-8", new=b"charset=latin1"), 1, "readpst has, ours has not: 1 x word beyond ASCII\n"),
    ("an inline image is not placed", EDIT.format(mark=b"With a picture", old=b"cid:image001", new=b"cid:other001"), 1, "readpst has, ours has not: 1 x inline image\n"),
    ("an attachment is another", EDIT.format(mark=b"inside.txt", old=b"aW5zaWRlDQo=", new=b"b3V0c2lkZQ0K"), 1, "pffexport has, ours has not: 1 x attachment\n"),
    ("a message inside is missing", EDIT.format(mark=b"Subject: FW: the original", old=b"message/rfc822", new=b"text/plain"), 1, "pffexport has, ours has not: 1 x message inside\n"),
    ("a message is read that was not", MANIFEST.format(old='"flags":[]', new='"flags":["\\\\Seen"]'), 1, "pffexport has, ours has not: 1 x mark\n    unread of"),
    ("importance is missing", EDIT.format(mark=b"Subject: Please call back", old=b"\nImportance:", new=b"\nX-Importance:"), 1, "pffexport has, ours has not: 1 x mark\n    importance: high of"),
]


def taken_apart():
    """What we make something else of: what is in it must be there. Yields whether each holds."""
    picture, letter = bytes(range(200)) * 3, b"\xd0\xcf\x11\xe0 of the letter" * 20
    storage = peers.STORAGE + bytes(500) + picture + bytes(500)
    tnef = peers.TNEF + bytes(2) + b"".join(b"\2" + struct.pack("<II", 0x6800F, len(one)) + one + bytes(2) for one in (picture, letter))
    mine = peers.Message()

    def lacks(data):
        return peers.lacks_file(peers.digest(data), *peers.file_of("a", data)[:2], mine)

    yield "a storage is missing", lacks(storage)
    yield "two files of a winmail.dat are missing", lacks(tnef)
    mine.files[peers.digest(picture)] = peers.file_of("p", picture)
    yield "the picture of a storage is there", not lacks(storage)
    yield "one file of a winmail.dat is missing", lacks(tnef)
    mine.files[peers.digest(letter)] = peers.file_of("l", letter)
    yield "both files of a winmail.dat are there", not lacks(tnef)
    yield "a winmail.dat without files is missing", lacks(tnef[:6])
    yield "a document that is another storage is missing", lacks(letter + b"!" * 600)
    yield "a picture that lost a CR is missing", lacks(picture.replace(b"\r", b""))


def main():
    if shutil.which("readpst") is None:
        print("1..0 # SKIP no readpst")
        return 0
    work, good = tempfile.mkdtemp(prefix="bm-test-peers."), 0
    pst, wrapper = os.path.join(work, "sample.pst"), os.path.join(work, "export.py")
    subprocess.run([make_pst, "--sample", pst], check=True)
    for number, (name, change, status, words) in enumerate(CASES, 1):
        with open(wrapper, "w", encoding="utf-8") as f:
            f.write(TAMPER.format(program=program, change=change))
        os.chmod(wrapper, 0o755)
        run = subprocess.run([os.path.join(here, "peers"), "--program", wrapper, pst], capture_output=True, text=True)
        fine = run.returncode == status and words in run.stdout and "Traceback" not in run.stderr
        good += fine
        print(f"{'ok' if fine else 'not ok'} {number} - {name}")
        if not fine:
            print("\n".join("# " + line for line in (run.stdout + run.stderr).splitlines()))
    shutil.rmtree(work)
    number = len(CASES)
    for number, (name, fine) in enumerate(taken_apart(), number + 1):
        good += fine
        print(f"{'ok' if fine else 'not ok'} {number} - {name}")
    print(f"1..{number}")
    return 0 if good == number else 1


sys.exit(main())
