"""Watch: looking at accounts during a lock for what this service did not put there. Such a post is a breach."""
