"""A club: its projects, members, keys, budget and history."""
