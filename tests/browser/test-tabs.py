#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One reader with many pages open, and with addresses that were typed wrongly. Prints TAP."""
import atexit
import os
import subprocess

from browser import Browser, close_all
from web_lab import BUILD, Daemon, Lab, Work, run_cases, signed_in, wait_for

LINES = 6  # that a browser has to one server over HTTP 1.1

work = Work()
atexit.register(close_all)
lab = Lab()
folder = work.file("server")
os.mkdir(folder)
pst = os.path.join(folder, "bob.pst")
subprocess.run([os.path.join(BUILD, "tests", "lib", "bm-pst-make"), "--bulk", "10", "--owner", "bob@lab.test", pst], check=True)
daemon = Daemon(lab, work, web={"folders": folder})
adele = signed_in(daemon)
os.mkdir(work.file("laptop"))
reader = Browser(daemon.url, work.file("laptop"))
reader.sign_in()
import_id = adele.post("imports", {"user": "alice@lab.test", "path": pst}).json["id"]
wait_for(lambda: adele.get("imports/" + import_id).json["stage"] == "ready")


def test_more_pages_than_lines():
    driver = reader.driver
    first = driver.current_window_handle
    for _ in range(LINES + 2):
        driver.switch_to.new_window("tab")
        reader.open("#/imports/" + import_id)
        reader.find("main h1", seconds=15)
    # a page that was hidden meanwhile goes on when it is looked at
    second = driver.window_handles[1]
    driver.switch_to.window(second)
    assert adele.post("imports/%s/check" % import_id, {"options": {}}).status == 202
    reader.wait(lambda: reader.all(".finding"), "the checks are told", 30)
    for handle in driver.window_handles[1:]:
        driver.switch_to.window(handle)
        driver.close()
    driver.switch_to.window(first)


def test_checks_that_stop_are_not_ready_to_start():
    reader.open("#/imports/" + import_id)
    reader.language = reader.driver.find_element("css selector", "html").get_attribute("lang")
    reader.waits_for("checks.stop")  # it is Bob's
    chip = reader.find("main .chip").text
    assert chip == reader.word("stage.checked") and "start" not in chip.lower() and "marrer" not in chip, chip


def test_an_address_that_is_none():
    for address in ("#/%E0%A4%A", "#/imports/..%2f..%2fconfig", "#/imports/%3Cimg%20src=x%20onerror=alert(1)%3E", "#/no/such/page"):
        reader.open("")
        reader.find(".head")
        reader.open(address)
        reader.find("main h1")
        reader.wait(lambda: not reader.all("main > p.hint"), "it is loaded")
        assert reader.driver.execute_script("return document.querySelectorAll('main img').length") == 0, address
    reader.problems.clear()
    errors = [e["message"] for e in reader.driver.get_log("browser") if "status of 40" not in e["message"]]
    assert not errors, errors


run_cases(globals())
