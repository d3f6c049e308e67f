#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the daemon's program is linked with, out of the program itself: no parser, no mail library, nothing that is not in
this list. Prints TAP. Argument: the program."""
import re
import subprocess
import sys

# libgcc_s and the sanitizers' come with the compiler
MAY = re.compile(r"(libglib-2\.0|libgio-2\.0|libgobject-2\.0|libgmodule-2\.0|libsoup-3\.0|libjson-glib-1\.0|libpq|libsqlite3|libc|libm|"
                 r"libpthread|ld-linux-x86-64|libgcc_s|libasan|libubsan)\.so\.\d+")
NEVER = ("pff", "bfio", "gmime", "etpan")
# A symbol of a library that was linked in statically would show, too.
SYMBOLS = re.compile(r"\b(libpff_|libbfio_|g_mime_|mailimap_|mailstream_|bm_pst_(?!\w+_token)|bm_mime_|bm_imap_|bm_reader_)\w+")


def read(*arguments):
    return subprocess.run(["readelf", "-W", *arguments, sys.argv[1]], check=True, capture_output=True, text=True).stdout


needed = re.findall(r"\(NEEDED\).*\[(.*)\]", read("-d"))
symbols = sorted({m.group(0) for m in SYMBOLS.finditer(read("-s"))})
strangers = [n for n in needed if not MAY.fullmatch(n) or any(word in n for word in NEVER)]
# This test can fail: the daemon needs libsoup, and its own functions are among its symbols.
sees = "libsoup-3.0.so.0" in needed and "bm_web_new" in read("-s")
print("1..3")
for number, (good, what, why) in enumerate(((sees, "the program shows what it is linked with", needed),
                                            (not strangers, "no parser and no mail library is linked", strangers),
                                            (not symbols, "nor a function of one", symbols)), 1):
    print(f"{'ok' if good else 'not ok'} {number} - {what}" + ("" if good else f"\n#   {why}"))
sys.exit(0 if sees and not strangers and not symbols else 1)
