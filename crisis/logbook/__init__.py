"""Logbook: what people note, who has read what, and the acts on record beside them, as one story of an activation."""
