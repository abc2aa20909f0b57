"""The example matter: documents of our own making, and the questions that are judged on them. See README.md."""
