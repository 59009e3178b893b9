"""Locks: what the hold of an activation is worth on each account, proved: the board, the certificate, and the work behind the gate."""
