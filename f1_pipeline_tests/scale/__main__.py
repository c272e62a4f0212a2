"""`python -m f1_pipeline_tests.scale`: what 1, 3, 10, 30 and 100 times the archive cost.

    --sizes 1,3                 these sizes alone
    --stages "take in;features" these stages alone; the rest of a size is what they rest on
    --everything                each stage at each size, whatever it takes
    --server ADDRESS            on that PostgreSQL server: databases are made there and dropped
    --out FILE                  the figures as JSON too
    --from FILE …               measure nothing: tell what was written there, the last file first
    --picture FILE              draw them

The whole takes about an hour of a core, 8 GiB of memory and 10 GB of disk at the most.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from f1_pipeline_tests.bench import measure
from f1_pipeline_tests.scale import report
from f1_pipeline_tests.scale.measuring import ALL, Cost, measured


def main() -> None:
    chosen = _arguments()
    costs = []
    if chosen.known:
        costs = _known(chosen.known)
        print(report.head(), *map(report.line, costs), sep="\n")
    else:
        print(report.head(), flush=True)
        found = measured(
            chosen.sizes, chosen.stages, measure, _progress, chosen.server, chosen.everything
        )
        for cost in found:
            costs.append(cost)
            print(report.line(cost), flush=True)
            if chosen.out:  # after each: what is measured is not lost
                chosen.out.write_text(json.dumps([asdict(cost) for cost in costs], indent=1))
    print("", *report.growths(costs), sep="\n")
    if chosen.picture:
        report.draw(costs, chosen.picture)


def _known(files: list[Path]) -> list[Cost]:
    """What was measured of each stage and size last."""
    rows = [Cost(**row) for file in files for row in json.loads(file.read_text())]
    newest = {(cost.size, cost.stage): cost for cost in rows}
    return [newest[key] for key in sorted(newest, key=lambda key: (key[0], ALL.index(key[1])))]


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m f1_pipeline_tests.scale")
    parser.add_argument("--sizes", type=_numbers, default=[1.0, 3.0, 10.0, 30.0, 100.0])
    parser.add_argument("--stages", type=_stages, default=[*ALL])
    parser.add_argument("--everything", action="store_true")
    parser.add_argument("--server")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--from", type=Path, dest="known", nargs="+")
    parser.add_argument("--picture", type=Path)
    return parser.parse_args()


def _numbers(text: str) -> list[float]:
    return sorted(float(number) for number in text.split(","))


def _stages(text: str) -> list[str]:
    wanted = [name.strip() for name in text.split(";")]
    unknown = [name for name in wanted if name not in ALL]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no stage {', '.join(unknown)}; there are: {'; '.join(ALL)}"
        )
    return [name for name in ALL if name in wanted]


if __name__ == "__main__":
    main()
