#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Uploads by an independent client of the tus protocol (Debian's python3-tuspy) against a real daemon and the lab's core:
whole, resumed, with checksums, cut, killed, refused, on a full disk, in parallel, and several GB with flat memory. Corners
of the protocol are spoken by hand. BM_UPLOAD_GIB: size of the big file (3).
"""
import base64
import hashlib
import http.client
import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from tusclient.client import TusClient  # noqa: E402
from tusclient.exceptions import TusUploadFailed  # noqa: E402
from web_lab import BUILD, Client, Daemon, Lab, Skip, Work, run_cases, signed_in, wait_for  # noqa: E402

MIB = 1 << 20
HEAD = b"!BDN\0\0\0\0SM\x17\0"
PART = {"Content-Type": "application/offset+octet-stream"}
TUS = {"Tus-Resumable": "1.0.0"}

work = Work()
lab = Lab()
folder = work.file("folder")
os.makedirs(folder)
daemon = Daemon(lab, work, web={"folders": folder, "max_upload": 8 << 30, "min_free": 1})
adele = signed_in(daemon)


def pst(size, seed=1):
    """Bytes that begin like a PST."""
    block = hashlib.sha256(b"%d" % seed).digest() * 1024
    return (HEAD + block * (size // len(block) + 1))[:size]


def pst_file(name, size, seed=1):
    path = work.file(name)
    with open(path, "wb") as f:
        f.write(pst(size, seed))
    return path


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def tus(client):
    fields = {"Cookie": "bm_pst_session=" + client.cookie, "X-CSRF-Token": client.csrf}
    return TusClient(client.daemon.url + "api/v1/uploads", headers=fields)


def uploads(client=None):
    answer = (client or adele).get("uploads")
    assert answer.status == 200, answer
    return {one["id"]: one for one in answer.json["uploads"]}


def examined(upload_id, client=None):
    """The upload, once its bytes are known."""
    return wait_for(lambda: (lambda one: one if one["complete"] and not one["hashing"] else None)(
        uploads(client)[upload_id]), 60)


def id_of(uploader):
    return uploader.url.rsplit("/", 1)[1]


def create(size, client=None, name=b"mail.pst", **headers):
    fields = dict(TUS, **{"Upload-Length": str(size), "Upload-Metadata": "filename " + base64.b64encode(name).decode()})
    fields.update({k.replace("_", "-"): v for k, v in headers.items()})
    return (client or adele).call("POST", "uploads", headers=fields)


def new(size, client=None, **more):
    answer = create(size, client, **more)
    assert answer.status == 201, answer
    return answer.headers["location"].rsplit("/", 1)[1]


def patch(upload_id, offset, body, client=None, **headers):
    fields = dict(TUS, **PART, **{"Upload-Offset": str(offset)})
    fields.update({k.replace("_", "-"): v for k, v in headers.items()})
    return (client or adele).call("PATCH", "uploads/" + upload_id, body=body, headers=fields)


def head(upload_id, client=None):
    return (client or adele).call("HEAD", "uploads/" + upload_id, headers=TUS)


def offset(upload_id, client=None):
    return int(head(upload_id, client).headers["upload-offset"])


def delete(upload_id, client=None):
    return (client or adele).call("DELETE", "uploads/" + upload_id, headers=TUS)


class Line:
    """A PATCH in pieces, on a connection of its own."""
    def __init__(self, upload_id, at, length, client=None, **headers):
        client = client or adele
        d = client.daemon
        self.socket = socket.create_connection((d.host, d.port), timeout=20)
        fields = {"Host": "%s:%d" % (d.host, d.port), "Cookie": "bm_pst_session=" + client.cookie,
                  "X-CSRF-Token": client.csrf, "Upload-Offset": at, "Content-Length": length, **TUS, **PART}
        fields.update({k.replace("_", "-"): v for k, v in headers.items()})
        text = "PATCH %sapi/v1/uploads/%s HTTP/1.1\r\n" % (d.base, upload_id)
        text += "".join("%s: %s\r\n" % kv for kv in fields.items() if kv[1] is not None) + "\r\n"
        self.socket.sendall(text.encode())

    def send(self, data):
        self.socket.sendall(data)

    def status(self):
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        self.body = response.read()
        return response.status

    def cut(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, not an end
        self.socket.close()


def stored(upload_id, d=None):
    with open(os.path.join((d or daemon).jobs, "uploads", upload_id, "data"), "rb") as f:
        return f.read()


# ---- the independent client

def test_whole_file_in_chunks():
    path = pst_file("whole.pst", 5 * MIB + 123)
    up = tus(adele).uploader(path, chunk_size=MIB, metadata={"filename": "whole.pst"})
    up.upload()
    one = examined(id_of(up))
    with open(path, "rb") as f:
        data = f.read()
    assert one["sha256"] == sha256(data) and one["name"] == "whole.pst" and one["offset"] == one["size"] == len(data), one
    assert stored(one["id"]) == data
    assert one["owner"] == adele.session["login"] and one["expires"] == 0 and not one["in_use"], one
    assert abs(one["purge_at"] - time.time() - 30 * 86400) < 60, one


def test_whole_file_in_one_chunk():
    path = pst_file("one.pst", 20 * MIB, 2)
    up = tus(adele).uploader(path, metadata={"filename": "one.pst"})
    up.upload()
    assert examined(id_of(up))["sha256"] == sha256(pst(20 * MIB, 2))


def test_resumed_by_another_client():
    path = pst_file("resume.pst", 3 * MIB + 5, 3)
    up = tus(adele).uploader(path, chunk_size=MIB, metadata={"filename": "resume.pst"})
    up.upload(stop_at=2 * MIB)
    one = uploads()[id_of(up)]
    assert one["offset"] == 2 * MIB and not one["complete"] and one["sha256"] == "", one
    assert abs(one["expires"] - time.time() - 86400) < 60 and one["purge_at"] == 0, one
    again = tus(signed_in(daemon)).uploader(path, url=up.url, chunk_size=MIB)
    assert again.offset == 2 * MIB
    again.upload()
    assert examined(id_of(up))["sha256"] == sha256(pst(3 * MIB + 5, 3))


def test_checksum_of_every_chunk():
    path = pst_file("sums.pst", 2 * MIB + 99, 4)
    up = tus(adele).uploader(path, chunk_size=MIB // 2, metadata={"filename": "s.pst"}, upload_checksum=True)
    up.upload()
    assert examined(id_of(up))["sha256"] == sha256(pst(2 * MIB + 99, 4))


def test_two_of_one_name_in_parallel():
    paths = [pst_file("same-%d.pst" % n, 4 * MIB, 10 + n) for n in range(2)]
    ups = [tus(adele).uploader(path, chunk_size=MIB, metadata={"filename": "same.pst"}) for path in paths]
    threads = [threading.Thread(target=up.upload) for up in ups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert id_of(ups[0]) != id_of(ups[1])
    for n, up in enumerate(ups):
        one = examined(id_of(up))
        assert one["name"] == "same.pst" and one["sha256"] == sha256(pst(4 * MIB, 10 + n)), one
        assert one["same_as"] == [], one


# ---- what breaks

def test_cut_line_keeps_what_arrived():
    data = pst(4 * MIB, 20)
    upload_id = new(len(data))
    line = Line(upload_id, 0, len(data))
    line.send(data[:3 * MIB + 7])
    # what the kernel has given to nobody when the line is reset is lost: wait until it is on the disk
    wait_for(lambda: len(stored(upload_id)) == 3 * MIB + 7)
    line.cut()
    wait_for(lambda: offset(upload_id) == 3 * MIB + 7)
    path = pst_file("cut.pst", len(data), 20)
    up = tus(adele).uploader(path, url=daemon.url + "api/v1/uploads/" + upload_id, chunk_size=MIB)
    assert up.offset == 3 * MIB + 7
    up.upload()
    assert examined(upload_id)["sha256"] == sha256(data)


def test_cut_part_with_a_checksum_leaves_nothing():
    data = pst(MIB, 21)
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    upload_id = new(len(data))
    line = Line(upload_id, 0, len(data), Upload_Checksum="sha256 " + digest)
    line.send(data[:500000])
    wait_for(lambda: len(stored(upload_id)) == 500000)
    line.cut()
    wait_for(lambda: len(stored(upload_id)) == 0)
    assert patch(upload_id, 0, data, Upload_Checksum="sha256 " + digest).status == 204
    assert examined(upload_id)["sha256"] == sha256(data)


def test_daemon_killed_in_the_middle():
    d = Daemon(lab, work, web={"min_free": 1}, name="killed")
    client = signed_in(d)
    size = 80 * MIB
    path = pst_file("killed.pst", size, 22)
    data = pst(size, 22)
    upload_id = new(size, client)
    line = Line(upload_id, 0, size, client)
    line.send(data[:70 * MIB])
    wait_for(lambda: len(stored(upload_id, d)) == 70 * MIB)
    d.kill()
    line.socket.close()
    d.start()
    client = signed_in(d)
    kept = offset(upload_id, client)
    assert kept >= 32 * MIB and stored(upload_id, d) == data[:kept], kept
    print("# of 70 MiB that had arrived when the daemon was killed, %.1f MiB count" % (kept / MIB))
    up = tus(client).uploader(path, url=d.url + "api/v1/uploads/" + upload_id, chunk_size=8 * MIB)
    up.upload()
    assert examined(upload_id, client)["sha256"] == sha256(data)
    d.stop()


def test_daemon_restarted_in_the_middle():
    d = Daemon(lab, work, web={"min_free": 1}, name="restarted")
    client = signed_in(d)
    data = pst(6 * MIB, 23)
    upload_id = new(len(data), client)
    line = Line(upload_id, 0, len(data), client)
    line.send(data[:5 * MIB])
    wait_for(lambda: len(stored(upload_id, d)) == 5 * MIB)
    start = time.monotonic()
    assert d.restart() == 0
    assert time.monotonic() - start < 8
    client = signed_in(d)
    assert offset(upload_id, client) == 5 * MIB
    assert patch(upload_id, 5 * MIB, data[5 * MIB:], client).status == 204
    assert examined(upload_id, client)["sha256"] == sha256(data)
    d.restart()
    client = signed_in(d)
    one = uploads(client)[upload_id]
    assert one["complete"] and one["sha256"] == sha256(data), one
    d.stop()


def go_on_after_a_full_disk(d, client, data, upload_id, relieve):
    """Sends all; the disk gives out on the way; relieve frees it."""
    answer = patch(upload_id, 0, data, client)
    assert answer.status == 507 and answer.cause == "no-space", answer
    assert "No space left" in answer.json["error"]["text"] or "too large" in answer.json["error"]["text"], answer
    kept = offset(upload_id, client)
    assert 0 < kept < len(data) and answer.headers["upload-offset"] == str(kept), (kept, answer)
    assert stored(upload_id, d) == data[:kept]
    assert patch(upload_id, kept, data[kept:], client).status == 507
    assert uploads(client)[upload_id]["offset"] >= kept
    relieve()
    kept = offset(upload_id, client)
    assert patch(upload_id, kept, data[kept:], client).status == 204
    assert examined(upload_id, client)["sha256"] == sha256(data)


def test_disk_gives_out_limit():
    """The largest file that the daemon may write, for who may not mount."""
    d = Daemon(lab, work, web={"min_free": 1}, name="limit")
    client = signed_in(d)
    data = pst(8 * MIB, 24)
    upload_id = new(len(data), client)
    resource.prlimit(d.process.pid, resource.RLIMIT_FSIZE, (5 * MIB, resource.RLIM_INFINITY))
    go_on_after_a_full_disk(d, client, data, upload_id, lambda: resource.prlimit(
        d.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
    d.stop()


def test_disk_gives_out_tmpfs():
    place = work.file("small")
    os.makedirs(place)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", place], capture_output=True).returncode != 0:
        raise Skip("no right to mount")
    try:
        d = Daemon(lab, work, web={"min_free": 1, "uploads": place + "/up"}, name="tmpfs")
        client = signed_in(d)
        d.jobs = place + "/.."
        os.symlink(place + "/up", work.file("uploads"))
        data = pst(12 * MIB, 25)
        assert create(17 * MIB, client).status == 507
        upload_id = new(len(data), client)
        refused = create(12 * MIB, client)  # what the first still needs is spoken for
        assert refused.status == 507 and "12.0\u00a0MiB" in refused.json["error"]["text"], refused
        with open(place + "/other", "wb") as f:  # somebody else fills the disk
            f.write(b"x" * 9 * MIB)
        go_on_after_a_full_disk(d, client, data, upload_id, lambda: os.unlink(place + "/other"))
        d.stop()
        d.kill()
    finally:
        subprocess.run(["umount", "-l", place], check=True)


# ---- what is refused

def test_zip_named_pst_is_refused_after_the_first_chunk():
    size = 4 << 30
    upload_id = new(size)
    line = Line(upload_id, 0, size)
    line.send(b"PK\3\4" + b"\0" * 65532)  # and no byte more
    assert line.status() == 415 and b'"not-a-pst"' in line.body, line.body
    assert head(upload_id).status == 404 and upload_id not in uploads()
    assert not os.path.exists(os.path.join(daemon.jobs, "uploads", upload_id))
    path = work.file("zip.pst")
    with open(path, "wb") as f:
        f.write(b"PK\3\4" + os.urandom(3 * MIB))
    up = tus(adele).uploader(path, chunk_size=MIB, metadata={"filename": "zip.pst"})
    try:
        up.upload()
        raise AssertionError("a zip was taken")
    except TusUploadFailed as error:
        assert error.status_code == 415, error.status_code
    assert create(0).status == 415
    tiny = new(100)
    assert patch(tiny, 0, b"!B").status == 204  # so far it may be one
    answer = patch(tiny, 2, b"XX")
    assert answer.status == 415, answer


def test_sizes_and_names_at_creation():
    answer = create((8 << 30) + 1)
    assert answer.status == 413 and answer.cause == "upload-too-large" and "8.0\u00a0GiB" in answer.json["error"]["text"], answer
    d = Daemon(lab, work, web={"min_free": 1 << 60}, name="no-room")
    client = signed_in(d)
    answer = create(1000, client)
    assert answer.status == 507 and answer.cause == "no-space", answer
    assert client.get("config").json["free"] == 0
    d.stop()
    for length in ("", "-1", "abc", "1e3", "99999999999999999999"):
        assert create(length).status == 400, length
    assert create(1000, Upload_Length=None).status == 400
    assert create(1000, Upload_Defer_Length="1", Upload_Length=None).status == 400
    assert create(1000, Upload_Concat="partial").status == 400
    assert create(1000, Upload_Metadata="filename ???").status == 400
    for given, shown in ((b"..\\..\\x.pst", "x.pst"), (b"../../etc/passwd", "passwd"),
                         ("a\u202etsp.exe".encode(), "atsp.exe"), (b"a\x00\x1b[2J\r\nb.pst", "a\ufffd[2J b.pst"),
                         (b"\xff.pst", "\ufffd.pst"), (b"<img src=x onerror=alert(1)>.pst", None), (b"", "upload.pst")):
        upload_id = new(1000, name=given)
        name = uploads()[upload_id]["name"]
        assert shown is None or name == shown, (given, name)
        told = head(upload_id).headers["upload-metadata"]
        assert base64.b64decode(told[len("filename "):]).decode() == name, told
        assert delete(upload_id).status == 204


def test_protocol():
    answer = adele.call("OPTIONS", "uploads")
    assert answer.status == 204 and answer.headers["tus-version"] == "1.0.0", answer
    assert set(answer.headers["tus-extension"].split(",")) == {"creation", "creation-with-upload", "expiration",
                                                              "termination", "checksum"}, answer
    assert set(answer.headers["tus-checksum-algorithm"].split(",")) == {"sha1", "sha256"}
    assert answer.headers["tus-max-size"] == str(8 << 30)
    answer = create(1000)
    upload_id = answer.headers["location"].rsplit("/", 1)[1]
    assert answer.headers["tus-resumable"] == "1.0.0" and answer.headers["upload-offset"] == "0", answer
    assert answer.headers["upload-expires"].endswith(" GMT"), answer
    data = pst(1000)
    for call in (lambda **h: create(1000, **h), lambda **h: patch(upload_id, 0, data, **h)):
        for version in (None, "0.2.2"):
            answer = call(Tus_Resumable=version)
            assert answer.status == 412 and answer.headers["tus-version"] == "1.0.0", answer
    for kind in (None, "application/json", "text/plain", "application/offset+octet-stream; charset=x"):
        assert patch(upload_id, 0, data, Content_Type=kind).status == 415, kind
    for at in ("1", "999", "1001"):
        answer = patch(upload_id, at, data)
        assert answer.status == 409 and answer.cause == "wrong-offset" and answer.headers["tus-resumable"] == "1.0.0", answer
    for at in (None, "-0", "x"):
        assert patch(upload_id, 0, data, Upload_Offset=at).status == 400, at
    answer = patch(upload_id, 0, data + b"x")
    assert answer.status == 413 and answer.cause == "longer-than-declared", answer
    for bad in ("0" * 32, "x", "..%2f" + upload_id, upload_id.upper() + "0", "%2e%2e"):
        for method in ("HEAD", "PATCH", "DELETE"):
            answer = adele.call(method, "uploads/" + bad, headers=dict(TUS, **PART, **{"Upload-Offset": "0"}), body=b"")
            assert answer.status == 404, (bad, method, answer)
    assert patch(upload_id, 0, b"").status == 204 and offset(upload_id) == 0
    assert patch(upload_id, 0, data[:10]).status == 204
    answer = head(upload_id)
    assert answer.status == 200 and answer.headers["upload-length"] == "1000" and answer.headers["upload-offset"] == "10"
    assert answer.headers["cache-control"] == "no-store" and "upload-expires" in answer.headers
    answer = adele.call("POST", "uploads/" + upload_id, body=data[10:20],
                        headers=dict(TUS, **PART, **{"Upload-Offset": "10", "X-HTTP-Method-Override": "PATCH"}))
    assert answer.status == 204 and answer.headers["upload-offset"] == "20", answer
    assert adele.call("POST", "uploads/" + upload_id, headers=TUS).status == 405
    answer = patch(upload_id, 20, data[20:])
    assert answer.status == 204 and answer.headers["upload-offset"] == "1000", answer
    assert "upload-expires" not in answer.headers
    assert patch(upload_id, 1000, b"").status == 204
    assert patch(upload_id, 1000, b"x").status == 413
    assert examined(upload_id)["sha256"] == sha256(data)
    assert delete(upload_id).status == 204 and delete(upload_id).status == 404
    assert head(upload_id).status == 404 and patch(upload_id, 1000, b"").status == 404


def test_chunked_body_and_expect():
    data = pst(300000, 30)
    upload_id = new(len(data))
    line = Line(upload_id, 0, None, Content_Length=None, Transfer_Encoding="chunked", Expect="100-continue")
    first = line.socket.recv(4096)
    assert first.startswith(b"HTTP/1.1 100"), first
    for at in range(0, len(data), 100000):
        line.send(b"%x\r\n" % 100000 + data[at:at + 100000] + b"\r\n")
    line.send(b"0\r\n\r\n")
    assert line.status() == 204
    assert examined(upload_id)["sha256"] == sha256(data)
    upload_id = new(1000)
    line = Line(upload_id, 0, None, Content_Length=None, Transfer_Encoding="chunked")
    line.send(b"400\r\n" + pst(1024) + b"\r\n0\r\n\r\n")  # more than declared, and nobody could know before
    assert line.status() == 413, line.body
    assert stored(upload_id) == pst(offset(upload_id)) and not uploads()[upload_id]["complete"]


def test_checksums():
    data = pst(5000, 31)
    sums = {"sha1": hashlib.sha1(data[:3000]).digest(), "sha256": hashlib.sha256(data[:3000]).digest()}
    for name, digest in sums.items():
        upload_id = new(len(data))
        wrong = base64.b64encode(bytes([digest[0] ^ 1]) + digest[1:]).decode()
        answer = patch(upload_id, 0, data[:3000], Upload_Checksum=name + " " + wrong)
        assert answer.status == 460 and answer.cause == "checksum-mismatch", answer
        assert offset(upload_id) == 0 and stored(upload_id) == b""
        right = base64.b64encode(digest).decode()
        assert patch(upload_id, 0, data[:3000], Upload_Checksum=name + " " + right).status == 204
        assert patch(upload_id, 3000, data[3000:]).status == 204
        assert examined(upload_id)["sha256"] == sha256(data)
    upload_id = new(len(data))
    for bad in ("md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1", "sha1 x", "crc32 AAAAAA=="):
        assert patch(upload_id, 0, data, Upload_Checksum=bad).status == 400, bad
    assert offset(upload_id) == 0


def test_creation_with_upload():
    data = pst(70000, 32)
    fields = dict(TUS, **PART, **{"Upload-Length": str(len(data))})
    answer = adele.call("POST", "uploads", body=data[:50000], headers=fields)
    assert answer.status == 201 and answer.headers["upload-offset"] == "50000", answer
    upload_id = answer.headers["location"].rsplit("/", 1)[1]
    assert patch(upload_id, 50000, data[50000:]).status == 204
    assert examined(upload_id)["sha256"] == sha256(data)
    before = len(uploads())
    assert adele.call("POST", "uploads", body=b"PK\3\4" * 1000, headers=fields).status == 415
    assert len(uploads()) == before


# ---- several at a time

def test_one_writer_at_a_time():
    data = pst(MIB, 33)
    upload_id = new(len(data))
    line = Line(upload_id, 0, len(data))
    line.send(data[:100000])
    wait_for(lambda: len(stored(upload_id)) == 100000)
    answer = patch(upload_id, 0, data)
    assert answer.status == 423 and answer.cause == "upload-busy", answer
    assert head(upload_id).status == 200
    line.send(data[100000:])
    assert line.status() == 204
    assert examined(upload_id)["sha256"] == sha256(data)


def test_a_dead_line_gives_way():
    """The laptop's network is gone, and nothing told the daemon: the browser comes back on another line."""
    data = pst(MIB, 34)
    upload_id = new(len(data))
    line = Line(upload_id, 0, len(data))
    line.send(data[:100000])
    wait_for(lambda: len(stored(upload_id)) == 100000)
    assert patch(upload_id, 0, data).status == 423
    time.sleep(10.5)
    assert offset(upload_id) == 100000
    assert line.status() == 423
    assert patch(upload_id, 100000, data[100000:]).status == 204
    assert examined(upload_id)["sha256"] == sha256(data)
    upload_id = new(len(data))
    line = Line(upload_id, 0, len(data))
    line.send(data[:100000])
    wait_for(lambda: len(stored(upload_id)) == 100000)
    time.sleep(10.5)
    answer = patch(upload_id, 0, data)  # it does not know how far the other came
    assert answer.status == 409, answer
    line = Line(upload_id, 100000, len(data) - 100000)
    line.send(data[100000:200000])
    wait_for(lambda: len(stored(upload_id)) == 200000)
    time.sleep(10.5)
    assert patch(upload_id, 200000, data[200000:]).status == 204  # it does, and waits for the other to end
    assert examined(upload_id)["sha256"] == sha256(data)


