# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the lab promises, checked over its own wires: IMAP, REST and SQL. Python's standard library and psql only.

Run by test-lab.sh with the lab's variables in the environment. Each function below is one case; it fails by assert.
"""
import hashlib
import imaplib
import json
import os
import socket
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.parse
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


def test_every_credential_signs_in():
    status, answer = call("POST", "/api/auth/_su?login=alice%40lab.test")
    assert status == 200 and answer["status"] == "Ok" and answer["latd"] == "alice@" + DOMAIN
    token = answer["authKey"]
    assert answer["authUser"]["uid"] == entry_uid("alice") != "alice"
    status, key = call("PUT", "/api/auth/keys?displayName=test", key=token)
    assert status == 200 and key["subject"] == entry_uid("alice")
    for secret in "secret", token, key["sid"]:
        imap("alice", secret).logout()
    assert refused("alice", "wrong") and refused("bob", token) and refused("bob", key["sid"])
    assert call("GET", "/api/auth/ping", key=token)[0] == 200
    assert call("DELETE", "/api/auth/keys/" + key["sid"], key=token)[0] == 200
    assert refused("alice", key["sid"])
    assert call("POST", "/api/auth/logout", key=token)[0] == 200
    assert refused("alice", token)
    assert call("GET", "/api/auth/ping", key=token)[0] == 403


def test_who_may_not():
    assert refused("archie") and refused("nosuch")
    assert call("POST", "/api/auth/_su?login=archie%40lab.test")[1]["status"] == "Bad"
    assert call("POST", "/api/auth/_su?login=alice")[0] == 500
    token = call("POST", "/api/auth/_su?login=alice%40lab.test")[1]["authKey"]
    status, fault = call("POST", "/api/auth/_su?login=bob%40lab.test", key=token)
    assert status == 403 and fault["errorCode"] == "PERMISSION_DENIED"
    knobs(state="CORE_STATE_MAINTENANCE")
    assert call("GET", "/api/system/installation/state")[1] == "CORE_STATE_MAINTENANCE"
    assert refused("alice")
    knobs(state="CORE_STATE_RUNNING")
    assert call("GET", "/api/auth/ping", key=token)[0] == 403  # maintenance dropped it
    assert call("GET", "/api/system/installation/state")[1] == "CORE_STATE_RUNNING"


def test_directory():
    for address in "erin@lab.test", "erin.martin@other.test", "e.martin@lab.test", "E.Martin@other.test":
        status, user = call("GET", "/api/users/%s/byEmail/%s" % (DOMAIN, urllib.parse.quote(address)))
        assert status == 200 and user["value"]["login"] == "erin", address
    assert call("GET", "/api/users/%s/byEmail/team%%40lab.test" % DOMAIN) == (204, None)
    assert call("GET", "/api/users/%s/byLogin/xavier" % DOMAIN)[1]["value"]["routing"] == "external"
    assert call("GET", "/api/users/%s/byLogin/simone" % DOMAIN)[1]["value"]["accountType"] == "SIMPLE"
    assert call("GET", "/api/domains/_lookup?name=other.test")[1]["uid"] == DOMAIN
    assert len(call("GET", "/api/servers/default/_complete")[1]) == len(SERVERS)
    assert "message_size_limit" in call("GET", "/api/configuration")[1]["values"]
    assert not sql("SELECT * FROM t_container_location WHERE container_uid LIKE '%%%s'" % entry_uid("sven"),
                   database="bj")
    status, quota = call("GET", "/api/mailboxes/%s/%s/_quota" % (DOMAIN, entry_uid("quinn")))
    assert status == 200 and quota["quota"] == 200


def test_reader_may_only_read():
    try:
        sql("BEGIN READ WRITE; DELETE FROM t_message_body")
    except subprocess.CalledProcessError as error:
        assert "permission denied" in error.stderr
    else:
        raise AssertionError("pstimport may delete")


def test_append_becomes_rows():
    session, data = imap("alice"), message("rows")
    validity, uid = append(session, "INBOX", data, "(\\Seen \\Flagged $Forwarded)")
    row = wait_for(lambda: records("alice", "m.name = 'INBOX' AND r.imap_uid = %d" % uid))[0]
    assert row == ("INBOX", str(uid), guid(data), "18", str(len(data)), str(uid), str(validity),
                   "2003-02-07 04:05:06", "$Forwarded"), row
    again = append(session, "Sent", data)[1]
    row = wait_for(lambda: records("alice", "m.name = 'Sent' AND r.imap_uid = %d" % again))[0]
    assert row[2] == guid(data)
    assert len(sql("SELECT 1 FROM t_message_body b WHERE size = %d" % len(data))) >= 1
    session.logout()


def test_folders():
    session = imap("jean.dupont")
    for name in '"Dossiers d\'&AOk-t&AOk-"', '"Dossiers d\'&AOk-t&AOk-/A.B &- C"':
        assert session.create(name)[0] == "OK"
    data = message("in a folder")
    append(session, '"Dossiers d\'&AOk-t&AOk-/A.B &- C"', data)
    row = wait_for(lambda: records("jean.dupont", "m.name LIKE 'Dossiers%'"))[0]
    assert row[0] == "Dossiers d'été/A.B & C" and row[2] == guid(data), row
    if BM5:
        session.logout()
        return
    assert session.rename('"Dossiers d\'&AOk-t&AOk-/A.B &- C"', "Moved")[0] == "OK"
    row = wait_for(lambda: records("jean.dupont", "m.name = 'Moved'"))[0]
    assert row[2] == guid(data)
    session.select("Moved")
    session.store("1", "+FLAGS", "(\\Answered work)")
    wait_for(lambda: records("jean.dupont", "m.name = 'Moved' AND system_flags = 17 AND 'work' = ANY(other_flags)"))
    session.store("1", "+FLAGS", "(\\Deleted)")
    session.expunge()
    wait_for(lambda: records("jean.dupont", "m.name = 'Moved' AND system_flags < 0"))
    session.close()
    assert session.delete("Moved")[0] == "OK"
    wait_for(lambda: not sql("SELECT 1 FROM t_mailbox_replica WHERE name = 'Moved'"))
    assert session.create("Moved")[0] == "OK"
    append(session, "Moved", message("after the deletion"))
    wait_for(lambda: len(records("jean.dupont", "m.name = 'Moved'")) == 1)
    session.logout()


def test_many_at_once():
    session, n = imap("carol"), 2000
    assert session.create("Many")[0] == "OK"
    began = time.monotonic()
    for start in range(0, n, 100):
        batch = [message("many %d" % i) for i in range(start, start + 100)]
        tag = b"M%d" % start
        session.sock.sendall(tag + b" APPEND Many" + b"".join(
            b" () {%d+}\r\n" % len(data) + data for data in batch) + b"\r\n")
        while not session.readline().startswith(tag + b" OK"):
            pass
    appended = time.monotonic()
    wait_for(lambda: len(records("carol", "m.name = 'Many' AND b.size > 0")) == n, 60)
    print("# %d messages: appended in %.2f s, replicated %.2f s later" %
          (n, appended - began, time.monotonic() - appended))
    session.shutdown()


def test_delay():
    session, data = imap("dave"), message("late")
    knobs(delay_ms=1500)
    began = time.monotonic()
    append(session, "INBOX", data)
    wait_for(lambda: records("dave", "m.name = 'INBOX' AND %s = '%s'" % (HEX, guid(data))))
    assert time.monotonic() - began > 1.4
    knobs(delay_ms=0)
    session.logout()


def test_records_lag_behind_last_uid():
    """As in BlueMind: the folder's last_uid is there before the records are."""
    session, data = imap("dave"), message("lag")
    knobs(records_delay_ms=1500)
    uid = append(session, "INBOX", data)[1]
    wait_for(lambda: sql("SELECT 1 FROM t_mailbox_replica WHERE name = 'INBOX' AND last_uid = %d" % uid))
    mine = "m.name = 'INBOX' AND %s = '%s'" % (HEX, guid(data))
    assert not records("dave", mine)
    wait_for(lambda: records("dave", mine))
    knobs(records_delay_ms=0)
    session.logout()


