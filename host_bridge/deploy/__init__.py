"""Art3D as a folder on a share: its own Python, every package, and one launcher, wherever it is mounted."""