def test_delete_does_not_wait_for_a_writer():
    data = pst(MIB, 35)
    upload_id = new(len(data))
    line = Line(upload_id, 0, len(data))
    line.send(data[:100000])
    wait_for(lambda: len(stored(upload_id)) == 100000)
    assert delete(upload_id).status == 204
    assert line.status() == 423
    assert head(upload_id).status == 404
    wait_for(lambda: not [n for n in os.listdir(os.path.join(daemon.jobs, "uploads")) if "trash" in n])


def test_many_lines_that_come_and_go():
    """Aborts at any point, and again: the daemon keeps to its state, and memory is bounded."""
    data = pst(2 * MIB, 36)
    upload_id = new(len(data))
    at = 0
    for n in range(40):
        line = Line(upload_id, at, len(data) - at)
        line.send(data[at:at + 1 + n * 1777])
        line.cut() if n % 2 else line.socket.close()
        at = wait_for(lambda: head(upload_id)).headers["upload-offset"]
        while patch(upload_id, at, b"").status == 423:
            time.sleep(0.01)
        at = offset(upload_id)
        assert stored(upload_id)[:at] == data[:at]
    assert patch(upload_id, at, data[at:]).status == 204
    assert examined(upload_id)["sha256"] == sha256(data)


# ---- whose

