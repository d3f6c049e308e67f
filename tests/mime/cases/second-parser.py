#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads the messages of a group of cases with Python's parser, default policy: second-parser.py DIR.

Beside NAME.eml lies NAME.exp, lines of what must be found:
  foreign                 transport headers are somebody else's: their defects do not count
  shape SHAPE             the tree of parts, as GMime sees it
  leaf TYPE SHA1 NAME     each leaf in order: type, digest of the decoded content, file name
  header NAME=VALUE       decoded value of the first header of that name
  no-header NAME          it is not there
  count NAME=N            how many there are
  addresses NAME=A|B      each "display name <addr>" or "addr" of an address header
  text N contains TEXT    the N-th leaf (from 0), a text, has TEXT in it; \\n is a line break
  text N lacks TEXT
  param N NAME=VALUE      a parameter of the N-th leaf's Content-Type or Content-Disposition
Calendars and cards are read by parsers of their own besides (calendar_parser.py).
Prints what is not so, and ends with 1 then."""
import email
import email.policy
import hashlib
import os
import sys

sys.dont_write_bytecode = True
import calendar_parser

OURS = ("content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version", "keywords",
        "date")
problems = []


def leaves(part):
    if part.get_content_type() == "message/rfc822":
        for inner in part.get_payload():
            yield from leaves(inner)
    elif part.get_content_maintype() == "message" or not part.is_multipart():
        yield part
    else:
        for child in part.get_payload():
            yield from leaves(child)


def shape(part):
    kind = part.get_content_type()
    if kind == "message/rfc822":
        return kind + "[" + ",".join(shape(inner) for inner in part.get_payload()) + "]"
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        return part.get_content_subtype() + "(" + ",".join(shape(child) for child in part.get_payload()) + ")"
    return kind


def content(part):
    if part.get_content_maintype() == "message":  # delivery-status: the parser makes messages of its blocks
        return None
    return part.get_payload(decode=True) or b""


def defects(message, foreign):
    for part in message.walk():
        yield from part.defects
        for name, value in part.items():
            if not foreign or name.lower() in OURS:
                for defect in value.defects:
                    yield f"{name}: {defect!r}"
        if not part.is_multipart():
            part.get_payload(decode=True)
            yield from part.defects


def address(one):
    return f"{one.display_name} <{one.addr_spec}>" if one.display_name else one.addr_spec


def expect_leaves(message, wanted):
    found = []
    for part in leaves(message):
        data = content(part)
        digest = hashlib.sha1(data).hexdigest() if data is not None else None
        found.append((part.get_content_type(), digest, part.get_filename() or ""))
    if len(found) != len(wanted):
        return f"leaves are {found}, GMime has {wanted}"
    other = [(f, w) for f, w in zip(found, wanted) if f[0] != w[0] or f[1] not in (None, w[1]) or f[2] != w[2]]
    return "; ".join(f"leaf {f}, GMime has {w}" for f, w in other)


def expect(message, kind, rest):
    name, _, value = rest.partition("=")
    if kind == "shape":
        return None if shape(message) == rest else f"the tree is {shape(message)}, not {rest}"
    if kind == "header":
        return None if str(message[name]) == value else f"{name} is {message[name]!r}, not {value!r}"
    if kind == "no-header":
        return None if message[rest] is None else f"{rest} is there: {message[rest]!r}"
    if kind == "count":
        return None if len(message.get_all(name, [])) == int(value) else f"{name}: {message.get_all(name, [])}"
    if kind == "addresses":
        found = "|".join(address(one) for one in message[name].addresses) if message[name] is not None else ""
        return None if found == value else f"{name} is {found!r}, not {value!r}"
    number, _, rest = rest.partition(" ")
    part = list(leaves(message))[int(number)]
    if kind == "param":
        name, _, value = rest.partition("=")
        found = [h.params.get(name) for h in (part["Content-Type"], part["Content-Disposition"])
                 if h is not None and name in h.params]
        return None if value in found else f"parameter {name} of leaf {number} is {found}, not {value!r}"
    verb, _, text = rest.partition(" ")
    if part.get_content_maintype() != "text":
        return f"leaf {number} is no text but {part.get_content_type()}"
    there = text.replace("\\n", "\n") in part.get_content().replace("\r\n", "\n")
    return None if kind == "text" and there == (verb == "contains") else f"{kind} {number} {rest}: not so"


def inner_formats(message, foreign):
    for part in leaves(message):
        try:
            if part.get_content_type() == "text/calendar" and part.get_param("method") is not None:
                yield from calendar_parser.check_calendar(content(part), not foreign)
            elif part.get_content_type() == "text/vcard":
                calendar_parser.check_card(content(part))
        except Exception as error:  # whatever a parser may throw
            yield f"{part.get_content_type()}: {error!r}"


def check(path, data, lines):
    message = email.message_from_bytes(data, policy=email.policy.default)
    head, _, _ = data.partition(b"\r\n\r\n")
    said = [f"defect: {d!r}" for d in defects(message, "foreign" in lines)]
    if not head.isascii() or set(b"\r\n\0") & set(data.replace(b"\r\n", b"")):
        said.append("bytes that are none of a message")
    if any(len(line) > 998 for line in data.split(b"\r\n")):
        said.append("a line of more than 998 bytes")
    wanted = [tuple(line.split(" ", 3)[1:]) for line in lines if line.startswith("leaf ")]
    said.append(expect_leaves(message, wanted))
    said.extend(inner_formats(message, "foreign" in lines))
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind not in ("foreign", "leaf", ""):
            said.append(expect(message, kind, rest))
    for name in ("From", "Date", "Message-ID", "MIME-Version"):
        if len(message.get_all(name, [])) != 1:
            said.append(f"{name} is there {len(message.get_all(name, []))} times")
    problems.extend(f"{os.path.basename(path)}: {text}" for text in said if text)


def read(path):
    with open(path, "rb") as file:
        return file.read()


names = sorted(name for name in os.listdir(sys.argv[1]) if name.endswith(".eml"))
for name in names:
    full = os.path.join(sys.argv[1], name)
    check(full, read(full), read(full[:-4] + ".exp").decode().split("\n"))
print("\n".join(problems), f"{len(names)} messages read", sep="\n")
sys.exit(1 if problems or not names else 0)
