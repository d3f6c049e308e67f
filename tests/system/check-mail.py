#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads every message of an export with Python's parser, which is not ours: check-mail.py DIR.
What a mail had on its way (transport headers) may be wrong and is kept; structure and the fields we
write may not."""
import email
import email.policy
import json
import os
import sys

OURS = ("content-type", "content-transfer-encoding", "content-disposition", "mime-version", "keywords", "date")
problems = []


def check(path, data, lossy):
    message = email.message_from_bytes(data, policy=email.policy.default)
    for part in message.walk():
        said = [str(d) or type(d).__name__ for d in part.defects]
        for name, value in part.items():
            if name.lower() in OURS:
                said += [f"{name}: {d}" for d in value.defects]
        if not part.is_multipart():
            part.get_payload(decode=True)
            said += [str(d) or type(d).__name__ for d in part.defects]
        if part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment":
            if "\ufffd" in part.get_content() and not lossy:
                said.append("a text has characters that are none")
        problems.extend(f"{path}: {part.get_content_type()}: {text}" for text in said)
    for name in ("From", "Date", "Message-ID", "MIME-Version"):
        if len(message.get_all(name, [])) != 1:
            problems.append(f"{path}: {name} is there {len(message.get_all(name, []))} times")
    for name in message.keys():
        if name.lower().startswith("x-bm-"):
            problems.append(f"{path}: {name}")


with open(os.path.join(sys.argv[1], "manifest.jsonl"), encoding="utf-8") as manifest:
    lines = [json.loads(line) for line in manifest][:-1]
for line in lines:
    if line["status"] == "rendered":
        with open(os.path.join(sys.argv[1], line["file"]), "rb") as file:
            check(line["file"], file.read(), "charset-lossy" in line["notes"])
print("\n".join(problems[:20]))
sys.exit(1 if problems else 0)
