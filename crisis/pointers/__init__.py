"""Pointers: the one text of the web editors that a locked account may publish, once: where to look for what is said."""