def test_who_sees_an_upload():
    olga = signed_in(daemon, "olga@second.test")
    mine, hers = new(1000), new(1000, olga)
    assert mine in uploads() and hers in uploads()
    assert hers in uploads(olga) and mine not in uploads(olga)
    assert head(hers).status == 200
    for answer in (head(mine, olga), patch(mine, 0, pst(1000), olga), delete(mine, olga)):
        assert answer.status == 404, answer
    assert offset(mine) == 0 and delete(hers).status == 204


def test_colleagues_do_not_see_each_others_uploads():
    d = Daemon(lab, work, web={"admin_roles": "nobody", "domain_roles": "hasMail"}, name="colleagues")
    alice, bob = signed_in(d, "alice@lab.test"), signed_in(d, "bob@lab.test")
    mine = new(1000, alice)
    assert mine in uploads(alice) and uploads(bob) == {} and head(mine, bob).status == 404
    d.stop()


def test_token_and_session_are_needed():
    upload_id = new(1000)
    assert patch(upload_id, 0, pst(1000), X_CSRF_Token=None).status == 403
    assert create(1000, X_CSRF_Token="x").status == 403
    stranger = Client(daemon)
    assert patch(upload_id, 0, pst(1000), stranger).status == 401
    assert stranger.get("uploads").status == 401 and stranger.get("files").status == 401
    assert offset(upload_id) == 0


