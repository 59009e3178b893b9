"""The tongue: what is said to people in their own language, and how times, names and acts are written there."""
