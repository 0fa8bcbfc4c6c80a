"""Schemathesis over the whole API of a real server: every phase, every check (see schemathesis_hooks)."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.served import fill, running

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_no_request_surprises_the_api(tmp_path: Path) -> None:
    with fill(tmp_path / "archive") as archive, running(archive) as address:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json"]
        options = ["--phases", "examples,coverage,fuzzing,stateful", "--checks", "all", "-n", "25", "--seed", "1"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.schemathesis_hooks"}
        run = subprocess.run(
            [*command, *options], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
    assert run.returncode == 0, run.stdout + run.stderr
    tested = re.search(r"Selected: (\d+)/(\d+)\s+Tested: (\d+)", run.stdout)
    assert tested is not None, run.stdout
    assert tested[1] == tested[2] == tested[3]
    cases = re.search(r"(\d+) generated, (\d+) passed", run.stdout)
    assert cases is not None, run.stdout
    assert int(cases[1]) == int(cases[2]) > 500
