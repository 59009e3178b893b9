"""Drills: exercises run from playbooks, measured from the log."""
