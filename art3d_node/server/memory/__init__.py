"""The server's shared memory: segments, the plates in them, results lent to clients, and each client's share."""
