"""Measurements, on judged spans and pages. Import its modules, never the package: `from eval.retrieval import …`."""
