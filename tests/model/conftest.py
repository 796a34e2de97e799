"""Puts the model, the client and the history generator on the import path."""
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("client", "model", "scenarios"):
    sys.path.insert(0, str(TESTS / folder))
