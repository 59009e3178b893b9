"""Playbooks: what is rehearsed, and what is ready when it is real."""
