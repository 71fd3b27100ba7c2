"""Who is told of what: a club's page at /clubs/<club>/notifications, a person's at /account/notifications."""
