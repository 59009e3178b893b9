"""The desk: the pages that web editors, the director, unit leaders and the switchboard work in. HTTP in, HTML out; no rules."""
