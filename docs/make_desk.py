"""Takes docs/desk.png, the picture in the README: the desk over the example matter, in a real Chromium."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.ui.test_browser import browser
from tests.ui.test_whole_house import open_first_citation, the_desk

QUESTION = "Is the supplier liable for loss of profits?"

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, the_desk(Path(folder) / "home", model="all-MiniLM-L6-v2") as address:
        driver = browser(Path(folder) / "profile")
        try:
            open_first_citation(driver, address, QUESTION)
            time.sleep(2)  # until the fonts are drawn
            driver.save_screenshot(str(Path(__file__).parent / "desk.png"))
        finally:
            driver.quit()
