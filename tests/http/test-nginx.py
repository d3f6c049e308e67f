#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""samples/nginx.conf in a real nginx with TLS on loopback: sign-in below a prefix, an upload that nginx neither refuses nor
stores, who the client is. And the daemon's own TLS.
"""
import base64
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from web_lab import (BUILD, ROOT, Client, Daemon, Lab, Skip, Work, raw, run_cases, signed_in, wait_for)  # noqa: E402

work = Work()
lab = Lab()
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONF = """daemon off; master_process off; pid {w}/nginx.pid; error_log {w}/nginx.log; {user}
events {{ worker_connections 200; }}
http {{
  access_log off; client_body_temp_path {w}/temp-body; proxy_temp_path {w}/temp-proxy; fastcgi_temp_path {w}/temp-1;
  uwsgi_temp_path {w}/temp-2; scgi_temp_path {w}/temp-3;
  server {{ listen 127.0.0.1:{port} ssl; server_name mail.example.org; ssl_certificate {w}/cert; ssl_certificate_key {w}/key;
    include {w}/sample.conf; }}
}}
"""


def certificate():
    """Self-signed, in the files cert and key."""
    tool = shutil.which("certtool")
    if tool is None:
        raise Skip("certtool (gnutls-bin) is not installed")
    template = work.file("template", "cn = mail.example.org\ndns_name = mail.example.org\nexpiration_days = 2\ntls_www_server\n")
    for arguments in (["--generate-privkey", "--ecc", "--outfile", work.file("key")],
                      ["--generate-self-signed", "--load-privkey", work.file("key"), "--template", template,
                       "--outfile", work.file("cert")]):
        subprocess.run([tool, *arguments], check=True, capture_output=True)


class Proxy:
    """nginx in front of a daemon; looks like one to a Client."""
    def __init__(self, behind):
        if NGINX is None:
            raise Skip("nginx is not installed")
        certificate()
        with open(os.path.join(ROOT, "samples", "nginx.conf"), encoding="utf-8") as f:
            sample = f.read()
        changed, n = re.subn(r"http://127\.0\.0\.1:8095;", "http://127.0.0.1:%d;" % behind.port, sample)
        assert n == 1, "the sample names the daemon once"
        work.file("sample.conf", changed)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.host, self.tls, self.base = "127.0.0.1", True, "/pst-import/"
        conf = work.file("nginx.conf", CONF.format(w=work.path, port=self.port, user="user root;" if os.getuid() == 0 else ""))
        self.command = [NGINX, "-p", work.path, "-e", work.file("nginx.log"), "-c", conf]
        checked = subprocess.run(self.command + ["-t"], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        self.process = subprocess.Popen(self.command, stderr=subprocess.DEVNULL)
        wait_for(self.answers)

    def answers(self):
        with socket.socket() as s:
            return s.connect_ex((self.host, self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def test_upload_through_nginx():
    daemon = Daemon(lab, work, {"base_path": "/pst-import/", "trusted_proxy": "127.0.0.1"}, name="behind")
    proxy = Proxy(daemon)
    try:
        client = Client(proxy)
        origin = "https://127.0.0.1:%d" % proxy.port
        answer = client.sign_in("adele@lab.test", headers={"Origin": origin, "X-Forwarded-For": "198.51.100.1"})
        assert answer.status == 200, answer
        assert "; Path=/pst-import/; " in answer.headers["set-cookie"] and "; Secure" in answer.headers["set-cookie"], answer
        # the address is that of nginx's client, not the one the client made up
        assert "signs in from 127.0.0.1" in daemon.talk() and "198.51.100.1" not in daemon.talk(), daemon.talk()
        assert client.sign_in("adele@lab.test", headers={"Origin": "https://mail.example.org"}).status == 403
        page = client.call("GET", "", raw_path="/pst-import/")
        assert page.status == 200 and b"<html" in page.body, page
        assert client.call("GET", "", raw_path="/pst-import/static/%2e%2e/index.html").status in (200, 400, 404)
        # 64 MiB in one request: nginx would refuse more than 1 MiB, and store what it takes
        sample = work.file("sample.pst")
        subprocess.run([os.path.join(BUILD, "tests", "lib", "bm-pst-make"), "--sample", sample], check=True, capture_output=True)
        with open(sample, "r+b") as f:
            f.truncate(64 << 20)
        with open(sample, "rb") as f:
            data = f.read()
        tus = {"Tus-Resumable": "1.0.0"}
        made = client.post("uploads", headers=dict(tus, **{
            "Upload-Length": str(len(data)), "Upload-Metadata": "filename " + base64.b64encode(b"sample.pst").decode()}))
        assert made.status == 201, made
        where = made.headers["location"]
        assert "/pst-import/api/v1/uploads/" in where, made
        path = where[where.index("/pst-import/"):]
        before = daemon.memory_kib()
        sent = client.call("PATCH", "", raw_path=path, body=data, headers=dict(tus, **{
            "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}))
        assert sent.status == 204 and sent.headers["upload-offset"] == str(len(data)), sent
        assert daemon.memory_kib() - before < 16000, "memory is flat"
        stored = sum(len(files) for n in ("body", "proxy") for _, _, files in os.walk(work.file("temp-" + n)))
        assert stored == 0, "nginx has stored something"
        with open(work.file("nginx.log"), encoding="utf-8") as f:
            talk = f.read()
        assert "buffered to a temporary file" not in talk, talk
        listed = client.get("uploads").json["uploads"]
        assert [u["size"] for u in listed] == [len(data)] and listed[0]["complete"], listed
        # what happens to an import is seen as it happens, through nginx, too
        made = client.post("imports", {"user": "alice@lab.test", "upload": listed[0]["id"]})
        assert made.status == 201, made
        connection = client.connect(timeout=30)
        connection.request("GET", "/pst-import/api/v1/imports/%s/events" % made.json["id"],
                           headers={"Cookie": "bm_pst_session=" + client.cookie})
        response, start = connection.getresponse(), time.monotonic()
        assert response.status == 200 and response.getheader("content-type").startswith("text/event-stream")
        assert response.readline() == b":\n" and response.readline() == b"\n" and response.readline() == b"event: state\n"
        assert time.monotonic() - start < 3, "nginx holds events back"
        wait_for(lambda: client.get("imports/" + made.json["id"]).json["stage"] != "inspecting", 60)
        start = time.monotonic()
        assert client.call("DELETE", "session").status == 204
        response.read()  # who has signed out watches nothing any more
        assert time.monotonic() - start < 4, "the stream outlives its session"
        connection.close()
    finally:
        proxy.stop()
        daemon.stop()


def test_trusted_proxy_tells_who_the_client_is():
    daemon = Daemon(lab, work, {"trusted_proxy": "127.0.0.1", "lockout_failures": 2}, name="trusting")
    for proto, client, secure in (("https", "198.51.100.1", True), ("http", "198.51.100.1", True), ("https", "127.0.0.1", True),
                                  ("http", "127.0.0.1", False), ("http", "::1", False)):
        answer = Client(daemon).sign_in("adele@lab.test", headers={"X-Forwarded-For": client, "X-Forwarded-Proto": proto})
        assert ("; Secure" in answer.headers["set-cookie"]) == secure, (proto, client, answer)
    assert "signs in from 198.51.100.1" in daemon.talk()
    # each client has a lock-out of its own; what the client itself sent comes before the proxy's word
    for _ in range(2):
        assert Client(daemon).sign_in("bob@lab.test", "wrong", headers={"X-Forwarded-For": "10.0.0.9, 198.51.100.2"}).status == 401
    assert Client(daemon).sign_in("bob@lab.test", headers={"X-Forwarded-For": "10.0.0.8, 198.51.100.2"}).status == 429
    assert Client(daemon).sign_in("bob@lab.test", headers={"X-Forwarded-For": "198.51.100.3"}).status == 403
    assert daemon.stop() == 0


def test_own_tls():
    certificate()
    daemon = Daemon(lab, work, {"tls_cert": work.file("cert"), "tls_key": work.file("key")}, name="tls")
    assert daemon.tls, daemon.url
    client = signed_in(daemon)
    assert "; Secure" in client.sign_in("adele@lab.test").headers["set-cookie"]
    assert client.get("users?q=alice").status == 200
    assert b"HTTP/1." not in raw(daemon, b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n", timeout=3), "plain on a TLS port"
    assert daemon.stop() == 0


def test_own_tls_and_slow_strangers():
    """Silent ones, ones with half a greeting, and ones that greet and never go on."""
    certificate()
    daemon = Daemon(lab, work, {"tls_cert": work.file("cert"), "tls_key": work.file("key")}, name="tls-slow")
    client = signed_in(daemon)
    outgoing = ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="mail.example.org").do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = outgoing.read()
    assert hello[0] == 22 and len(hello) > 100
    strangers = []
    for n in range(600):
        s = socket.create_connection((daemon.host, daemon.port))
        s.sendall((b"", hello[:3], hello[:60], hello)[n % 4])
        strangers.append(s)
    threads = len(os.listdir("/proc/%d/task" % daemon.process.pid))
    assert threads < 40, threads
    for source, seconds in (("127.0.0.2", 4), ("127.0.0.1", 15)):  # from elsewhere; from where they are
        client.source = source
        start = time.monotonic()
        assert client.get("users?q=alice").status == 200
        print("# a call from %s among 600 strangers: %.1f s" % (source, time.monotonic() - start))
        assert time.monotonic() - start < seconds, source
    for s in strangers:
        s.close()
    start = time.monotonic()
    for _ in range(20):
        assert client.get("session").status == 200
    print("# twenty calls after they have gone: %.1f s" % (time.monotonic() - start))
    assert time.monotonic() - start < 30
    assert daemon.stop() == 0


def test_a_certificate_that_is_none():
    conf = work.file("broken.conf", "[web]\nlisten=127.0.0.1:0\ntls-cert=%s\ntls-key=%s\n" % (2 * (work.file("none", "x"),)))
    done = subprocess.run([os.path.join(BUILD, "src", "http", "bm-pst-importd"), "--config", conf], capture_output=True, text=True,
                          timeout=20)
    assert done.returncode == 78 and "[web] tls-cert, tls-key" in done.stderr, done


run_cases(dict(globals()))