# ---- by the clock

def test_unfinished_ones_expire():
    d = Daemon(lab, work, web={"upload_expires": 2, "min_free": 1}, name="expiry")
    client = signed_in(d)
    upload_id = new(1000, client)
    assert patch(upload_id, 0, pst(1000)[:500], client).status == 204
    wait_for(lambda: head(upload_id, client).status == 410, 10)
    answer = patch(upload_id, 500, pst(1000)[500:], client)
    assert answer.status == 410 and answer.cause == "upload-expired" and "not finished in time" in answer.json["error"]["text"]
    assert upload_id not in uploads(client)
    assert not os.path.exists(os.path.join(d.jobs, "uploads", upload_id, "data"))
    late = new(1000, client)
    d.stop()
    time.sleep(2.5)
    d.start()  # and at its start
    client = signed_in(d)
    assert head(late, client).status == 410 and head(upload_id, client).status == 410
    d.stop()


# ---- files that are known, files on the server

def test_same_bytes_are_recognised():
    data = pst(200000, 40)
    first, second = new(len(data), name=b"a.pst"), new(len(data), name=b"b.pst")
    for upload_id in (first, second):
        assert patch(upload_id, 0, data).status == 204
    examined(first)
    assert examined(second)["same_as"] == [first] and uploads()[first]["same_as"] == [second]
    olga = signed_in(daemon, "olga@second.test")
    third = new(len(data), olga)
    assert patch(third, 0, data, olga).status == 204
    assert examined(third, olga)["same_as"] == []  # what others have is no business of hers
    assert set(uploads()[first]["same_as"]) == {second, third}


