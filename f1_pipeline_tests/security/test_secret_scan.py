"""Planted secrets are found, in a checkout of their own; what is explained passes."""

import hashlib
import subprocess

import pytest

from f1_pipeline_tests.security import secret_scan
from f1_pipeline_tests.security.secret_scan import Explained

# Put together here, so that this file holds none.
PLANTED = {
    "AWS Access Key": "key = AKIA" + "IOSFODNN7" + "EXAMPLZ",
    "Private Key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "Basic Auth Credentials": "postgresql://me:" + "s3cr3t-w0rd" + "@host/f1",
    "Secret Keyword": "pass" + 'word = "s3cr3t-w0rd"',
    "GitHub Token": "ghp_" + "A1z2C3x4E5" * 3 + "f6G7h8",
    "Hex High Entropy String": f'salt = "{hashlib.sha256(b"made up").hexdigest()}"',
}


@pytest.fixture
def checkout(tmp_path):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("ignored.txt\n")
    (tmp_path / "plain.py").write_text("DRIVERS = ['ada', 'bea']\nHOST = 'example.com'\n")
    return tmp_path


def scan(checkout, *explained):
    return secret_scan.main(["--root", str(checkout)], explained)


def test_a_checkout_without_secrets_passes(checkout, capsys):
    assert scan(checkout) == 0
    assert "2 files hold nothing" in capsys.readouterr().out


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_secret_is_found_and_not_told(checkout, capsys, kind):
    (checkout / "picture.png").write_bytes(b"\x89PNG\0\0")
    (checkout / "planted.py").write_text(f"# nothing here\n{PLANTED[kind]}\n")
    assert scan(checkout) == 1
    told = capsys.readouterr()
    assert f"planted.py:2: {kind} (mark " in told.err
    assert PLANTED[kind][-8:] not in told.err + told.out


def test_what_git_leaves_out_is_not_read(checkout):
    (checkout / "ignored.txt").write_text(PLANTED["Private Key"])
    assert scan(checkout) == 0


def test_a_lock_may_hold_hashes_and_nothing_else(checkout, capsys):
    (checkout / "requirements.lock").write_text(PLANTED["Hex High Entropy String"] + "\n")
    assert scan(checkout) == 0
    (checkout / "requirements.lock").write_text(PLANTED["AWS Access Key"] + "\n")
    assert scan(checkout) == 1
    assert "requirements.lock:1: AWS Access Key" in capsys.readouterr().err


def test_what_is_explained_passes_and_nothing_beside_it(checkout, capsys):
    file = checkout / "planted.py"
    file.write_text(PLANTED["Basic Auth Credentials"] + "\n")
    assert scan(checkout) == 1
    mark = capsys.readouterr().err.partition("mark ")[2].partition(")")[0]
    known = Explained("planted.py", "Basic Auth Credentials", mark, "made up")
    assert scan(checkout, known) == 0
    file.write_text(PLANTED["Basic Auth Credentials"].replace("w0rd", "other") + "\n")
    assert scan(checkout, known) == 1
    (checkout / "other.py").write_text(PLANTED["Basic Auth Credentials"] + "\n")
    file.unlink()
    assert scan(checkout, known) == 1


def test_an_explanation_of_nothing_is_told(checkout, capsys):
    assert scan(checkout, Explained("plain.py", "Private Key", "", "made up")) == 1
    assert "no Private Key is there any more: made up" in capsys.readouterr().err
