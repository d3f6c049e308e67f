# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the lab promises of mail: appends become rows, knobs do what they say, BlueMind 5 has its manners.

Run by test-lab.sh; test-lab-rest.py has the REST calls.
"""
import socket
import subprocess
import time

from lab_wires import (BM5, DOMAIN, ENV, HEX, SERVERS, append, call, entry_uid, guid, imap, knobs, message, records,
                       run_cases, sql, wait_for)


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


def test_one_server_stands_still():
    last = len(SERVERS) - 1
    data = message("while bob's server stands still")
    mine = "m.name = 'Drafts' AND %s = '%s'" % (HEX, guid(data))
    knobs(stop_server=SERVERS[last])
    time.sleep(0.5)
    for name, server in ("bob", last), ("alice", 0):
        session = imap(name, server=server)
        append(session, "Drafts", data)
        session.logout()
    if last > 0:
        wait_for(lambda: records("alice", mine))
    assert not records("bob", mine, last)
    knobs(stop_server="")
    wait_for(lambda: records("bob", mine, last))


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


CYRUS_ONLY = {"test_many_at_once", "test_delay", "test_records_lag_behind_last_uid", "test_lost_bodies",
              "test_refuse_and_stop", "test_one_server_stands_still"}
run_cases(globals(), lambda name: name in CYRUS_ONLY if BM5 else name.startswith("test_bm5"))
