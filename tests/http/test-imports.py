#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Imports and batches through HTTP alone, against a real lab: the whole path of one PST, pause, cancel, retry, a daemon
that is killed in the middle, other administrators, events, a batch by its CSV, jobs of the command line.
"""
import base64
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


def sends(id_):
    """Some of it is on the server."""
    def look():
        now = state(id_)
        assert now["stage"] in ("waiting", "running"), now
        return (now["progress"] or {}).get("appended", 0) > 100
    try:
        wait_for(look, 60)
    except AssertionError:
        print("#", json.dumps(dict(state(id_), census=None, walk=None)))
        raise


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


def has_key(id_, *above):
    """Does the credential of this import, or batch, lie there?"""
    return os.path.exists(os.path.join(daemon.jobs, "web", *above, id_, "key"))


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
    wait_for(lambda: not has_key(id_))
    job = report["job"] if isinstance(report["job"], str) else report["job"]["name"]
    assert operators(os.path.basename(job)) == {"adele@" + lab.domain_uid}, operators(os.path.basename(job))
    assert sql("SELECT count(*) FROM t_api_key WHERE displayname LIKE 'bm-pst-import-%'", "bj") == "0"
    listed = {one["id"]: one for one in adele.get("imports").json["imports"]}
    assert listed[id_]["stage"] == "ended" and listed[id_]["verified"] == part["mails"], listed[id_]
    assert len([one for one in listed.values() if one["kind"] == "job"]) == 0, listed
    assert adele.post("imports/%s/retry" % id_, {}).status == 409
    assert adele.call("DELETE", "imports/" + id_).status == 204
    assert adele.get("imports/" + id_).status == 404


def test_somebody_elses_pst_is_stopped():
    id_ = order(others)
    wait_for(lambda: state(id_)["owner"])
    assert state(id_)["owner"]["verdict"] == "mismatch", state(id_)["owner"]
    now = checked(id_)
    found = [one for one in now["checks"]["list"] if one["cause"] == "owner-mismatch"]
    assert now["checks"]["level"] == "stop" and found[0]["level"] == "stop" and found[0]["do"], now["checks"]
    refused = adele.post("imports/%s/start" % id_, {"options": {}})
    assert refused.status == 409, refused
    now = checked(id_, owner_mismatch_ok=True)
    assert now["checks"]["level"] == "warning", now["checks"]
    said(adele.post("imports/%s/start" % id_, {"options": {"owner_mismatch_ok": True}}))
    assert reaches(id_, "ended")["result"]["grade"] == "perfect"


def test_a_daemon_killed_in_the_middle():
    global adele
    id_ = order(bulk, "carol@lab.test")
    wait_for(lambda: state(id_)["stage"] == "ready" and state(id_)["owner"])
    lab.knobs(delay_ms=20)
    started(id_, mark_seen=True)
    sends(id_)
    assert state(id_)["progress"]["total"] == 4000 and state(id_)["progress"]["total_bytes"] > 4000 * 2000
    daemon.kill()
    before = len(mailbox("carol"))
    wait_for(lambda: len(mailbox("carol")) > before, 30)  # nobody serves pages, and it goes on
    daemon.start()
    adele = signed_in(daemon)
    first = wait_for(lambda: state(id_)["progress"])
    assert state(id_)["stage"] == "running" and first["appended"] > 100, first
    assert has_key(id_)
    said(adele.post("imports/%s/pause" % id_, {}))
    reaches(id_, "paused")
    paused = len(mailbox("carol"))
    assert adele.post("imports/%s/retry" % id_, {}).status == 409
    lab.knobs(delay_ms=0)
    said(adele.post("imports/%s/resume" % id_, {}))
    now = reaches(id_, "ended", seconds=180)
    assert paused < 4000 and now["result"]["ledger"]["verified"] == 4000, (paused, now["result"])
    assert len(mailbox("carol")) == len(set(mailbox("carol"))) == 4000  # all of them, and none twice
    wait_for(lambda: not has_key(id_))


def test_a_conductor_that_died_is_started_again():
    global adele
    id_ = order(bulk, "dave@lab.test")
    wait_for(lambda: state(id_)["stage"] == "ready" and state(id_)["owner"])
    lab.knobs(delay_ms=20)
    started(id_, owner_mismatch_ok=True)
    sends(id_)
    batch = os.path.join(daemon.jobs, "batches", "web-" + id_)
    with open(os.path.join(batch, "lock"), encoding="ascii") as f:
        os.kill(int(f.read()), signal.SIGKILL)
    daemon.kill()
    daemon.start()
    adele = signed_in(daemon)
    lab.knobs(delay_ms=0)
    now = reaches(id_, "ended", seconds=180)
    assert now["result"]["ledger"]["verified"] == 4000 and len(mailbox("dave")) == 4000, now["result"]
    wait_for(lambda: not has_key(id_))


def test_cancel_and_go_on():
    id_ = order(bulk, "jean.dupont@lab.test")
    wait_for(lambda: state(id_)["stage"] == "ready" and state(id_)["owner"])
    lab.knobs(delay_ms=20)
    started(id_, owner_mismatch_ok=True)
    sends(id_)
    assert adele.call("DELETE", "imports/" + id_).status == 409
    said(adele.post("imports/%s/cancel" % id_, {}))
    now = reaches(id_, "cancelled")
    lab.knobs(delay_ms=0)
    assert now["retryable"] and now["result"]["ledger"]["pending"] > 0, now["result"]
    assert adele.post("imports/%s/pause" % id_, {}).status == 409
    wait_for(lambda: not has_key(id_))
    said(adele.post("imports/%s/retry" % id_, {}))
    reaches(id_, "waiting", "running")
    now = wait_for(lambda: state(id_) if state(id_)["stage"] == "ended" else None, 180)
    assert now["result"]["ledger"]["verified"] == 4000 and len(mailbox("jean.dupont")) == 4000, now["result"]


def limit_messages(size):
    sql("UPDATE t_systemconf SET configuration = configuration || 'message_size_limit=>%d'::hstore" % size, "bj")


def test_retry_what_failed():
    limit_messages(4000)
    id_ = order(sample, "u1@lab.test")
    reaches(id_, "ready")
    started(id_, with_subjects=True, owner_mismatch_ok=True)
    now = reaches(id_, "ended")
    failed = now["result"]["ledger"]["failed"]
    causes = {one["cause"]: one for one in now["result"]["causes"]}
    assert failed > 0 and causes["too-large"]["n"] == failed and "limit" in causes["too-large"]["advice"], now["result"]
    assert now["retryable"] and now["result"]["status"] == 1, now
    said(adele.post("imports/%s/retry" % id_, {"cause": "unreadable"}))  # no item has failed by that
    time.sleep(1)
    assert reaches(id_, "ended")["result"]["ledger"]["failed"] == failed
    limit_messages(100000000)
    said(adele.post("imports/%s/retry" % id_, {"cause": "too-large"}))
    now = wait_for(lambda: state(id_) if state(id_)["stage"] == "ended" and not state(id_)["result"]["ledger"]["failed"]
                   else None, 60)
    assert now["result"]["ledger"]["failed"] == 0 and now["result"]["status"] == 0, now["result"]
    assert adele.post("imports/%s/retry" % id_, {"cause": "../x"}).status == 400


def test_other_administrators():
    id_ = order(small)
    reaches(id_, "ready")
    olga = signed_in(daemon, "olga@second.test")
    assert olga.get("imports").json["imports"] == []
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("POST", "/count"), ("POST", "/check"),
                         ("POST", "/start"), ("POST", "/pause"), ("POST", "/cancel"), ("POST", "/retry"),
                         ("GET", "/report.html")):
        answer = olga.call(method, "imports/%s%s" % (id_, path), {} if method == "POST" else None)
        assert answer.status == 404, (method, path, answer)
    assert olga.post("imports", {"user": "alice@lab.test", "path": small}).status in (403, 404, 422)
    theirs = os.path.join(psts, "second.test", "paul.pst")
    shutil.copy(small, theirs)
    refused = olga.post("imports", {"user": "alice@lab.test", "path": theirs})
    assert refused.status == 403 and refused.cause == "not-allowed", refused
    assert olga.post("imports", {"user": "paul@second.test", "path": small}).status == 404
    # her own domain, with the daemon's key: she has no sudo
    mine = order(theirs, "paul@second.test", olga)
    reaches(mine, "ready", client=olga)
    started(mine, client=olga, owner_mismatch_ok=True)
    now = reaches(mine, "ended", client=olga)
    assert now["result"]["grade"] == "perfect" and not has_key(mine), now["result"]
    report = said(olga.get("imports/%s/report.json" % mine), 200).json
    job = report["job"] if isinstance(report["job"], str) else report["job"]["name"]
    assert operators(os.path.basename(job)) == {"olga@" + now["user"]["domain_uid"]}
    assert [one["id"] for one in olga.get("imports").json["imports"]] == [mine]
    assert olga.get("imports/" + os.path.basename(job)).status == 200  # the same as a job
    refused = adele.post("imports", {"user": "paul@second.test", "path": small})
    assert refused.status == 403, refused  # every domain by her role, but BlueMind lets her act in her own only


def test_names_are_names():
    for name in ("..%2f..%2fetc", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdef0", ".", "%2e%2e", "x%00y",
                 "web", "keys", "batches", "a" * 300, "%3Cb%3E"):
        for path in ("imports/" + name, "imports/%s/events" % name, "imports/%s/report.html" % name, "batches/" + name,
                     "batches/%s/report.csv" % name):
            assert adele.get(path).status == 404, path
        assert adele.call("DELETE", "imports/" + name).status == 404
    for name in ("", "web-0123456789abcdef", "../x", ".hidden", "a b", "x" * 65, "%2e"):
        answer = adele.call("POST", "batches?name=" + name.replace(" ", "%20"), body=b"file,user\n",
                            headers={"Content-Type": "text/csv"})
        assert answer.status == 400, (name, answer)
    for body in ({}, {"user": "alice@lab.test"}, {"user": "alice@lab.test", "path": small, "upload": "x"},
                 {"user": 7, "path": small}, {"user": "alice@lab.test", "path": ["x"]}):
        assert adele.post("imports", body).status == 400, body
    for path in ("/etc/passwd", psts + "/../daemon.conf", "small.pst", psts):
        assert adele.post("imports", {"user": "alice@lab.test", "path": path}).status == 404, path
    assert adele.post("imports", {"user": "nobody@lab.test", "path": small}).cause == "user-unknown"
    id_ = order(small)
    for options in ({"include": "x"}, {"since": "yesterday"}, {"min_size": -1}, {"--config": "x"}, {"mark_seen": 1},
                    {"include": ["a\nb"]}, {"exclude": ["#nothing#"]}, {"default_charset": 5}):
        for what in ("count", "check"):
            answer = adele.post("imports/%s/%s" % (id_, what), {"options": options})
            assert answer.status == 400, (options, answer)


def test_hostile_names_stay_text():
    name = "<img src=x onerror=alert(1)>'\".pst"
    path = os.path.join(psts, name)
    shutil.copy(small, path)
    id_ = order(path, "u2@lab.test")
    reaches(id_, "ready")
    into = "Tom + Jerry"
    started(id_, into, owner_mismatch_ok=True)
    now = reaches(id_, "ended")
    assert now["file"]["name"] == name and now["into"] == into, now
    answer = adele.get("imports/" + id_)
    assert answer.headers["content-type"].startswith("application/json")
    html = said(adele.get("imports/%s/report.html" % id_), 200).body.decode()
    assert "<img src=x" not in html and "&lt;img src=x" in html and "Tom + Jerry" in html
    refused = adele.post("imports/%s/check" % order(small), {"into": "<b>x</b>"})
    assert refused.status == 400 and "<b>x" in refused.json["error"]["text"], refused
    report = said(adele.get("imports/%s/report.json" % id_), 200)
    assert report.headers["content-disposition"] == 'attachment; filename="report-%s.json"' % id_


def test_events_of_a_walk():
    id_ = order(make("many.pst", "--bulk", "30000", "--size", "300"))
    viewer = Events("imports/%s/events" % id_)
    name, data = viewer.next()
    assert name == "state" and data["id"] == id_, (name, data)
    seen, done, last = [], [], data
    while last.get("stage") != "ready":
        name, last = viewer.next()
        seen.append(name)
        if name == "walk":
            done.append(last["done"])
        if name == "state" and last["census"]:
            assert last["census"]["items"] == 30000 and len(last["census"]["folders"]) >= 3, last["census"].keys()
    assert len(done) >= 2 and done == sorted(done), done
    assert set(seen) <= {"state", "walk", "stage"}, seen
    viewer.close()
    assert adele.get("imports/0123456789abcdef/events").status == 404


def test_events():
    id_ = order(bulk, "u3@lab.test")
    reaches(id_, "ready")
    viewer = Events("imports/%s/events" % id_)
    assert viewer.next()[0] == "state"
    wait_for(lambda: state(id_)["owner"])
    checked(id_, owner_mismatch_ok=True)
    options, checks = {}, None  # in one event when the checks were quick
    while not options or not checks:
        name, data = viewer.next()
        options = data["options"] if name == "state" else options
        checks = data if name == "checks" else data["checks"] if name == "state" else checks
    assert checks["level"] != "stop", checks
    sql("UPDATE t_mailbox SET quota = 20 WHERE name = 'u3'", "bj")
    checked(id_, owner_mismatch_ok=True)
    seen, times = [], []
    while name != "checks" or data["level"] != "stop":  # nothing else changed: they come alone
        name, data = viewer.next()
        assert name != "end", data
    sql("UPDATE t_mailbox SET quota = NULL WHERE name = 'u3'", "bj")
    started(id_, owner_mismatch_ok=True)
    while not seen or seen[-1] != "end":
        name, data = viewer.next()
        seen.append(name)
        if name == "progress":
            times.append(time.monotonic())
    assert data["result"]["ledger"]["verified"] == 4000 and data["stage"] == "ended", data
    assert "progress" in seen and "stage" in seen, seen
    assert len(times) <= 2 * (times[-1] - times[0]) + 2, times
    late = Events("imports/%s/events" % id_)
    name, data = late.next()
    assert name == "state" and data["stage"] == "ended" and data["result"]["grade"] == "perfect", data
    assert data["census"]["folders"], data.keys()
    late.close()
    viewer.close()


def test_a_viewer_who_does_not_read_is_dropped():
    path = make("folders.pst", "--bulk", "9000", "--folders", "9000", "--size", "10")
    id_ = order(path, "u4@lab.test")
    wait_for(lambda: state(id_)["owner"] and state(id_)["stage"] == "ready", 60)
    size = len(json.dumps(state(id_)))
    assert size > 1 << 20, size
    slow, good = Events("imports/%s/events" % id_, receive=4096), Events("imports/%s/events" % id_)
    assert good.next()[0] == "state"  # larger than what a viewer may leave untaken
    time.sleep(1)
    for i in range(8):
        checked(id_, "Folder %d" % i, owner_mismatch_ok=True)
        name, data = good.next()
        while name != "state" or data["into"] != "Folder %d" % i:
            name, data = good.next()
    got = 0
    try:
        while True:
            piece = slow.socket.recv(1 << 20)
            if not piece:
                break
            got += len(piece)
    except ConnectionResetError:
        pass
    assert got < 6 * size, (got, size)  # of eight and more states
    again = Events("imports/%s/events" % id_)
    name, data = again.next()
    assert name == "state" and data["into"] == "Folder 7", (name, data["into"])
    for one in (slow, good, again):
        one.close()


def upload(path, name):
    with open(path, "rb") as f:
        data = f.read()
    tus = {"Tus-Resumable": "1.0.0"}
    answer = adele.call("POST", "uploads", headers=dict(tus, **{
        "Upload-Length": str(len(data)), "Upload-Metadata": "filename " + base64.b64encode(name.encode()).decode()}))
    assert answer.status == 201, answer
    id_ = answer.headers["location"].rsplit("/", 1)[1]
    if data:
        answer = adele.call("PATCH", "uploads/" + id_, body=data, headers=dict(tus, **{
            "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}))
        assert answer.status == 204, answer
    return id_


def test_an_upload_is_imported():
    name = "Archiv <Müller>.pst"
    file = upload(small, name)
    answer = adele.post("imports", {"user": "erin@lab.test", "upload": file})
    id_ = said(answer, 201).json["id"]
    assert adele.call("DELETE", "uploads/" + file, headers={"Tus-Resumable": "1.0.0"}).status == 409
    now = reaches(id_, "ready")
    assert now["file"]["name"] == name and now["file"]["upload"] == file and now["into"] == "Imported/Archiv _Müller_", now
    assert now["file"]["purge_at"] == 0, now["file"]
    started(id_, owner_mismatch_ok=True)
    now = reaches(id_, "ended")
    assert now["result"]["grade"] == "perfect" and len(mailbox("erin")) == 60, now["result"]
    now = wait_for(lambda: state(id_) if state(id_)["file"]["purge_at"] else None)
    assert now["file"]["purge_at"] > time.time() + 20 * 86400, now["file"]
    assert name in said(adele.get("imports/%s/report.txt" % id_), 200).body.decode()
    assert adele.post("imports", {"user": "erin@lab.test", "upload": "0" * 32}).status == 404
    again = said(adele.post("imports", {"user": "erin@lab.test", "upload": file}), 201).json["id"]
    reaches(again, "ready")
    assert state(again)["file"]["purge_at"] == 0
    wait_for(lambda: state(again)["owner"])
    assert adele.call("DELETE", "imports/" + again).status == 204
    assert state(id_)["file"]["purge_at"] != 0


def post_csv(name, text, encoding="utf-8", client=None):
    return (client or adele).call("POST", "batches?name=" + name, body=text.encode(encoding),
                                  headers={"Content-Type": "text/csv"})


def test_a_batch_by_its_csv():
    rows = ["file;user;into;options",
            "%s;u5@lab.test;Old;--mark-seen --owner-mismatch-ok" % small,
            "sample.pst;u6@lab.test;;--owner-mismatch-ok",
            "/etc/passwd;u6@lab.test;;",
            "small.pst;nobody@lab.test;;",
            "small.pst;paul@second.test;;",
            "small.pst;u5@lab.test;;--config /etc/passwd"]
    answer = post_csv("weekend", "\r\n".join(rows), "utf-16")
    assert answer.status == 201, answer
    told = answer.json
    assert told["name"] == "weekend" and told["rows"] == 2, told
    assert [one["line"] for one in told["problems"]] == [4, 5, 6, 7] and all(one["do"] for one in told["problems"]), told
    assert "/etc/passwd" not in told["problems"][0]["text"]
    assert post_csv("weekend", "\n".join(rows)).status == 409
    now = adele.get("batches/weekend").json
    assert now["stage"] == "ready" and [one["user"] for one in now["rows"]] == ["u5@lab.test", "u6@lab.test"], now
    assert adele.post("batches/weekend/pause", {}).status == 409
    viewer = Events("batches/weekend/events")
    assert viewer.next()[0] == "state"
    said(adele.post("batches/weekend/start", {}))
    assert adele.post("batches/weekend/start", {}).status == 409
    now = wait_for(lambda: adele.get("batches/weekend").json if adele.get("batches/weekend").json["stage"] == "ended"
                   else None, 90)
    assert now["grade"] == "perfect" and [one["state"] for one in now["rows"]] == ["ended"] * 2, now
    assert now["totals"]["verified"] == len(mailbox("u5")) + len(mailbox("u6")), now["totals"]
    assert now["totals"]["bytes"] > 10000, now["totals"]
    assert viewer.next()[0] == "progress"
    viewer.close()
    wait_for(lambda: not has_key("weekend", "batches"))
    assert said(adele.get("batches/weekend/report.json"), 200).json["grade"] == "perfect"
    assert b"u5@lab.test" in said(adele.get("batches/weekend/report.csv"), 200).body
    row = now["rows"][0]
    page = said(adele.get("batches/weekend/report.html"), 200).body.decode()
    assert f'href="../../imports/{row["job"]}/report.html"' in page, "the page leads to the jobs' pages"
    assert b"<html" in said(adele.get(f"imports/{row['job']}/report.html"), 200).body
    assert adele.get("imports/" + row["job"]).json["result"]["grade"] == "perfect"
    listed = [one for one in adele.get("imports").json["imports"] if one["id"] in ("weekend", row["job"])]
    assert [one["kind"] for one in listed] == ["batch"] and listed[0]["verified"] == now["totals"]["verified"], listed
    olga = signed_in(daemon, "olga@second.test")
    assert olga.get("batches/weekend").status == 404 and olga.get("batches/weekend/report.json").status == 404
    assert olga.post("batches/weekend/retry", {}).status == 404 and olga.get("batches/weekend/events").status == 404
    assert not [one for one in olga.get("imports").json["imports"] if one["id"] == "weekend"]


def test_csvs_that_are_refused():
    for name, text in (("a1", "\ufefffile,user\n/etc/passwd,alice@lab.test\n"), ("a2", "no columns\nx\n"), ("a3", ""),
                       ("a4", "file,user\n")):
        answer = post_csv(name, text)
        assert answer.status == 422, (name, answer)
        assert adele.get("batches/" + name).status == 404
        assert answer.json["error"]["text"] and (name != "a1" or answer.json["problems"]), answer
    said(post_csv("a1", "\ufefffile;user\nsmall.pst;alice@lab.test\n"), 201)  # the name is free again


def command_line(*words):
    return subprocess.run([CLI, *words, "--config", daemon.conf], capture_output=True, text=True, timeout=120)


def test_the_command_line_is_seen():
    done = command_line("import", small, "--user", "u7@lab.test", "--format", "json")
    assert done.returncode == 0, done.stderr
    mine = [one for one in adele.get("imports").json["imports"] if one["kind"] == "job" and
            one["user"] == "u7@lab.test"]
    assert len(mine) == 1 and mine[0]["verified"] == 60, mine
    job = mine[0]["id"]
    now = state(job)
    assert now["kind"] == "job" and now["stage"] == "ended" and now["result"]["grade"] == "perfect", now
    assert b"<html" in said(adele.get("imports/%s/report.html" % job), 200).body
    for what in ("start", "pause", "retry"):
        assert adele.post("imports/%s/%s" % (job, what), {}).status == 404
    first = Events("imports/%s/events" % job)
    assert first.next()[0] == "state"
    first.close()
    csv = work.file("night.csv", "file,user\n%s,u8@lab.test\n" % sample)
    done = command_line("batch", csv, "--owner-mismatch-ok")
    assert done.returncode == 0, done.stderr
    now = adele.get("batches/night").json
    assert now["stage"] == "ended" and not now["ours"] and now["grade"] == "perfect", now
    assert adele.post("batches/night/retry", {}).status == 409
    olga = signed_in(daemon, "olga@second.test")
    assert olga.get("imports/" + job).status == 404 and olga.get("imports/%s/report.txt" % job).status == 404
    assert olga.get("imports/%s/events" % job).status == 404 and olga.get("batches/night").status == 404
    assert not [one for one in olga.get("imports").json["imports"] if one["id"] in (job, "night")]


run_cases(globals())
