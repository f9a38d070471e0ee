"""One decode, many pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from pixelmill import ImageTooLarge, InvalidPipeline, Limits, Pipeline, run
from pixelmill.cli import main
from pixelmill.codecs import read
from pixelmill.pipeline import Rendition
from pixelmill.schema import pipeline_schema
from tests.pictures import by_pillow, encoded, photo, psnr

TEXT = "sepia | { small = resize:40x | webp; large = resize:60x | text:hi,size=9 | jpeg:80; whole = }"
PHOTO = encoded(photo(200, 150), "JPEG", quality=92)


def test_all_are_made_in_order_and_by_name() -> None:
    result = run(PHOTO, TEXT)
    assert [(one.name, one.info.format, one.info.width) for one in result.outputs] == [
        ("small", "webp", 40),
        ("large", "jpeg", 60),
        ("whole", "jpeg", 200),
    ]
    assert result.renditions["large"].data == result.outputs[1].data
    assert result.bytes == sum(len(one.data) for one in result.outputs)
    (hop,) = result.trace.hops
    assert hop.operations == ("sepia", "resize", "resize", "text")
    assert len(hop.operations_s) == 4


def test_one_of_several_has_to_be_named() -> None:
    result = run(PHOTO, TEXT)
    with pytest.raises(ValueError, match=r"expected one output for \.data and \.info, got renditions small, large, whole"):
        _ = result.data
    assert run(PHOTO, "{ only = resize:30x }").data


@pytest.mark.parametrize("text", ["resize:30x | webp", "resize:60x | text:hi,size=9 | jpeg:80", "png"])
def test_each_is_what_it_would_be_alone(text: str) -> None:
    """To the byte where nothing is shrunk on load: a PNG never is."""
    source = encoded(photo(200, 150, 4))
    alone = run(source, text).data
    assert run(source, f"{{ a = resize:90x; b = {text}; c = blur | webp }}").renditions["b"].data == alone


def test_a_jpeg_is_shrunk_on_load_as_far_as_the_largest_allows() -> None:
    source = encoded(photo(1600, 1200), "JPEG", quality=92)
    result = run(source, "{ a = resize:400x | png; b = resize:150x | png }")
    for name, width in (("a", 400), ("b", 150)):
        alone = by_pillow(run(source, f"resize:{width}x | png").data)
        assert psnr(by_pillow(result.renditions[name].data), alone) > 38


def test_the_picture_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []

    def counted(*arguments: object, **named: object) -> object:
        decoded.append(1)
        return read(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("pixelmill.engine.read", counted)
    run(PHOTO, "{ a = resize:30x; b = resize:40x; c = blur }")
    assert decoded == [1]


def test_a_size_in_two_formats_is_made_once() -> None:
    (hop,) = run(PHOTO, "{ a = resize:30x | webp; b = resize:30x | avif; c = resize:50x }").trace.hops
    assert hop.operations == ("resize", "resize")
    (hop,) = run(PHOTO, "{ a = resize:30x | blur | webp; b = resize:30x | blur | avif }").trace.hops
    assert hop.operations == ("resize", "blur")


def test_animations_in_several_formats() -> None:
    from tests.unit.test_animation import animation

    both = run(animation("gif"), "{ a = resize:20x | webp; b = gif }")
    assert [one.info.frames for one in both.outputs] == [5, 5]
    mixed = run(animation("gif"), "{ moving = webp; still = resize:20x | jpeg:frames=first }")
    assert [one.info.frames for one in mixed.outputs] == [5, 1]
    assert psnr(by_pillow(mixed.renditions["still"].data), np.full((15, 20, 3), (255, 0, 0))) > 30


@pytest.mark.parametrize(
    "pipeline",
    [
        Pipeline.parse(TEXT),
        Pipeline().sepia().rendition("a", "resize:3x").rendition("b", Pipeline().blur().to("png")),
        Pipeline().rendition("320", Pipeline().resize(320).to("auto", accept=["webp", "jpeg"])),
    ],
)
def test_every_spelling(pipeline: Pipeline) -> None:
    assert Pipeline.parse(pipeline.to_text()) == pipeline
    assert Pipeline.parse(pipeline.to_json()) == pipeline
    assert Pipeline.parse(pipeline.to_yaml()) == pipeline
    assert "output" not in json.loads(pipeline.to_json())
    assert "renditions" not in json.loads(Pipeline().sepia().to_json())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("png | { a = }", "expected no output of its own for a pipeline with renditions, got 'png'"),
        ("{ a = ; a = }", "expected a name of its own for each rendition for renditions, got 'a'"),
        ("{ a = blur", "expected ';' or '}' after a rendition at character 11 of the pipeline, got the end"),
        ("{ a = { b = } }", "expected an operation's or a format's name|expected ';' or '}'"),
        ("sepia { a = }", "expected '|' between two stages at character 7"),
        ("{ a = } | blur", "expected the end after the renditions at character 9"),
        ("{ a = webp | blur }", "expected the output format as the last stage"),
        ("sepia | {", "expected NAME = for a rendition at character 10"),
    ],
)
def test_what_is_wrong_is_told(text: str, message: str) -> None:
    with pytest.raises(InvalidPipeline, match=message):
        Pipeline.parse(text)


def test_names_are_file_names() -> None:
    for name in ("", "a b", "../a", "é", "a" * 65):
        with pytest.raises(InvalidPipeline, match="rendition"):
            Pipeline().rendition(name, "blur")


def test_limits_hold_for_each() -> None:
    with pytest.raises(InvalidPipeline, match="expected at most 2 renditions for renditions, got 3"):
        run(PHOTO, TEXT, limits=Limits(max_renditions=2))
    with pytest.raises(InvalidPipeline, match="expected at most 2 operations for operations, got 3"):
        run(PHOTO, TEXT, limits=Limits(max_operations=2))
    with pytest.raises(ImageTooLarge, match="for the result of resize"):
        run(PHOTO, "{ a = resize:30x; b = resize:900x,enlarge=true }", limits=Limits(max_output_side=500))


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(PHOTO)
    (tmp_path / "in" / "b.png").write_bytes(encoded(photo(90, 60)))
    command = ["run", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "-p", TEXT]
    assert main(command) == 0
    made = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert made == ["a-large.jpg", "a-small.webp", "a-whole.jpg", "b-large.jpg", "b-small.webp", "b-whole.png"]
    assert "2 done" in capsys.readouterr().out
    assert main([*command, "--skip-existing"]) == 0
    assert "2 skipped" in capsys.readouterr().out
    assert np.array_equal(by_pillow((tmp_path / "out" / "b-whole.png").read_bytes()).shape, (60, 90, 3))


def test_explain_shows_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", TEXT, "--placement", "spread"]) == 0
    out = capsys.readouterr().out
    assert "in 5 call(s)" in out
    for line in ("small: resize:40x", "large: encode jpeg:80", "whole: encode jpeg"):
        assert line in out


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("names", "arguments", "replaced"),
    [
        (("a.jpg", "a-b.jpg"), ("-p", "{ b = jpeg }"), "a-b.jpg"),
        (("a.jpg", "a-b.jpg"), ("-p", "{ b = source }"), "a-b.jpg"),
        (("a.jpg", "a-b.png"), ("-p", "{ b = auto }"), "a-b.png"),
        (("a.jpg", "c.webp"), ("-f", "auto"), "a.jpg"),
    ],
)
def test_no_input_is_replaced_by_a_rendition(
    names: tuple[str, ...], arguments: tuple[str, ...], replaced: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in names:
        (tmp_path / name).write_bytes(PHOTO)
    assert main(["run", str(tmp_path), "-o", str(tmp_path), *arguments]) == 2
    error = capsys.readouterr().err
    assert "expected another folder for the results" in error
    assert replaced in error
    assert files(tmp_path) == dict.fromkeys(sorted(names), PHOTO)


def test_renditions_of_two_pictures_get_names_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.jpg", "a-b.jpeg", "z.jpg"):
        (tmp_path / "in" / name).write_bytes(PHOTO)
    assert main(["run", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "-p", "{ b-c = webp; c = webp; d = jpeg }"]) == 0
    assert sorted(files(tmp_path / "out")) == [
        "a-b.jpeg-b-c.webp",
        "a-b.jpeg-c.webp",
        "a-b.jpeg-d.jpeg",
        "a.jpg-b-c.webp",
        "a.jpg-c.webp",
        "a.jpg-d.jpg",
        "z-b-c.webp",
        "z-c.webp",
        "z-d.jpg",
    ]


def test_only_a_whole_set_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jpg").write_bytes(PHOTO)
    out = tmp_path / "out"
    command = [
        "run",
        str(tmp_path / "a.jpg"),
        "-o",
        str(out),
        "-p",
        "{ s = resize:20x | webp; t = auto }",
        "--skip-existing",
    ]
    assert main(command) == 0
    made = files(out)
    assert sorted(made) == ["a-s.webp", "a-t.webp"]
    (out / "a-s.webp").rename(out / "a-s.png")
    (out / "a-t.webp").rename(out / "a-t.png")
    assert main(command) == 0
    assert files(out) == {"a-s.png": made["a-s.webp"], "a-t.png": made["a-t.webp"], **made}
    capsys.readouterr()
    assert main(command) == 0
    assert "1 skipped" in capsys.readouterr().out


def test_what_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jpg").write_bytes(PHOTO)
    (tmp_path / "out" / "a-t.webp").mkdir(parents=True)
    command = ["run", str(tmp_path / "a.jpg"), "-o", str(tmp_path / "out"), "-p", "{ s = webp; t = webp }"]
    assert main(command) == 1
    assert f"expected to write {tmp_path / 'out' / 'a-t.webp'}, got: is a directory" in capsys.readouterr().err
    assert sorted(files(tmp_path / "out")) == ["a-s.webp"]


def test_the_schema_describes_them() -> None:
    properties = pipeline_schema()["properties"]
    one = properties["renditions"]["items"]
    assert {name: one["properties"][name] for name in ("operations", "output")} == {
        name: properties[name] for name in ("operations", "output")
    }
    assert set(one["properties"]) == set(Rendition.model_fields)
    assert re.fullmatch(one["properties"]["name"]["pattern"], "a-b")
    assert not re.fullmatch(one["properties"]["name"]["pattern"], "a b")
    assert (one["required"], one["additionalProperties"]) == (["name"], False)
    assert properties["renditions"]["maxItems"] == Limits().max_renditions


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"name": "a", "size": 1}, "expected a parameter of pipeline.renditions.0, got 'size'"),
        ({"name": "a b"}, "expected text of the form .* for pipeline.renditions.0.name, got 'a b'"),
    ],
)
def test_a_malformed_one_is_named(data: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidPipeline, match=message):
        Pipeline.from_data({"renditions": [data]})
