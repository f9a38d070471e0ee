"""A pipeline is built: by mouse, by keyboard, from a preset, from a link."""

from __future__ import annotations

import json

from playwright.sync_api import Locator, Page, expect

import pixelmill
from tests.browser.actions import pasted, settled


def steps(page: Page) -> list[str]:
    """Return the names of the operations in their order."""
    return page.locator(".step-name").all_inner_texts()


def step(page: Page, op: str) -> Locator:
    """Return the card of an operation."""
    return page.locator(f".step[data-op={op}]")


def text(page: Page) -> str:
    """Return the pipeline in its compact form."""
    page.get_by_role("tab", name="Text").click()
    return page.get_by_role("tabpanel").inner_text()


def test_operation_is_found_added_and_changed(page: Page) -> None:
    pasted(page, "sepia")
    page.get_by_role("button", name="Add an operation").click()
    page.get_by_label("Search operations").fill("blur gaussian transparent")
    page.keyboard.press("Enter")
    assert steps(page) == ["Sepia", "Blur"]
    step(page, "blur").get_by_role("spinbutton", name="Sigma").fill("7.5")
    assert text(page) == "sepia | blur:7.5"


def test_every_operation_has_a_form_that_the_library_takes(page: Page) -> None:
    page.get_by_role("switch", name="Run on every change").uncheck()
    pasted(page, "sepia")
    schema = page.request.get("/v1/operations").json()
    operations = [name for name in schema["$defs"] if name != "output"]
    # By the page's own buttons, all in one go: a mouse would take a while for each.
    fields = page.evaluate(
        """(operations) => operations.map((name) => {
            document.querySelector('.add').click();
            document.querySelector(`dialog[open] button[data-op=${name}]`).click();
            return document.querySelectorAll('.step:last-child .step-body .field').length;
        })""",
        operations,
    )
    for name in ("Logo", "Text"):
        page.get_by_role("button", name=f"Remove {name}").click()
    pipeline = pixelmill.Pipeline.parse(text(page))
    free = [name for name in operations if name not in ("logo", "text")]
    assert [operation.name for operation in pipeline.operations] == ["sepia", *free]
    assert fields == [len(schema["$defs"][name]["properties"]) - 1 for name in operations]


def test_each_kind_of_field_sets_its_parameter(page: Page) -> None:
    page.get_by_role("switch", name="Run on every change").uncheck()
    pasted(page, "resize:500x | text:hi | webp")
    step(page, "resize").locator(".step-toggle").click()
    step(page, "resize").locator("summary").click()
    step(page, "resize").get_by_label("Fit", exact=True).select_option("cover")
    step(page, "resize").get_by_role("radio", name="attention").check()
    step(page, "resize").get_by_role("switch", name="Enlarge").check()
    step(page, "resize").get_by_role("slider", name="Height").press("End")
    step(page, "text").locator(".step-toggle").click()
    step(page, "text").get_by_role("textbox", name="Text").fill('a "b", c')
    step(page, "text").locator("summary").click()
    step(page, "text").get_by_role("textbox", name="Color", exact=True).fill("#112233")
    step(page, "text").get_by_role("radio", name="top-left").check()
    output = page.get_by_role("group", name="Output", exact=True)
    output.locator("summary").click()
    output.get_by_role("checkbox", name="exif").check()
    expected = (
        "resize:500x16384,fit=cover,gravity=attention,enlarge=true"
        ' | text:"a \\"b\\", c",position=top-left,color=#112233 | webp:keep=exif'
    )
    assert text(page) == expected
    assert pixelmill.Pipeline.parse(expected).to_text() == expected


def test_logo_is_read_from_a_file(page: Page) -> None:
    page.get_by_role("switch", name="Run on every change").uncheck()
    pasted(page, "sepia | png")
    page.get_by_role("button", name="Add an operation").click()
    page.locator("button[data-op=logo]").click()
    logo = pixelmill.run(b"P6 2 1 255 \x00\x10\x20\x30\x40\x50", "png").data
    step(page, "logo").locator("input[type=file]").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": logo}
    )
    expect(step(page, "logo").get_by_text("logo.png")).to_be_visible()
    page.get_by_role("tab", name="JSON").click()
    [_, operation] = pixelmill.Pipeline.parse(page.get_by_role("tabpanel").inner_text()).operations
    assert dict(operation)["image"] == logo
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".run-state")).to_contain_text("Done")


def test_logo_that_is_missing_or_too_large_is_told_before_anything_runs(page: Page) -> None:
    settled(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="Add an operation").click()
    page.locator("button[data-op=logo]").click()
    expect(page.locator(".preview-note")).to_have_text("Logo wants a picture: choose one, and it runs.")
    choose = step(page, "logo").locator("input[type=file]")
    choose.set_input_files({"name": "large.png", "mimeType": "image/png", "buffer": bytes(4 * 1024 * 1024)})
    expect(step(page, "logo").get_by_text("expected at most 2.9 MiB, got large.png of 4 MiB")).to_be_visible()
    assert asked == []
    logo = pixelmill.run(b"P6 2 1 255 \x00\x10\x20\x30\x40\x50", "png").data
    choose.set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": logo + bytes(2_900_000 - len(logo))})
    expect(page.locator(".preview-note")).to_be_hidden()
    expect(page.locator(".step-name")).to_have_text(["Resize", "Sepia", "Vignette", "Text", "Logo"])
    settled(page)


