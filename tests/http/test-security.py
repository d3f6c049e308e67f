#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who gets in and what a stranger can do, against a real lab core and a real daemon: sign-in, roles, CSRF, paths, sizes,
lock-out, sessions. Slow strangers are in test-slow.py.
"""
import concurrent.futures
import glob
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from web_lab import (ROOT, Client, Daemon, Lab, Skip, Work, check_headers, raw, run_cases, signed_in, wait_for)  # noqa: E402

work = Work()
lab = Lab()
daemon = Daemon(lab, work)


def routes():
    """(method, path, flags) of every route in the sources."""
    found = []
    for path in glob.glob(os.path.join(ROOT, "src", "http", "*.c")):
        with open(path, encoding="utf-8") as f:
            found += re.findall(r'\{"([A-Z]+)", "([^"]*)", \w+(?:, ([^}]*))?\}', f.read())
    return found


def test_the_page_needs_no_session():
    answer = Client(daemon).call("GET", "", raw_path=daemon.base)
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/html"), answer
    again = Client(daemon).call("GET", "", raw_path=daemon.base, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status == 304 and not again.body, again
    head = Client(daemon).call("HEAD", "", raw_path=daemon.base)
    assert head.status == 200 and not head.body, head
    assert Client(daemon).get("health").json == {"status": "ok"}


def test_no_call_without_a_session():
    seen = 0
    for method, path, flags in routes():
        if path.startswith("/") or "PUBLIC" in (flags or ""):
            continue
        seen += 1
        for cookie in (None, "bm_pst_session=", "bm_pst_session=" + "0" * 64, "bm_pst_session=../../x; a=b"):
            answer = Client(daemon).call(method, re.sub(r":\w+", "x", path).replace("*", "x"), headers={"Cookie": cookie})
            assert answer.status == 401, (method, path, answer)
            assert method == "HEAD" or answer.cause == "no-session", (method, path, answer)
    assert seen >= 4, seen


def test_sign_in():
    client = Client(daemon)
    before = lab.sessions()
    answer = client.sign_in("adele@lab.test")
    assert answer.status == 200, answer
    assert client.session["login"] == "adele@" + lab.domain_uid and client.session["domain"] == "lab.test"
    assert client.session["domains"] == ["*"] and client.session["sudo"] is True
    assert client.session["language"] == "fr" and client.session["idle_seconds"] == 1800
    assert lab.sessions() == before + 1
    assert "secret" not in answer.body.decode() + daemon.talk()
    same = client.get("session")
    assert same.status == 200 and same.json == client.session
    other = signed_in(daemon)
    assert other.cookie != client.cookie and other.csrf != client.csrf
    assert len(client.cookie) == 64 and len(client.csrf) == 64


def test_a_second_sign_in_ends_the_first_session():
    client = signed_in(daemon)
    old = client.cookie
    before = lab.sessions()
    assert client.sign_in("adele@lab.test", headers={"X-CSRF-Token": None}).status == 200
    assert client.cookie != old
    assert Client(daemon).get("session", headers={"Cookie": "bm_pst_session=" + old}).status == 401
    wait_for(lambda: lab.sessions() == before)


def test_cookie():
    answer = Client(daemon).sign_in("adele@lab.test")
    parts = [p.strip() for p in answer.headers["set-cookie"].split(";")]
    assert re.fullmatch("bm_pst_session=[0-9a-f]{64}", parts[0])
    assert sorted(parts[1:]) == ["HttpOnly", "Path=/", "SameSite=Strict"], parts
    # nobody may say that it is https but a proxy that is trusted
    lie = Client(daemon).sign_in("adele@lab.test", headers={"X-Forwarded-Proto": "https"})
    assert "Secure" not in lie.headers["set-cookie"]


def test_wrong_password_and_wrong_input():
    client = Client(daemon)
    assert client.sign_in("adele@lab.test", "wrong").cause == "login-refused"
    assert client.sign_in("nobody@lab.test").status == 401
    assert client.sign_in("archie@lab.test").status == 401  # archived
    for body in ({}, {"login": "adele@lab.test"}, {"login": "adele@lab.test", "password": ""},
                 {"login": 7, "password": "secret"}, {"login": ["adele"], "password": {"a": 1}},
                 {"login": "a" * 400, "password": "secret"}, {"login": "adele@lab.test", "password": "x" * 2000}):
        assert client.post("session", body).status == 400, body
    for text in (b"", b"[]", b"{", b"null", b'"x"', b"\xff\xfe{}", b'{"login": "\xff"}', b"[" * 50000):
        answer = client.post("session", body=text, headers={"Content-Type": "application/json"})
        assert answer.status == 400, (text[:10], answer)
    assert client.post("session", body=b"login=a&password=b",
                       headers={"Content-Type": "application/x-www-form-urlencoded"}).status == 415
    assert client.post("session", body=b'{"login":"a","password":"b"}', headers={"Content-Type": "text/plain"}).status == 415


def test_wrong_role():
    before = lab.sessions()
    answer = Client(daemon).sign_in("alice@lab.test")
    assert answer.status == 403 and answer.cause == "role-missing", answer
    for role in ("admin", "systemManagement", "domainManager"):
        assert role in answer.json["error"]["text"]
    assert "set-cookie" not in answer.headers
    wait_for(lambda: lab.sessions() == before)  # the session that BlueMind opened is closed


def test_other_domain():
    olga = signed_in(daemon, "olga@second.test")
    assert olga.session["domains"] == ["a87ff679.internal"] and olga.session["sudo"] is False
    assert [u["user"] for u in olga.get("users?q=paul").json["users"]] == ["paul@second.test"]
    assert olga.get("users?q=alice").json == {"users": [], "more": False}
    both = {u["user"]: u for u in signed_in(daemon).get("users?q=paul").json["users"]}
    assert both["paul@lab.test"]["may"] and not both["paul@second.test"]["may"], both
    assert both["paul@second.test"]["why"] and both["paul@second.test"]["do"]
    admin = signed_in(daemon, "admin0@global.virt")
    assert admin.session["sudo"] and all(u["may"] for u in admin.get("users?q=paul").json["users"])


def test_users_over_sql_and_rest():
    rest = Daemon(lab, work, edit=[(r"^\[directory\]$", "[directory]\nsource=rest")], name="rest")
    for query in ("alice", "ERIN", "jean.du", "Jean", "u1", "team", "%25", "_", "adele%40lab.test", "sven", "archie", "'",
                  "%5C", "e.martin%40lab.test", "erin.martin%40other.test", "admin0"):
        for who in ("adele@lab.test", "olga@second.test"):
            a, b = (signed_in(d, who).get("users?q=" + query).json for d in (daemon, rest))
            for user in a["users"] + b["users"]:
                del user["server"]  # of a mailbox elsewhere: only SQL knows
            assert a == b, (query, who, a, b)
    assert rest.stop() == 0
    client = signed_in(daemon)
    many = client.get("users?q=a").json
    assert [u["user"] for u in client.get("users?q=martin").json["users"]] == ["erin@lab.test"]
    assert {u["user"]: u["why"] for u in many["users"]}["archie@lab.test"] == "This user is suspended (archived)."
    assert client.get("users").status == 400 and client.get("users?q=%20").status == 400
    assert client.get("users?q=%FF").status == 400 and client.get("users?q=" + "a" * 300).status == 400


def test_accents_do_not_matter():
    subprocess.run(["psql", "-X", "-q", "-h", lab.pg_host, "-p", lab.pg_port, "-U", lab.pg_admin, "bj", "-c",
                    "UPDATE t_container_item SET displayname = 'Éloïse Ménard' WHERE displayname = 'Dave'"], check=True)
    client = signed_in(daemon)
    for query in ("eloise", "ÉLOÏSE", "Menard", "ménard"):
        found = client.get("users?q=" + urllib.parse.quote(query)).json["users"]
        assert [(u["user"], u["name"]) for u in found] == [("dave@lab.test", "Éloïse Ménard")], (query, found)


def test_config():
    now = signed_in(daemon).get("config").json
    assert now["max_upload"] == 107374182400 and now["free"] > 0 and now["folders"] == [], now
    assert now["server"]["state"] == "CORE_STATE_RUNNING" and now["server"]["version"], now


def test_csrf():
    client = signed_in(daemon)
    ours = daemon.url.rstrip("/")
    for headers, cause in (({"X-CSRF-Token": None}, "csrf"), ({"X-CSRF-Token": ""}, "csrf"),
                           ({"X-CSRF-Token": client.csrf[:-1]}, "csrf"), ({"X-CSRF-Token": client.csrf + "0"}, "csrf"),
                           ({"X-CSRF-Token": "0" * 64}, "csrf"),
                           ({"X-CSRF-Token": signed_in(daemon).csrf}, "csrf"),
                           ({"Origin": "http://evil.example"}, "foreign-origin"),
                           ({"Origin": "null"}, "foreign-origin"),
                           ({"Origin": ours.replace("127.0.0.1", "localhost")}, "foreign-origin"),
                           ({"Origin": ours + "0"}, "foreign-origin"),
                           ({"Origin": "http://" + ours}, "foreign-origin"),
                           ({"Sec-Fetch-Site": "cross-site"}, "foreign-origin"),
                           ({"Sec-Fetch-Site": "same-site"}, "foreign-origin")):
        answer = client.call("DELETE", "session", headers=headers)
        assert answer.status == 403 and answer.cause == cause, (headers, answer)
    assert Client(daemon).sign_in("adele@lab.test", headers={"Origin": "http://evil.example"}).status == 403
    assert client.get("session").status == 200
    answer = client.call("DELETE", "session", headers={"Origin": ours, "Sec-Fetch-Site": "same-origin"})
    assert answer.status == 204, answer


def test_sign_out():
    client = signed_in(daemon)
    before = lab.sessions()
    answer = client.call("DELETE", "session")
    assert answer.status == 204 and "Max-Age=0" in answer.headers["set-cookie"], answer
    assert client.get("session").status == 401 and client.call("DELETE", "session").status == 401
    wait_for(lambda: lab.sessions() == before - 1)


def test_session_expires():
    short = Daemon(lab, work, {"session_idle": 2}, name="short")
    client = signed_in(short)
    before = lab.sessions()
    for _ in range(3):  # use keeps it
        time.sleep(1)
        assert client.get("session").status == 200
    time.sleep(2.2)
    assert client.get("session").status == 401
    wait_for(lambda: lab.sessions() == before - 1)
    assert short.stop() == 0


def test_core_session_is_kept_alive_and_its_death_seen():
    keeper = Daemon(lab, work, edit=[(r"^\[core\]$", "[core]\nkeep-alive=1")], name="keeper")
    client = signed_in(keeper)
    try:
        lab.knobs(session_ttl_s=3)
        for _ in range(6):
            time.sleep(1)
        assert client.get("session").status == 200  # without keeping, BlueMind would have ended it
        lab.knobs(state="CORE_STATE_MAINTENANCE")  # drops all sessions
        wait_for(lambda: client.get("session").status == 401, 5)
        answer = Client(keeper).sign_in("adele@lab.test")
        assert answer.status == 503 and "maintenance" in answer.json["error"]["text"], answer
    finally:
        lab.knobs(session_ttl_s=1200, state="CORE_STATE_RUNNING")
    assert keeper.stop() == 0


def test_lock_out():
    locked = Daemon(lab, work, {"lockout_failures": 3, "lockout_seconds": 3}, name="locked")
    client = Client(locked)
    for n in range(2):
        assert client.sign_in("bob@lab.test", "wrong").status == 401
    assert client.sign_in("adele@lab.test").status == 200  # forgets nothing of bob
    assert client.sign_in("BOB@lab.test", "wrong", headers={"X-CSRF-Token": None}).status == 401
    for forged in (None, "192.0.2.7"):
        answer = Client(locked).sign_in("bob@lab.test", headers={"X-Forwarded-For": forged})
        assert answer.status == 429 and answer.cause == "locked-out" and 0 < int(answer.headers["retry-after"]) <= 3, answer
    assert Client(locked).sign_in("adele@lab.test").status == 200
    time.sleep(3.2)
    assert Client(locked).sign_in("bob@lab.test").status == 403  # the password is right, the role is missing
    # many at once are not more tries
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        got = list(pool.map(lambda _: Client(locked).sign_in("carol@lab.test", "wrong").status, range(12)))
    assert got.count(401) == 3 and set(got) <= {401, 429, 503}, got
    assert locked.stop() == 0


def test_core_away():
    with socket.socket() as s:  # a port where nobody listens
        s.bind(("127.0.0.1", 0))
        away = Daemon(lab, work, edit=[(r"^url=.*", "url=http://127.0.0.1:%d" % s.getsockname()[1])], name="away")
    answer = Client(away).sign_in("adele@lab.test")
    assert answer.status == 503 and answer.cause == "core-away" and answer.json["error"]["do"], answer
    for _ in range(8):  # nobody is locked out for it
        assert Client(away).sign_in("adele@lab.test").status == 503
    assert away.stop() == 0


def test_directory_away():
    dark = Daemon(lab, work, edit=[(r"^\[directory\]\nhost=.*\nport=.*", "[directory]\nhost=127.0.0.1\nport=1")], name="dark")
    answer = signed_in(dark).get("users?q=alice")
    assert answer.status == 503 and answer.cause == "database-lost" and answer.json["error"]["do"], answer
    assert dark.stop() == 0


def test_paths():
    secret = work.file("secret.txt", "TOP SECRET")
    index = Client(daemon).call("GET", "", raw_path=daemon.base).body
    up = "../" * 12
    for path in ("/static/../index.html", "/static/%2e%2e/index.html", "/static/..%2findex.html", "/static/.%2e/x",
                 "/static/" + up + secret, "/static/" + up.replace("/", "%2f") + secret[1:].replace("/", "%2f"),
                 "/static/" + up.replace(".", "%2e") + "etc/passwd", "/static/%5c..%5cindex.html", "/static/..\\index.html",
                 "/static//etc/passwd", "/static/%00", "/static/index.html%00.css", "/static/%c0%ae%c0%ae/etc/passwd",
                 "/static/%ff", "/static/%", "/static/%2", "/static/%252e%252e/index.html", "/static/", "/static",
                 "//etc/passwd", "/etc/passwd", "/api/v1/../../index.html", "/api/v1/session/", "/api/v1//session",
                 "/api/v1/%2e%2e/%2e%2e", "/api/v1/session%2f", "/api/v1/imports/..%2f..%2fx", "/api", "/api/v1", "/api/v1/",
                 "/index.html", "/static/index.html/x", "/" + "a/" * 100, "/static/%0d%0aSet-Cookie:%20x=y"):
        answer = raw(daemon, ("GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path).encode())
        head, _, body = answer.partition(b"\r\n\r\n")
        # "/api/v1/.." is "/" for every client: what is there may be shown, and nothing else
        assert re.match(rb"HTTP/1.1 40[04] ", head) or body == index, (path, answer)
        assert b"SECRET" not in body and b"root:" not in body and b"x=y" not in head, (path, answer)
        check_headers({k.lower(): v for k, v in (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])})
    client = signed_in(daemon)
    for path in ("imports/..%2fx", "imports/%2e%2e", "uploads/..%2f..%2fetc%2fpasswd"):
        assert client.get(path).status == 404, path


def test_absolute_and_odd_requests():
    odd = Daemon(lab, work, name="odd")  # of its own: after 20 of them nobody is heard for a minute
    for line, wanted in ((b"GET http://evil.example/ HTTP/1.1", b"200"), (b"GET / HTTP/1.0", b"200"),
                         (b"CONNECT evil.example:443 HTTP/1.1", b"40"), (b"TRACE / HTTP/1.1", b"40"),
                         (b"PROPFIND / HTTP/1.1", b"40"), (b"get / HTTP/1.1", b"40"), (b"GET /", b"40"),
                         (b"OPTIONS * HTTP/1.1", b""), (b"GET / HTTP/9.9", b""), (b"\x16\x03\x01\x02\x00\x01", b"400")):
        answer = raw(odd, line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer == b"" or answer.split(b" ")[1].startswith(wanted), (line, answer)
    assert Client(odd).get("health").status == 200
    assert odd.stop() == 0


def test_oversized_headers():
    before = daemon.memory_kib()
    for head in (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * (4 << 20),
                 b"GET /" + b"a" * (4 << 20) + b" HTTP/1.1\r\nHost: x",
                 b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(200000))):
        answer = raw(daemon, head + b"\r\n\r\n")
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400"), answer[:100]
    answer = raw(daemon, b"GET /api/v1/session HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: " + b"a=b; " * 10000
                 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401"), answer[:100]
    assert daemon.memory_kib() - before < 20000


def test_oversized_bodies():
    head = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    before = daemon.memory_kib()
    start = time.monotonic()
    # the answer comes though the body does not
    for length in (b"10737418240", b"9223372036854775807"):
        with socket.create_connection((daemon.host, daemon.port), timeout=10) as s:
            s.sendall(head + b"Content-Length: " + length + b"\r\n\r\n" + b"x" * 1000)
            answer = s.recv(65536)
            assert answer.startswith(b"HTTP/1.1 413") and b"Connection: close" in answer, answer
    assert time.monotonic() - start < 5
    endless = head + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 200
    assert raw(daemon, endless).startswith(b"HTTP/1.1 413")
    # and a stranger's is not waited for at all
    answer = raw(daemon, b"POST /api/v1/imports HTTP/1.1\r\nHost: x\r\nContent-Length: 10737418240\r\n\r\n" + b"x" * 300000)
    assert answer[9:12] in (b"401", b"404"), answer[:100]
    assert daemon.memory_kib() - before < 20000


def test_two_meanings_of_a_length():
    """What a proxy might read as one request and we as two must not be taken."""
    inner = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for fields in (b"Content-Length: 5\r\nContent-Length: 60\r\n", b"Content-Length: 5\r\nContent-Length: 5\r\n",
                   b"Content-Length: -1\r\n", b"Content-Length: 5x\r\n", b"Content-Length: +5\r\n", b"Content-Length: 5, 60\r\n",
                   b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                   b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: xchunked\r\n",
                   b"Transfer-Encoding: chunked, identity\r\n", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                   b"Transfer-Encoding:\x0bchunked\r\nContent-Length: 60\r\n", b"Content-Length : 5\r\n",
                   b"Transfer-Encoding : chunked\r\n"):
        start = time.monotonic()
        answer = raw(daemon, head + fields + b"\r\n0\r\n\r\n" + inner)
        assert answer[9:12] in (b"400", b"501") and answer.count(b"HTTP/1.1 ") == 1, (fields, answer)
        assert time.monotonic() - start < 4, fields


def test_ranges_are_not_multiplied():
    answer = Client(daemon).call("GET", "", raw_path=daemon.base,
                                 headers={"Range": "bytes=" + ",".join("0-%d" % i for i in range(1, 300))})
    assert answer.status == 200 and len(answer.body) < 100000, answer


def test_every_answer_has_its_headers_once():
    answer = raw(daemon, b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").split(b"\r\n\r\n")[0]
    names = [line.split(b":")[0].lower() for line in answer.split(b"\r\n")[1:]]
    assert len(names) == len(set(names)), names
    bad = raw(daemon, b"BAD\r\n\r\n")  # what libsoup answers by itself
    assert bad[:12] in (b"HTTP/1.0 400", b"HTTP/1.1 400") and b"Content-Security-Policy" in bad, bad


def test_two_addresses():
    two = Daemon(lab, work, {"listen": "127.0.0.1:0;[::1]:0"}, name="two")
    six = two.process.stdout.readline()
    assert re.match(r"listening on http://\[::1\]:\d+/$", six), six
    answer = Client(two, "::1", int(six.rsplit(":", 1)[1].strip("/\n")))
    answer.source = "::1"
    assert answer.get("health").status == 200 and Client(two).get("health").status == 200
    assert "Secure" not in answer.sign_in("adele@lab.test").headers["set-cookie"]
    assert two.stop() == 0
    busy = subprocess.run([daemon.process.args[0], "--config", work.file("busy.conf", "[web]\nlisten=127.0.0.1:%d\n" % daemon.port)],
                          capture_output=True, text=True, timeout=20)
    assert busy.returncode == 78 and "[web] listen" in busy.stderr, busy


def test_both_families_at_one_socket():
    """An IPv4 client of [::] is the same as anywhere, also as a trusted proxy. On every address: behind a proxy only."""
    both = Daemon(lab, work, {"listen": "[::]:0", "trusted_proxy": "127.0.0.1"}, name="both")
    four = Client(both, "127.0.0.1")
    assert "Secure" not in four.sign_in("adele@lab.test").headers["set-cookie"]
    assert "signs in from 127.0.0.1" in both.talk(), both.talk()
    assert "Secure" in four.sign_in("adele@lab.test", headers={"X-Forwarded-Proto": "https"}).headers["set-cookie"]
    assert both.stop() == 0


def test_without_any_privilege():
    if os.getuid() != 0:
        raise Skip("every other test does that already")
    os.chmod(work.path, 0o711)
    state = work.file("state")
    os.mkdir(state)
    os.chown(state, 65534, 65534)
    small = Daemon(lab, work, name="unprivileged", jobs=os.path.join(state, "jobs"),
                   wrapper=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--bounding-set=-all"])
    with open("/proc/%d/status" % small.process.pid, encoding="ascii") as f:
        now = f.read()
    assert re.search(r"^Uid:\s+65534\s+65534", now, re.M) and re.search(r"^CapEff:\s+0+$", now, re.M), now
    client = signed_in(small, "olga@second.test")
    assert client.get("users?q=paul").json["users"] and client.get("config").status == 200
    assert client.get("uploads").status == 200 and client.get("imports").status == 200
    assert small.stop() == 0


def test_stopped_while_it_waits():
    """A database that takes the connection and says nothing: the daemon's end does not wait for it."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        stuck = Daemon(lab, work, edit=[(r"^\[directory\]\nhost=.*\nport=.*",
                                         "[directory]\nhost=127.0.0.1\nport=%d" % deaf.getsockname()[1])], name="stuck")
        client = signed_in(stuck)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            def search():
                try:
                    return client.get("users?q=alice").status
                except OSError:
                    return 0
            pool.submit(search)
            time.sleep(0.5)
            start = time.monotonic()
            assert stuck.stop(30) == 0 and time.monotonic() - start < 14


def test_restart():
    client = signed_in(daemon)
    assert daemon.restart() == 0
    client.port = daemon.port
    answer = client.get("session")
    assert answer.status == 401 and answer.cause == "no-session", answer
    assert signed_in(daemon).get("session").status == 200


run_cases(dict(globals()))
