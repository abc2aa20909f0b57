"""Wires the parts and offers the verbs: read `service.py` first."""
