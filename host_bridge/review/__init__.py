"""Looking at stereo and judging it: figures of a pair, comfort on real screens, the page a supervisor opens."""