def test_lost_bodies():
    session = imap("dave")
    lost, kept = message("lost LOSE-ME"), message("kept")
    knobs(drop_body="LOSE-ME")
    append(session, "Junk", lost)
    append(session, "Junk", kept)
    rows = wait_for(lambda: (lambda r: r if len(r) == 2 else None)(records("dave", "m.name = 'Junk'")))
    assert [(row[2], row[4] == "") for row in rows] == [(guid(lost), True), (guid(kept), False)], rows
    knobs(drop_body="1")
    assert call("GET", "/lab/knobs")[1]["drop_body"] == "1"
    append(session, "Trash", message("one of two"))
    wait_for(lambda: records("dave", "m.name = 'Trash' AND b.guid IS NULL"))
    append(session, "Trash", message("two of two"))
    wait_for(lambda: records("dave", "m.name = 'Trash' AND b.guid IS NOT NULL"))
    assert call("GET", "/lab/knobs")[1]["drop_body"] == ""
    assert call("PUT", "/lab/knobs", {"no_such_knob": 1})[0] == 500
    session.logout()


def test_refuse_and_stop():
    session = imap("dave")
    for knob in "refuse", "stop":
        data = message(knob)
        knobs(**{knob: True})
        append(session, "Drafts", data)
        time.sleep(1)
        mine = "m.name = 'Drafts' AND %s = '%s'" % (HEX, guid(data))
        assert not records("dave", mine)
        knobs(**{knob: False})
        wait_for(lambda: records("dave", mine + " AND b.size > 0"))
    session.logout()


