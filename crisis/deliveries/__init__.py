"""Deliveries: the duty to put one rendition out through one account, tracked until its end. The row is the outbox."""
