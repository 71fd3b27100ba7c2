"""AWS, as far as the handler needs it: its names and times, and what it is asked to do."""
