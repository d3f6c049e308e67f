#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole path of an import in a real browser, against the lab and a real daemon. The cases are one story and go in
order. Pictures of each page are left in <build>/screenshots. Prints TAP.
"""
import atexit
import hashlib
import os
import shutil
import subprocess
import sys
import time
import traceback

from browser import Browser, Line, WORDS, close_all
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from web_lab import BUILD, Daemon, Lab, Work, signed_in, wait_for

HTML_FOLDER = "<b>Bold</b> <img src=x onerror=alert(1)>"
MESSAGES = 320

work = Work()
atexit.register(close_all)
lab = Lab("--users", "4")
pst = work.file("alice archive.pst")
subprocess.run([os.path.join(BUILD, "tests", "lib", "bm-pst-make"), "--bulk", str(MESSAGES), "--size", "50000", "--folders", "4",
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
    press(reader, "bob", Keys.ENTER)  # before the answer is there: nobody of the list before may be taken for Bob
    reader.wait(lambda: len(reader.all("[role=option]")) == 1)
    assert reader.find("[role=combobox]").get_attribute("value") == "bob" and reader.find("[role=option].active")
    press(reader, Keys.ESCAPE)
    press(reader, "alice")
    reader.wait(lambda: len(reader.all("[role=option]")) == 1 and "alice@lab.test" in reader.find("[role=option].active").text)
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
    reader.driver.execute_script("""
        const files = new DataTransfer();
        files.items.add(new File(['PK this is no PST either'], 'dropped.pst'));
        document.querySelector('.drop').dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true}));""")
    reader.waits_for("upload.no-pst", name="dropped.pst")
    assert uploads() == []


def percent():
    bar = reader.all("[role=progressbar]")
    return int(bar[0].get_attribute("aria-valuenow") or 0) if bar else 0


def test_an_upload_survives_a_dropped_line():
    line.rate = 4 << 20
    reader.all("input[type=file]")[0].send_keys(pst)
    reader.wait(lambda: percent() >= 10)
    reader.click("upload.pause")
    reader.waits_for("upload.paused")
    client = signed_in(daemon)
    lost = wait_for(uploads)[0]["id"]
    wait_for(lambda: client.call("DELETE", "uploads/" + lost, headers={"Tus-Resumable": "1.0.0"}).status == 204)
    reader.click("upload.resume")  # what has expired meanwhile begins anew
    reader.wait(lambda: [one for one in uploads() if one["id"] != lost and one["offset"] > 0])
    reader.wait(lambda: percent() >= 20)
    reader.shot("05-upload")
    line.cut()
    reader.wait(lambda: WORDS["en"]["upload.waiting.other"].split(";")[0] in reader.text())
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


def big():
    return reader.number(".summary .big")


def tile(browser, key):
    """What a tile says, without what is not a digit."""
    for one in browser.all(".tile"):
        name, _, value = one.text.partition("\n")
        if name == browser.word(key):
            return int("".join(c for c in value if c.isdigit()) or 0)
    return None


def test_what_is_inside_is_shown_before_anything_is_sent():
    reader.click("upload.next")
    reader.heading("import.contents.title")
    reader.wait(lambda: [row for row in reader.all(".tree-row") if HTML_FOLDER in row.text], "a name of HTML is text")
    assert not reader.all(".tree b, .tree img")
    reader.wait(lambda: tile(reader, "contents.mails") == MESSAGES)
    reader.waits_for("owner.match")
    reader.wait(lambda: reader.all(".chart rect"), "years as a chart")
    reader.wait(lambda: "IPM.Note" in reader.text(), "classes")
    reader.waits_for("stage.ready")
    reader.shot("08-contents", full=True)


def test_counts_follow_the_options():
    reader.click("contents.next")
    reader.heading("import.options.title")
    reader.wait(lambda: big() == MESSAGES)
    box = next(row for row in reader.all(".tree-row") if HTML_FOLDER in row.text).find_element("css selector", "input")
    reader.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    box.click()
    reader.wait(lambda: 0 < big() < MESSAGES, "fewer without one folder")
    reader.shot("09-options", full=True)
    reader.click("options.none")
    reader.wait(lambda: big() == 0)
    reader.click("options.all")
    reader.wait(lambda: big() == MESSAGES)
    size = reader.all("input[type=number]")[0]
    reader.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", size)
    size.send_keys("5")
    reader.wait(lambda: big() == 0, "no mail is so large")
    size.send_keys(Keys.BACKSPACE)
    reader.wait(lambda: big() == MESSAGES)


def test_checks_tell_by_words_and_icons():
    reader.click("options.check")
    reader.heading("import.checks.title")
    reader.waits_for("checks.ok", "checks.warning")
    reader.waits_for("topic.own-right")
    for chip in reader.wait(lambda: reader.all(".finding .chip")):
        assert chip.text in (reader.word("level.ok"), reader.word("level.warning")), chip.text
        assert chip.find_elements("css selector", "svg")
    reader.shot("10-checks", full=True)


def test_the_course_is_seen_live():
    """Replication stands still, so that the course cannot outrun who looks at it."""
    lab.knobs(stop=True)
    reader.click("checks.start")
    reader.heading("import.run.title")
    reader.waits_for("run.close")
    reader.wait(lambda: tile(reader, "run.sent") == MESSAGES, "what is sent rises by itself")
    assert tile(reader, "run.verified") == 0
    first = reader.wait(lambda: tile(reader, "run.lag"), "the lag is told")
    reader.wait(lambda: tile(reader, "run.lag") > first, "and grows")
    reader.shot("11-run", full=True)


def test_pause_and_a_second_reader_who_comes_late():
    reader.click("run.pause")
    reader.waits_for("run.is-paused")
    import_id = reader.driver.current_url.split("/imports/")[1].split("/")[0]
    os.mkdir(work.file("other"))
    late = Browser(base, work.file("other"), language="de", size=(1024, 600))
    late.sign_in("admin0@global.virt", hash_="#/imports/" + import_id)
    late.language = "fr"  # the lab's setting of everybody
    choose_language(late, "de")
    late.waits_for("run.is-paused")
    assert tile(late, "run.sent") > 0, "the state comes first"
    late.shot("12-paused-german")
    lab.knobs(stop=False)
    reader.click("run.resume")
    late.heading("import.report.title")
    late.waits_for("verdict.perfect")
    late.shot("13-report-german", full=True)
    late.close()


def test_the_report_is_there_to_hand_over():
    reader.heading("import.report.title")
    reader.waits_for("verdict.perfect")
    assert "%d" % MESSAGES in reader.find(".ledger").text
    reader.shot("14-report", full=True)
    mine = reader.driver.current_window_handle
    reader.click("report.as.html")
    other = reader.wait(lambda: [w for w in reader.driver.window_handles if w != mine])[0]
    reader.driver.switch_to.window(other)
    reader.wait(lambda: "Every message is proven replicated" in reader.text())
    reader.driver.close()
    reader.driver.switch_to.window(mine)


def test_a_file_that_is_known_is_recognised():
    reader.open("#/new/u3%40lab.test")
    reader.find(".drop")
    reader.all("input[type=file]")[0].send_keys(pst)
    reader.waits_for("upload.done")
    reader.waits_for("upload.same")
    assert len(uploads()) == 2
    reader.click("upload.remove")
    reader.click("upload.remove", "dialog")
    reader.find(".drop")
    assert len(uploads()) == 1


def test_a_file_that_changes_while_it_is_sent_is_not_taken_for_a_lost_line():
    moving = work.file("moving.pst")
    shutil.copyfile(pst, moving)
    line.rate = 4 << 20
    reader.all("input[type=file]")[0].send_keys(moving)
    reader.wait(lambda: percent() >= 10)
    os.utime(moving)  # as Outlook does when it opens the file
    reader.waits_for("cause.file-lost")
    line.rate = 0
    reader.click("upload.remove")
    reader.find(".drop")
    wait_for(lambda: len(uploads()) == 1)


def test_signing_out_holds_the_upload():
    line.rate = 4 << 20
    reader.all("input[type=file]")[0].send_keys(pst)
    reader.wait(lambda: percent() >= 10)
    reader.click("nav.sign-out", "header")
    reader.click("nav.sign-out", "dialog")
    reader.find("input[name=login]")
    line.rate = 0
    reader.find("input[name=login]").send_keys("adele@lab.test")
    assert not reader.all("dialog"), "nobody is asked to sign in for an upload that was left"
    reader.find("input[name=password]").send_keys("secret\n")
    reader.heading("list.title")
    reader.waits_for("list.state")
    assert not [chip for chip in reader.all("header .chip") if chip.is_displayed()]
    left = [one for one in uploads() if not one["complete"]]
    assert len(left) == 1, left


def limit_messages(size):
    subprocess.run(["psql", "-X", "-q", "-h", lab.pg_host, "-p", lab.pg_port, "-U", lab.pg_admin, "-d", "bj", "-c",
                    "UPDATE t_systemconf SET configuration = configuration || 'message_size_limit=>\"%d\"'" % size], check=True)


def test_somebody_elses_file_stops_until_it_is_confirmed():
    limit_messages(2000)
    reader.open("#/new/u1%40lab.test")
    reader.find(".drop")
    reader.shot("15-files-of-the-server", full=True)
    row = next(one for one in reader.all(".file-row") if "sample.pst" in one.text)
    row.find_element("css selector", "button").click()
    reader.heading("import.contents.title")
    reader.waits_for("owner.mismatch", "owner.unknown")
    reader.wait(lambda: reader.find(".dock .primary").is_enabled())
    reader.click("contents.next")
    reader.waits_for("options.check")
    reader.click("options.check")
    reader.waits_for("checks.stop")
    assert not [b for b in reader.all("button") if b.is_displayed() and b.text == reader.word("checks.start")]
    reader.shot("16-checks-stop", full=True)
    reader.click("checks.change")
    reader.click_in("label", reader.word("options.owner_mismatch_ok"))
    reader.click("options.check")
    reader.waits_for("checks.warning")


def test_a_failed_item_is_retried():
    reader.click("checks.start")
    reader.heading("import.report.title")
    reader.waits_for("cause.too-large")
    reader.shot("17-report-with-a-failure", full=True)
    limit_messages(50000000)
    reader.click("report.retry-these")
    reader.wait(lambda: reader.word("cause.too-large") not in reader.text())
    reader.heading("import.report.title")
    reader.waits_for("verdict.perfect", "verdict.good")
    assert reader.word("cause.too-large") not in reader.text()


def order(user, name):
    """A new import of a file of the server."""
    reader.open("#/new/%s%%40lab.test" % user)
    reader.click_in(".file-row", name, "button")


def test_what_looks_like_a_pst_but_is_none_ends_with_a_remedy():
    with open(sample, "rb") as f:
        start = f.read(4096)
    with open(os.path.join(folder, "broken.pst"), "wb") as f:
        f.write(start)
    order("u2", "broken.pst")
    reader.heading("import.report.title")
    reader.waits_for("report.refused")
    reader.waits_for("cause.pst-unreadable", "cause.unreadable")
    reader.shot("18-broken-file")
    reader.click("report.remove")
    reader.click("report.remove", "dialog")
    reader.heading("list.title")
    assert "broken.pst" not in reader.text()


def test_cancelled_and_taken_up_again():
    lab.knobs(stop=True)
    os.rename(pst, os.path.join(folder, "alice.pst"))
    order("u2", "alice.pst")
    reader.heading("import.contents.title")
    reader.waits_for("owner.mismatch")
    reader.wait(lambda: reader.find(".dock .primary").is_enabled())
    reader.click("contents.next")
    reader.click_in("label", reader.word("options.owner_mismatch_ok"))
    reader.click("options.check")
    reader.waits_for("checks.warning")
    reader.click("checks.start")
    reader.heading("import.run.title")
    reader.wait(lambda: (tile(reader, "run.sent") or 0) > 0)
    reader.click("run.cancel")
    reader.find("dialog[open]")
    reader.shot("19-cancel")
    press(reader, Keys.ESCAPE)
    reader.wait(lambda: not reader.all("dialog"))
    reader.waits_for("stage.running")
    reader.click("run.cancel")
    reader.click("run.cancel.yes", "dialog")
    reader.heading("import.report.title")
    reader.waits_for("report.cancelled")
    reader.shot("20-cancelled", full=True)
    lab.knobs(stop=False)
    reader.click("report.retry-all")
    reader.heading("import.report.title")
    reader.waits_for("verdict.perfect")
    assert "%d" % MESSAGES in reader.find(".ledger").text


def test_a_batch_from_a_csv():
    rows = ["file,user,into,options"]
    rows += ["%s,%s@lab.test,Old,--owner-mismatch-ok" % (os.path.join(folder, name), user)
             for name, user in (("alice.pst", "u2"), ("sample.pst", "u3"), ("sample.pst", "nobody"))]
    csv = work.file("weekend.csv", "\n".join(rows) + "\n")
    reader.click("nav.batch", "header")
    reader.heading("batch.new.title")
    reader.all("input[type=file]")[0].send_keys(csv)
    reader.click("batch.check")
    reader.wait(lambda: "nobody@lab.test" in reader.text(), "its bad row is named")
    reader.shot("21-new-batch", full=True)
    reader.click("batch.start")
    reader.wait(lambda: reader.all(".tile"))
    reader.waits_for("grade.perfect")
    assert tile(reader, "batch.ended") == 2 and tile(reader, "run.verified") == MESSAGES + 24
    reader.shot("22-batch", full=True)


def test_the_list_has_everything():
    subprocess.run([os.path.join(BUILD, "src", "cli", "bm-pst-import"), "import", sample, "--user", "u4@lab.test", "--config", lab.config,
                    "--jobs", daemon.jobs], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    reader.click("nav.list", "header")
    reader.heading("list.title")
    reader.wait(lambda: all(word in reader.text() for word in ("alice@lab.test", "u1@lab.test", "weekend", "u4@lab.test")))
    reader.shot("23-imports", full=True)
    reader.find("input[type=search]").send_keys("u4")
    reader.wait(lambda: len([r for r in reader.all("tbody tr") if r.is_displayed()]) == 1)
    reader.all("tbody a")[0].click()
    reader.heading("import.report.title")
    reader.waits_for("list.kind.job", "verdict.perfect")


def foreign_sentences(browser):
    """What of the English catalogue is to be read on a page that is not English; the daemon's own words are marked."""
    shown = browser.driver.execute_script("""
        const copy = document.body.cloneNode(true);
        copy.querySelectorAll('[lang=en], option').forEach(one => one.remove());
        return copy.textContent;""")
    own = set(WORDS[browser.language].values())
    return [text for text in WORDS["en"].values() if len(text) > 9 and "{" not in text and text not in own and text in shown]


