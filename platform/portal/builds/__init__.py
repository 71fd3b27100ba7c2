"""Builds: one commit made into one image, and the log that the pusher sees."""
