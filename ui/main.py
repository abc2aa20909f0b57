"""The desk: `dossier ui`, or `streamlit run ui/main.py`. Its screens, and one place where errors become sentences."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.egress import quiet
from core.errors import DossierError
from ui.launch import THEMES
from ui.parts.words import plain
from ui.session import set_under_review, unexpected

HERE = Path(__file__).parent

MARK = str(HERE / "parts" / "mark.png")

# What lies behind everything, for the page that is laid over the answer on a narrow screen.
PAPER = {kind: theme["backgroundColor"] for kind, theme in THEMES.items()}


def desk() -> None:
    """Draw the screen that is open."""
    quiet()
    st.set_page_config(
        page_title="Dossier",
        page_icon=MARK,
        layout="wide",
        menu_items={"About": "Dossier: answers from your own documents, every sentence with the words it rests on."},
    )
    st.html(HERE / "parts" / "desk.css")
    st.html(f"<style>:root {{ --dossier-paper: {PAPER[st.context.theme.type or 'light']}; }}</style>")
    st.logo(MARK, size="small")
    under_review = set_under_review() is not None
    pages = [
        st.Page("screens/ask.py", title="Ask", url_path="ask", default=not under_review),
        st.Page("screens/documents.py", title="Documents", url_path="documents"),
    ]
    if under_review:
        pages.append(st.Page("screens/review.py", title="Review", url_path="review", default=True))
    screen = st.navigation(pages, position="top")
    try:
        screen.run()
    except DossierError as error:
        st.error(plain(str(error)))
    except Exception as error:  # noqa: BLE001  the outermost place: Streamlit would log the message, with words in it
        st.error(plain(unexpected(error)))


if __name__ == "__main__":
    desk()
