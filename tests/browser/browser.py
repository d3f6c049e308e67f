# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the browser tests share: one headless Chromium per reader, the words of the catalogues, and a line to the daemon
that can be slow, cut and mended. Needs Debian's chromium, chromium-driver and python3-selenium; without them a test that
imports this is skipped with the reason.
"""
import json
import os
import re
import shutil
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "http"))

from web_lab import BUILD, ROOT  # noqa: E402

try:
    from selenium import webdriver  # noqa: E402
except ImportError:
    print("1..0 # SKIP python3-selenium is not installed")
    sys.exit(0)
from selenium.common.exceptions import (ElementClickInterceptedException, StaleElementReferenceException,  # noqa: E402
                                        TimeoutException)
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

if not os.path.exists("/usr/bin/chromium") or not os.path.exists("/usr/bin/chromedriver"):
    print("1..0 # SKIP chromium is not installed")
    sys.exit(0)

SHOTS = os.path.join(BUILD, "screenshots")
PATIENCE = int(os.environ.get("BM_PATIENCE", 60))  # seconds; a slow machine is no failure
WORDS = {}
for language in ("en", "fr", "de"):
    with open(os.path.join(ROOT, "src", "http", "pages", "i18n", language + ".json"), encoding="utf-8") as f:
        WORDS[language] = json.load(f)
# What the browser itself logs of answers that a test provokes: the line was cut, nobody is signed in, an upload is gone.
EXPECTED = re.compile(r"Failed to load resource: (net::ERR_(CONNECTION_\w+|SOCKET_NOT_CONNECTED|EMPTY_RESPONSE|UPLOAD_FILE_CHANGED|INCOMPLETE_CHUNKED_ENCODING)|"
                      r"the server responded with a status of (401|403))|"
                      r"api/v1/uploads/\w+ - Failed to load resource: the server responded with a status of (404|410)")


# What a reader who does not see, or has no mouse, stumbles over.
BARRIERS = """
    const problems = [], shown = one => one.checkVisibility();
    const named = one => one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.[0]?.textContent.trim() ||
      (one.getAttribute('aria-labelledby') ?? '').split(' ').map(id => document.getElementById(id)?.textContent ?? '').join('');
    for (const one of document.querySelectorAll('button, a[href], input, select, summary, [role=progressbar], [role=img], nav, aside, section, dialog'))
      if (shown(one) && !named(one))
        problems.push('no name: ' + one.outerHTML.slice(0, 120));
    for (const one of document.querySelectorAll('img:not([alt])'))
      problems.push('no alt: ' + one.outerHTML.slice(0, 120));
    const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
    problems.push(...ids.filter((id, i) => ids.indexOf(id) !== i).map(id => 'twice: #' + id));
    for (const name of ['aria-controls', 'aria-describedby', 'aria-labelledby', 'aria-activedescendant', 'for'])
      for (const one of document.querySelectorAll('[' + name + ']'))
        for (const id of one.getAttribute(name).split(' '))
          if (document.getElementById(id) === null)
            problems.push(name + ' of nothing: ' + one.outerHTML.slice(0, 120));
    const headings = [...document.querySelectorAll('h1, h2, h3')].filter(one => shown(one) && !one.closest('dialog'));
    if (headings.filter(one => one.tagName === 'H1').length !== 1)
      problems.push('not one h1');
    if (document.querySelectorAll('main').length !== 1 || document.documentElement.lang === '')
      problems.push('no main, or no language');
    return problems;