def test_over_quota():
    session = imap("quinn")
    typ, lines = session.append("INBOX", "()", '"07-Feb-2003 04:05:06 +0000"', message("big", size=300000))
    assert typ == "NO" and b"quota" in lines[0], lines
    append(session, "INBOX", message("small", size=50000))
    wait_for(lambda: call("GET", "/api/mailboxes/%s/%s/_quota" % (DOMAIN, entry_uid("quinn")))[1]["used"] > 40)
    knobs(quota_used_kib=199)
    assert call("GET", "/api/mailboxes/%s/%s/_quota" % (DOMAIN, entry_uid("quinn")))[1]["used"] == 199
    knobs(quota_used_kib=-1)
    session.logout()
    session = imap("nora")
    typ, lines = session.append("INBOX", "()", '"07-Feb-2003 04:05:06 +0000"', message("none", size=3000))
    assert typ == "NO" and b"quota" in lines[0], lines
    session.logout()


def test_shards():
    last = len(SERVERS) - 1
    session, data = imap("bob", server=last), message("on bob's shard")
    uid = append(session, "INBOX", data)[1]
    wait_for(lambda: records("bob", "r.imap_uid = %d AND b.size > 0" % uid, last))
    assert sql("SELECT location FROM t_container_location WHERE container_uid LIKE '%%%s'" % entry_uid("bob"),
               database="bj") == [(SERVERS[last],)]
    session.logout()
    if last > 0:
        assert not records("bob")
        if not BM5:  # a mailbox is on its own mail server only
            session = imap("bob")
            assert session.select("INBOX")[0] == "NO"
            session.logout()
    # u1..uN go round the servers, each with its folders on its own
    for number in range(1, 5):
        home = (number - 1) % len(SERVERS)
        assert sql("SELECT 1 FROM t_container c WHERE c.uid = 'subtree_%s!user.%s'"
                   % (DOMAIN.replace(".", "_"), entry_uid("u%d" % number)), home), number
        imap("u%d" % number, server=home).logout()


class Raw:
    """A socket that speaks IMAP word by word, for what imaplib would not send."""

    def __init__(self, login=None):
        self.socket = socket.create_connection(("127.0.0.1", int(ENV["BMLAB_IMAP_PORT"])), timeout=10)
        self.file = self.socket.makefile("rb")
        self.greeting = self.file.readline()
        if login:
            assert self.run(b'LOGIN "%s@%s" "secret"' % (login.encode(), DOMAIN.encode()))[-1].startswith(b"t OK")

    def run(self, line):
        """Sends a command, returns all lines to its tagged answer (or to the end of the connection)."""
        self.socket.sendall(b"t " + line + b"\r\n")
        lines = []
        while not lines or not (lines[-1] == b"" or lines[-1].startswith(b"t ")):
            lines.append(self.file.readline())
        return lines


