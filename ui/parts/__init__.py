"""Pieces that several faces draw with."""
