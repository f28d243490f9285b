"""Art3D's compute node: analysis, rendering and the server that answers tile requests."""
