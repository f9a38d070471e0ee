"""`pixelmill run` over real files."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pixelmill
from pixelmill.cli import main
from pixelmill.cli.pipelines import compose

DEADLINE_S = 60.0


def write_picture(path: Path, size: tuple[int, int] = (60, 40), seed: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    write_picture(folder / "a.jpg", seed=1)
    write_picture(folder / "b.PNG", seed=2)
    write_picture(folder / "deep" / "er" / "c.webp", seed=3)
    write_picture(folder / ".hidden" / "d.png", seed=4)
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_one_broken_picture_does_not_stop_the_others(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (photos / "a.jpg").read_bytes()
    (photos / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    out = tmp_path / "out"
    assert main(["run", str(photos), "-o", str(out), "--op", "resize:30x", "-f", "webp", "-q", "70"]) == 1
    assert files_below(out) == {"a.webp", "b.webp", "deep/er/c.webp"}
    for name in files_below(out):
        with Image.open(out / name) as made:
            assert (made.format, made.size) == ("WEBP", (30, 20))
    shown = capsys.readouterr()
    assert shown.out.startswith("3 done, 1 failed, ")
    assert len(shown.out.splitlines()) == 1
    assert [line.split(": ")[:2] for line in shown.err.splitlines()] == [["pixelmill", str(photos / "broken.jpg")]]


def test_results_are_what_the_library_makes(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["run", str(photos), "-o", str(out), "--op", "blur:3", "--op", "sepia"]) == 0
    pipeline = pixelmill.Pipeline().blur(3).sepia()
    assert files_below(out) == {"a.jpg", "b.PNG", "deep/er/c.webp"}
    for name in files_below(out):
        assert (out / name).read_bytes() == pixelmill.run((photos / name).read_bytes(), pipeline).data


def test_an_explicit_file_needs_no_extension(photos: Path, tmp_path: Path) -> None:
    plain = photos / "plain"
    (photos / "a.jpg").rename(plain)
    assert main(["run", str(plain), "-o", str(tmp_path / "out"), "--op", "negative"]) == 0
    assert files_below(tmp_path / "out") == {"plain.jpg"}


def test_results_that_would_get_one_name_keep_their_extensions(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "b.png"):
        write_picture(tmp_path / "in" / name)
    assert main(["run", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "-f", "jpg"]) == 0
    assert files_below(tmp_path / "out") == {"a.jpg", "a.png.jpg", "b.jpg"}


def test_two_files_of_one_name_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    several = [str(write_picture(tmp_path / folder / "a.png")) for folder in ("x", "y")]
    assert main(["run", *several, "-o", str(tmp_path / "out"), "--op", "sepia"]) == 2
    assert "expected a name of its own for each result" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("through_a_link", [False, True])
def test_no_input_is_ever_replaced(
    photos: Path, tmp_path: Path, through_a_link: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {name: (photos / name).read_bytes() for name in files_below(photos)}
    out = photos
    if through_a_link:
        out = tmp_path / "link"
        out.symlink_to(photos, target_is_directory=True)
    assert main(["run", str(photos), "-o", str(out), "--op", "sepia"]) == 2
    assert "which is an input" in capsys.readouterr().err
    assert {name: (photos / name).read_bytes() for name in files_below(photos)} == before


def test_one_input_s_result_does_not_replace_another_input(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    other = write_picture(tmp_path / "a.webp").read_bytes()
    assert main(["run", str(tmp_path / "a.png"), str(tmp_path / "a.webp"), "-o", str(tmp_path), "-f", "webp"]) == 2
    assert (tmp_path / "a.webp").read_bytes() == other


def test_results_below_the_input_folder_are_no_input_next_time(photos: Path) -> None:
    out = photos / "small"
    arguments = ["run", str(photos), "-o", str(out), "--op", "resize:20x"]
    assert main(arguments) == 0
    assert main(arguments) == 0
    assert files_below(out) == {"a.jpg", "b.PNG", "deep/er/c.webp"}


def test_existing_results_can_be_left_out(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.jpg").write_text("made before")
    assert main(["run", str(photos), "-o", str(out), "--op", "resize:20x", "--skip-existing"]) == 0
    assert (out / "a.jpg").read_text() == "made before"
    assert files_below(out) == {"a.jpg", "b.PNG", "deep/er/c.webp"}
    assert capsys.readouterr().out.startswith("2 done, 0 failed, 1 skipped, ")


def test_fail_fast_stops_at_the_first_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.png").write_bytes(b"not a picture")
    for number in range(50):
        write_picture(tmp_path / f"b{number}.png")
    out = tmp_path / "out"
    assert main(["run", str(tmp_path), "-o", str(out), "--op", "blur", "--fail-fast", "-j", "1"]) == 1
    assert "(stopped at the first failure)" in capsys.readouterr().out
    assert not out.exists() or len(files_below(out)) < 50


def test_files_that_cannot_be_read_or_written_are_listed(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "gone.png").symlink_to(photos / "nowhere.png")
    out = tmp_path / "out"
    (out / "a.jpg").mkdir(parents=True)
    assert main(["run", str(photos), "-o", str(out), "--op", "sepia"]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("2 done, 2 failed, ")
    assert f"{photos / 'gone.png'}: expected a readable file at {photos / 'gone.png'}" in shown.err
    assert f"{photos / 'a.jpg'}: expected to write {out / 'a.jpg'}" in shown.err
    assert files_below(out) == {"b.PNG", "deep/er/c.webp"}


def test_a_pipe_is_not_waited_for(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(photos / "pipe.png")
    assert main(["run", str(photos), "-o", str(tmp_path / "out"), "--op", "sepia"]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("3 done, 1 failed, ")
    assert f"expected a regular file at {photos / 'pipe.png'}" in shown.err


def test_where_no_fleet_answers_one_message_says_so(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{probe.getsockname()[1]}"
        arguments = ["run", str(photos), "-o", str(tmp_path / "out"), "--op", "sepia", "--executor", f"grpc://{target}"]
        assert main(arguments) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"pixelmill: expected an orchestrator at {target}, got: ")
        said = f"expected an orchestrator at {target}, got: "
        with pixelmill.open_executor(f"grpc://{target}") as fleet, pytest.raises(pixelmill.NoHealthyInstance, match=said):
            fleet.run((photos / "a.jpg").read_bytes(), "sepia")


def test_a_pipeline_s_file_may_start_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text('{"operations": [{"op": "sepia"}]}', encoding="utf-8-sig")
    assert compose(str(file), [], None, None).to_text() == "sepia"


def test_a_logo_is_read_from_its_file(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logo = write_picture(tmp_path / "brand" / "logo.png", (8, 8), seed=9).read_bytes()
    expected = pixelmill.run((photos / "a.jpg").read_bytes(), pixelmill.Pipeline().logo(logo, scale=0.5)).data
    monkeypatch.chdir(tmp_path / "brand")
    assert main(["run", str(photos / "a.jpg"), "-o", str(tmp_path / "1"), "--op", "logo:@logo.png,scale=0.5"]) == 0
    assert (tmp_path / "1" / "a.jpg").read_bytes() == expected
    # In a pipeline's file, the name is relative to that file.
    monkeypatch.chdir(photos)
    spellings = {
        "p.json": json.dumps({"operations": [{"op": "logo", "image": "@logo.png", "scale": 0.5}]}),
        "p.yaml": "operations:\n  - op: logo\n    image: '@logo.png'\n    scale: 0.5\n",
        "p.txt": "logo:@logo.png,scale=0.5\n",
    }
    for name, text in spellings.items():
        (tmp_path / "brand" / name).write_text(text)
        out = tmp_path / f"out-{name}"
        assert main(["run", "a.jpg", "-o", str(out), "-p", str(tmp_path / "brand" / name)]) == 0
        assert (out / "a.jpg").read_bytes() == expected


def test_options_add_to_the_pipeline_in_order(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_text("operations: [{op: resize, width: 300}]\noutput: {format: webp, quality: 50, background: '#112233'}\n")
    options = ["blur:3", 'text:"a | b, c",position=top', "edge-detect"]
    assert compose(str(file), options, None, None).to_text() == (
        'resize:300x | blur:3 | text:"a | b, c",position=top | edge_detect | webp:50,background=#112233'
    )
    assert compose(str(file), [], None, 70).to_text() == "resize:300x | webp:70,background=#112233"
    assert compose(str(file), [], "png", None).to_text() == "resize:300x | png:background=#112233"
    assert compose("sepia | jpg", ["blur:3 | negative"], "webp:lossless=true", None).to_text() == (
        "sepia | blur:3 | negative | webp:lossless=true"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--op", "blurr:2"], "did you mean 'blur'?"),
        (["--op", "blur:sigma=-1"], "expected a number > 0"),
        (["--op", "webp:80"], "write -f webp"),
        (["--op", "logo:@missing.png"], "expected a readable file for logo.image"),
        (["--op", f"logo:{__file__}"], "write @"),
        (["--op", "text:a,b"], "a value with a comma goes in double quotes"),
        (["--op", "blur", "--executor", "grpc://nowhere"], "expected grpc://HOST:PORT"),
        (["-p", ""], "expected something to do"),
        (["-f", "bmp"], "for --format, got 'bmp'"),
        (["-f", "png", "-q", "80"], "expected quality only for jpeg, webp, avif"),
        (["--op", "blur", "-q", "0"], "--quality"),
        (["-p", "missing.yaml"], "which does not exist"),
        (["--op", "blur", "--executor", "ftp://x"], "expected local:, grpc://HOST:PORT or grpcs://HOST:PORT"),
        (["--op", "blur", "--frobnicate"], "--frobnicate"),
        ([], "expected something to do"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(
    photos: Path, tmp_path: Path, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(photos), "-o", str(tmp_path / "out"), *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("pixelmill: ")
    assert complaint in shown.err
    assert len(shown.err.splitlines()) == 1
    assert not shown.out
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("output", ["small.jpg", "notes.txt"])
def test_the_output_is_a_folder(photos: Path, output: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(photos), "-o", str(photos / output), "--op", "blur"]) == 2
    assert "expected a folder for --output" in capsys.readouterr().err


def test_nothing_to_read_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    for given in ("empty", "missing"):
        assert main(["run", str(tmp_path / given), "-o", str(tmp_path / "out"), "--op", "blur"]) == 1
        assert capsys.readouterr().err.startswith("pixelmill: expected ")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_only_whole_files(tmp_path: Path, number: signal.Signals, code: int) -> None:
    many = 400
    source = write_picture(tmp_path / "source.jpg", (1200, 900))
    (tmp_path / "in").mkdir()
    for index in range(many):
        (tmp_path / "in" / f"{index:03}.jpg").symlink_to(source)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "pixelmill", "run", str(tmp_path / "in"), "-o", str(out), "--op", "blur:2", "-f", "png"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + DEADLINE_S
        while not list(out.glob("*.png")) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(number)
        shown, complaints = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == code, complaints
    assert not complaints
    if number == signal.SIGINT:
        assert "(interrupted)" in shown
    made = files_below(out)
    assert 0 < len(made) < many
    for name in made:
        assert name.endswith(".png")
        with Image.open(out / name) as picture:
            picture.load()
