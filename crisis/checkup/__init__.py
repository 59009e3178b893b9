"""The checkup: is everything reachable, configured and migrated, and what to do if not. One small look per part."""
