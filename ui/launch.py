"""Starts the desk: Streamlit on this machine alone, with our two themes and nothing that calls home."""

from __future__ import annotations

import socket
from pathlib import Path

from core.egress import quiet
from core.errors import UsageError

ADDRESS = "127.0.0.1"
"""The desk has no log-in of its own, so it is served to this machine and to nobody else."""

LARGEST_UPLOAD = 500
"""Megabytes (2^20 bytes) of one upload: a data room's largest scans, while several still fit in memory."""

THEMES = {
    "light": {
        "primaryColor": "#24476b",
        "backgroundColor": "#ffffff",
        "secondaryBackgroundColor": "#f5f4f1",
        "textColor": "#1d2126",
        "linkColor": "#24476b",
        "borderColor": "#dcd9d2",
        "dataframeHeaderBackgroundColor": "#f5f4f1",
    },
    "dark": {
        "primaryColor": "#3d6c9e",
        "backgroundColor": "#14171b",
        "secondaryBackgroundColor": "#1d2127",
        "textColor": "#e5e3de",
        "linkColor": "#8db4de",
        "borderColor": "#343a42",
        "dataframeHeaderBackgroundColor": "#1d2127",
    },
}
"""Ink on paper, and the same at night. The browser says which; the menu can change it."""

TYPOGRAPHY = {
    "headingFont": "serif",  # Source Serif, which Streamlit carries: no font is fetched from anywhere
    "headingFontSizes": ["1.75rem", "1.4rem", "1.15rem", "1rem", "1rem", "1rem"],
    "headingFontWeights": [600, 600, 600, 600, 600, 600],
    "baseRadius": "small",
    "showWidgetBorder": True,
    "paddingTop": "0rem",
}


def options(port: int, *, open_browser: bool) -> dict[str, object]:
    """The configuration of Streamlit, by option name. It goes before any file or variable of the user's."""
    themes = {f"theme.{kind}.{name}": value for kind, theme in THEMES.items() for name, value in theme.items()}
    return {
        "server.address": ADDRESS,
        "server.port": port,
        "server.headless": not open_browser,
        "server.showEmailPrompt": False,
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "server.allowedHosts": [ADDRESS, "localhost"],  # a page elsewhere cannot rebind its name to this desk
        "server.enableAgentApi": False,
        "server.enableStaticServing": False,
        "server.maxUploadSize": LARGEST_UPLOAD,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "browser.serverAddress": ADDRESS,  # set, so that Streamlit does not ask the internet for our address
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",  # the message of an exception may carry words of a document
        "client.showErrorLinks": False,
        "client.allowedOrigins": [],
        "runner.magicEnabled": False,
        "logger.hideWelcomeMessage": True,
        "logger.level": "error",
        **themes,
        **{f"theme.{name}": value for name, value in TYPOGRAPHY.items()},
    }


def launch(port: int, *, open_browser: bool, review: Path | None = None) -> int:
    """Serve the desk on 127.0.0.1:`port` until it is stopped; returns the exit code.

    With `review`, a judged set, the desk opens at it: which file that is nobody can say from a browser.

    Raises UsageError when the port is taken.
    """
    quiet()
    _free(port)
    from streamlit.web import bootstrap

    chosen = {name.replace(".", "_"): value for name, value in options(port, open_browser=open_browser).items()}
    bootstrap.load_config_options(chosen)
    # Streamlit puts the arguments behind the name of the script into sys.argv: see ui.session.set_under_review.
    bootstrap.run(str(Path(__file__).with_name("main.py")), False, [str(review)] if review else [], chosen)
    return 0


def _free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise UsageError(f"Port {port} is taken: choose another with --port.") from error