def a_month_later(d, *ids):
    """Restarts the daemon when these have been finished for a month; who is signed in then."""
    d.stop()
    for one in ids:
        path = os.path.join(d.jobs, "uploads", one, "info.json")
        with open(path, encoding="utf-8") as f:
            info = json.load(f)
        info["completed"] -= 31 * 86400
        with open(path, "w", encoding="utf-8") as f:
            json.dump(info, f)
    d.start()
    return signed_in(d)


def test_a_purged_file_is_recognised():
    d = Daemon(lab, work, web={"min_free": 1}, name="purge")
    client = signed_in(d)
    data = pst(100000, 41)
    upload_id = new(len(data), client, name=b"old.pst")
    assert patch(upload_id, 0, data, client).status == 204
    examined(upload_id, client)
    path = os.path.join(d.jobs, "uploads", upload_id, "info.json")
    client = a_month_later(d, upload_id)
    answer = head(upload_id, client)
    assert answer.status == 410 and uploads(client) == {}, answer
    wait_for(lambda: sorted(os.listdir(os.path.join(d.jobs, "uploads"))) == sorted([upload_id, "lock"]))
    assert os.listdir(os.path.dirname(path)) == ["info.json"]
    second = new(len(data), client)
    assert patch(second, 0, data, client).status == 204
    assert examined(second, client)["same_as"] == [upload_id]
    purged = client.get("uploads").json["purged"]
    assert [(p["id"], p["name"]) for p in purged] == [(upload_id, "old.pst")], purged
    d.stop()


