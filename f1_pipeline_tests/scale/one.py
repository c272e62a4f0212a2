"""One stage at one size, in a process of its own: `python -m …scale.one STAGE FOLDER URL`.

Prints the CPU seconds of the stage's work as JSON: imports and loading are left out, while the
memory that the operating system counts has them in it.
"""

import json
import sys
import time
from pathlib import Path

from f1_pipeline_tests.scale.home import Home
from f1_pipeline_tests.scale.memory import limit_memory
from f1_pipeline_tests.scale.reading import READING
from f1_pipeline_tests.scale.seasons import make
from f1_pipeline_tests.scale.stages import STAGES


def main(stage: str, folder: str, url: str, *more: str) -> None:
    limit_memory()
    home = Home(Path(folder), url)
    if stage == "draw":
        tables = make(int(more[0]))
        home.keep("tables", tables)
        print(json.dumps({"rows": sum(len(frame) for frame in tables.values())}))
        return
    work = (STAGES | READING)[stage](home)
    began = time.process_time()
    made = work.run()
    spent = time.process_time() - began
    work.afterwards(made)
    print(json.dumps({"cpu": spent / work.times}))


if __name__ == "__main__":
    main(*sys.argv[1:])
