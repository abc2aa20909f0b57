"""Nothing faked: files on disk, `dossier ingest`, `dossier ui`, and Chromium showing the quoted words on their page."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver

from ingest.drawing import MARKER
from tests.conftest import MATTER, ROOT
from tests.ui.test_browser import (
    CHROMEDRIVER,
    CHROMIUM,
    a_free_port,
    ask,
    browser,
    element,
    hosts_spoken_to,
    says,
    serving,
    wait_for,
)

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER), reason="the desk is driven in Chromium, which is not installed here"
)


@contextmanager
def the_desk(home: Path, *, model: str) -> Iterator[str]:
    """The address of `dossier ui` over a home that holds the example matter."""
    environment = {**os.environ, "DOSSIER_HOME": str(home), "DOSSIER_EMBEDDING_MODEL": model}
    command = [sys.executable, "-m", "ui.cli"]
    matter = [*command, "ingest", str(MATTER), "--collection", "Aldermoor supply"]
    subprocess.run(matter, cwd=ROOT, env=environment, capture_output=True, timeout=300, check=False)
    port = a_free_port()
    server = subprocess.Popen(
        [*command, "ui", "--no-open", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: serving(port), what="the desk to be served")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def open_first_citation(driver: webdriver.Chrome, address: str, question: str) -> Image.Image:
    """Ask, click the first citation, and return what the screen then shows."""
    driver.get(address)
    ask(driver, question)
    element(driver, ".st-key-citation-0-0-1 button").click()
    picture = element(driver, ".st-key-page img")
    wait_for(lambda: int(str(picture.get_property("naturalWidth"))) > 600, what="the page to be drawn")
    time.sleep(1)  # the marked words are scrolled into sight
    return Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")


def test_a_click_on_a_citation_shows_the_quoted_words_marked_on_their_page(tmp_path: Path) -> None:
    with the_desk(tmp_path / "home", model="hash") as address:
        driver = browser(tmp_path / "profile")
        try:
            screen = open_first_citation(driver, address, "Which law governs the supply agreement?")
            says(driver, "governed by the law of England and Wales")
            says(driver, "of 10")
            assert hosts_spoken_to(driver) == {"127.0.0.1"}
        finally:
            driver.quit()
    marked = int(np.all(np.abs(np.asarray(screen, dtype=int) - MARKER) < 30, axis=2).sum())
    assert marked > 2000, "the words are marked in yellow, and in sight"
