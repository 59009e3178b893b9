"""Accounts: the register of every outlet the municipality has, and the lock an activation holds on each."""