"""


class Line:
    """A wire to the daemon on a port of its own. rate: bytes per second towards the daemon, 0 = no limit."""
    def __init__(self, host, port):
        self.target, self.rate, self.down = (host, port), 0, False
        self.pairs, self.lock = set(), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            if self.down:
                near.close()
                continue
            try:
                far = socket.create_connection(self.target)
            except OSError:
                near.close()
                continue
            with self.lock:
                self.pairs.add((near, far))
                if self.down:
                    self.break_off((near, far))
            threading.Thread(target=self.pump, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self.pump, args=(far, near, False), daemon=True).start()

    def pump(self, source, sink, upwards):
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                sink.sendall(piece)
                if upwards and self.rate > 0:
                    time.sleep(len(piece) / self.rate)
        except OSError:
            pass
        self.break_off((source, sink))

    @staticmethod
    def break_off(pair, abort=False):
        """abort: with a reset, as a line that is gone tells sooner or later."""
        for one in pair:
            try:
                if abort:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def cut(self):
        self.down = True
        with self.lock:
            for pair in self.pairs:
                self.break_off(pair, abort=True)
            self.pairs.clear()

    def mend(self):
        self.down = False


class Browser:
    """One reader. profile: a directory that outlives the browser, as a laptop's does."""
    everyone = []
    profiles = set()

    def __init__(self, base, profile, language="en", size=(1280, 720), dark=False):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                         "--disable-background-networking", "--disable-component-update", "--disable-sync",
                         "--disable-default-apps", "--disable-extensions", "--no-default-browser-check", "--hide-scrollbars",
                         "--user-data-dir=" + profile, "--lang=" + language):
            options.add_argument(argument)
        options.add_experimental_option("prefs", {"intl.accept_languages": language,
                                                  "download.default_directory": profile})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        own = os.path.join(profile, "tmp")  # chromium leaves things in TMPDIR
        os.makedirs(own, exist_ok=True)
        service = Service("/usr/bin/chromedriver", env=dict(os.environ, TMPDIR=own))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_page_load_timeout(PATIENCE)
        self.base, self.language, self.problems = base, language, []
        self.resize(*size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}]})
        Browser.everyone.append(self)
        Browser.profiles.add(profile)

    def resize(self, width, height):
        self.size = (width, height)
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})

    def close(self):
        """Takes what the console says first: it is gone with the browser."""
        self.read_console()
        Browser.everyone.remove(self)
        self.driver.quit()

    def read_console(self):
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING") and not EXPECTED.search(entry["message"]):
                self.problems.append(entry["message"])
        assert not self.problems, self.problems

    # ---- words ----

    def word(self, key, **values):
        text = WORDS[self.language][key]
        for name, value in values.items():
            text = text.replace("{%s}" % name, str(value))
        return text

    def text(self):
        return self.driver.execute_script("return document.body.innerText")

    # ---- going about ----

    def open(self, hash_=""):
        self.driver.get(self.base + hash_)

    def wait(self, condition, what="", seconds=PATIENCE):
        def tried(_):
            try:
                return condition()
            except StaleElementReferenceException:
                return None
        try:
            return WebDriverWait(self.driver, seconds, poll_frequency=0.05).until(tried)
        except TimeoutException:
            self.shot("failure", full=True)
            raise AssertionError("%s %s: waited in vain\n%s" % (what, condition, self.text()[:3000])) from None

    def find(self, css, seconds=PATIENCE):
        return self.wait(lambda: next((e for e in self.driver.find_elements(By.CSS_SELECTOR, css) if e.is_displayed()), None),
                         css, seconds)

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def click_in(self, css, text, button=None):
        """The first of these that has the text, or the button in it; found anew when the page is drawn again between."""
        def tried():
            element = next((e for e in self.all(css) if text in e.text), None)
            if element is None:
                return False
            (element if button is None else element.find_element(By.CSS_SELECTOR, button)).click()
            return True
        self.wait(tried, text)

    def waits_for(self, *keys, seconds=PATIENCE, **values):
        """Until one of these words is to be read; which."""
        wanted = [self.word(key, **values) for key in keys]

        def look():
            shown = self.text()
            return next((word for word in wanted if word in shown), None)
        return self.wait(look, wanted, seconds)

    def heading(self, key):
        self.wait(lambda: any(h.text == self.word(key) for h in self.all("h1")), key)

    def click(self, key, within="body"):
        """The button or link that shows this word."""
        word = self.word(key)

        def tried():
            for element in self.driver.find_element(By.CSS_SELECTOR, within).find_elements(By.CSS_SELECTOR, "button, a, summary"):
                if element.is_displayed() and word == element.text.strip() and element.is_enabled():
                    self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
                    try:
                        element.click()
                    except ElementClickInterceptedException:  # something passes over it: once more
                        return None
                    return True
            return None
        self.wait(tried, "to click " + word)

    def focused(self):
        return self.driver.switch_to.active_element

    def number(self, css):
        """The first number of an element's text, however the language writes it; None when there is none."""
        match = re.match(r"\D*([\d.,\s\u00a0\u202f]*\d)", self.find(css).text)
        return int(re.sub(r"\D", "", match.group(1))) if match else None

    def sign_in(self, login="adele@lab.test", password="secret", hash_=""):
        self.open(hash_)
        self.find("input[name=login]").send_keys(login)
        self.find("input[name=password]").send_keys(password + "\n")
        self.find(".head")

    # ---- what is kept ----

    def shot(self, name, full=False):
        """Keeps a picture, and holds the page to its promises: no horizontal scrolling, no barriers."""
        os.makedirs(SHOTS, exist_ok=True)
        width, height = self.size
        if full:
            whole = self.driver.execute_script("return document.documentElement.scrollHeight")
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                        {"width": width, "height": max(height, whole), "deviceScaleFactor": 1, "mobile": width < 500})
        self.driver.save_screenshot(os.path.join(SHOTS, name + ".png"))
        if full:
            self.resize(width, height)
        over = self.driver.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, "%s is %d pixels too wide for %d" % (name, over, width)
        if name != "failure":
            barriers = self.driver.execute_script(BARRIERS)
            assert not barriers, (name, barriers)


def close_all():
    """With their profiles, into which a browser that ends still writes for a moment."""
    for browser in list(Browser.everyone):
        try:
            browser.driver.quit()
        except Exception:  # it is gone already
            pass
    end = time.monotonic() + 10
    while any(map(os.path.exists, Browser.profiles)) and time.monotonic() < end:
        for profile in Browser.profiles:
            shutil.rmtree(profile, ignore_errors=True)