def test_a_file_that_a_job_imported_is_recognised():
    path = work.file("sample.pst")
    subprocess.run([os.path.join(BUILD, "tests", "lib", "bm-pst-make"), "--sample", path], check=True)
    password = work.file("password", "secret\n")
    os.chmod(password, 0o600)
    done = subprocess.run([os.path.join(BUILD, "src", "cli", "bm-pst-import"), "import", path, "--user", "alice@lab.test",
                           "--password-file", password, "--config", daemon.conf, "--jobs", daemon.jobs],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), done
    jobs = [n for n in os.listdir(daemon.jobs) if n.startswith("alice-")]
    assert len(jobs) == 1, jobs
    up = tus(adele).uploader(path, metadata={"filename": "copy.pst"})
    up.upload()
    assert examined(id_of(up))["same_as"] == jobs
    with open(path, "r+b") as f:  # another file by now
        f.seek(-1, os.SEEK_END)
        f.write(b"?")
    again = tus(adele).uploader(path, metadata={"filename": "changed.pst"})
    again.upload()
    assert examined(id_of(again))["same_as"] == []  # these bytes were never imported
    olga = signed_in(daemon, "olga@second.test")
    hers = tus(olga).uploader(path, metadata={"filename": "hers.pst"})
    hers.upload()
    assert examined(id_of(hers), olga)["same_as"] == []


