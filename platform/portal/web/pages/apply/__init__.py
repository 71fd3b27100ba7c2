"""A club's way in: the application, its state, the link that opens the account."""
