"""HTTP in, JSON out. No rules."""
