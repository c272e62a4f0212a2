"""`make chaos`: a deployment is at work, and one thing after the other breaks. Linux, half an hour.

    make chaos                                        every fault
    make chaos ARGS="--only stop_postgres,kill_a_run" some of them

Exit code 1: something does not hold, and the lines say what. Nothing is kept, but with --keep.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from f1_pipeline_tests.chaos import verdicts
from f1_pipeline_tests.chaos.faults import FAULTS
from f1_pipeline_tests.chaos.world import World, world

# Of anything but PostgreSQL, and of PostgreSQL once it is back.
LIMITS = {"stop_postgres": 30.0}
LIMIT = 90.0


def main() -> int:
    chosen = _arguments()
    names = [fault.__name__ for fault in FAULTS]
    unknown = set(chosen.only) - set(names)
    if unknown:
        sys.exit(f"--only {', '.join(sorted(unknown))}: choose among {', '.join(names)}")
    faults = [f for f in FAULTS if not chosen.only or f.__name__ in chosen.only]
    began = time.monotonic()
    with ExitStack() as stack:
        folder = chosen.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        played = stack.enter_context(world(folder))
        print(f"The season can begin, after {time.monotonic() - began:.0f} s.", flush=True)
        wrong = [line for fault in faults for line in _befall(played, fault)]
    print("\n".join(wrong) or "All of it holds.")
    return 1 if wrong else 0


def _befall(played: World, fault: Callable[[World], float]) -> list[str]:
    """One fault in the work of one session, and what did not hold after it."""
    name, step = fault.__name__, played.step
    missing = played.play()
    try:
        took = fault(played)
        settled = played.settle(missing)
    except Exception as error:
        # One fault that goes wrong must not hide what the others do.
        return [f"{name}: {type(error).__name__}: {error}"]
    limit = LIMITS.get(name, LIMIT)
    wrong = verdicts.after(played)
    if took > limit:
        wrong.append(f"work went on after {took:.0f} s, the limit is {limit:.0f} s")
    session = f"{step.event_id} {step.session}"
    print(
        f"{name:20} {session:18} work went on after {took:5.1f} s, all was there {settled:5.1f} s "
        f"later{': WRONG' if wrong else ''}",
        flush=True,
    )
    return [f"{name}: {line}" for line in wrong]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument(
        "--only", type=lambda text: text.split(","), default=[], help="faults, with commas"
    )
    parser.add_argument("--keep", type=Path, default=None, help="an empty folder to keep")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
