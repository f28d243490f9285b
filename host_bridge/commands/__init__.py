"""One module per `art3d` command."""
