"""Columns become features by a recipe that is learnt from the training rows, and that a file keeps."""

import json

import numpy as np
import pytest

from fastshallow.data import Column, Notes, Recipe, features_of, learn_recipe

NAN = np.nan


def numbers(name, values, kind="numbers", **more):
    return Column(name, np.array(values, np.float64), kind, **more)


def texts(name, values):
    kinds = tuple(dict.fromkeys(value for value in values if value is not None))
    return Column(name, np.array([-1 if value is None else kinds.index(value) for value in values]), "texts", kinds)


def made(recipe, *columns, **more):
    return features_of(recipe, {column.name: column for column in columns}, **more)[0]


def test_numbers_and_booleans_stay_as_they_are():
    columns = numbers("a", [1, 2, 4]), numbers("flag", [0, 1, 1], "booleans")
    recipe = learn_recipe(columns)
    assert recipe.names == ("a", "flag")
    np.testing.assert_array_equal(made(recipe, *columns), [[1, 2, 4], [0, 1, 1]])


def test_missing_numbers_become_the_median_beside_a_feature_that_says_so():
    column = numbers("a", [1, NAN, 4, 7, 100])
    recipe = learn_recipe([column])
    assert recipe.names == ("a", "a is missing")
    np.testing.assert_array_equal(made(recipe, column), [[1, 5.5, 4, 7, 100], [0, 1, 0, 0, 0]])


def test_texts_of_few_values_have_a_feature_each():
    column = texts("kind", ["low", "high", None, "low", "high"])
    recipe = learn_recipe([column])
    assert recipe.names == ("kind=high", "kind=low", "kind is missing")
    expected = [[0, 1, 0, 0, 1], [1, 0, 0, 1, 0], [0, 0, 1, 0, 0]]
    np.testing.assert_array_equal(made(recipe, column), expected)


def test_texts_that_training_has_not_seen_set_no_feature_and_are_noted():
    recipe = learn_recipe([texts("kind", ["low", "high", "low", "high"])])
    notes = Notes()
    X = made(recipe, texts("kind", ["new", "low", None, "new", "other"]), notes=notes)
    np.testing.assert_array_equal(X, [[0, 0, 0, 0, 0], [0, 1, 0, 0, 0]])
    assert list(notes.values()) == [2, 1]
    assert next(iter(notes)).startswith("'new' in 'kind', which training has not seen")


def test_a_text_that_only_the_other_rows_have_is_not_unseen():
    """Texts that a column knows but no row has, as after a part was taken, are not worth a word."""
    column = texts("kind", ["low", "high", "low", "high", "new"])
    recipe = learn_recipe([column], rows=np.arange(4))
    notes = Notes()
    made(recipe, column.take(np.arange(4)), notes=notes)
    assert not notes


@pytest.mark.parametrize(
    ("days", "date", "phase"),
    [
        (18628.0, "2021-01-01", 0.0),
        (18628 + 182.5, "2021-07-02", 0.5),
        (18262 + 183.0, "2020-07-02", 0.5),  # a leap year
        (-365 / 4, "1969-10-01", 0.75),
    ],
)
def test_dates_become_days_and_where_in_the_year_they_are(days, date, phase):
    column = numbers("when", [days, 3.0], "dates", form="year first")
    recipe = learn_recipe([column])
    assert recipe.names == ("when in days", "when, sine of the year", "when, cosine of the year")
    expected = [days, np.sin(2 * np.pi * phase), np.cos(2 * np.pi * phase)]
    np.testing.assert_allclose(made(recipe, column)[:, 0], expected, atol=1e-9)
    assert f"the same in every row, {date}" in learn_recipe([column.take(np.array([0, 0]))]).left_out["when"]


def test_the_recipe_is_learnt_from_the_training_rows_alone():
    columns = numbers("a", [1, NAN, 3, 500]), texts("kind", ["x", "z", "x", "w"]), numbers("b", [1, 1, 1, 2])
    rows = np.array([0, 1, 2])
    recipe = learn_recipe([columns[0], columns[2]], rows)
    assert recipe.rules[0].fill == 2
    assert recipe.left_out == {"b": "the same in every row, 1"}
    assert learn_recipe([columns[1]], rows, categorical=["kind"]).names == ("kind=x", "kind=z")


MANY = [f"t{i % 30}" for i in range(59)]


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (numbers("a", [NAN, NAN]), "nothing is in it"),
        (texts("a", [None, None]), "nothing is in it"),
        (numbers("a", [3, 3]), "the same in every row, 3"),
        (numbers("a", [1, 1], "booleans"), "the same in every row, True"),
        (texts("a", ["x", "x"]), "the same in every row, 'x'"),
        (numbers("id", [7, 9, 8]), "an id, another number in each of 3 rows"),
        (numbers("customer_id", [7, 9, 8]), "an id"),
        (numbers("PassengerId", [7, 9, 8]), "an id"),
        (numbers("column 1", [0, 1, 2]), "an id"),
        (numbers("Unnamed: 0", [0, 1, 2]), "an id"),
        (numbers("row id", [0, 1, NAN]), "an id, another number in each of 2 rows"),
        (texts("name", ["x", "z", "w"]), "an id, another text in each of 3 rows"),
        (texts("city", MANY), "30 different texts in 59 rows"),
        (texts("zip", [f"{i % 51}" for i in range(1000)]), "51 different texts in 1,000 rows"),
        (Column("a", np.empty(0), "none", form="it holds list<int64>"), "it holds list<int64>"),
    ],
)
def test_what_is_left_out_and_why(column, reason):
    recipe = learn_recipe([column])
    assert recipe.left_out[column.name].startswith(reason)
    assert recipe.names == ()
    assert recipe.report() == [f"'{column.name}': left out, {recipe.left_out[column.name]}"]


