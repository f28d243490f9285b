"""Worker processes: started and watched by the front, and what runs inside them."""
