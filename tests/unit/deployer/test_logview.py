"""A build's log without the builder's own chatter."""

from __future__ import annotations

from deployer.build.logview import LogView

LOG = """\
#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 500B done
#1 DONE 0.0s

#2 [internal] load metadata for docker.io/library/python:3.12-slim
#2 DONE 0.1s

#3 importing cache manifest from registry/cache/chess/blog:cache
#3 ERROR: registry/cache/chess/blog:cache: not found

#4 [build 1/6] FROM docker.io/library/python:3.12-slim@sha256:{a}
#4 resolve docker.io/library/python:3.12-slim@sha256:{a} 0.1s done
#4 sha256:{a} 10MB / 20MB 0.2s
#4 extracting sha256:{a} 1.2s done
#4 DONE 4.2s

#5 [build 2/6] WORKDIR /app
#5 CACHED

#6 [build 5/6] RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt
#6 1.038 Collecting flask
#6 ...

#7 [stage-1 2/3] RUN make
#7 0.100 making
#7 DONE 0.2s

#6 [build 5/6] RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt
#6 2.000 Installed
#6 DONE 3.0s

#8 exporting to image
#8 exporting layers 0.6s done
#8 pushing layers 2.8s done
#8 DONE 4.2s

#9 [auth] chess/blog:pull,push token for registry
#9 DONE 0.0s

#10 exporting cache to registry
#10 writing layer sha256:{a} 0.1s done
#10 DONE 4.3s
""".format(a="a" * 64)


def shown(log: str) -> list[str]:
    view = LogView()
    return [text for line in log.splitlines() for text in view.show(line)]


def test_steps_and_what_they_print_are_shown_and_nothing_else() -> None:
    assert shown(LOG) == [
        "[build 1/6] FROM python:3.12-slim",
        "[build 2/6] WORKDIR /app",
        "(as before)",
        "[build 5/6] RUN pip install -r requirements.txt",
        "Collecting flask",
        "[stage-1 2/3] RUN make",
        "making",
        "[build 5/6] RUN pip install -r requirements.txt",
        "Installed",
        "storing the image",
    ]


def test_what_a_failed_step_printed_is_not_repeated() -> None:
    log = """\
#6 [2/2] RUN false
#6 0.5 oh no
#6 ERROR: process "/bin/sh -c false" did not complete successfully: exit code: 1
------
 > [2/2] RUN false:
0.5 oh no
------
Dockerfile:2
--------------------
   2 | >>> RUN false
--------------------
error: failed to solve: process "/bin/sh -c false" did not complete successfully: exit code: 1
"""
    assert shown(log).count("oh no") == 1
    assert "   2 | >>> RUN false" in shown(log)


def test_words_that_are_not_buildkits_are_passed_on() -> None:
    assert shown("the builder did not start:\n") == ["the builder did not start:"]
