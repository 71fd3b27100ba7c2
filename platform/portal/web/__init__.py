"""The pages, the gate before them, and the health probes."""
