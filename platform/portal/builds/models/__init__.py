from portal.builds.models.build import BUILD_STATES, Build, BuildState
from portal.builds.models.log_entry import LogEntry, LogKind
from portal.builds.models.log_stream import LogStream, StreamKind, StreamState
from portal.builds.models.pushed_image import PushedImage
from portal.builds.models.queue_pause import QueuePause
from portal.builds.models.quiet_time import QuietTime

__all__ = [
    "BUILD_STATES",
    "Build",
    "BuildState",
    "LogEntry",
    "LogKind",
    "LogStream",
    "PushedImage",
    "QueuePause",
    "QuietTime",
    "StreamKind",
    "StreamState",
]
