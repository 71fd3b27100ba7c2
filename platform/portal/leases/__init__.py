"""Rows that are worked on under a lease: who holds it, until when, and the number that fences late ones."""
