"""Notifications: telling unit leaders and editors what an activation means for them, and who has acknowledged it."""
