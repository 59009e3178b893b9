"""Autoplay: a drill that nobody plays. A machine does what the playbook expects, through the same acts as people."""