# ---- imports that read an upload

def make(name, *options):
    path = work.file(name)
    subprocess.run([os.path.join(BUILD, "tests", "lib", "bm-pst-make"), *options, path], check=True)
    return path


def ordered(user, upload_id, client=None):
    """An import of this upload that was inspected and checked: its id and what to start it with."""
    client = client or adele
    answer = client.post("imports", {"user": user, "upload": upload_id})
    assert answer.status == 201, answer
    id_ = answer.json["id"]
    stage_of(id_, "ready", client)
    choice = {"into": "Imported/upload", "options": {"ignore_quota": True, "owner_mismatch_ok": True}}
    assert client.post("imports/%s/check" % id_, choice).status == 202
    stage_of(id_, "checked", client)
    return id_, choice


def stage_of(id_, stage, client=None):
    return wait_for(lambda: (lambda now: now if now["stage"] == stage else None)(
        (client or adele).get("imports/" + id_).json), 60)


def test_an_upload_is_kept_while_an_import_reads_it():
    path = make("kept.pst", "--bulk", "40", "--owner", "bob@lab.test")
    up = tus(adele).uploader(path, metadata={"filename": "kept.pst"})
    up.upload()
    upload_id = id_of(up)
    examined(upload_id)
    unfinished = new(1000)
    assert adele.post("imports", {"user": "bob@lab.test", "upload": unfinished}).status == 409
    olga = signed_in(daemon, "olga@second.test")
    assert olga.post("imports", {"user": "bob@lab.test", "upload": upload_id}).status == 404
    id_, choice = ordered("bob@lab.test", upload_id)
    one = uploads()[upload_id]
    assert one["in_use"] and one["purge_at"] == 0, one
    answer = delete(upload_id)
    assert answer.status == 409 and answer.cause == "upload-in-use", answer
    assert adele.post("imports/%s/start" % id_, choice).status == 202
    now = stage_of(id_, "ended")
    assert now["result"]["status"] == 0 and now["file"]["name"] == "kept.pst", now
    one = wait_for(lambda: (lambda one: one if not one["in_use"] else None)(uploads()[upload_id]))
    assert abs(one["purge_at"] - time.time() - 30 * 86400) < 60, one
    assert wait_for(lambda: adele.get("imports/" + id_).json["file"]["purge_at"]) == one["purge_at"]
    again = tus(adele).uploader(path, metadata={"filename": "again.pst"})
    again.upload()
    same = examined(id_of(again))["same_as"]
    assert same[0] == upload_id and len(same) == 2 and same[1].startswith("bob-"), same
    assert delete(upload_id).status == 204


def test_an_upload_is_kept_while_a_retry_reads_it():
    up = tus(adele).uploader(make("quota.pst", "--bulk", "400", "--size", "3000"), metadata={"filename": "quota.pst"})
    up.upload()
    upload_id = id_of(up)
    id_, choice = ordered("quinn@lab.test", upload_id)
    assert adele.post("imports/%s/start" % id_, choice).status == 202
    now = stage_of(id_, "ended")
    assert now["result"]["status"] != 0, now
    wait_for(lambda: not uploads()[upload_id]["in_use"])
    assert adele.post("imports/%s/retry" % id_, {}).status == 202
    assert uploads()[upload_id]["in_use"] and delete(upload_id).status == 409
    wait_for(lambda: not uploads()[upload_id]["in_use"], 60)
    assert delete(upload_id).status == 204
    answer = adele.post("imports/%s/retry" % id_, {})
    assert answer.status == 404 and answer.cause == "upload-unknown", answer