def test_french_german_a_phone_and_the_dark():
    pages = {}
    reader.click("nav.list", "header")
    reader.heading("list.title")
    reader.wait(lambda: reader.all("tbody a"))
    for link in reader.all("tbody a"):
        pages[link.text] = "#" + link.get_attribute("href").split("#")[1]
    mine = pages["alice@lab.test"]
    tour = [("list", ""), ("user", "#/new"), ("file", "#/new/alice%40lab.test"), ("contents", mine + "/contents"),
            ("checks", mine + "/checks"), ("report", mine), ("batch", "#/batches/weekend"), ("new-batch", "#/new-batch")]
    for language, size, tag in (("fr", (1024, 600), "french"), ("de", (390, 844), "phone-german")):
        reader.open("")
        reader.find(".head")
        choose_language(reader, language)
        reader.resize(*size)
        for name, address in tour:
            reader.open(address)
            reader.find("main h1")
            reader.wait(lambda: not reader.all("main > p.hint"), "it is loaded")
            assert not foreign_sentences(reader), (language, name, foreign_sentences(reader))
            reader.shot("%s-%s" % (tag, name), full=True)
    reader.close()
    os.mkdir(work.file("night"))
    night = Browser(base, work.file("night"), size=(1280, 720), dark=True)
    night.sign_in(hash_=mine + "/contents")
    night.wait(lambda: night.all(".tree-row"))
    night.shot("24-dark-contents", full=True)
    night.close()


