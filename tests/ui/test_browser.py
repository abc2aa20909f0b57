"""The desk in a real browser: a question by Enter, a citation by a click, an upload, and no word to the internet."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.ui.test_review import a_set_to_review

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
WIDE, NARROW = 1280, 800

CHROMIUM, CHROMEDRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER), reason="the desk is driven in Chromium, which is not installed here"
)


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def browser(profile: Path, *, dark: bool = False, width: int = WIDE) -> webdriver.Chrome:
    """Chromium that can look up no name: what is not on this machine cannot be reached, and each try is logged."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={profile}",
        f"--window-size={width},900",
        *(["--blink-settings=preferredColorScheme=0"] if dark else []),
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=str(CHROMEDRIVER)))
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    return driver


@contextmanager
def served(said: Path, *arguments: str) -> Iterator[str]:
    """Where the desk is served, by `ui.launch` in a sealed process of its own that says nothing of a refused call."""
    port = a_free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.ui.fake", str(port), *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")},
        stdout=said.open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        wait_for(lambda: serving(port), what="the desk to be served")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)
    assert "refused" not in said.read_text() and "Traceback" not in said.read_text()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("server") / "output") as url:
        yield url


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    started = browser(tmp_path / "profile")
    try:
        yield started
    finally:
        started.quit()


def serving(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], *, what: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.2)
    raise AssertionError(f"waited {PATIENCE:.0f} s for {what}")


def element(driver: webdriver.Chrome, selector: str) -> WebElement:
    found: WebElement = WebDriverWait(driver, PATIENCE).until(lambda one: one.find_element(By.CSS_SELECTOR, selector))
    return found


def says(driver: webdriver.Chrome, words: str) -> None:
    wait_for(lambda: words in driver.find_element(By.TAG_NAME, "body").text, what=f"the page to say: {words}")


def ask(driver: webdriver.Chrome, question: str) -> None:
    field = element(driver, ".st-key-question input")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(question, Keys.ENTER)


def set_day(driver: webdriver.Chrome, digits: str) -> None:
    """Types a day into the field of year, month and day, which goes on by itself from one to the next."""
    element(driver, ".st-key-as-of [role=spinbutton]").send_keys(digits)
    element(driver, ".st-key-question input").click()  # what closes the calendar hands the day in
    wait_for(lambda: not driver.find_elements(By.CSS_SELECTOR, "[role=dialog]"), what="the calendar to be closed")


def hosts_spoken_to(driver: webdriver.Chrome) -> set[str]:
    """The hosts of all requests and sockets that the page asked for, reached or not."""
    hosts = set()
    for entry in driver.get_log("performance"):  # type: ignore[no-untyped-call]
        message = json.loads(entry["message"])["message"]
        url = ""
        if message["method"] == "Network.requestWillBeSent":
            url = message["params"]["request"]["url"]
        elif message["method"] == "Network.webSocketCreated":
            url = message["params"]["url"]
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss"):
            hosts.add(parts.hostname or "")
    return hosts


def test_an_analyst_asks_reads_the_page_and_adds_a_file_without_a_word_to_the_internet(
    driver: webdriver.Chrome, address: str, tmp_path: Path
) -> None:
    driver.get(address)
    ask(driver, "When are fees due?")
    says(driver, "The Customer pays each invoice within thirty (30) days of receipt.")
    says(driver, "2 pages could not be read")

    element(driver, ".st-key-citation-0-0-1 button").click()
    says(driver, "Page 2 of 5")
    picture = element(driver, ".st-key-page img")
    wait_for(lambda: int(str(picture.get_property("naturalWidth"))) > 600, what="the page to be drawn")
    assert "page 2 of" in (picture.get_attribute("alt") or "").lower()

    driver.find_element(By.LINK_TEXT, "Documents").click()
    says(driver, "Files that could not be read")
    file = tmp_path / "annex.pdf"
    file.write_bytes(b"one")
    element(driver, "input[type=file]").send_keys(str(file))
    says(driver, "annex.pdf")
    into = element(driver, ".st-key-into-0 input")
    into.send_keys("new matter", Keys.ENTER)
    wait_for(lambda: element(driver, ".st-key-add-files button").is_enabled(), what="the form to be ready")
    element(driver, ".st-key-add-files button").click()
    says(driver, "Reading document 1 of 1")
    says(driver, "1 added.")

    assert hosts_spoken_to(driver) == {"127.0.0.1"}


def test_on_a_narrow_screen_the_page_lies_over_the_answer_and_can_be_closed(
    driver: webdriver.Chrome, address: str
) -> None:
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": NARROW, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    driver.get(address)
    ask(driver, "When are fees due?")
    element(driver, ".st-key-citation-0-0-1 button").click()
    picture = element(driver, ".st-key-page img")
    wait_for(lambda: picture.size["width"] > 0.75 * NARROW, what="the page to be wide enough to read")
    element(driver, ".st-key-close button").click()
    wait_for(lambda: not driver.find_elements(By.CSS_SELECTOR, ".st-key-page"), what="the page to be closed")


def test_a_day_is_typed_like_any_field_and_the_answer_is_of_that_day(driver: webdriver.Chrome, address: str) -> None:
    driver.get(address)
    set_day(driver, "20240601")
    ask(driver, "When are fees due?")
    says(driver, "Terms as of 2024-06-01.")
    ask(driver, "Who pays them?")
    says(driver, "When are fees due? (as of 2024-06-01)")
    says(driver, "Terms as of 2024-06-01.")


def press(driver: webdriver.Chrome, *keys: str) -> None:
    """Keys that go to the page, and to no field of it."""
    driver.execute_script("document.activeElement.blur()")
    driver.find_element(By.TAG_NAME, "body").send_keys(*keys)


def test_a_reviewer_goes_through_a_set_with_the_keyboard_and_each_key_is_in_the_file(
    driver: webdriver.Chrome, tmp_path: Path
) -> None:
    path = a_set_to_review(tmp_path)
    with served(tmp_path / "output", str(path)) as url:
        driver.get(url)
        says(driver, "By when must an invoice be paid?")
        picture = element(driver, ".st-key-page img")
        wait_for(lambda: int(str(picture.get_property("naturalWidth"))) > 600, what="the page to be drawn")
        press(driver, "a")
        says(driver, "1 of 3 questions reviewed: 1 accepted")
        says(driver, "What is said on Liability?")
        press(driver, "e")
        field = element(driver, ".st-key-query-q1 textarea")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys("Up to what sum is the Supplier liable?", Keys.CONTROL, Keys.ENTER)
        says(driver, "1 accepted, 1 edited")
        says(driver, "What does the letter confirm?")
        press(driver, "x")
        says(driver, "Every question is reviewed")
        press(driver, Keys.ARROW_LEFT)
        says(driver, "It was: What is said on Liability?")
        assert hosts_spoken_to(driver) == {"127.0.0.1"}
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["review"]["verdict"] for row in rows] == ["accepted", "edited", "rejected"]
    assert rows[1]["query"] == "Up to what sum is the Supplier liable?"
