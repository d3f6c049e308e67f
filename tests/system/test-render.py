#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cases of the conversion dossier on the real files it names, through the program, read by Python's
parser; and the same bytes wherever a PST lies and whatever its name. Prints TAP."""
import email
import email.policy
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.environ["BM_SOURCE_ROOT"]
BUILD = os.environ["BM_BUILD_ROOT"]
CORPUS = os.environ.get("BM_CORPUS", os.path.join(ROOT, "..", "shared", "corpus"))
CREATED = 1754982000  # when the 900 were made, 2025-08-12T07:00:00Z
results = []


def ok(good, name, *got):
    results.append(good)
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}")
    if not good:
        print(f"not ok - {name}: {got}", file=sys.stderr)


def export(path, out):
    """The rendered lines of the manifest, each with its message."""
    subprocess.run([os.path.join(BUILD, "src/cli/bm-pst-import"), "export", path, "--output", out], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(os.path.join(out, "manifest.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file][:-1]
    lines = [line for line in lines if line["status"] == "rendered"]
    for line in lines:
        with open(os.path.join(out, line["file"]), "rb") as file:
            line["mail"] = email.message_from_bytes(file.read(), policy=email.policy.default)
    return lines


def leaves(mail):
    return [part for part in mail.walk() if not part.is_multipart()]


def types(mail):
    return [part.get_content_type() for part in mail.walk()]


def size_of(part):
    return len(part.get_payload(decode=True))


def recipients_13(lines):
    ok(len(lines[0]["mail"]["To"].addresses) == 200, "13: 200 recipients")


def keywords_29(lines):
    by = {line["mail"]["Subject"]: line for line in lines}
    line = by["TestWithYellowAndGreenCategories"]
    ok(line["mail"]["Keywords"] == "Green category, Yellow category", "29: header", line["mail"]["Keywords"])
    ok(line["keywords"] == ["Green_category", "Yellow_category"], "29: keywords", line["keywords"])
    flags = {line["folder"]: line["flags"] for line in lines if "Single" in line["folder"]}
    ok(flags == {"FolderWithSingleMessage": ["\\Seen"], "FolderWithSingleUnreadMessage": []}, "30: read, unread", flags)


def japanese_38(lines):
    mail = lines[0]["mail"]
    inner = next(part for part in mail.walk() if part.get_content_type() == "message/rfc822")
    text, html = [part.get_content() for part in leaves(inner)][:2]
    ok("この電子メール メッセージは" in text and "この電子メール" in html, "38: ISO-2022-JP", text)
    ok(mail["To"] is None and mail["Cc"] is None, "38: no recipients, no empty field")


def inline_40(lines):
    mail = lines[0]["mail"]
    parts = {part.get_filename(): part for part in leaves(mail)}
    ok(types(mail) == ["multipart/mixed", "multipart/related", "multipart/alternative", "text/plain", "text/html",
                       "image/png", "image/png"], "40: HTML from RTF with its image, no .rtf", types(mail))
    picture, attached = parts["image001.png"], parts["attach.png"]
    ok(f"cid:{picture['Content-ID'][1:-1]}" in leaves(mail)[1].get_content(), "40: the HTML shows the image")
    ok((size_of(picture), picture.get_content_disposition()) == (809, "inline"), "47: inline")
    ok((size_of(attached), attached.get_content_disposition()) == (1558, "attachment"), "47: attachment")


def chinese_50(lines):
    sizes = {part.get_filename(): size_of(part) for line in lines for part in leaves(line["mail"])}
    ok(sizes.get("降低采购成本及供应商谈判技巧.doc") == 58368, "50: a Chinese name", sizes)


def embedded_55(lines):
    mail = next(line["mail"] for line in lines if line["mail"]["Subject"] == "FW: First email")
    inner = next(part for part in mail.walk() if part.get_content_type() == "message/rfc822").get_content()
    ok(inner["Subject"] == "First email", "55: the embedded message", inner["Subject"])
    ok([size_of(part) for part in leaves(inner) if part.get_filename() == "attachment.docx"] == [11862], "55: its document")


def dates_20(lines):
    dates = [line["mail"]["Date"].datetime.timestamp() for line in lines]
    ok(len(lines) == 900 and len(set(dates)) > 100, "20: dates from the headers", len(set(dates)))
    guessed = ["date-from-creation" in line["notes"] for line in lines]
    ok(sum(guessed) == 88, "20: a guess where the headers have none", sum(guessed))
    early = [t for t, guess in zip(dates, guessed) if not guess and t < CREATED]
    ok(len(early) == 900 - 88, "20: no creation date where they have one", len(early))


def bodies_34(lines):
    shapes = sorted(tuple(types(line["mail"])) for line in lines)
    both = ("multipart/alternative", "text/plain", "text/html")
    ok(shapes == [both, both, both, ("text/plain",)],
       "34, 35, 42: HTML, HTML, RTF and text", shapes)


def place(path, work):
    """Another name and directory: the same messages."""
    copy = os.path.join(work, "elsewhere", "Größe.pst")
    os.mkdir(os.path.dirname(copy))
    shutil.copyfile(path, copy)
    one, other = [[line["guid"] for line in export(p, os.path.join(work, d))] for p, d in ((path, "1"), (copy, "2"))]
    ok(one == other and len(one) > 0, "17: a copy elsewhere gives the same bytes")


# A message class of the corpus -> the numbered cases that say what becomes of it (tests/mime/cases). One
# that no case covers would need a golden message.
CLASSES = {"IPM.Note": "1-61", "IPM.Schedule.Meeting.Request": "68", "IPM.Schedule.Meeting.Resp.Pos": "69",
           "REPORT.IPM.Note.DR": "65", "REPORT.IPM.Note.NDR": "65", "REPORT.IPM.Note.IPNRN": "66",
           "REPORT.IPM.Note.NotSupportedICal.NDR": "67"}


def whole_corpus(work):
    """Twice, in two processes of other locale and time zone, from other places: learnt addresses, calendars, salvaged items and all."""
    locales = os.path.join(work, "locales")
    os.mkdir(locales)
    turkish = subprocess.run(["localedef", "-i", "tr_TR", "-f", "UTF-8", os.path.join(locales, "tr_TR.UTF-8")],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
    elsewhere = dict(os.environ, TZ="Pacific/Kiritimati", LOCPATH=locales, LC_ALL="tr_TR.UTF-8" if turkish else "C.UTF-8")
    here = dict(os.environ, TZ="America/St_Johns", LC_ALL="C")
    files = sorted(name for name in os.listdir(CORPUS) if name.endswith((".pst", ".ost")))
    different, classes, notes = [], set(), set()
    for name in files:
        copy = os.path.join(work, f"copy of {name}")
        shutil.copyfile(os.path.join(CORPUS, name), copy)
        out = [os.path.join(work, f"{n}-{name}") for n in "ab"]
        for path, env, where in ((os.path.join(CORPUS, name), here, out[0]), (copy, elsewhere, out[1])):
            subprocess.run([os.path.join(BUILD, "src/cli/bm-pst-import"), "export", path, "--output", where], check=True,
                           env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        same = subprocess.run(["diff", "-r", *out], stdout=subprocess.DEVNULL, check=False).returncode == 0
        different += [] if same else [name]
        with open(os.path.join(out[0], "manifest.jsonl"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        classes |= {line["class"] for line in lines if line.get("status") == "rendered"}
        notes |= {note for line in lines for note in line.get("notes") or []}
        for path in out:
            shutil.rmtree(path)
        os.unlink(copy)
    ok(files and not different, f"all of the corpus twice, in another locale and time zone: the same {len(files)} trees", different)
    ok({"salvaged", "rtf-native", "headers-repaired"} <= notes, "among them what is salvaged and guessed", notes)
    ok(classes == set(CLASSES), "each message class of the corpus has its numbered case", classes ^ set(CLASSES))


def main():
    cases = [("200-recipients.pst", recipients_13), ("user1-test-lab.pst", keywords_29),
             ("message-in-message-iso2022jp.pst", japanese_38), ("inline-image.pst", inline_40),
             ("aspose-password.pst", chinese_50), ("tika-test.pst", embedded_55), ("generator-900.pst", dates_20),
             ("tika-bodies.pst", bodies_34)]
    with tempfile.TemporaryDirectory(prefix="bm-render.") as work:
        sample = os.path.join(work, "sample.pst")
        subprocess.run([os.path.join(BUILD, "tests/lib/bm-pst-make"), "--sample", sample], check=True)
        place(sample, work)
        if not os.path.isdir(CORPUS):
            print(f"# no corpus at {CORPUS}: its cases are not tried")
            cases = []
        else:
            whole_corpus(work)
        for name, case in cases:
            case(export(os.path.join(CORPUS, name), os.path.join(work, name)))
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


sys.exit(main())
