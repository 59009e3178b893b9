"""The channels' own words, one module per language; :mod:`adapters.phrases` chooses among them."""
