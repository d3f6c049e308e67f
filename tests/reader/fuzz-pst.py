#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Damaged PSTs through the sandboxed reader: export ends with 0, 1 or 66, in time, and its ledger
balances. Half of the mutants get their CRCs mended, so that the damage reaches the parsers.

fuzz-pst.py PROGRAM MAKE_PST [VARIANTS [SEED]]; prints TAP; keeps the mutants that ended badly."""
import collections
import glob
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

program, make_pst = sys.argv[1:3]
variants = int(sys.argv[3]) if len(sys.argv) > 3 else 200
seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
root = os.environ.get("BM_SOURCE_ROOT", os.path.join(os.path.dirname(__file__), "..", ".."))
corpus = os.environ.get("BM_CORPUS", os.path.join(root, "..", "shared", "corpus"))
LARGEST = 1200 * 1024
TIMEOUT = 60  # seconds; a mutant takes some 30 ms
PAGE, PAGE_CRC, UNICODE = 512, 500, 23
work = tempfile.mkdtemp(prefix="bm-fuzz.")
draw = random.Random(seed)


def crc(data):  # [MS-PST] 5.3: no inversion before and after
    return zlib.crc32(bytes(data), 0xFFFFFFFF) ^ 0xFFFFFFFF


def originals():
    files = [f for f in glob.glob(os.path.join(corpus, "*.[op]st")) if os.path.getsize(f) <= LARGEST]
    for name in ("unicode", "ansi"):
        files.append(os.path.join(work, name + ".pst"))
        subprocess.run([make_pst, "--sample", "--format", name, files[-1]], check=True)
    return sorted(files)


def layout(data):
    """Offsets of pages, and (offset, size, size on disk) of blocks, of a Unicode file."""
    version = struct.unpack_from("<H", data, 10)[0]
    pages, blocks = [], []
    if version != UNICODE:
        return pages, blocks
    for at in range(0, len(data) - PAGE + 1, PAGE):
        if data[at + 496] != data[at + 497] or not 0x80 <= data[at + 496] <= 0x86:
            continue
        if struct.unpack_from("<I", data, at + PAGE_CRC)[0] != crc(data[at:at + 496]):
            continue
        pages.append(at)
        if data[at + 496] == 0x80 and data[at + 491] == 0:  # leaf of the block B-tree
            for i in range(min(data[at + 488], 20)):
                _, offset, size = struct.unpack_from("<QQH", data, at + 24 * i)
                disk = (size + 16 + 63) // 64 * 64
                if size > 0 and offset + disk <= len(data):
                    blocks.append((offset, size, disk))
    return pages, blocks


def hurt(data, at):
    data[at] = draw.choice([data[at] ^ 1 << draw.randrange(8), draw.randrange(256),
                            draw.choice([0, 1, 0x7F, 0x80, 0xFF])])


def mutate(data, pages, blocks):
    times = draw.choice([1, 1, 2, 4, 16])
    kind = draw.choice(["raw", "page", "block", "block", "header"]) if blocks else "raw"
    if kind == "raw":
        for _ in range(4 * times):
            hurt(data, draw.randrange(len(data)))
    elif kind == "header":
        for _ in range(times):
            hurt(data, draw.randrange(10, 516))
        struct.pack_into("<I", data, 4, crc(data[8:8 + 471]))
        struct.pack_into("<I", data, 524, crc(data[8:8 + 516]))
    elif kind == "page":
        at = draw.choice(pages)
        for _ in range(times):
            hurt(data, at + draw.randrange(496))
        struct.pack_into("<I", data, at + PAGE_CRC, crc(data[at:at + 496]))
    else:
        at, size, disk = draw.choice(blocks)
        for _ in range(times):
            hurt(data, at + draw.randrange(min(size, draw.choice([64, size]))))
        struct.pack_into("<I", data, at + disk - 12, crc(data[at:at + size]))
    return kind


def check(path, count):
    """None, or what is wrong with the export of this file."""
    out = os.path.join(work, "out")
    shutil.rmtree(out, ignore_errors=True)
    try:
        run = subprocess.run([program, "export", path, "--output", out], capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return "hangs"
    count[run.returncode] += 1
    if run.returncode not in (0, 1, 66):
        return f"status {run.returncode}: {run.stderr[-300:]!r}"
    if run.returncode == 66:
        return None
    with open(os.path.join(out, "manifest.jsonl"), encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines]
    ledger = items.pop()["ledger"]
    states = collections.Counter(item["status"] for item in items)
    failed = sum(ledger["failed"].values())
    told = (ledger["rendered"], sum(ledger["skipped"].values()), failed)
    if told != (states["rendered"], states["skipped"], states["failed"]) or sum(told) != ledger["found"]:
        return f"ledger {ledger} against {dict(states)}"
    if (failed > 0) != (run.returncode == 1):
        return f"status {run.returncode} with {failed} failed"
    crashed = set(ledger["failed"]) - {"unreadable"}
    return f"failed by {crashed}" if crashed else None


def main():
    files = {path: open(path, "rb").read() for path in originals()}
    layouts = {path: layout(data) for path, data in files.items()}
    count, problems = collections.Counter(), 0
    for number in range(variants):
        path = draw.choice(list(files))
        data = bytearray(files[path])
        kind = mutate(data, *layouts[path])
        mutant = os.path.join(work, "mutant.pst")
        with open(mutant, "wb") as out:
            out.write(data)
        problem = check(mutant, count)
        if problem:
            problems += 1
            kept = os.path.join(tempfile.gettempdir(), f"bm-mutant-{seed}-{number}.pst")
            shutil.copy(mutant, kept)
            print(f"# {kept}, {kind} of {os.path.basename(path)}: {problem}")
    print(f"1..1\n# seed {seed}, {len(files)} files, ended with " +
          ", ".join(f"{status}: {n}" for status, n in sorted(count.items())))
    print(f"{'not ok' if problems else 'ok'} 1 - {variants} damaged files, {problems} badly ended")
    shutil.rmtree(work)
    return 1 if problems else 0


sys.exit(main())
