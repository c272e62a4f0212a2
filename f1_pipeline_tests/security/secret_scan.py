"""`python -m f1_pipeline_tests.security.secret_scan`: nothing in this checkout looks like a secret.

Every file that git knows, or would take, is read by detect-secrets. What only looks like a secret
is listed below with its reason; a finding that is not listed fails, and so does a reason without a
finding. Nothing is asked of any service: whether a key works is not tried.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings

# Made of hashes, names and numbers: a string there says nothing by being odd.
_FULL_OF_HASHES = ("data/archive/", "requirements.lock", "requirements-dev.lock")
_ENTROPY = ("Base64HighEntropyString", "HexHighEntropyString")


@dataclass(frozen=True, order=True)
class Finding:
    """Something that looks like a secret. `mark`: of its value, which is not told."""

    path: str
    kind: str
    mark: str


@dataclass(frozen=True)
class Explained:
    """A finding in files that begin like this, and why it is none. `mark`: "" for all of a kind."""

    path: str
    kind: str
    mark: str
    why: str

    def covers(self, finding: Finding) -> bool:
        return (
            finding.path.startswith(self.path)
            and finding.kind == self.kind
            and self.mark in ("", finding.mark)
        )


_ADDRESS, _WORD, _HEX = "Basic Auth Credentials", "Secret Keyword", "Hex High Entropy String"
_FORM = "the form of an address, with PASSWORD in the place of one"
_TESTS = "f1_pipeline_tests/"
EXPLAINED = (
    Explained("f1_pipeline/serving/examples.json", _HEX, "", "hashes of data, recipes and indexes"),
    Explained("f1_pipeline/settings.py", _ADDRESS, "112bb791", _FORM),
    Explained("deploy/kubernetes/prepare/", _ADDRESS, "112bb791", _FORM),
    Explained("deploy/kubernetes/api.yaml", _WORD, "a2c0d8b5", "the name of a secret, not itself"),
    Explained(f"{_TESTS}storage/upgrades/", _HEX, "", "made-up hashes of artifacts and indexes"),
    Explained(f"{_TESTS}narration/test_facts.py", _HEX, "659c86ce", "the key of a story's facts"),
    Explained(f"{_TESTS}tracking/test_fits.py", _HEX, "f113b1ba", "a made-up recipe"),
    *(
        Explained(f"{_TESTS}{name}", kind, mark, "made up: for a server of the tests, or for none")
        for name, kind, mark in (
            ("alerts/test_webhook.py", _ADDRESS, "7cb9e12d"),
            ("cli/test_bad_input.py", _ADDRESS, "1f21e30b"),
            ("narration/test_client.py", _ADDRESS, "0ea74589"),
            ("sources/sign_in.py", _WORD, "2f2cf2c9"),
            ("sources/test_account.py", _WORD, "b7c8ffb8"),
            ("storage/test_unreachable.py", _WORD, "f3bbbd66"),
            ("test_settings.py", _ADDRESS, "b7eee9b2"),
            ("test_settings.py", _ADDRESS, "f3bbbd66"),
            ("test_settings.py", _ADDRESS, "112bb791"),
            ("tooling/services.py", _WORD, "22a9131e"),
            ("tracking/test_fits.py", _ADDRESS, "99d72c7f"),
            ("deploy/nginx.py", _WORD, "72c40e52"),
            ("deploy/test_agreement.py", _ADDRESS, "b7a875fc"),
            ("deploy/test_image.py", _WORD, ""),
        )
    ),
)


def files(root: Path) -> list[str]:
    """The texts that git knows of a checkout, or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    names = sorted(set(filter(None, listed.stdout.split("\0"))))
    return [name for name in names if (root / name).is_file() and _is_text(root / name)]


def _is_text(file: Path) -> bool:
    with file.open("rb") as content:
        return b"\0" not in content.read(8192)


def found(root: Path, names: Iterable[str]) -> Iterator[tuple[Finding, int]]:
    """What looks like a secret, with its line."""
    names = list(names)
    hashes = [name for name in names if name.startswith(_FULL_OF_HASHES)]
    others = [name for name in names if name not in set(hashes)]
    for chosen, left_out in ((others, ()), (hashes, _ENTROPY)):
        with default_settings() as settings:
            settings.disable_plugins(*left_out)
            # It passes over locks and style sheets by their ending.
            settings.disable_filters("detect_secrets.filters.heuristic.is_non_text_file")
            for name in chosen:
                secrets = SecretsCollection(root=str(root))
                secrets.scan_file(name)
                for _, one in secrets:
                    yield Finding(name, one.type, one.secret_hash[:8]), one.line_number


def main(arguments: list[str] | None = None, explained: tuple[Explained, ...] = EXPLAINED) -> int:
    parser = argparse.ArgumentParser(prog="python -m f1_pipeline_tests.security.secret_scan")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[2])
    root = parser.parse_args(arguments).root
    names = files(root)
    unused = set(explained)
    faults = []
    for finding, line in found(root, names):
        reasons = [known for known in explained if known.covers(finding)]
        unused.difference_update(reasons)
        if not reasons:
            faults.append(f"{finding.path}:{line}: {finding.kind} (mark {finding.mark})")
    for known in explained:
        if known in unused:
            faults.append(f"{known.path}: no {known.kind} is there any more: {known.why}")
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        print("Remove what is secret, and let it expire; explain in secret_scan.py what is not.")
        return 1
    print(f"{len(names)} files hold nothing that looks like a secret and is not explained.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
