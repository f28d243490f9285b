"""The server's end of ZMTP: what clients' ZeroMQ sockets speak, with every byte counted before it is kept."""
