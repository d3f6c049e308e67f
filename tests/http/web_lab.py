# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the tests of the daemon share: a lab, daemons on ports the kernel chose, a client that checks the headers of
every answer, TAP. Python's standard library only.
"""
import atexit
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

ROOT = os.environ.get("BM_SOURCE_ROOT") or os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.environ.get("BM_BUILD_ROOT") or os.path.join(ROOT, "build")
PROGRAM = os.path.join(BUILD, "src", "http", "bm-pst-importd")
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
          "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
HEADERS = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
           "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin"}


def check_headers(headers):
    """headers: lower-case names. A report has a policy of its own, which is stricter."""
    for name, value in HEADERS.items():
        assert headers.get(name) == value, (name, headers)
    policy = headers.get("content-security-policy", "")
    assert policy == POLICY or ("default-src 'none'" in policy and "script-src" not in policy), headers
    assert headers.get("cache-control") in ("no-store", "no-cache"), headers
    assert headers.get("server", "nginx").startswith("nginx"), headers


class Work:
    """A directory that goes with the process, also when a time-out ends that."""
    def __init__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self.path = tempfile.mkdtemp(prefix="bm-web.", dir="/tmp")
        atexit.register(shutil.rmtree, self.path, ignore_errors=True)

    def file(self, name, text=None):
        path = os.path.join(self.path, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        return path


class Lab:
    """`lab up`; its variables are attributes without BMLAB_, in lower case."""
    def __init__(self, *options):
        tool = os.path.join(ROOT, "tests", "lab", "lab")
        done = subprocess.run([tool, "up", "--owner", str(os.getpid()), *options], capture_output=True, text=True,
                              env=dict(os.environ, BM_BUILD_ROOT=BUILD))
        assert done.returncode == 0, done.stderr
        self.state = done.stdout.strip()
        atexit.register(subprocess.run, [tool, "down", "--state", self.state], capture_output=True)
        out = subprocess.run(["bash", "-c", "set -a; . \"$1\"; env -0", "-", self.state], capture_output=True, check=True,
                             text=True).stdout
        for line in out.split("\0"):
            name, _, value = line.partition("=")
            if name.startswith("BMLAB_"):
                setattr(self, name[6:].lower(), value)

    def core(self, method, path, body=None):
        """A call of the lab's own at its core: the decoded answer."""
        url = urllib.parse.urlsplit(self.core_url)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
        connection.request(method, path, None if body is None else json.dumps(body))
        text = connection.getresponse().read().decode()
        connection.close()
        return json.loads(text) if text else None

    def knobs(self, **values):
        return self.core("PUT", "/lab/knobs", values)

    def sessions(self):
        return int(self.core("GET", "/lab/sessions"))


