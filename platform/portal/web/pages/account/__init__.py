"""A person's own: signing in, their sessions, second factors and preferences."""
