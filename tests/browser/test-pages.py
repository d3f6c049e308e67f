#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages without a browser: the three catalogues say the same things, all visible text stands in them, nothing
inline or foreign, contrast of the colours, every file in the resources. Prints TAP.
"""
import json
import os
import re
import sys
import traceback

ROOT = os.environ.get("BM_SOURCE_ROOT") or os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PAGES = os.path.join(ROOT, "src", "http", "pages")
LANGUAGES = ("en", "fr", "de")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def files(suffix):
    found = []
    for directory, _, names in os.walk(PAGES):
        found += [os.path.join(directory, name) for name in names if name.endswith(suffix)]
    return sorted(found)


def catalogues():
    return {language: json.loads(read(PAGES, "i18n", language + ".json")) for language in LANGUAGES}


def without_comments(js):
    return re.sub(r"/\*.*?\*/", " ", js, flags=re.S)


def scripts():
    return {os.path.relpath(path, PAGES): without_comments(read(path)) for path in files(".js")}


STRING = re.compile(r"'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`")


def strings(js):
    """Literals; of a template the text between its expressions."""
    for match in STRING.finditer(js):
        yield match.group(1) if match.group(1) is not None else re.sub(r"\$\{[^{}]*\}", "\0", match.group(2))


def placeholders(text):
    return set(re.findall(r"\{(\w+)\}", text))


def test_the_catalogues_have_the_same_keys():
    by_language = catalogues()
    for language, catalogue in by_language.items():
        assert set(catalogue) == set(by_language["en"]), (language, set(catalogue) ^ set(by_language["en"]))
        assert all(text.strip() for text in catalogue.values()), language
    for key, text in by_language["en"].items():
        for language in ("fr", "de"):
            assert placeholders(by_language[language][key]) == placeholders(text), (language, key)
        if key.endswith(".one"):
            assert key[:-4] + ".other" in by_language["en"], key


def test_nothing_is_left_untranslated():
    by_language = catalogues()
    for key, text in by_language["en"].items():
        for language in ("fr", "de"):
            assert len(text) < 16 or by_language[language][key] != text, (language, key)


def test_every_key_is_there_and_used():
    known = set(catalogues()["en"])
    base = {re.sub(r"\.(one|other)$", "", key) for key in known}
    used, prefixes = set(), set()
    for js in scripts().values():
        used |= set(re.findall(r"\b(?:t|has)\('([^']+)'", js))
        prefixes |= set(re.findall(r"(?:\b(?:t|has|named)\(|catalogue\[)`([^`$]+)\$\{", js))
        used |= {s for s in strings(js) if s in base}
    assert used <= base, used - base
    for prefix in prefixes:
        assert any(key.startswith(prefix) for key in base), prefix
    unused = [key for key in base - used if not any(key.startswith(prefix) for prefix in prefixes)]
    # what stands in a token or behind a member of a table
    prefixes |= {"rule.", "cause.", "reason.", "verdict."}
    unused = [key for key in unused if not any(key.startswith(prefix) for prefix in prefixes)]
    assert not unused, unused


def test_every_token_has_its_words():
    words = catalogues()["en"]
    kinds = {"causes": ["cause.", "remedy."], "rules": ["rule."], "reasons": ["reason."]}
    section, wanted = None, []
    for line in read(ROOT, "docs", "tokens.md").splitlines():
        if line.startswith("## "):
            section = line[3:].split()[0].lower()
        match = re.match(r"\| `([^`]+)` \|", line)
        if match and section in kinds:
            wanted += [prefix + match.group(1) for prefix in kinds[section]]
    assert len(wanted) > 60, wanted
    missing = [key for key in wanted if key not in words]
    assert not missing, missing


def test_visible_text_stands_in_the_catalogues_only():
    """Two words with a space between are a sentence; what has one word and begins with a capital is a label."""
    allowed = re.compile(r"^(content type|[a-z-]+(?:[ .#>\[][a-z-]+)*)$")
    harmless = {"Content-Type", "Accept", "AbortError", "ArrowDown", "ArrowUp", "Enter", "Escape", "English", "Français",
                "Deutsch", "Location", "SHA-256", "SHA-1", "KiB", "MiB", "GiB", "TiB", "Imported/\0"}
    problems = []
    for path, js in scripts().items():
        js = re.sub(r"^import .*?;$|console\.error\(.*?\);", "", js, flags=re.M | re.S)
        if path == "js/icons.js":
            js = re.sub(r"const paths = \{.*?\};", "", js, flags=re.S)
        for text in strings(js):
            plain = re.sub("\0", "", text).strip()
            if text in harmless or text.startswith(".") or re.match(r"^(GET|POST|HEAD|PATCH|DELETE|OPTIONS|Upload-|Tus-|X-CSRF|Retry-After|IPM)", plain):
                continue
            sentence = re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", plain) and not allowed.match(plain)
            label = re.match(r"^[A-Z][a-z]{2,}", plain)
            if sentence or label:
                problems.append((path, text))
    assert not problems, problems
    html = re.sub(r"<!--.*?-->|<noscript>.*?</noscript>|<title>.*?</title>", "", read(PAGES, "index.html"), flags=re.S)
    assert not re.search(r">[^<\s][^<]*<", html), html


def test_nothing_inline_and_nothing_foreign():
    html = read(PAGES, "index.html")
    assert not re.search(r"<style|style=|\son\w+=|javascript:|<script(?![^>]*\ssrc=\"static/)", html), html
    for path in files(".html") + files(".js") + files(".css") + files(".svg"):
        text = read(path)
        if path.endswith((".js", ".css")):
            text = without_comments(text)
        for address in re.findall(r"https?://[^\s'\"`)]+", text):
            assert address == "http://www.w3.org/2000/svg", (path, address)
        assert not re.search(r"@import|@font-face|url\(", text) or not path.endswith(".css"), path
    for path, js in scripts().items():
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser",
                     "setAttribute('style'", "srcdoc"):
            assert word not in js, (path, word)
        assert path == "js/i18n.js" or not re.search(r"\bstyle:", js), path  # that one formats numbers


def test_every_file_is_in_the_resources():
    listed = set(re.findall(r"<file>([^<]+)</file>", read(PAGES, "pages.gresource.xml")))
    there = {os.path.relpath(path, PAGES) for suffix in (".html", ".css", ".js", ".json", ".svg") for path in files(suffix)}
    assert listed == there, listed ^ there
    for path, js in scripts().items():
        for other in re.findall(r"from '([^']+)'", js):
            target = os.path.normpath(os.path.join(os.path.dirname(path), other))
            assert target in there, (path, other)


def test_what_is_imported_is_used():
    for path, js in scripts().items():
        for names in re.findall(r"import \{([^}]*)\} from", js):
            for name in (one.strip().split(" as ")[-1] for one in names.split(",")):
                assert len(re.findall(r"\b%s\b" % re.escape(name), js)) > 1, (path, name)


def colours(css):
    """The tokens of both schemes."""
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    first = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return first, dict(first, **dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)))


def contrast(one, other):
    """WCAG 2.2: relative luminance."""
    def luminance(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    a, b = sorted((luminance(one), luminance(other)))
    return (b + 0.05) / (a + 0.05)


def test_contrast_is_enough_in_both_schemes():
    grounds = ("page", "card", "sunken")
    text = [(ink, ground) for ink in ("ink", "soft", "accent", "bad") for ground in grounds]
    text += [("ok", "card"), ("warn", "card"), ("ink", "accent-ground"), ("ink", "ok-ground"), ("ink", "warn-ground"),
             ("ink", "bad-ground"), ("soft", "accent-ground"), ("accent", "accent-ground"), ("ok", "ok-ground"),
             ("warn", "warn-ground"), ("bad", "bad-ground"), ("on-accent", "accent"), ("on-accent", "accent-strong")]
    drawn = [("edge", "card"), ("edge", "page"), ("bar", "card"), ("bar-ok", "card"), ("bar-ok", "sunken"), ("bar", "sunken")]
    for scheme in colours(read(PAGES, "css", "tokens.css")):
        for ink, ground in text:
            assert contrast(scheme[ink], scheme[ground]) >= 4.5, (ink, ground, contrast(scheme[ink], scheme[ground]))
        for ink, ground in drawn:
            assert contrast(scheme[ink], scheme[ground]) >= 3.0, (ink, ground, contrast(scheme[ink], scheme[ground]))
    for path in files(".css"):
        if not path.endswith("tokens.css"):
            assert not re.search(r"#[0-9a-f]{3,8}\b", without_comments(read(path))), path


def main():
    cases = [(name, case) for name, case in globals().items() if name.startswith("test_")]
    failed = 0
    print("1..%d" % len(cases))
    for number, (name, case) in enumerate(cases, 1):
        try:
            case()
            print("ok %d - %s" % (number, name[5:].replace("_", " ")))
        except Exception:
            failed += 1
            traceback.print_exc()
            print("not ok %d - %s" % (number, name[5:].replace("_", " ")))
    return 1 if failed else 0


sys.exit(main())
