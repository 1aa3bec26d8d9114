"""The page of a benchmark: what it shows, what it escapes, and how it behaves in a browser."""

import dataclasses
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fastshallow.command.cli import main
from fastshallow.command.page import taken_apart
from fastshallow.measuring import Case, records
from fastshallow.measuring.findings import ARITHMETIC, CALLS, Anatomy, Counts, Loop, Part
from fastshallow.measuring.page import charts, markup, plot, write_comparison, write_page

EXAMPLE = Path(__file__).parent / "records" / "example.json"
HOSTILE = "<img src=x onerror=alert(1)>\"'&<script>alert(2)</script>${lead}"
VOID = {"meta", "link", "br"}


class Tree(HTMLParser):
    """Checks that tags are closed in their order, and keeps what a test looks for."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.text, self.named = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]
        self.named += [name for key, value in attributes if key == "aria-labelledby" for name in value.split()]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def record():
    case = Case(2, 4, 1, 1024)
    loop = Loop("here", 256, 8, 9, 1, 1, 1, 1, 1, 1, 1)
    anatomies = [
        Anatomy(case, "numpy", 3e-4, 1024, [Part(CALLS, 2e-4, ""), Part(ARITHMETIC, 1e-4, "")], Counts(34, 344, 32)),
        Anatomy(case, "fused", 2e-5, 1024, [Part(CALLS, 5e-6, ""), Part(ARITHMETIC, 15e-6, "")], Counts(1), loop),
    ]
    return dataclasses.replace(records.read(EXAMPLE), anatomies=anatomies)


@pytest.fixture(scope="module")
def path(record, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    write_page(record, path)
    return path


def test_the_page_is_whole(path):
    tree = Tree(path.read_text(encoding="utf-8"))
    assert len(set(tree.ids)) == len(tree.ids)
    assert set(tree.named) <= set(tree.ids)
    names = [tag for tag, _ in tree.tags]
    assert names.count("figure") == 3 + 1 + 1 + 1 + 6  # speed, parts, roofline, start, threads
    assert names.count("table") == names.count("caption") == 4
    pictures = [attributes for tag, attributes in tree.tags if tag == "svg" and attributes.get("role") == "img"]
    assert len(pictures) == names.count("figure")
    assert names.count("desc") == len(pictures)


def test_it_asks_no_other_host_and_is_small(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?://|//\w+\.\w|@import|url\((?!#)|src=", text)
    template = Path(charts.__file__).with_name("page.html")
    assert template.stat().st_size < 30_000


def test_every_number_is_there(path, record):
    text = "".join(Tree(path.read_text(encoding="utf-8")).text)
    cell = record.cells[0]
    for result in cell.results:
        assert f"{result.implementation}" in text
    fused = next(each for each in cell.results if each.implementation == "fused")
    assert f"{fused.ratio.value:.3g} ({fused.ratio.low:.3g} to {fused.ratio.high:.3g})" in text
    assert "fused is 15 times as fast here" in text
    assert "9: 1 multiply-adds, 1 divisions, 0 calls, 1 spills" in text


def test_what_a_record_holds_is_escaped(record, tmp_path):
    cells = [
        dataclasses.replace(
            cell,
            case=dataclasses.replace(cell.case, hidden=HOSTILE),
            results=[
                dataclasses.replace(each, verdict=HOSTILE, implementation="numpy" if i == 0 else HOSTILE)
                for i, each in enumerate(cell.results[:2])
            ],
        )
        for cell in record.cells
        if cell.threads == 1
    ]
    hostile = dataclasses.replace(
        record,
        made=HOSTILE,
        command=HOSTILE,
        machine=dict.fromkeys(("cpu", "system", "blas", "vector_bits"), HOSTILE) | {"versions": {HOSTILE: HOSTILE}},
        calibration=dataclasses.replace(record.calibration, note=HOSTILE),
        cells=cells,
        anatomies=[dataclasses.replace(each, backend=HOSTILE) for each in record.anatomies],
        starts=[dataclasses.replace(each, implementation=HOSTILE) for each in record.starts[:1]],
        limits=[dataclasses.replace(each, dtype=HOSTILE) for each in record.limits],
    )
    write_page(hostile, tmp_path / "a.html")
    write_comparison(hostile, dataclasses.replace(hostile, machine={"cpu": HOSTILE * 2}), tmp_path / "b.html")
    for name in "a.html", "b.html":
        tree = Tree((tmp_path / name).read_text(encoding="utf-8"))
        assert "img" not in [tag for tag, _ in tree.tags]
        assert [tag for tag, _ in tree.tags].count("script") == 1
        assert not any(key.startswith("on") for _, attributes in tree.tags for key in attributes)
        assert HOSTILE in "".join(tree.text)


def test_what_attributes_hold_is_escaped():
    assert markup.element("a", class_=HOSTILE, stroke_width=1.0).startswith(
        '<a class="&lt;img src=x onerror=alert(1)&gt;&quot;'
    )
    assert markup.element("line", x1=1.26, hidden=None) == '<line x1="1.3"/>'


def test_a_record_of_little_makes_a_page(record, tmp_path):
    little = dataclasses.replace(record, cells=record.cells[:1], limits=[], starts=[], anatomies=[], machine={})
    write_page(little, tmp_path / "a.html")
    assert [tag for tag, _ in Tree((tmp_path / "a.html").read_text(encoding="utf-8")).tags].count("figure") == 1
    write_page(dataclasses.replace(little, cells=[]), tmp_path / "b.html")
    assert "figure" not in [tag for tag, _ in Tree((tmp_path / "b.html").read_text(encoding="utf-8")).tags]


def test_a_comparison_shows_what_changed(record, tmp_path):
    path = tmp_path / "page.html"
    cells = [cell for cell in record.cells if cell.threads == 1]
    halved = [
        dataclasses.replace(each, least=[t / 2 for t in each.least]) if each.implementation == "fused" else each
        for each in cells[0].results
    ]
    faster = dataclasses.replace(cells[0], results=halved)
    write_comparison(*(dataclasses.replace(record, cells=[each, *cells[1:]]) for each in (cells[0], faster)), path)
    tree = Tree(path.read_text(encoding="utf-8"))
    text = " ".join(tree.text)
    assert "1 faster" in text
    assert "slower" not in text.split("against NumPy beside it")[1].split(".")[0]
    assert "2-4-1, 1, float32: 2 times as fast" in text
    assert len(set(tree.ids)) == len(tree.ids)


def test_axes():
    axis = plot.Axis(1.0, 1000.0, 0.0, 300.0, "", plot.power)
    assert [axis.at(value) for value in (1, 10, 100, 1000)] == pytest.approx([0, 100, 200, 300])
    assert axis.ticks() == [1, 10, 100, 1000]
    assert [plot.power(value) for value in (0.25, 64, 1000, 131072, 2e9)] == ["0.25", "64", "1k", "131k", "2G"]


@pytest.mark.parametrize(("low", "high"), [(1, 2.5), (0.9, 1.1), (1, 131072), (1e-9, 1e12), (3, 64)])
def test_ticks_are_few_and_within(low, high):
    ticks = plot.Axis(low, high, 0.0, 1.0, "", plot.power).ticks()
    assert 2 <= len(ticks) <= 7
    assert all(low <= each <= high for each in ticks)


def test_when_compiling_pays():
    case = Case(2, 4, 1, 1)
    numpy = records.Start("numpy", case, 0.1, None, 0.0, 20e-6)
    fused = records.Start("fused", case, 0.1, 2.0, 0.02, 4e-6)
    assert charts.paying([numpy, fused]) == [
        "fused overtakes NumPy with a filled cache after 1,200 steps, with an empty one after 120,000 steps."
    ]
    slow = records.Start("jit", case, 0.2, 3.0, 0.0, 30e-6)
    loops = records.Start("loops", case, 0.1, None, 0.0, 1e-6)  # compiles nothing
    assert charts.paying([numpy, slow, loops]) == [
        "jit overtakes NumPy with a filled cache never, with an empty one never."
    ]


def test_the_command_draws_a_record(tmp_path, capsys):
    assert main(["bench", "--from", str(EXAMPLE), "--html", str(tmp_path / "page.html")]) == 0
    assert (tmp_path / "page.html").stat().st_size > 20_000
    assert main(["bench", "--from", str(EXAMPLE)]) == 2
    assert "--html" in capsys.readouterr().err


def test_the_command_draws_what_changed(record, tmp_path, capsys):
    cells = [cell for cell in record.cells if cell.threads == 1]
    records.write(dataclasses.replace(record, cells=cells), tmp_path / "a.json")
    a, html = str(tmp_path / "a.json"), tmp_path / "page.html"
    assert main(["bench", "--compare", a, a, "--html", str(html)]) == 0
    assert "page.html" in capsys.readouterr().err
    assert "What changed between two benchmarks" in html.read_text(encoding="utf-8")


def test_steps_are_taken_apart_for_the_page(record, monkeypatch):
    asked = []

    def dissect(case, backend, seconds):
        asked.append((case.shape, case.m, backend))
        return dataclasses.replace(record.anatomies[1], case=case, backend=backend)

    monkeypatch.setattr("fastshallow.command.page.dissect", dissect)
    found = taken_apart(dataclasses.replace(record, anatomies=[]), wanted=False)
    assert [each.backend for each in found.anatomies[:5]] == ["loops", "examples", "numpy", "jit", "fused"]
    assert {m for shape, m, _ in asked if shape == "2-4-1"} == {1, 1024, 16384}
    assert ("784-128-10", 1, "loops") not in asked  # which takes too long
    assert len(asked) == len(set(asked)) == 3 * 5 + 3 * 5 + 3 * 4


@pytest.fixture(scope="module")
def browser():
    selenium = pytest.importorskip("selenium.webdriver", reason="needs selenium, to drive a browser")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (program and driver):
        pytest.skip("needs Chromium and its driver: apt-get install chromium chromium-driver")
    options = selenium.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = selenium.Chrome(options=options, service=selenium.ChromeService(driver))
    yield browser
    browser.quit()


def column(browser, number):
    cells = f"#all-times ~ tbody tr > :nth-child({number + 1})"
    return browser.execute_script(f"return [...document.querySelectorAll('{cells}')].map(each => each.innerText)")


@pytest.mark.parametrize("width", [1400, 400])
def test_a_browser_shows_it(browser, path, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(path.as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    small = (
        "return Math.min(...[...document.querySelectorAll('figure text')].map(e => e.getBoundingClientRect().height))"
    )
    assert browser.execute_script(small) >= 10  # pixels
    assert browser.get_log("browser") == []
    asked = re.findall(r'"url":"(\w+:[^"]*)"', " ".join(each["message"] for each in browser.get_log("performance")))
    assert {address.split(":")[0] for address in asked} <= {"file", "data", "about", "chrome"}


def test_tables_sort_by_keyboard(browser, path):
    browser.get(path.as_uri())
    button = browser.find_elements("css selector", "#all-times ~ thead button")[1]
    button.send_keys("\n")
    found = [int(each.replace(",", "")) for each in column(browser, 1)]
    assert found == sorted(found)
    assert found[0] != found[-1]
    assert button.find_element("xpath", "..").get_attribute("aria-sort") == "ascending"
    button.send_keys(" ")
    assert [int(each.replace(",", "")) for each in column(browser, 1)] == sorted(found, reverse=True)
    assert button.find_element("xpath", "..").get_attribute("aria-sort") == "descending"


def test_times_sort_by_their_length_whatever_their_unit(browser, path):
    browser.get(path.as_uri())
    browser.find_elements("css selector", "#all-times ~ thead button")[4].send_keys("\n")
    script = "return [...document.querySelectorAll('#all-times ~ tbody tr')].map(row => row.children[4].dataset.value)"
    times = browser.execute_script(script)
    timed = [float(each) for each in times if each is not None]
    assert times[len(timed) :] == [None] * (len(times) - len(timed))  # left out
    assert timed == sorted(timed)
    assert timed[0] < 1e-5 < 1e-2 < timed[-1]


def test_the_legend_hides_and_shows(browser, path):
    browser.get(path.as_uri())
    button = browser.find_element("css selector", "[data-series]")
    lines = browser.find_elements("css selector", f".s.{button.get_attribute('data-series')}")
    assert lines[0].is_displayed()
    button.send_keys("\n")
    assert not any(each.is_displayed() for each in lines)
    assert button.get_attribute("aria-pressed") == "false"
    button.send_keys("\n")
    assert all(each.is_displayed() for each in lines)
