"""Messages: what we want to say, in numbered revisions, rendered per channel and language."""
