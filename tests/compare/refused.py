#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mails of the corpus that libpff refuses, as `export` gives them, against readpst's: subject, date,
text, and attachments byte by byte. Prints TAP."""
import importlib.machinery
import importlib.util
import json
import os
import shutil
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
loader = importlib.machinery.SourceFileLoader("peers", os.path.join(here, "peers"))
peers = importlib.util.module_from_spec(importlib.util.spec_from_loader("peers", loader))
sys.dont_write_bytecode = True
loader.exec_module(peers)
CORPUS = os.environ.get("BM_CORPUS", os.path.join(peers.ROOT, "..", "shared", "corpus"))
FILES = ("aspose-refused-3.pst", "aspose-refused-10.pst")
results = []


def ok(good, what):
    results.append(good)
    print(f"{'ok' if good else 'not ok'} {len(results)} - {what}")


def text_of(message):
    return "".join(message.text.split())


def check(name, work):
    path = os.path.join(CORPUS, name)
    program = os.path.join(peers.BUILD, "src", "cli", "bm-pst-import")
    mine, theirs = peers.ours(path, work, program), peers.readpst(path, work)
    with open(os.path.join(work, "ours", "manifest.jsonl"), encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines]
    salvaged = [i for i in items if "salvaged" in (i.get("notes") or [])]
    ok(len(salvaged) == len(mine.messages) == len(theirs.messages) == 3, f"{name}: three mails, all salvaged, as many as readpst has")
    for message in mine.messages:
        found = next((m for m in theirs.messages if m.subject == message.subject), None)
        ok(found is not None, f"{name}: {message.subject}: readpst has it too")
        if found is None:
            continue
        # readpst knows no date of these and says none; ours is guessed from the item's own times
        ok(not found.dates or bool(found.dates & message.dates), f"{name}: {message.subject}: date")
        ok(found.recipients == message.recipients, f"{name}: {message.subject}: recipients")
        ok(text_of(found) == text_of(message) != "", f"{name}: {message.subject}: text, {len(message.text)} characters")
        files = {key: value[0] for key, value in found.files.items()
                 if not value[0].startswith("text/") and value[0] != "rtf-body.rtf"}
        ok(files and set(files) <= set(message.files), f"{name}: {message.subject}: attachments {', '.join(files.values())}")
        ok(message.placed >= found.placed, f"{name}: {message.subject}: images placed")


def main():
    if shutil.which("readpst") is None or not all(os.path.exists(os.path.join(CORPUS, f)) for f in FILES):
        print("1..0 # SKIP no readpst or no corpus")
        return 0
    for name in FILES:
        work = tempfile.mkdtemp(prefix="bm-refused.")
        try:
            check(name, work)
        finally:
            shutil.rmtree(work)
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


sys.exit(main())