class Daemon:
    """bm-pst-importd against a lab. web: keys of [web]; edit: of the lab's configuration, (pattern, replacement)."""
    def __init__(self, lab, work, web=None, edit=(), env=None, name="daemon", jobs=None, wrapper=()):
        with open(lab.config, encoding="utf-8") as f:
            text = f.read()
        for pattern, replacement in edit:
            text, n = re.subn(pattern, replacement, text, flags=re.M)
            assert n, pattern
        keys = dict({"listen": "127.0.0.1:0"}, **{k.replace("_", "-"): v for k, v in (web or {}).items()})
        jobs = jobs or work.file(name + "-jobs")
        self.wrapper = list(wrapper)
        text += "\n[jobs]\ndirectory=%s\n\n[web]\n" % jobs + "".join("%s=%s\n" % kv for kv in keys.items())
        self.jobs = jobs
        self.work, self.name, self.env = work, name, env or {}
        self.conf = work.file(name + ".conf", text)
        self.start()
        atexit.register(self.kill)

    def start(self):
        self.log = open(self.work.file(self.name + ".log"), "ab")
        self.process = subprocess.Popen(self.wrapper + [PROGRAM, "-v", "--config", self.conf], stdout=subprocess.PIPE, stderr=self.log,
                                        env=dict(os.environ, **self.env), text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), (line, self.talk())
        self.url = line[len("listening on "):].strip()
        parts = urllib.parse.urlsplit(self.url)
        self.host, self.port, self.base, self.tls = parts.hostname, parts.port, parts.path, parts.scheme == "https"
        print("# %s on port %d" % (self.name, self.port))

    def stop(self, timeout=15):
        """SIGTERM; its exit status."""
        self.process.terminate()
        status = self.process.wait(timeout)
        self.process.stdout.close()
        self.log.close()
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def restart(self):
        status = self.stop()
        self.start()
        return status

    def talk(self):
        with open(self.work.file(self.name + ".log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def memory_kib(self):
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body.decode("utf-8"))

    @property
    def cause(self):
        return self.json["error"]["cause"]

    def __repr__(self):
        return "%d %r %r" % (self.status, self.headers, self.body[:300])


class Client:
    """One browser: a cookie, a CSRF token. Every answer's headers are checked."""
    def __init__(self, daemon, host=None, port=None):
        self.daemon, self.host, self.port = daemon, host or daemon.host, port or daemon.port
        self.cookie = self.csrf = self.session = None
        self.source = "127.0.0.1"  # the address it comes from

    def connect(self, timeout=30):
        if not self.daemon.tls:
            return http.client.HTTPConnection(self.host, self.port, timeout=timeout, source_address=(self.source, 0))
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=context,
                                           source_address=(self.source, 0))

    def call(self, method, path, json_body=None, body=None, headers=None, raw_path=None):
        """path: below api/v1/. None as a header's value leaves it out."""
        fields = {}
        if self.cookie:
            fields["Cookie"] = "bm_pst_session=" + self.cookie
        if self.csrf and method not in ("GET", "HEAD", "OPTIONS"):
            fields["X-CSRF-Token"] = self.csrf
        if json_body is not None:
            body = json.dumps(json_body).encode()
            fields["Content-Type"] = "application/json"
        fields.update(headers or {})
        fields = {k: v for k, v in fields.items() if v is not None}
        connection = self.connect()
        connection.request(method, raw_path or self.daemon.base + "api/v1/" + path, body, fields)
        response = connection.getresponse()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        check_headers(answer.headers)
        return answer

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, json_body=None, **options):
        return self.call("POST", path, json_body, **options)

    def sign_in(self, login, password="secret", **options):
        answer = self.post("session", {"login": login, "password": password}, **options)
        if answer.status == 200:
            self.session = answer.json
            self.csrf = self.session["csrf"]
            self.cookie = re.match(r"bm_pst_session=([0-9a-f]+);", answer.headers["set-cookie"]).group(1)
        return answer


def signed_in(daemon, login="adele@lab.test"):
    client = Client(daemon)
    answer = client.sign_in(login)
    assert answer.status == 200, answer
    return client


def raw(daemon, data, timeout=10, wait=True):
    """Bytes to the daemon and all it answers until it closes, or for timeout seconds."""
    with socket.create_connection((daemon.host, daemon.port), timeout=timeout) as s:
        try:
            s.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        while wait:
            try:
                piece = s.recv(65536)
            except (ConnectionResetError, TimeoutError):
                break
            if not piece:
                break
            answer += piece
        return answer


def wait_for(what, seconds=20.0):
    """The first true result of what()."""
    end = time.monotonic() + seconds
    while True:
        result = what()
        if result:
            return result
        assert time.monotonic() < end, "waited %g s in vain" % seconds
        time.sleep(0.05)


class Skip(Exception):
    """Why a case cannot be run here."""


def run_cases(names):
    """Runs every test_ function of a module's globals(), in the order of the file; prints TAP and ends the process."""
    chosen = sys.argv[1:]
    cases = [(n, c) for n, c in names.items() if n.startswith("test_") and (not chosen or n in chosen)]
    failed = 0
    print("1..%d" % len(cases))
    for number, (name, case) in enumerate(cases, 1):
        start = time.monotonic()
        try:
            case()
            print("ok %d - %s (%.1f s)" % (number, name[5:].replace("_", " "), time.monotonic() - start))
        except Skip as why:
            print("ok %d - %s # SKIP %s" % (number, name[5:].replace("_", " "), why))
        except Exception:
            failed += 1
            traceback.print_exc()
            print("not ok %d - %s" % (number, name[5:].replace("_", " ")))
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
