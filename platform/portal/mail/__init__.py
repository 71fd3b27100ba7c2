"""Mail: an outbox that loses nothing, and a catcher for installations without a mail server."""
