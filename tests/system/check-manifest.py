#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks an export's manifest against its files and itself: check-manifest.py DIR STATUS."""
import hashlib
import json
import os
import re
import sys

directory, status = sys.argv[1], int(sys.argv[2])
problems = []
lines = [json.loads(line) for line in open(os.path.join(directory, "manifest.jsonl"), encoding="utf-8")]
ledger = lines.pop()["ledger"]
MEMBERS = ["nid", "folder", "class", "status", "cause", "guid", "size", "internal_date", "flags", "keywords",
           "message_id", "attachments", "notes", "file"]
nids = set()
count = {"rendered": 0, "skipped": {}, "failed": {}}
for line in lines:
    if list(line) != MEMBERS:
        problems.append(f"members of {line.get('nid')}: {list(line)}")
    nids.add(line["nid"])
    if line["status"] != "rendered":
        by = count[line["status"]]
        by[line["cause"]] = by.get(line["cause"], 0) + 1
        if any(line[m] is not None for m in MEMBERS[5:]):
            problems.append(f"{line['nid']:08x} is not rendered but has more than null")
        continue
    count["rendered"] += 1
    data = open(os.path.join(directory, line["file"]), "rb").read()
    if hashlib.sha1(data).hexdigest() != line["guid"] or len(data) != line["size"]:
        problems.append(f"{line['file']}: guid or size differ")
    if b"\0" in data or data.replace(b"\r\n", b"").count(b"\n") or data.replace(b"\r\n", b"").count(b"\r"):
        problems.append(f"{line['file']}: not CRLF only")
    header = data.split(b"\r\n\r\n", 1)[0]
    if any(byte >= 0x80 for byte in header) or max(map(len, header.split(b"\r\n"))) > 998:
        problems.append(f"{line['file']}: header not ASCII or too long")
    ids = re.findall(rb"(?im)^message-id:\s*(\S+)\s*$", header.replace(b"\r\n", b"\n"))
    if ids != [line["message_id"].encode()]:
        problems.append(f"{line['file']}: Message-ID {ids} is not {line['message_id']}")
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["internal_date"]):
        problems.append(f"{line['file']}: internal_date {line['internal_date']}")
    if not isinstance(line["attachments"], int) or not isinstance(line["folder"], str):
        problems.append(f"{line['file']}: attachments or folder")
    if line["file"].startswith("/") or ".." in line["file"].split("/"):
        problems.append(f"{line['file']}: leads outside")
    if os.path.basename(line["file"]) != f"{line['nid']:08x}.eml":
        problems.append(f"{line['file']}: its name")
    for member in ("flags", "keywords", "notes"):
        if line[member] != sorted(line[member]):
            problems.append(f"{line['file']}: {member} not sorted")
if len(nids) != len(lines):
    problems.append("an item twice")
if list(ledger) != ["found", "rendered", "skipped", "failed", "render_id"] or not ledger["render_id"]:
    problems.append(f"members of the ledger: {list(ledger)}")
if ledger["found"] != len(lines) or {k: ledger[k] for k in count} != count:
    problems.append(f"ledger {ledger} against {count}")
if status != (1 if count["failed"] else 0):
    problems.append(f"status {status} with {count['failed']} failed")
print("\n".join(problems[:20]))
sys.exit(1 if problems else 0)
