"""The examples of docs/api.md are run, and its tables compared with the code."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from backissues import draft_items
from tests.served import fill, running
from web import params
from web.problems import TITLES
from web.searching import search_items
from web.settings import Settings

PAGE = (Path(__file__).parent.parent / "docs" / "api.md").read_text()
ADDRESS = "http://127.0.0.1:8000"
EXAMPLES = re.findall(r"^```(sh|python|js)\n(.*?)^```\n(?:<!-- prints: (.*?) -->)?", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = {
    "sh": ["bash", "-euc"],
    "python": [sys.executable, "-W", "error", "-c"],
    "js": [which("node") or "node", "--input-type=module", "-e"],
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # Drafts are read as the program itself does: an example has to be one.
    settings = Settings(parse_draft=draft_items)
    with fill(tmp_path_factory.mktemp("docs")) as archive, running(archive, settings) as address:
        yield address


@pytest.mark.parametrize(
    ("language", "code", "printed"), EXAMPLES, ids=[f"{i}-{language}" for i, (language, _, _) in enumerate(EXAMPLES)]
)
def test_the_example_runs(tmp_path: Path, address: str, language: str, code: str, printed: str) -> None:
    assert printed, "every example says what it prints"
    assert ADDRESS in code
    command = [*COMMANDS[language], code.replace(ADDRESS, address)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    assert printed.replace('": ', '":') in run.stdout.replace('": ', '":'), run.stdout


def test_there_are_examples_in_every_language() -> None:
    assert {language for language, _, _ in EXAMPLES} == COMMANDS.keys()


def test_the_table_of_errors_is_true() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \| (.*?) \|$", PAGE, re.MULTILINE)
    assert {code: (int(status), remedy) for code, status, remedy in rows} == {
        code: (status, remedy) for code, (status, _, remedy) in TITLES.items()
    }


def test_the_table_of_limits_is_true() -> None:
    rows = {what: int(n.replace(",", "")) for what, n in re.findall(r"^\| ([^|]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)}
    assert rows == {
        "characters of `q`": params.MAX_QUERY,
        "characters of `text` in `/related`": params.MAX_TEXT,
        "characters of a draft": params.MAX_DRAFT,
        "searches in a batch": params.MAX_BATCH,
        "answers to a page": params.MAX_LIMIT,
        "values of one condition": params.MAX_VALUES,
    }


def test_every_parameter_of_a_search_is_named() -> None:
    assert search_items.__doc__
    names = {field.alias or name for name, field in params.SearchQuery.model_fields.items()}
    table = PAGE.partition("| parameter | meaning |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+)`(?=[, ]| \|)", table.replace("| `", "|`"))) >= names
