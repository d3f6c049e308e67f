# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lab's wires for its tests: IMAP, REST and SQL. Python's standard library and psql only.

The lab's variables are in the environment. A case is a function whose name begins with test_; it fails by assert.
"""
import hashlib
import imaplib
import json
import os
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.request

ENV = os.environ
BM5 = ENV["BMLAB_BM5"] == "1"
TEXT_GUID = ENV["BMLAB_SCHEMA"] == "4.0"
SERVERS = ENV["BMLAB_SERVERS"].split()
PORTS = ENV["BMLAB_PG_PORTS"].split()
DOMAIN = ENV["BMLAB_DOMAIN_UID"]
with open(ENV["BMLAB_TOKEN_FILE"]) as f:
    ADMIN = f.read().strip()


def call(method, path, body=None, key=ADMIN):
    """A REST call: (status, decoded JSON or None)."""
    request = urllib.request.Request(
        ENV["BMLAB_CORE_URL"] + path, method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"X-BM-ApiKey": key, "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            text = answer.read().decode()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read().decode())


def knobs(**values):
    status, now = call("PUT", "/lab/knobs", values)
    assert status == 200, now
    return now


def sql(query, server=0, database="bj-data", user="pstimport"):
    """The rows of a query as tuples of strings."""
    done = subprocess.run(
        ["psql", "-X", "-At", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.%d" % (server + 1),
         "-p", PORTS[server], "-U", user, database, "-c", query],
        check=True, capture_output=True, text=True)
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def mail_host(server=0):
    """Each mail server has its Cyrus; BlueMind 5 has one IMAP server for all."""
    return "127.0.0.%d" % (1 if BM5 else server + 1)


def imap(login, password="secret", server=0):
    session = imaplib.IMAP4(mail_host(server), int(ENV["BMLAB_IMAP_PORT"]))
    session.login("%s@%s" % (login, DOMAIN), password)
    return session


def refused(login, password="secret"):
    try:
        imap(login, password).logout()
    except imaplib.IMAP4.error:
        return True
    return False


def message(subject, body="hello", size=0):
    text = ("From: a@lab.test\r\nTo: b@lab.test\r\nSubject: %s\r\nMessage-ID: <%s@lab.test>\r\n"
            "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\n\r\n%s\r\n"
            % (subject, hashlib.md5((subject + body).encode()).hexdigest(), body + "x" * size))
    return text.encode()


def guid(data):
    return hashlib.sha1(data).hexdigest()


def append(session, folder, data, flags="(\\Seen)", date='"07-Feb-2003 04:05:06 +0000"'):
    """(uidvalidity, uid) of an APPEND."""
    typ, lines = session.append(folder, flags, date, data)
    assert typ == "OK", lines
    words = lines[0].decode().split("]")[0].split()
    assert words[0] == "[APPENDUID", lines
    return int(words[1]), int(words[2])


HEX = "message_body_guid" if TEXT_GUID else "encode(r.message_body_guid, 'hex')"
RECORDS = """
SELECT m.name, r.imap_uid, {hex}, r.system_flags, b.size, m.last_uid, m.uid_validity, r.internal_date,
       array_to_string(r.other_flags, ' ')
  FROM t_container s
  JOIN t_container_item fi ON fi.container_id = s.id
  JOIN t_mailbox_replica m ON m.item_id = fi.id
  JOIN t_container c ON c.uid = 'mbox_records_' || fi.uid
  JOIN t_container_item i ON i.container_id = c.id
  JOIN t_mailbox_record r ON r.item_id = i.id AND i.uid = r.imap_uid || '.'
  LEFT JOIN t_message_body b ON b.guid = r.message_body_guid
 WHERE s.uid = 'subtree_{domain}!user.{owner}' AND {condition} ORDER BY r.imap_uid"""


def entry_uid(login):
    return sql("SELECT ci.uid FROM t_domain_user u JOIN t_container_item ci ON ci.id = u.item_id"
               " WHERE login = '%s'" % login, database="bj")[0][0]


def records(login, condition="true", server=0):
    return sql(RECORDS.format(hex=HEX, domain=DOMAIN.replace(".", "_"), owner=entry_uid(login),
                              condition=condition), server)


def wait_for(what, seconds=15.0):
    """The first true result of what()."""
    end = time.monotonic() + seconds
    while True:
        result = what()
        if result:
            return result
        assert time.monotonic() < end, "waited %g s in vain" % seconds
        time.sleep(0.05)


def run_cases(names, skipped=lambda name: False):
    """Runs every test_ function of a module's globals(); ends the process, with 1 when one failed."""
    failed = 0
    for name, case in sorted(names.items()):
        if not name.startswith("test_") or skipped(name):
            continue
        start = time.monotonic()
        try:
            case()
            print("ok %s (%.2f s)" % (name, time.monotonic() - start))
        except Exception:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print("FAILED %s" % name)
    sys.exit(1 if failed else 0)
