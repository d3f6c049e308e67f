#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Imports and batches through HTTP alone, against a real lab: the whole path of one PST, pause, cancel, retry, a daemon
that is killed in the middle, other administrators, events, a batch by its CSV, jobs of the command line.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from web_lab import BUILD, Client, Daemon, Lab, Work, run_cases, signed_in, wait_for  # noqa: E402

CLI = os.path.join(BUILD, "src", "cli", "bm-pst-import")
MAKE = os.path.join(BUILD, "tests", "lib", "bm-pst-make")
OVER = ("ended", "refused", "cancelled")

work = Work()
lab = Lab("--users", "8")
psts = work.file("psts")
os.makedirs(os.path.join(psts, "second.test"))


def make(name, *options):
    path = os.path.join(psts, name)
    subprocess.run([MAKE, *options, path], check=True)
    return path


sample = make("sample.pst", "--sample")
small = make("small.pst", "--bulk", "60", "--seed", "3", "--owner", "alice@lab.test")
others = make("others.pst", "--bulk", "60", "--seed", "4", "--owner", "bob@lab.test")
bulk = make("bulk.pst", "--bulk", "4000", "--size", "2000", "--owner", "carol@lab.test")
daemon = Daemon(lab, work, web={"folders": psts}, edit=[(r"\A", "")])
adele = signed_in(daemon)


def sql(text, base="bj-data"):
    return subprocess.run(["psql", "-X", "-A", "-t", "-F", " ", "-h", lab.pg_host, "-p", lab.pg_port, "-U", lab.pg_admin,
                           "-c", text, base], check=True, capture_output=True, text=True).stdout.strip()


def mailbox(login):
    """Guids of all messages of this user, as the database has them, with copies."""
    uid = sql("SELECT ci.uid FROM t_domain_user u JOIN t_container_item ci ON ci.id = u.item_id "
              "WHERE u.login = '%s'" % login, "bj").split("\n")[0]
    return sorted(sql("SELECT encode(r.message_body_guid, 'hex') FROM t_mailbox_record r JOIN t_container rc ON "
                      "rc.id = r.container_id JOIN t_mailbox_replica mr ON rc.uid = 'mbox_records_' || mr.unique_id "
                      "JOIN t_container sc ON sc.id = mr.container_id WHERE sc.uid LIKE '%%!user.%s' "
                      "AND r.system_flags >= 0" % uid).split())


def state(id_, client=None):
    answer = (client or adele).get("imports/" + id_)
    assert answer.status == 200, answer
    return answer.json


def reaches(id_, *stages, seconds=60, client=None):
    """The state as soon as its stage is one of these; another end fails at once."""
    def look():
        now = state(id_, client)
        assert now["stage"] in stages or now["stage"] not in OVER, now
        return now if now["stage"] in stages else None
    return wait_for(look, seconds)


def order(path, user="alice@lab.test", client=None):
    answer = (client or adele).post("imports", {"user": user, "path": path})
    assert answer.status == 201, answer
    return answer.json["id"]


def said(answer, status=202):
    assert answer.status == status, answer
    return answer


def checked(id_, into=None, client=None, **options):
    """Checked with these; its state."""
    body = dict({"options": options}, **({"into": into} if into else {}))
    said((client or adele).post("imports/%s/check" % id_, body))
    return reaches(id_, "checked", client=client)


def started(id_, into=None, client=None, **options):
    now = checked(id_, into, client, **options)
    assert now["checks"]["level"] != "stop", now["checks"]
    said((client or adele).post("imports/%s/start" % id_, {"into": now["into"], "options": options}))


class Events:
    """A viewer: lines of an event stream, read by hand."""
    def __init__(self, path, client=None, receive=None):
        self.socket = socket.socket()
        if receive:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.socket.settimeout(30)
        self.socket.connect((daemon.host, daemon.port))
        self.socket.sendall(("GET %sapi/v1/%s HTTP/1.1\r\nHost: x\r\nCookie: bm_pst_session=%s\r\n\r\n" % (
            daemon.base, path, (client or adele).cookie)).encode())
        self.text = b""

    def next(self):
        """(name, data) of the next event; None at the end of the stream."""
        while True:
            begin = self.text.find(b"event: ")
            end = self.text.find(b"\n\n", begin)
            if begin >= 0 and end >= 0:
                lines = self.text[begin:end].decode().split("\n")
                self.text = self.text[end + 2:]
                return lines[0][len("event: "):], json.loads(lines[1][len("data: "):])
            piece = self.socket.recv(65536)
            if not piece:
                return None
            # chunks' heads are lines of their own, between events
            self.text += piece

    def close(self):
        self.socket.close()


