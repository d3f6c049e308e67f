#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may do what: every route of the sources, asked by everybody. A route that has no line in the table below fails the
test, so that nobody adds one without saying who may use it. Besides: what changes between two calls of one import, what
is missing on the machine, and where a credential may be read.
"""
import atexit
import base64
import concurrent.futures
import glob
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import web_lab  # noqa: E402
from web_lab import BUILD, PROGRAM, ROOT, Client, Daemon, Lab, Skip, Work, run_cases, signed_in, wait_for  # noqa: E402

MAKE = os.path.join(BUILD, "tests", "lib", "bm-pst-make")
CLI = os.path.join(BUILD, "src", "cli", "bm-pst-import")
TUS = {"Tus-Resumable": "1.0.0"}

work = Work()
lab = Lab("--users", "4")
psts = work.file("psts")
for folder in ("lab.test", "second.test"):
    os.makedirs(os.path.join(psts, folder))
small = os.path.join(psts, "lab.test", "small.pst")
subprocess.run([MAKE, "--bulk", "20", "--seed", "3", "--owner", "alice@lab.test", small], check=True)


def sql(text):
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", lab.pg_host, "-p", lab.pg_port, "-U", lab.pg_admin,
                    "-c", text, "bj"], check=True, capture_output=True)


def end_workers():
    """Imports outlive their daemon: those that a case began end with the test, whatever they wait for."""
    for path in glob.glob(os.path.join(work.path, "**", "*.pid"), recursive=True):
        process = "/proc/" + readable(path).decode().strip()
        if work.path.encode() in readable(process + "/cmdline"):
            os.kill(int(process[len("/proc/"):]), signal.SIGTERM)


def readable(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


atexit.register(end_workers)
# carol administers her own domain, and has no sudo
sql("INSERT INTO t_domain_role SELECT item_id, 'domainManager' FROM t_domain_user WHERE login = 'carol'")
daemon = Daemon(lab, work, web={"folders": psts})
adele, carol, olga = [signed_in(daemon, login) for login in ("adele@lab.test", "carol@lab.test", "olga@second.test")]


def order(client=adele, user="alice@lab.test", d=None):
    answer = client.post("imports", {"user": user, "path": small})
    assert answer.status == 201, answer
    id_ = answer.json["id"]
    wait_for(lambda: client.get("imports/" + id_).json["stage"] == "ready")
    return id_


def checked(id_, client=adele):
    answer = client.post("imports/%s/check" % id_, {"options": {}})
    assert answer.status == 202, answer
    wait_for(lambda: client.get("imports/" + id_).json["stage"] == "checked", 40)
    return client.get("imports/" + id_).json


def post_csv(name, client=adele, user="alice@lab.test"):
    return client.call("POST", "batches?name=" + name, body=("file,user\n%s,%s\n" % (small, user)).encode(),
                       headers={"Content-Type": "text/csv"})


def new_upload(client=adele):
    name = base64.b64encode(b"a.pst").decode()
    answer = client.call("POST", "uploads", headers=dict(TUS, **{"Upload-Length": "5000",
                                                                 "Upload-Metadata": "filename " + name}))
    assert answer.status == 201, answer
    return answer.headers["location"].rsplit("/", 1)[1]


# ---- every route, by everybody ----

# (method, path): what the manager of another domain gets, that of the same domain, and one of all domains. Nobody
# without a session gets anything, and who has no role gets no session. What is somebody's is not there for others: 404.
EVERYBODY = "everybody"
OF_IMPORTS = {"check": (404, 202, (202, 409)), "start": (404, 202, 409), "pause": (404, 409, 409), "resume": (404, 409, 409),
              "cancel": (404, 409, 409), "retry": (404, 409, 409), "count": (404, 200, 200)}
OF_BATCHES = {"pause": (404, 409, 409), "resume": (404, 409, 409), "cancel": (404, 409, 409), "retry": (404, 409, 409)}
RIGHTS = {
    ("GET", "/"): EVERYBODY, ("GET", "/static/*"): EVERYBODY, ("GET", "health"): EVERYBODY,
    ("POST", "session"): EVERYBODY, ("OPTIONS", "uploads"): EVERYBODY, ("OPTIONS", "uploads/:id"): EVERYBODY,
    ("GET", "session"): (200, 200, 200), ("GET", "config"): (200, 200, 200), ("GET", "users"): (200, 200, 200),
    ("GET", "files"): (200, 200, 200), ("GET", "imports"): (200, 200, 200), ("GET", "uploads"): (200, 200, 200),
    ("POST", "imports"): (404, 201, 201), ("POST", "batches"): (422, 201, 201), ("POST", "uploads"): (201, 201, 201),
    # an upload is its owner's, and of those who see all
    ("HEAD", "uploads/:id"): (404, 404, 200), ("PATCH", "uploads/:id"): (404, 404, 409),
    ("POST", "uploads/:id"): (404, 404, 200), ("DELETE", "uploads/:id"): (404, 404, 204),
    ("GET", "imports/:id"): (404, 200, 200), ("GET", "imports/:id/events"): (404, 200, 200),
    ("GET", "batches/:id"): (404, 200, 200), ("GET", "batches/:id/events"): (404, 200, 200),
    ("DELETE", "imports/:id"): (404, 204, 404), ("DELETE", "session"): (204, 204, 204),
    ("POST", "batches/:id/start"): (404, 202, 409),
}
for word, rights in OF_IMPORTS.items():
    RIGHTS["POST", "imports/:id/" + word] = rights
for word, rights in OF_BATCHES.items():
    RIGHTS["POST", "batches/:id/" + word] = rights
for kind in ("html", "json", "csv", "txt"):
    RIGHTS["GET", "imports/:id/report." + kind] = (404, 404, 404)  # there, for who may see it: no report yet
    RIGHTS["GET", "batches/:id/report." + kind] = (404, 404, 404)


def routes():
    """(method, path) of every route in the sources, and whether it is open to strangers."""
    found = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "src", "http", "*.c"))):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        rows = re.findall(r'\{\s*"([A-Z]+)",\s*"([^"]*)",\s*\w+\s*(?:,([^}]*))?\}', text)
        tables = re.findall(r"const BmWebRoute (\w+)\[\] = \{(.*?)\{NULL\}", text, re.S)
        assert len(rows) == sum(table.count('{"') for _, table in tables), path  # a row that is written otherwise
        found.update({(method, place): "PUBLIC" in flags for method, place, flags in rows})
    return found


def ask(client, method, path, things, name):
    """The status alone: an event stream has no end."""
    fields = {"Cookie": "bm_pst_session=" + client.cookie} if client.cookie else {}
    if client.csrf and method not in ("GET", "HEAD", "OPTIONS"):
        fields["X-CSRF-Token"] = client.csrf
    body = None
    if path.startswith("uploads"):
        fields.update(TUS)
        if method == "POST" and path == "uploads":
            fields.update({"Upload-Length": "5000", "Upload-Metadata": "filename " + base64.b64encode(b"b.pst").decode()})
        elif method == "POST":
            fields["X-HTTP-Method-Override"] = "HEAD"
        elif method == "PATCH":
            fields.update({"Upload-Offset": "17", "Content-Type": "application/offset+octet-stream"})
            body = b"x"
    elif path == "batches":
        path, body = "batches?name=matrix-" + name, ("file,user\n%s,alice@lab.test\n" % small).encode()
    elif method == "POST":
        body = b"{}" if path != "imports" else ('{"user":"alice@lab.test","path":"%s"}' % small).encode()
        fields["Content-Type"] = "application/json"
    elif path == "users":
        path = "users?q=ali"
    path = path.replace(":id", things[path.split("/")[0]]) if ":id" in path else path
    connection = http.client.HTTPConnection(daemon.host, daemon.port, timeout=30)
    connection.request(method, daemon.base + "api/v1/" + path, body, fields)
    status = connection.getresponse().status
    connection.close()
    return status


def test_every_route_by_everybody():
    sources = routes()
    assert set(sources) == set(RIGHTS), (set(sources) - set(RIGHTS), set(RIGHTS) - set(sources))
    assert {route for route, open_ in sources.items() if open_} == {r for r, who in RIGHTS.items() if who == EVERYBODY}
    refused = Client(daemon).sign_in("alice@lab.test")
    assert refused.status == 403 and "set-cookie" not in refused.headers, refused
    assert post_csv("matrix").status == 201
    things = {"imports": order(), "batches": "matrix", "uploads": new_upload()}
    # what changes a state comes later, what takes something away last
    ordered = sorted((r for r in RIGHTS if RIGHTS[r] != EVERYBODY),
                     key=lambda r: (r[0] == "DELETE", r[1] == "session", r[1].endswith("/start"), r[1].endswith("/check")))
    people = (("olga", olga), ("carol", carol), ("adele", adele))
    seen = 0
    for method, path in ordered:
        if (method, path) == ("DELETE", "imports/:id"):
            wait_for(lambda: adele.get("imports/" + things["imports"]).json["stage"] == "ended", 60)
        assert ask(Client(daemon), method, path, things, "nobody") == 401, (method, path)
        for (name, client), expected in zip(people, RIGHTS[method, path]):
            if (method, path) == ("DELETE", "session"):
                client = signed_in(daemon, client.session["login"])
            if path == "imports/:id/start":
                wait_for(lambda: adele.get("imports/" + things["imports"]).json["stage"] != "checking", 40)
            status = ask(client, method, path, things, name)
            assert status in (expected if isinstance(expected, tuple) else (expected,)), (method, path, name, status)
            seen += 1
    assert seen == 3 * len(ordered) and seen > 100, seen
    for name in ("matrix-olga", "matrix"):
        assert olga.get("batches/" + name).status == 404


# ---- what changes between two calls ----

def test_two_pages_that_start_at_once():
    id_ = order(user="u1@lab.test")
    assert adele.post("imports/%s/check" % id_, {"options": {"owner_mismatch_ok": True}}).status == 202
    wait_for(lambda: adele.get("imports/" + id_).json["stage"] == "checked", 40)
    body = {"options": {"owner_mismatch_ok": True}}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: adele.post("imports/%s/start" % id_, body).status, range(8)))
    assert sorted(answers) == [202] + [409] * 7, answers
    assert post_csv("twice", user="u1@lab.test").status == 201
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: adele.post("batches/twice/start", {}).status, range(8)))
    assert sorted(answers) == [202] + [409] * 7, answers
    now = wait_for(lambda: [one for one in [adele.get("imports/" + id_).json] if one["stage"] == "ended"], 60)[0]
    assert now["result"]["grade"] == "perfect" and now["result"]["ledger"]["found"] == 20, now["result"]


def test_another_person_behind_the_address():
    id_ = order(user="u2@lab.test")
    options = {"owner_mismatch_ok": True}
    assert adele.post("imports/%s/check" % id_, {"options": options}).status == 202
    wait_for(lambda: adele.get("imports/" + id_).json["stage"] == "checked", 40)
    # ordered for somebody who has left since; the address is a newcomer's
    record = os.path.join(daemon.jobs, "web", id_, "import.json")
    with open(record, encoding="utf-8") as f:
        text = f.read()
    with open(record, "w", encoding="utf-8") as f:
        f.write(re.sub(r'"user_uid" : "', '"user_uid" : "former-', text))
    answer = adele.post("imports/%s/start" % id_, {"options": options})
    assert answer.status == 409 and "another person" in answer.json["error"]["text"], answer
    assert not os.path.exists(os.path.join(daemon.jobs, "web", id_, "key"))
    with open(record, "w", encoding="utf-8") as f:
        f.write(text)
    assert adele.post("imports/%s/start" % id_, {"options": options}).status == 202


def test_another_file_behind_the_name():
    path = os.path.join(psts, "lab.test", "moving.pst")
    shutil.copy(small, path)
    id_ = adele.post("imports", {"user": "alice@lab.test", "path": path}).json["id"]
    wait_for(lambda: adele.get("imports/" + id_).json["stage"] == "ready")
    checked(id_)
    os.rename(path, path + ".away")
    answer = adele.post("imports/%s/start" % id_, {"options": {}})
    assert answer.status == 404 and answer.cause == "pst-missing", answer
    os.symlink(small, path)
    assert adele.post("imports/%s/start" % id_, {"options": {}}).status == 409
    os.remove(path)
    subprocess.run([MAKE, "--bulk", "21", "--seed", "9", "--owner", "bob@lab.test", path], check=True)
    answer = adele.post("imports/%s/start" % id_, {"options": {}})
    assert answer.status == 409 and "changed" in answer.json["error"]["text"], answer
    assert adele.call("DELETE", "imports/" + id_).status == 204
    os.remove(path)
    os.remove(path + ".away")


def test_the_directory_is_away_at_the_start():
    d = Daemon(lab, work, web={"folders": psts}, name="directory")
    client = signed_in(d)
    id_ = client.post("imports", {"user": "alice@lab.test", "path": small}).json["id"]
    wait_for(lambda: client.get("imports/" + id_).json["stage"] == "ready")
    checked(id_, client)
    with open(d.conf, encoding="utf-8") as f:
        text = f.read()
    with open(d.conf, "w", encoding="utf-8") as f:  # a port where nobody listens
        f.write(re.sub(r"^port=%s$" % lab.pg_port, "port=1", text, flags=re.M))
    d.restart()
    client = signed_in(d)
    answer = client.post("imports/%s/start" % id_, {"options": {}})
    assert answer.status == 503 and answer.json["error"]["do"], answer
    assert client.get("imports/" + id_).json["stage"] == "checked"
    with open(d.conf, "w", encoding="utf-8") as f:
        f.write(text)
    d.restart()
    client = signed_in(d)
    assert client.post("imports/%s/start" % id_, {"options": {}}).status == 202
    wait_for(lambda: client.get("imports/" + id_).json["stage"] == "ended", 60)
    assert d.stop() == 0


class Slow:
    """A line to the directory that lets everybody wait."""
    def __init__(self, seconds):
        self.seconds, self.listener = seconds, socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near = self.listener.accept()[0]
            time.sleep(self.seconds)
            far = socket.create_connection((lab.pg_host, int(lab.pg_port)))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()

    @staticmethod
    def pump(source, sink):
        try:
            for piece in iter(lambda: source.recv(65536), b""):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def test_who_signs_out_meanwhile_starts_nothing():
    slow = Slow(0)
    d = Daemon(lab, work, web={"folders": psts}, name="slow", edit=[(r"^port=%s$" % lab.pg_port, "port=%d" % slow.port)])
    client = signed_in(d)
    id_ = client.post("imports", {"user": "alice@lab.test", "path": small}).json["id"]
    wait_for(lambda: client.get("imports/" + id_).json["stage"] == "ready")
    checked(id_, client)
    slow.seconds = 2
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        start = pool.submit(client.post, "imports/%s/start" % id_, {"options": {}})
        time.sleep(0.7)
        assert signed_in(d).call("GET", "health").status == 200  # nobody else waits
        assert client.call("DELETE", "session").status == 204
        answer = start.result()
    assert answer.status == 401 and answer.cause == "no-session", answer
    assert not os.path.exists(os.path.join(d.jobs, "web", id_, "key"))
    assert signed_in(d).get("imports/" + id_).json["stage"] == "checked"
    assert d.stop() == 0


# ---- names and places ----

def test_paths_out_of_the_folders():
    home = os.path.join(psts, "lab.test")
    outside = os.path.join(psts, "..", "outside.pst")
    shutil.copy(small, outside)
    os.symlink(outside, os.path.join(home, "link.pst"))
    os.symlink(os.path.join(work.path), os.path.join(home, "up"))
    os.symlink("/dev/zero", os.path.join(home, "zero.pst"))
    os.symlink("/proc/self/mem", os.path.join(home, "mem.pst"))
    os.mkfifo(os.path.join(home, "fifo.pst"))
    os.mkdir(os.path.join(home, "folder.pst"))
    shutil.copy(small, os.path.join(home, "small.txt"))
    shutil.copy(small, os.path.join(psts, "second.test", "theirs.pst"))
    names = ["link.pst", "up/outside.pst", "zero.pst", "mem.pst", "fifo.pst", "folder.pst", "small.txt", "../../outside.pst",
             "../second.test/theirs.pst", "none.pst", ""]
    paths = [os.path.join(home, name) for name in names] + ["/etc/passwd", "/proc/self/environ", "small.pst", "--help", "-",
                                                            daemon.conf, "/proc/self/cwd/x.pst", "file://" + small]
    for path in paths:
        answer = carol.post("imports", {"user": "alice@lab.test", "path": path})
        assert answer.status in (400, 404), (path, answer)
        if "," in path or path == "small.pst":
            continue
        answer = carol.call("POST", "batches?name=out", body=("file,user\n\"%s\",alice@lab.test\n" % path).encode(),
                            headers={"Content-Type": "text/csv"})
        assert answer.status == 422, (path, answer)
    listed = {os.path.basename(one["path"]) for one in carol.get("files").json["files"]}
    assert listed == {"small.pst"}, listed
    for name in names:
        path = os.path.join(home, name)
        if name and ".." not in name and os.path.lexists(path) and "/" not in name:
            (os.rmdir if name == "folder.pst" else os.remove)(path)
    os.remove(os.path.join(home, "up"))
    os.remove(outside)


def test_names_that_could_be_words_of_a_command_line():
    for name in ("--help.pst", "a\nb,\"c\".pst", "$(id)`id`;'.pst", " =1+1.pst"):
        path = os.path.join(psts, "lab.test", name)
        shutil.copy(small, path)
        answer = adele.post("imports", {"user": "alice@lab.test", "path": path})
        assert answer.status == 201, (name, answer)
        id_ = answer.json["id"]
        wait_for(lambda: adele.get("imports/" + id_).json["stage"] == "ready")
        now = adele.get("imports/" + id_).json
        assert now["walk"]["total"] == 20 and now["file"]["path"] == path, now
        now = checked(id_)
        if "\n" in name:  # a mapping has no such names, and says so
            assert now["checks"]["level"] == "stop" and "line end" in now["checks"]["list"][-1]["text"], now["checks"]
        else:
            assert now["checks"]["level"] != "stop", (name, now["checks"])
        assert adele.post("imports/%s/start" % id_, {"into": "--config", "options": {}}).status == 409  # other options
        assert adele.call("DELETE", "imports/" + id_).status == 204
        os.remove(path)


# ---- what is missing ----

def test_no_worker_on_the_machine():
    there = work.file("bin")
    os.makedirs(there)
    shutil.copy(PROGRAM, there)
    worker = os.path.join(there, "bm-pst-import")
    shutil.copy(CLI, worker)
    web_lab.PROGRAM = os.path.join(there, "bm-pst-importd")
    d = Daemon(lab, work, web={"folders": psts}, name="alone")
    web_lab.PROGRAM = PROGRAM
    client = signed_in(d)
    assert post_csv("alone", client).status == 201
    os.rename(worker, worker + ".away")
    answer = client.post("imports", {"user": "alice@lab.test", "path": small})
    assert answer.status == 500 and "bm-pst-import" in answer.json["error"]["text"], answer
    assert client.get("imports").json["imports"][0]["id"] == "alone" and len(client.get("imports").json["imports"]) == 1
    answer = client.post("batches/alone/start", {})
    assert answer.status == 500, answer
    assert not os.path.exists(os.path.join(d.jobs, "web", "batches", "alone", "key"))
    now = client.get("batches/alone").json
    assert now["stage"] == "ready" and client.get("imports").json["imports"][0]["stage"] == "ready", now
    # whatever ended it between two writes
    with open(os.path.join(d.jobs, "web", "batches", "alone", "key"), "w", encoding="ascii") as f:
        f.write("secret")
    d.restart()
    assert not os.path.exists(os.path.join(d.jobs, "web", "batches", "alone", "key"))
    os.rename(worker + ".away", worker)
    answer = signed_in(d).post("batches/alone/start", {})
    assert answer.status == 202, answer
    assert d.stop() == 0


def test_no_room_for_what_the_daemon_writes():
    place = work.file("tiny")
    os.makedirs(place)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", place], capture_output=True).returncode != 0:
        raise Skip("no right to mount")
    fill = os.path.join(place, "fill")
    try:
        d = Daemon(lab, work, web={"folders": psts, "uploads": work.file("up")}, name="tiny", jobs=os.path.join(place, "jobs"))
        client = signed_in(d)
        web = os.path.join(d.jobs, "web")
        os.makedirs(web)
        body = {"user": "alice@lab.test", "path": small}
        for _ in range(2):
            subprocess.run(["dd", "if=/dev/zero", "of=" + fill, "bs=4k"], capture_output=True)
            answer = client.post("imports", body)
            assert answer.status == 507 and answer.cause == "disk-full", answer
            assert post_csv("tiny", client).status == 507
            os.remove(fill)
            assert [name for name in os.listdir(web) if re.fullmatch("[0-9a-f]{16}", name)] == [], os.listdir(web)
        assert post_csv("tiny", client).status == 201
        assert client.post("imports", body).status == 201
        assert d.stop() == 0
    finally:
        subprocess.run(["umount", "-l", place], check=True)


# ---- credentials ----

def test_credentials_are_in_no_place_but_their_file():
    big = os.path.join(psts, "lab.test", "big.pst")
    subprocess.run([MAKE, "--bulk", "3000", "--size", "2000", "--owner", "u4@lab.test", big], check=True)
    answer = adele.post("imports", {"user": "u4@lab.test", "path": big})
    id_ = answer.json["id"]
    wait_for(lambda: adele.get("imports/" + id_).json["stage"] == "ready", 40)
    checked(id_)
    assert adele.post("imports/%s/start" % id_, {"options": {}}).status == 202
    wait_for(lambda: (adele.get("imports/" + id_).json["progress"] or {}).get("appended"), 40)
    key_file = os.path.join(daemon.jobs, "web", id_, "key")
    assert os.stat(key_file).st_mode & 0o777 == 0o600 and os.stat(os.path.dirname(key_file)).st_mode & 0o777 == 0o700
    with open(re.search(r"^token-file=(.*)$", open(lab.config, encoding="utf-8").read(), re.M).group(1), "rb") as f:
        admin = f.read().strip()
    secrets = [readable(key_file).strip(), admin, adele.cookie.encode(), adele.csrf.encode()]
    assert all(len(one) >= 16 for one in secrets), [len(one) for one in secrets]
    workers = 0
    for process in glob.glob("/proc/[0-9]*"):
        words = readable(process + "/cmdline")
        if b"bm-pst-" not in words or id_.encode() not in words and b"bm-pst-importd" not in words:
            continue
        workers += id_.encode() in words
        for secret in secrets:
            assert secret not in words + readable(process + "/environ"), words
    assert workers >= 2, workers  # conductor and import
    shown = b"".join(adele.get(path).body for path in ("imports", "imports/" + id_, "config", "uploads", "files"))
    shown += adele.get("imports/%s/report.json" % id_).body
    for secret in secrets:
        assert secret not in shown and secret.decode() not in daemon.talk()
        for directory, _, names in os.walk(daemon.jobs):
            for name in names:
                path = os.path.join(directory, name)
                assert secret not in readable(path) or path == key_file, path
    assert adele.post("imports/%s/cancel" % id_, {}).status == 202
    wait_for(lambda: not os.path.exists(key_file), 40)


run_cases(globals())
