"""The compute server: one process per machine answers tile requests from many hosts."""
