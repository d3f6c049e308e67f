#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Strangers who take their time: many connections that never finish a request, bodies that trickle; and
what the daemon does when systemd watches it.
"""
import os
import select
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from web_lab import Client, Daemon, Lab, Work, run_cases, signed_in, wait_for  # noqa: E402

work = Work()
lab = Lab()
daemon = Daemon(lab, work)
MANY = 900  # more than the daemon's 512


def is_socket(fd):
    try:
        return os.readlink(fd).startswith("socket:")
    except FileNotFoundError:  # closed since the directory was read
        return False


def connections(of):
    """How many sockets the daemon has, listening and others."""
    fds = "/proc/%d/fd" % of.process.pid
    return sum(is_socket(os.path.join(fds, n)) for n in os.listdir(fds))


def closed(sockets):
    """How many of them the daemon has closed."""
    n = 0
    for s in sockets:
        ready, _, _ = select.select([s], [], [], 0)
        try:
            n += bool(ready) and s.recv(1024, socket.MSG_PEEK) == b""
        except ConnectionResetError:
            n += 1
    return n


def test_many_slow_connections_and_a_good_client():
    good = signed_in(daemon)
    slow = []
    stop = threading.Event()

    def trickle():
        while not stop.is_set():
            for s in list(slow):
                try:
                    s.send(b"x")
                except OSError:
                    pass
            stop.wait(1)

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        for n in range(MANY):
            s = socket.create_connection((daemon.host, daemon.port), timeout=5)
            s.sendall((b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"")[n % 2])
            slow.append(s)
            if n % 100 == 0:
                start = time.monotonic()
                assert good.get("session").status == 200
                assert time.monotonic() - start < 2
        start = time.monotonic()
        for _ in range(20):
            assert good.get("users?q=alice").status == 200
        assert signed_in(daemon).get("session").status == 200
        assert time.monotonic() - start < 5
        assert connections(daemon) < 600
        assert closed(slow) >= MANY - 520
        # who trickles a byte a second does not live longer than who says nothing
        wait_for(lambda: closed(slow) == len(slow), 30)
    finally:
        stop.set()
        thread.join()
        for s in slow:
            s.close()
    wait_for(lambda: connections(daemon) < 20)


def test_nothing_is_left_of_connections():
    """However they end: in time, at once, in the middle."""
    before = connections(daemon)
    for request in (b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"BAD\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3, b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: "
                    b"application/json\r\nContent-Length: 35\r\n\r\n{\"login\":\"a@b\",\"password\":\"secret\"}",
                    b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"):
        for wait in (True, False):
            for _ in range(5):
                with socket.create_connection((daemon.host, daemon.port), timeout=0.3) as s:
                    s.sendall(request)
                    try:
                        answer = s.recv(65536) if wait else b""
                        assert not answer or b"Connection: close" in answer, answer
                    except OSError:
                        pass
    wait_for(lambda: connections(daemon) <= before, 10)


def test_a_slow_body_ends():
    with socket.create_connection((daemon.host, daemon.port), timeout=5) as s:
        s.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{")
        start = time.monotonic()
        while closed([s]) == 0:
            assert time.monotonic() - start < 75, "a body may trickle for ever"
            try:
                s.send(b" ")
            except OSError:
                break
            time.sleep(1)
        assert time.monotonic() - start > 40, "a slow line has no chance"
    assert Client(daemon).get("health").status == 200


def test_systemd_is_told():
    name = work.file("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(name)
        s.settimeout(10)
        told = Daemon(lab, work, env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "400000"}, name="told")
        got = [s.recv(100) for _ in range(4)]
        assert got == [b"READY=1"] + 3 * [b"WATCHDOG=1"], got
        told.process.send_signal(signal.SIGTERM)
        wait_for(lambda: s.recv(100) == b"STOPPING=1")
        assert told.stop() == 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:  # and by an abstract name
        s.bind("\0bm-web-test-%d" % os.getpid())
        s.settimeout(10)
        told = Daemon(lab, work, env={"NOTIFY_SOCKET": "@bm-web-test-%d" % os.getpid()}, name="told")
        assert s.recv(100) == b"READY=1"
        assert told.stop() == 0


def test_its_end_is_quick_and_clean():
    ending = Daemon(lab, work, name="ending")
    idle = [socket.create_connection((ending.host, ending.port)) for _ in range(10)]
    idle[0].sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
    time.sleep(0.3)
    start = time.monotonic()
    assert ending.stop() == 0 and time.monotonic() - start < 3
    assert "CRITICAL" not in ending.talk().upper() and "STOPPING" in ending.talk().upper(), ending.talk()
    for s in idle:
        s.close()


run_cases(dict(globals()))
