"""What everybody sees: the home page and the platform's status."""
