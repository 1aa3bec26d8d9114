"""The README's tables are those of the records: nobody has to believe a figure that no record has."""

import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from fastshallow.measuring import records

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT))  # last, so that an installed fastshallow comes first

from benchmarks import readme  # noqa: E402

PATHS = sorted((ROOT / "benchmarks" / "records").glob("*.json"))
EXAMPLE = Path(__file__).parent / "records" / "example.json"


def test_the_readme_has_the_tables_of_the_records():
    text = readme.README.read_text(encoding="utf-8")
    assert PATHS and readme.written(text, PATHS) == text
    for path in PATHS:
        assert readme.pictured(path).read_text(encoding="utf-8") == readme.picture(records.read(path)) + "\n"


def test_the_picture_stands_alone():
    root = ElementTree.fromstring(readme.picture(records.read(EXAMPLE)))
    text = " ".join(root.itertext())
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and "fused" in text and "examples a second" in text
    assert len(root.findall("{*}svg/{*}title")) == len({cell.case.shape for cell in records.read(EXAMPLE).cells})


def test_defeats_and_noise_are_left_in():
    example = records.read(EXAMPLE)
    cell = example.cells[0]
    fused = next(each for each in cell.results if each.implementation == "fused")
    slower = replace(fused, ratio=records.Interval(0.8, 0.7, 0.9), verdict="slower", of_limit=0.001)
    noisy = replace(example.calibration, note="it shook")
    example = replace(example, calibration=noisy, cells=[replace(cell, results=[cell.results[0], slower])])
    about, heading, table = readme.tables(example)
    assert example.machine["cpu"] in about and "it shook" in about and heading == "float32, one thread:"
    assert table.splitlines()[-1].endswith("| 0.8 (0.7 to 0.9), slower | < 1 % |")


def test_what_is_around_the_tables_stays():
    text = f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n"
    made = readme.written(text, [EXAMPLE])
    assert made.startswith(f"before\n{readme.BEGIN}\n\n") and made.endswith(f"\n\n{readme.END}\nafter\n")
    assert "old" not in made and readme.written(made, [EXAMPLE]) == made


def test_no_record_is_told_how(capsys):
    assert readme.main([]) == 2 and "usage: python -m benchmarks.readme RECORD" in capsys.readouterr().err
