"""`python -m spot agent` on each spot node, `python -m spot controller` twice in the cluster."""

from __future__ import annotations

import argparse
import logging
import sys

from pydantic import ValidationError

from spot.errors import SpotError
from spot.logs import JsonLines

DESCRIPTION = """\
Moves projects off a spot node before it goes.

  agent       copies what its node's metadata service says onto the Node; decides nothing
  controller  reads notices from the queue, from the Nodes and from EC2, and acts on them

Settings come from the environment (MADANG_SPOT_...): see docs/operators.md.
"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m spot", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", choices=["agent", "controller"])
    chosen = parser.parse_args(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        _run(chosen.program)
    except ValidationError as error:
        for wrong in error.errors():
            if not wrong["loc"]:
                # Settings that do not go together name themselves.
                print(f"{wrong['ctx']['error']}, or unset the first.", file=sys.stderr)
                continue
            name = f"MADANG_SPOT_{'_'.join(map(str, wrong['loc'])).upper().removeprefix('MADANG_SPOT_')}"
            print(f"{name}: {wrong['msg']}. Set it in the environment.", file=sys.stderr)
        return 2
    except SpotError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(program: str) -> None:
    # Each is imported only when it runs: an agent has no use for the controller's libraries.
    if program == "agent":
        from spot import agent
        from spot.settings import AgentSettings

        agent.run(AgentSettings())  # type: ignore[call-arg]  # the environment gives them
    else:
        from spot import controller
        from spot.settings import ControllerSettings

        controller.run(ControllerSettings())


if __name__ == "__main__":
    sys.exit(main())
