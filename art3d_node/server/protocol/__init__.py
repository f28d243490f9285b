"""The protocol without a socket or a process: messages and events in, actions out."""
