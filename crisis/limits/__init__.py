"""How fast an account may go, and whether it may go at all: limits, the breaker, the retry budget, the standby account."""
