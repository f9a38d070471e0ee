"""Where operations come from: installed packages, named modules and files, and what happens when one of them fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins import EXAMPLE, install, path_with


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("plugin"))


def python(code: str, *path: Path | str) -> subprocess.CompletedProcess[str]:
    """Run Python in a new process with these folders on its path; it must end well."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path_with(*path)},
        capture_output=True,
        text=True,
        check=True,
    )


def cli(*arguments: str, path: tuple[Path | str, ...] = (), **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a new process."""
    return subprocess.run(
        [sys.executable, "-m", "pixelmill", *arguments],
        env={**os.environ, "COLUMNS": "200", "PYTHONPATH": path_with(*path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def broken(folder: Path, code: str) -> Path:
    """Make a package that is installed and whose plugin is `code`."""
    folder.mkdir()
    (folder / "broken_plugin.py").write_text(code)
    information = folder / "broken_plugin-2.1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-plugin\nVersion: 2.1\n")
    (information / "entry_points.txt").write_text("[pixelmill.operations]\nsmear = broken_plugin\n")
    return folder


def test_an_installed_plugin_is_found_when_it_is_asked_for(installed: Path) -> None:
    told = python(
        "import json, sys, pixelmill\n"
        "pixelmill.Pipeline().blur(2).to('png')\n"
        "before = 'pixelmill_posterize' in sys.modules\n"
        "pipeline = pixelmill.Pipeline().posterize(levels=8).halve().to('webp')\n"
        "print(json.dumps([before, str(pipeline), pipeline == pixelmill.Pipeline.parse(str(pipeline))]))\n",
        installed,
    )
    assert json.loads(told.stdout) == [False, "posterize:8 | halve | webp", True]
    assert told.stderr == ""


@pytest.mark.parametrize("statement", ["dir(pixelmill.Pipeline())", "pixelmill.schema.pipeline_schema()['$defs']"])
def test_an_installed_plugin_is_listed(installed: Path, statement: str) -> None:
    told = python(f"import pixelmill.schema; print(*{statement})", installed)
    assert {"posterize", "halve", "blur"} <= set(told.stdout.split())


def test_ops_and_explain_know_it(installed: Path) -> None:
    shown = cli("ops", "posterize", path=(installed,))
    assert "levels  whole number, 2 to 256  default 4  how many levels a channel keeps" in shown.stdout
    shown = cli("explain", "halve | posterize:5 | png", "--size", "99x50", "--placement", "spread", path=(installed,))
    rows = [line.split() for line in shown.stdout.splitlines()]
    assert ["halve", "50×25"] in rows
    assert ["2", "filter", "posterize:5", "50×25"] in rows


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        (
            "import pixelmill\n@pixelmill.operation\ndef blur(image): return image",
            "ValueError: expected another name for broken_plugin.blur: there is an operation blur already",
        ),
    ],
)
def test_a_plugin_that_fails_does_not_take_the_others_down(installed: Path, tmp_path: Path, code: str, said: str) -> None:
    folder = broken(tmp_path / "broken", code)
    shown = cli("ops", path=(folder, installed))
    assert shown.returncode == 0
    assert "posterize" in shown.stdout
    assert f"the plugin 'smear' of broken-plugin 2.1 failed to load: {said}" in shown.stderr
    refused = cli("ops", "smear", path=(folder, installed))
    assert refused.returncode == 2
    assert "expected an operation's name, got 'smear'; the plugin 'smear' of broken-plugin 2.1 failed" in refused.stderr


def test_a_module_is_named_by_an_option_or_the_variable(tmp_path: Path) -> None:
    picture = next((EXAMPLE.parent / "photos").glob("*.png"))
    run = ("run", str(picture), "-o", str(tmp_path), "--op", "posterize:3", "-f", "png")
    assert cli(*run).returncode == 2
    for shown in (
        cli("--plugin", "pixelmill_posterize", *run, path=(EXAMPLE,)),
        cli("--plugin", str(EXAMPLE / "pixelmill_posterize.py"), *run),
        cli(*run, path=(EXAMPLE,), PIXELMILL_PLUGINS="json, pixelmill_posterize"),
        cli(*run, PIXELMILL_PLUGINS=str(EXAMPLE / "pixelmill_posterize.py")),
    ):
        assert shown.returncode == 0, shown.stderr


@pytest.mark.parametrize("name", ["nowhere_to_be_found", "nowhere.py"])
def test_a_module_that_is_not_there(name: str) -> None:
    said = f"pixelmill: expected a module that can be imported, or the path of a .py file, for the plugin, got '{name}': "
    for shown in (cli("--plugin", name, "ops"), cli("ops", PIXELMILL_PLUGINS=name)):
        assert shown.returncode == 2
        assert shown.stderr.startswith(said)


def test_help_looks_for_no_plugin(installed: Path) -> None:
    code = "import sys, pixelmill.cli as cli; cli.main(['run', '--help']); sys.exit('pixelmill_posterize' in sys.modules)"
    python(code, installed)


def test_whoever_asks_while_a_plugin_is_imported_waits_for_it(tmp_path: Path) -> None:
    slow = broken(
        tmp_path / "slow",
        "import sys, pixelmill\n"
        "sys.modules['__main__'].begun.set(); sys.modules['__main__'].go.wait()\n"
        "@pixelmill.operation\ndef smear(image): return image\n"
        "pixelmill.Pipeline.parse('blur | smear')\n",
    )
    code = (
        "import threading; from pixelmill.operations import find\n"
        "begun, go, found = threading.Event(), threading.Event(), []\n"
        "asking = [threading.Thread(target=lambda: found.append(find('smear').name)) for _ in range(2)]\n"
        "asking[0].start(); begun.wait(); asking[1].start(); asking[1].join(0.2); go.set()\n"
        "[each.join() for each in asking]; print(*found)\n"
    )
    assert python(code, slow).stdout == "smear smear\n"
