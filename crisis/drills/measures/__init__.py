"""Measures: what the log says of how well it went. No stopwatch, and nobody's judgement."""
