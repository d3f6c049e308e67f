#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole path of an import in a real browser, against the lab and a real daemon. The cases are one story and go in
order. Pictures of each page are left in <build>/screenshots. Prints TAP.
"""
import atexit
import hashlib
import os
import subprocess
import sys

try:
    import selenium  # noqa: F401
except ImportError:
    print("1..0 # SKIP python3-selenium is not installed")
    sys.exit(0)

from browser import Browser, Line, WORDS, close_all
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from web_lab import BUILD, Client, Daemon, Lab, Work, run_cases, signed_in, wait_for

if not os.path.exists("/usr/bin/chromium") or not os.path.exists("/usr/bin/chromedriver"):
    print("1..0 # SKIP chromium is not installed")
    sys.exit(0)

HTML_FOLDER = "<b>Bold</b> <img src=x onerror=alert(1)>"
MESSAGES = 320

work = Work()
atexit.register(close_all)
lab = Lab("--users", "4")
pst = work.file("alice archive.pst")
subprocess.run([os.path.join(BUILD, "tests", "lib", "bm-pst-make"), "--bulk", str(MESSAGES), "--size", "90000", "--folders", "4",
                "--owner", "alice@lab.test", "--folder-name", HTML_FOLDER, pst], check=True)
folder = work.file("server")
os.mkdir(folder)
sample = os.path.join(folder, "sample.pst")
subprocess.run([os.path.join(BUILD, "tests", "lib", "bm-pst-make"), "--sample", sample], check=True)
daemon = Daemon(lab, work, web={"folders": folder, "uploads": work.file("uploads")})
line = Line(daemon.host, daemon.port)
base = "http://127.0.0.1:%d/" % line.port
os.mkdir(work.file("laptop"))
reader = Browser(base, work.file("laptop"))


def uploads():
    return signed_in(daemon).get("uploads").json["uploads"]


def press(browser, *keys):
    ActionChains(browser.driver).send_keys(*keys).perform()


def choose_language(browser, language):
    """A choice made here counts more than BlueMind's setting and the browser's."""
    browser.find(".language select").send_keys({"en": "English", "fr": "Français", "de": "Deutsch"}[language])
    browser.language = language
    browser.wait(lambda: browser.driver.find_element("css selector", "html").get_attribute("lang") == language)


def test_sign_in_by_keyboard_alone():
    reader.open()
    reader.find("input[name=login]")
    reader.shot("01-sign-in")
    assert reader.focused().get_attribute("name") == "login"
    press(reader, "adele@lab.test", Keys.TAB, "wrong", Keys.ENTER)
    reader.waits_for("signin.wrong")
    assert reader.find("[role=alert]").is_displayed()
    assert reader.focused().get_attribute("name") == "password", "focus stays where one must type again"
    press(reader, "secret", Keys.ENTER)
    reader.find(".head")
    assert "adele" in reader.find(".who").text.lower()


def test_the_language_is_that_of_bluemind_until_one_is_chosen():
    reader.language = "fr"
    reader.waits_for("list.empty")
    choose_language(reader, "en")
    reader.waits_for("list.empty")
    reader.shot("02-no-imports")
    reader.driver.refresh()
    reader.waits_for("list.empty")


def test_skip_link_and_focus_on_the_heading():
    press(reader, Keys.TAB)
    assert reader.focused().text == reader.word("nav.skip"), reader.focused().text
    press(reader, Keys.ENTER)
    assert reader.focused().tag_name == "h1"
    reader.click("nav.new", "header")
    reader.heading("new.user.title")


def test_find_a_user_by_keyboard_alone():
    box = reader.find("[role=combobox]")
    reader.wait(lambda: reader.focused() == box, "the field is ready to type")
    press(reader, "archie")
    reader.find("[role=option][aria-disabled]")
    press(reader, Keys.ENTER)
    assert reader.find("[role=combobox]"), "who cannot receive is not chosen"
    press(reader, Keys.ESCAPE)
    press(reader, "@lab.test")
    reader.wait(lambda: len(reader.all("[role=option]")) > 3)
    before = box.get_attribute("aria-activedescendant")
    press(reader, Keys.ARROW_DOWN)
    assert box.get_attribute("aria-activedescendant") != before
    press(reader, Keys.ESCAPE)
    press(reader, "alice")
    reader.wait(lambda: [o.text for o in reader.all("[role=option]") if "alice@lab.test" in o.text])
    reader.shot("03-user")
    press(reader, Keys.ENTER)
    reader.heading("new.file.title")
    reader.wait(lambda: "alice@lab.test" in reader.text())


def test_what_is_no_pst_is_refused_at_once():
    zip_ = work.file("mail.pst", "PK\3\4 this is no PST")
    reader.find(".drop")
    reader.shot("04-file", full=True)
    reader.all("input[type=file]")[0].send_keys(zip_)
    reader.waits_for("upload.no-pst", name="mail.pst")
    assert uploads() == []


def percent():
    bar = reader.all("[role=progressbar]")
    return int(bar[0].get_attribute("aria-valuenow") or 0) if bar else 0


def test_an_upload_survives_a_dropped_line():
    line.rate = 5 << 20
    reader.all("input[type=file]")[0].send_keys(pst)
    reader.wait(lambda: percent() >= 20)
    reader.shot("05-upload")
    line.cut()
    reader.wait(lambda: "upload.waiting" and WORDS["en"]["upload.waiting.other"].split(";")[0] in reader.text())
    line.mend()
    reader.click("upload.now")
    reader.wait(lambda: percent() >= 35)


def test_and_a_closed_browser():
    global reader
    reader.close()
    kept = wait_for(lambda: [one for one in uploads() if one["offset"] > 0])[0]
    assert not kept["complete"] and kept["offset"] < kept["size"], kept
    reader = Browser(base, work.file("laptop"))
    reader.sign_in(hash_="#/new/alice%40lab.test")
    reader.waits_for("upload.earlier")
    reader.shot("06-unfinished", full=True)
    reader.all("input[type=file]")[0].send_keys(pst)
    reader.wait(lambda: WORDS["en"]["upload.resumed"].split("{")[0] in reader.text(), "it resumes")
    assert len(uploads()) == 1


def test_and_a_restarted_daemon_and_a_new_session():
    assert percent() < 100
    daemon.restart()
    line.target = (daemon.host, daemon.port)
    reader.find("dialog[open] input[name=password]").send_keys("secret\n")
    line.rate = 0
    reader.waits_for("upload.done")
    reader.shot("07-uploaded")
    whole = wait_for(lambda: [one for one in uploads() if one["sha256"]])[0]
    with open(pst, "rb") as f:
        assert whole["sha256"] == hashlib.sha256(f.read()).hexdigest()


if __name__ == "__main__":
    run_cases(globals())
