"""Version 1: JSON in the domain's own words, one module per noun."""
