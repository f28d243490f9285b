"""The client of a compute server, and the process that it starts where no server is named."""

from host_bridge.client.client import Client

__all__ = ["Client"]