def test_below_the_path_of_a_proxy():
    below = Daemon(lab, work, web={"base-path": "/pst-import/"}, name="below")
    os.mkdir(work.file("proxied"))
    proxied = Browser(below.url, work.file("proxied"))
    proxied.sign_in(hash_="#/new/alice%40lab.test")
    proxied.find(".drop")
    proxied.close()
    below.stop()


def test_nothing_was_complained_about():
    """Each case looks at the console; this one is for browsers that were closed since."""
    assert not reader.problems, reader.problems
    assert "CRITICAL" not in daemon.talk() and "WARNING" not in daemon.talk().upper().replace("WARNINGS", ""), daemon.talk()


def main():
    """A story: what comes after a failure tells nothing."""
    cases = [(name, case) for name, case in globals().items() if name.startswith("test_")]
    print("1..%d" % len(cases))
    for number, (name, case) in enumerate(cases, 1):
        began = time.monotonic()
        try:
            case()
            for browser in Browser.everyone:
                browser.read_console()
        except Exception:
            traceback.print_exc()
            print("not ok %d - %s" % (number, name[5:].replace("_", " ")))
            print("Bail out! the rest of the story hangs on it")
            return 1
        print("ok %d - %s (%.1f s)" % (number, name[5:].replace("_", " "), time.monotonic() - began))
        sys.stdout.flush()
    return 0


sys.exit(main())