def test_bm5_manners():
    raw = Raw()
    assert raw.greeting == b"* OK IMAP4 ready\r\n"
    capability = raw.run(b"CAPABILITY")[0]
    assert b"BM-ROCKS" in capability and b"MULTIAPPEND" not in capability and b"UIDPLUS" in capability
    assert raw.run(b"STARTTLS")[-1] == b"t BAD Missing analyzer\r\n"
    assert raw.run(b'LOGIN "alice@%s" "wrong"' % DOMAIN.encode())[-1] == b"t NO bad login or password.\r\n"
    raw = Raw("alice")
    assert raw.run(b"CREATE Parent/Child")[-1].startswith(b"t NO unknown error: Invalid folder: parent of")
    assert raw.run(b"CREATE Parent")[-1].startswith(b"t OK")
    assert raw.run(b"CREATE Parent")[-1] == b"t NO create failed, already exists\r\n"
    assert raw.run(b"CREATE Parent/Child")[-1].startswith(b"t OK")
    assert b'* LIST (\\HasChildren) "/" "Parent"\r\n' in raw.run(b'LIST "" "P%"')
    assert raw.run(b'LIST "" ""')[0] == b'* LIST (\\Noselect) "/" ""\r\n'
    assert b'* LIST (\\HasNoChildren \\sent) "/" "Sent"\r\n' in raw.run(b'LIST "" "*"')
    assert b"Autres utilisateurs/" in raw.run(b"NAMESPACE")[0]
    assert raw.run(b"STATUS Parent (MESSAGES UIDNEXT SIZE)")[0] == b'* STATUS "Parent" (MESSAGES 0 UIDNEXT 1)\r\n'


def test_bm5_append():
    raw, data = Raw("carol"), message("bm5")
    dated = b'() "07-Feb-2003 04:05:06 +0000" {%d+}\r\n%s'
    ok = raw.run(b"APPEND INBOX " + dated % (len(data), data))[-1].split()
    assert ok[1:3] == [b"OK", b"[APPENDUID"] and ok[-1].decode() == guid(data), ok
    row = records("carol", "m.name = 'INBOX'")[-1]  # no waiting: written before the OK
    assert row[2] == guid(data) and row[7] == "2003-02-07 04:05:06" and ok[3].decode() == row[6]
    assert sql("SELECT id FROM t_container WHERE id = %s AND container_type = 'mailbox_records'" % row[6])
    for folder in b"inbox", b"NoSuch":
        assert raw.run(b"APPEND %s " % folder + dated % (len(data), data))[-1] == b"t NO Rejected\r\n"
    assert raw.run(b"APPEND INBOX () {0+}")[-1] == b"t NO Rejected\r\n"
    two = b"APPEND INBOX () {%d+}\r\n%s () {%d+}\r\n%s" % (len(data), data, len(data), data)
    assert raw.run(two)[-1] == b"t NO Rejected\r\n"
    undated = message("no flag list")
    raw.run(b'APPEND INBOX "07-Feb-2003 04:05:06 +0000" {%d+}\r\n%s' % (len(undated), undated))
    row = records("carol", "m.name = 'INBOX'")[-1]
    assert row[2] == guid(undated) and not row[7].startswith("2003"), row
    raw.run(b'APPEND Sent () "01-Jan-1999 04:05:06 +0000" {%d+}\r\n%s' % (len(data), data))
    assert records("carol", "m.name = 'Sent'")[0][7] == "2003-02-07 04:05:06"  # the first date wins
    assert raw.run(b'APPEND INBOX () "7-Feb-2003" {%d+}\r\n%s' % (len(data), data))[-1].startswith(b"t BAD")
    before = int(records("carol", "m.name = 'INBOX'")[-1][5])
    knobs(drop_body="1")
    assert raw.run(b"APPEND INBOX () {%d+}\r\n%s" % (len(data), data))[-1].startswith(b"t NO unknown error")
    knobs(drop_body="")
    assert int(records("carol", "m.name = 'INBOX'")[-1][5]) == before + 1  # the uid is gone all the same
    assert raw.run(b"SELECT INBOX")[-1].startswith(b"t OK")
    assert raw.run(b"UID FETCH 1:* (DIGEST.SHA1)")[-1].startswith(b"t BAD")
    fetched = raw.run(b"UID FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")
    assert fetched[0].startswith(b'* 1 FETCH (UID 1 FLAGS () INTERNALDATE "07-Feb-2003 04:05:06 +0000"')
    assert b"".join(fetched).count(data) == 1
    knobs(throttle_kib=100)
    began = time.monotonic()
    raw.run(b"APPEND INBOX () {100000+}\r\n" + b"x" * 99998 + b"\r\n")
    assert time.monotonic() - began > 0.9
    knobs(throttle_kib=0)
    last = raw.run(b"APPEND INBOX () {99000000+}")
    assert last[0].startswith(b"* ALERT too much data (99000000 > ") and last[-1] == b"", last


CYRUS_ONLY = {test_many_at_once, test_delay, test_records_lag_behind_last_uid, test_lost_bodies, test_refuse_and_stop}
failed = 0
for name, case in sorted(globals().items()):
    if not name.startswith("test_") or (BM5 and case in CYRUS_ONLY):
        continue
    if name.startswith("test_bm5") and not BM5:
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
