"""Activations: a declared crisis, from the gate's closing to its opening again."""
