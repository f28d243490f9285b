"""One module per `art3d-train` command."""
