"""Moving pods off a doomed node: what stands there, what to do next (pure), and the doing."""
