"""Tokens: how scripts and pages prove who they are to the API, and the keys that make their requests repeatable."""
