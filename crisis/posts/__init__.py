"""Posts: what units publish themselves in ordinary times, through the same engine."""
