"""Audiences: named lists of recipients, their numbers sealed."""