def test_keyboard_goes_on_where_something_was_added_or_removed(page: Page) -> None:
    pasted(page, "blur:3 | sepia")
    page.get_by_role("button", name="Duplicate Blur").press("Enter")
    expect(page.locator(".step").nth(1).locator(".step-toggle")).to_be_focused()
    page.get_by_role("button", name="Remove Sepia").press("Enter")
    expect(page.locator(".step").nth(1).locator(".step-toggle")).to_be_focused()
    for _ in range(2):
        page.get_by_role("button", name="Remove Blur").last.press("Enter")
    expect(page.get_by_role("button", name="Add an operation")).to_be_focused()
    page.get_by_role("button", name="Make several renditions").press("Enter")
    expect(page.get_by_label("Name of the rendition").last).to_be_focused()
    page.get_by_role("button", name="Remove rendition original").press("Enter")
    expect(page.get_by_role("button", name="Make several renditions")).to_be_focused()


def test_operations_are_moved_by_keyboard(page: Page) -> None:
    pasted(page, "blur | sepia | grayscale")
    step(page, "blur").locator(".grip").focus()
    page.keyboard.press("ArrowDown")
    assert steps(page) == ["Sepia", "Blur", "Grayscale"]
    page.keyboard.press("End")
    assert steps(page) == ["Sepia", "Grayscale", "Blur"]
    expect(page.locator("#announcer")).to_have_text("Blur is number 3 of 3")
    page.keyboard.press("ArrowUp")
    assert steps(page) == ["Sepia", "Blur", "Grayscale"]


def test_operations_are_moved_by_dragging(page: Page) -> None:
    pasted(page, "blur | sepia | grayscale")
    grip = step(page, "blur").locator(".grip").bounding_box()
    last = step(page, "grayscale").bounding_box()
    assert grip
    assert last
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(grip["x"] + 10, last["y"] + last["height"], steps=8)
    page.mouse.up()
    assert steps(page) == ["Sepia", "Grayscale", "Blur"]
    assert text(page) == "sepia | grayscale | blur"


def test_dragging_ends_without_a_change_on_escape(page: Page) -> None:
    pasted(page, "blur | sepia")
    grip = step(page, "blur").locator(".grip").bounding_box()
    assert grip
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(grip["x"] + 8, grip["y"] + 200, steps=4)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert steps(page) == ["Blur", "Sepia"]


def test_operations_are_duplicated_and_removed(page: Page) -> None:
    pasted(page, "blur:3 | sepia")
    page.get_by_role("button", name="Duplicate Blur").click()
    assert text(page) == "blur:3 | blur:3 | sepia"
    page.get_by_role("button", name="Remove Sepia").click()
    assert text(page) == "blur:3 | blur:3"


def test_pipeline_survives_a_reload(page: Page) -> None:
    pasted(page, "blur:3 | webp:55")
    page.reload()
    expect(page.locator(".step-name")).to_have_text(["Blur"])
    assert text(page) == "blur:3 | webp:55"


def test_pipeline_is_shared_by_a_link(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    pasted(page, 'text:"50 % off; &c",size=40 | jpeg:70')
    page.get_by_role("button", name="Link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    pasted(page, "sepia")
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator(".step-name")).to_have_text(["Text"])
    assert text(page) == 'text:"50 % off; &c",size=40 | jpeg:70'
    assert "?p=" not in page.url


def test_text_that_is_no_pipeline_is_refused_where_it_is_pasted(page: Page) -> None:
    page.get_by_role("button", name="Paste a pipeline").click()
    page.get_by_label("JSON, or the compact text form").fill("blr:2")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("alert").filter(has_text="got blr")).to_be_visible()


def test_presets_run_and_renditions_are_shown_side_by_side(page: Page) -> None:
    settled(page)
    preset = page.get_by_label("Begin with")
    names = [name for name in preset.locator("option").all_inner_texts() if name != "Begin with …"]
    assert len(names) >= 5
    for name in names:
        with page.expect_response(lambda answer: "/v1/process" in answer.url) as answer:
            preset.select_option(label=name)
        assert answer.value.ok, name
    preset.select_option(label="Responsive set")
    shown = page.get_by_role("list", name="Renditions").get_by_role("listitem")
    expect(shown).to_have_count(3)
    expect(shown.first).to_contain_text("480 × 320 · WEBP")
    page.get_by_role("button", name="Remove rendition medium").click()
    expect(shown).to_have_count(2)
    page.get_by_role("button", name="Remove rendition large").click()
    expect(page.get_by_alt_text("After: 480 × 320 · WEBP")).to_be_visible()
    assert text(page) == "sharpen:0.5 | resize:480x | webp:75"


def test_compact_form_is_read_and_written_as_the_library_does(page: Page) -> None:
    texts = [
        'resize:1280x720 | blur:2 | sepia | text:"© Pixelmill" | webp:80',
        "resize:50% | crop:20x,attention | rotate:-12.5,background=transparent | png:effort=small",
        'text:"a | b, c = \\"d\\" ; { }\\n€ 😀 \\u200b",size=40,tile=true | jpg:70,progressive=true',
        "convolve:0 -1 0 -1 5 -1 0 -1 0 | auto:accept=avif+webp+jpeg",
        "sepia | { small = resize:320x | webp; large = resize:1280x | avif:50; same = }",
        "{ a = ; b = x-y:2 }".replace("x-y", "edge-detect").replace(":2", ":0.2"),
        "duotone:#112233,#ffffff | trim | webp:lossless=true,keep=icc exif",
    ]
    for one in texts:
        known = pixelmill.Pipeline.parse(one)
        script = """async ([text]) => {
            const { fromText, toText } = await import('/static/js/try/compact.js');
            const { readSchema } = await import('/static/js/try/schema.js');
            const schema = readSchema(await (await fetch('/v1/operations')).json());
            const data = fromText(text, schema);
            return [JSON.stringify(data), toText(data, schema)];
        }"""
        data, written = page.evaluate(script, [one])
        assert pixelmill.Pipeline.from_data(json.loads(data)) == known
        assert written == known.to_text()
