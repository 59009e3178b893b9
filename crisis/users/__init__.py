"""Users: the people at the desk, how each shows who they are, and their sessions."""
