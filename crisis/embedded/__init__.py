"""A private PostgreSQL and Valkey out of pip wheels, and the processes of one machine: what ``crisis up`` runs."""