@pytest.mark.parametrize(
    "column",
    [
        numbers("humidity", [7, 9, 8]),  # the name only ends like an id
        numbers("t", [0, 1, 2]),
        numbers("id", [7, 9, 7]),  # not one a row
        numbers("id", [0.5, 1.5, 2.5]),
        numbers("a", [3, NAN]),
        texts("city", [*MANY, "t0"]),
        texts("zip", [f"{i % 50}" for i in range(1000)]),
    ],
)
def test_what_stays(column):
    assert learn_recipe([column]).left_out == {}


def test_one_value_or_nothing_is_worth_a_feature():
    for column in texts("flag", ["x", None, "x"]), numbers("flag", [1, NAN, 1]):
        recipe = learn_recipe([column])
        assert recipe.names == ("flag is missing",)
        np.testing.assert_array_equal(made(recipe, column), [[0, 1, 0]])
    assert recipe.report() == ["'flag': always 1 or missing; a feature says which"]


def test_names_overrule_the_rules():
    column = numbers("id", [7, 9, 8])
    assert learn_recipe([column], features=["id"]).names == ("id",)
    assert learn_recipe([column], categorical=["id"]).names == ("id=7", "id=8", "id=9")
    assert learn_recipe([texts("name", ["x", "z"])], categorical=["name"]).names == ("name=x", "name=z")
    codes = numbers("code", [1, 2.5, NAN, 1])
    recipe = learn_recipe([codes], categorical=["code"])
    assert recipe.names == ("code=1", "code=2.5", "code is missing")
    np.testing.assert_array_equal(made(recipe, codes), [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]])


def test_missing_where_training_had_none_becomes_the_median_and_is_noted():
    recipe = learn_recipe([numbers("a", [1, 2, 9]), numbers("when", [18262, 18263], "dates")])
    notes = Notes()
    X = made(recipe, numbers("a", [NAN, 5]), numbers("when", [18262, NAN], "dates"), notes=notes)
    np.testing.assert_array_equal(X[0], [2, 5])
    assert X[1, 1] == 18262.5
    assert notes == {
        "missing in 'a', replaced by the median 2": 1,
        "missing in 'when', replaced by the median 2020-01-01": 1,
    }


def test_parts_are_made_at_once_and_columns_are_set_free():
    columns = {column.name: column for column in (numbers("a", [1, 2, 4]), numbers("b", [5, 6, 8]))}
    recipe = learn_recipe(columns.values())
    first, second = features_of(recipe, columns, [np.array([0, 2]), np.array([1])])
    np.testing.assert_array_equal(first, [[1, 4], [5, 8]])
    np.testing.assert_array_equal(second, [[2], [6]])
    assert columns == {}


def test_float32_stays_float32():
    columns = [Column(name, np.array([1, 2, 4], np.float32)) for name in "ab"]
    recipe = learn_recipe(columns)
    assert made(recipe, *columns).dtype == np.float32
    assert made(recipe, columns[0], numbers("b", [1, 2, 4])).dtype == np.float64


def whole():
    columns = [
        numbers("a", [1, NAN, 0.1]),
        texts("kind \u00e9\n", ["x,", "z", "x,", "z"]),
        numbers("when", [1.5, 2, 3], "dates", form="day first"),
        numbers("flag", [1, NAN], "booleans"),
        numbers("const", [1, 1]),
    ]
    return learn_recipe(columns)


def test_a_file_keeps_the_recipe():
    recipe = whole()
    again = Recipe.of(recipe.members()["recipe"])
    assert again == recipe
    assert again.report() == recipe.report()


def test_columns_that_fare_alike_share_a_line():
    recipe = learn_recipe([numbers(f"a{i}", [1, 2]) for i in range(9)] + [numbers(f"b{i}", [5, 5]) for i in range(2)])
    assert recipe.report() == [
        "'a0', 'a1', 'a2', 'a3', ... (3 more), 'a7', 'a8': numbers",
        "'b0', 'b1': left out, the same in every row, 5",
    ]


DAMAGED = {"rules": [{"name": "a", "kind": "numbers", "missing": 0, "fill": 1.0, "values": [], "form": ""}]}


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "anything"},
        {"kind": ["numbers"]},
        {"name": 3},
        {"missing": -1},
        {"missing": True},
        {"missing": 1.5},
        {"fill": NAN},
        {"fill": None},
        {"fill": 10**400},
        {"values": "text"},
        {"values": [1]},
        {"form": None},
        {"kind": "presence"},
        {"kind": "presence", "missing": 3},
        {"kind": "texts"},
        {"more": 1},
    ],
    ids=str,
)
def test_a_damaged_rule_is_refused(change):
    found = json.loads(json.dumps(DAMAGED | {"left_out": {}, "header": True, "decimal": "."}))
    assert Recipe.of(json.dumps(found)).names == ("a",)
    found["rules"][0] |= change
    with pytest.raises(ValueError, match="its recipe of features"):
        Recipe.of(json.dumps(found))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        "{}",
        "[" * 100_000,
        '{"rules": 3}',
        '{"rules": [3]}',
        '{"rules": []}',
        *(
            json.dumps(DAMAGED | change)
            for change in ({"left_out": 3}, {"left_out": {"a": 3}}, {"header": 1}, {"decimal": ";"}, {"names": ["b"]})
        ),
        json.dumps({"rules": DAMAGED["rules"] * 2}),
    ],
    ids=lambda text: text[:40],
)
def test_a_damaged_recipe_is_refused(text):
    with pytest.raises(ValueError, match="its recipe of features"):
        Recipe.of(text)
