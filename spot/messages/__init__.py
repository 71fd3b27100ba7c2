"""What a queue's message says: one module for each kind of message, and `read` in front of them.

Pure: a text in, notices out. What another system wrote never raises here, it becomes a `problem`.
"""

from spot.messages.reading import Reading, read

__all__ = ["Reading", "read"]
