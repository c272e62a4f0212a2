"""`python -m f1_pipeline_tests.mirror --archive data/archive`: serve until it is ended."""

import argparse
from pathlib import Path

from f1_pipeline_tests.mirror.server import Mirror, make_server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", type=Path, default=Path("data/archive"))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--until", default=None)
    parser.add_argument("--max-age", type=int, default=0)
    chosen = parser.parse_args()
    mirror = Mirror(chosen.archive, until=chosen.until, max_age=chosen.max_age)
    server = make_server(mirror, chosen.port)
    print(f"READY {mirror.url}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
