"""Clubs that want to come: their applications, and what operators decide."""
