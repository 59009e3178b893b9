"""Hints: what an editor may want to look at before sending. None of them stops anything."""
