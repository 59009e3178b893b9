"""Schedules: posts that wait inside the platforms themselves: found, unscheduled where that can be done, kept for their owners."""
