"""Network weights that users bring: what is known, and how it is fetched."""
