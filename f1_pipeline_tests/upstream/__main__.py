"""`python -m f1_pipeline_tests.upstream --archive data/archive`: serve until it is ended."""

import argparse
import signal
from pathlib import Path

from f1_pipeline_tests.upstream.server import Upstream

# Options that are settings, too, and what reads them; one that is not given keeps its default.
_SETTINGS = {
    "until": str,
    "ergast_lag_min": float,
    "latency_ms": float,
    "max_age": int,
    "fail": float,
    "fail_kinds": str,
    "fail_match": str,
    "timeout_s": float,
    "seed": int,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="f1_pipeline_tests.upstream", description=__doc__)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, help="one line for each request goes there")
    for name, reader in _SETTINGS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=reader, default=argparse.SUPPRESS)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    upstream = Upstream(**vars(parser.parse_args()))
    print(f"READY {upstream.url}", flush=True)
    try:
        upstream.serve_forever()
    except KeyboardInterrupt:
        upstream.server_close()


if __name__ == "__main__":
    main()