def test_an_order_nobody_came_back_for_does_not_keep_an_upload():
    d = Daemon(lab, work, web={"min_free": 1}, name="idle")
    client = signed_in(d)
    ids = []
    for name in ("idle.pst", "runs.pst"):
        up = tus(client).uploader(make(name, "--bulk", "300", "--seed", str(len(ids))), metadata={"filename": name})
        up.upload()
        ids.append(id_of(up))
    idle, choice = ordered("carol@lab.test", ids[0], client)
    runs, choice = ordered("dave@lab.test", ids[1], client)
    assert client.post("imports/%s/start" % runs, choice).status == 202
    client = a_month_later(d, *ids)
    assert head(ids[0], client).status == 410 and head(ids[1], client).status == 200
    answer = client.post("imports/%s/start" % idle, choice)
    assert answer.status == 410 and answer.cause == "upload-expired", answer
    assert stage_of(runs, "ended", client)["result"]["status"] == 0
    wait_for(lambda: not uploads(client)[ids[1]]["in_use"])
    d.stop()


def test_files_on_the_server():
    outside = pst_file("outside.pst", 1000)
    for name in ("a.pst", "deep/er/b.OST", "second.test/c.pst", "note.txt"):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(pst(600))
    os.symlink(outside, os.path.join(folder, "link.pst"))
    os.symlink(work.path, os.path.join(folder, "all"))
    answer = adele.get("files")
    assert answer.status == 200, answer
    files = answer.json["files"]
    assert [os.path.relpath(f["path"], folder) for f in files] == ["a.pst", "deep/er/b.OST", "second.test/c.pst"], files
    assert all(f["size"] == 600 and f["folder"] == folder and abs(f["modified"] - time.time()) < 60 for f in files), files
    assert answer.json["cut"] is False and adele.get("config").json["folders"] == [folder]
    olga = signed_in(daemon, "olga@second.test")
    hers = olga.get("files").json["files"]
    assert [os.path.relpath(f["path"], folder) for f in hers] == ["second.test/c.pst"], hers
    assert olga.get("config").json["folders"] == [folder + "/second.test"]


# ---- several GB

def peak_kib(d):
    with open("/proc/%d/status" % d.process.pid, encoding="ascii") as f:
        return int([line.split()[1] for line in f if line.startswith("VmHWM:")][0])


def big_file(gib):
    path = work.file("big.pst")
    with open(path, "wb") as f:
        f.write(HEAD)
        for n in range(8):  # not only zeros
            f.seek(n * gib * (128 << 20) + 777)
            f.write(hashlib.sha256(b"%d" % n).digest())
        f.truncate(gib << 30)
    return path


def file_sha256(path):
    total = hashlib.sha256()
    with open(path, "rb") as f:
        for block in iter(lambda: f.read(MIB), b""):
            total.update(block)
    return total.hexdigest()


def test_memory_is_flat_with_several_gb():
    gib = int(os.environ.get("BM_UPLOAD_GIB", "3"))
    space = os.statvfs(work.path)
    if space.f_bavail * space.f_frsize < (gib + 1) << 30:
        raise Skip("no room for %d GiB" % gib)
    d = Daemon(lab, work, web={"min_free": 1, "max_upload": 64 << 30}, name="big")
    client = signed_in(d)
    small = tus(client).uploader(pst_file("small.pst", 8 * MIB, 50), metadata={"filename": "small.pst"})
    small.upload()
    before = peak_kib(d)
    path = big_file(gib)
    start = time.monotonic()
    up = tus(client).uploader(path, chunk_size=64 * MIB, metadata={"filename": "big.pst"})
    up.upload(stop_at=(gib << 29))
    tus_peak = peak_kib(d)
    line = Line(id_of(up), gib << 29, gib << 29, client)  # the other half in one body
    with open(path, "rb") as f:
        f.seek(gib << 29)
        for block in iter(lambda: f.read(MIB), b""):
            line.send(block)
    line.socket.settimeout(120)
    assert line.status() == 204
    seconds = time.monotonic() - start
    one = examined(id_of(up), client)
    after = peak_kib(d)
    print("# %d GiB in %.0f s, %.0f MB/s; peak of the daemon's memory: %.1f MiB before, %.1f after half in 64 MiB parts, "
          "%.1f MiB after half in one body" % (gib, seconds, (gib << 30) / 1e6 / seconds, before / 1024,
                                               tus_peak / 1024, after / 1024))
    assert one["sha256"] == file_sha256(path)
    assert after < before + 16 * 1024, (before, after)
    assert delete(one["id"], client).status == 204
    d.stop()


run_cases(globals())