def operators(job):
    with open(os.path.join(daemon.jobs, "audit.log"), encoding="utf-8") as f:
        lines = [json.loads(line) for line in f]
    return {one["operator"].get("administrator") for one in lines if os.path.basename(one.get("job", "")) == job}


def keys():
    found = []
    for top, _, names in os.walk(os.path.join(daemon.jobs, "web")):
        found += [os.path.join(top, name) for name in names if name == "key"]
    return found


def test_the_whole_path_of_one():
    id_ = order(small)
    now = reaches(id_, "ready")
    folders = {one["path"]: one for one in now["census"]["folders"]}
    assert now["census"]["items"] >= 60 and now["walk"]["done"] == now["walk"]["total"] == 60, now["walk"]
    assert sum(now["walk"]["years"].values()) == 60 and now["walk"]["causes"] == {}, now["walk"]
    now = wait_for(lambda: state(id_) if state(id_)["owner"] else None)
    assert now["owner"]["verdict"] == "match", now["owner"]
    assert now["into"] == "Imported/small" and now["file"]["name"] == "small.pst", now
    whole = said(adele.post("imports/%s/count" % id_, {"options": {}}), 200).json
    assert not whole["preliminary"] and whole["mails"] == 60 and whole["bytes"] == now["walk"]["bytes"], whole
    assert {one["nid"] for one in whole["folders"]} == {one["nid"] for one in folders.values()} | {
        one["nid"] for one in now["census"]["folders"]}
    part = said(adele.post("imports/%s/count" % id_, {"options": {"exclude": ["#SentItems#"]}}), 200).json
    assert 0 < part["mails"] < 60, part
    late = said(adele.post("imports/%s/count" % id_, {"options": {"since": "2100-01-01"}}), 200).json
    assert late["mails"] == 0, late
    assert adele.post("imports/%s/start" % id_, {"options": {}}).cause == "state"
    now = checked(id_, "Archive/2019", exclude=["#SentItems#"])
    assert now["checks"]["level"] in ("ok", "warning") and now["into"] == "Archive/2019", now["checks"]
    assert any("free" in one["text"] for one in now["checks"]["list"]), now["checks"]
    refused = adele.post("imports/%s/start" % id_, {"into": "Archive/2019", "options": {}})
    assert refused.status == 409 and "other options" in refused.json["error"]["text"], refused
    said(adele.post("imports/%s/start" % id_, {"into": "Archive/2019", "options": {"exclude": ["#SentItems#"]}}))
    assert adele.post("imports/%s/start" % id_, {}).status == 409
    now = reaches(id_, "ended")
    ledger = now["result"]["ledger"]
    assert now["result"]["grade"] == "perfect" and now["result"]["status"] == 0, now["result"]
    assert ledger["verified"] == part["mails"] and ledger["balanced"], (ledger, part)
    assert now["report"] and len(mailbox("alice")) == part["mails"]
    html = said(adele.get("imports/%s/report.html" % id_), 200)
    assert b"<html" in html.body and "sandbox" in html.headers["content-security-policy"], html
    report = said(adele.get("imports/%s/report.json" % id_), 200).json
    assert report["ledger"]["verified"] == part["mails"], report["ledger"]
    assert said(adele.get("imports/%s/report.csv" % id_), 200).body.startswith(b"\xef\xbb\xbf")
    assert b"perfect" in said(adele.get("imports/%s/report.txt" % id_), 200).body
    wait_for(lambda: not keys())
    job = report["job"] if isinstance(report["job"], str) else report["job"]["name"]
    assert operators(os.path.basename(job)) == {"adele@" + lab.domain_uid}, operators(os.path.basename(job))
    assert sql("SELECT count(*) FROM t_api_key WHERE displayname LIKE 'bm-pst-import-%'", "bj") == "0"
    listed = {one["id"]: one for one in adele.get("imports").json["imports"]}
    assert listed[id_]["stage"] == "ended" and listed[id_]["verified"] == part["mails"], listed[id_]
    assert len([one for one in listed.values() if one["kind"] == "job"]) == 0, listed
    assert adele.post("imports/%s/retry" % id_, {}).status == 409
    assert adele.call("DELETE", "imports/" + id_).status == 204
    assert adele.get("imports/" + id_).status == 404


run_cases(globals())
