import csv

from src.common.tables import cell_text, compare_columns, format_table, markdown_table, write_csv


def test_columns_are_aligned():
    assert format_table([("name", "n"), ("a", "10")]) == "name   n\na     10"


def test_a_bar_in_a_cell_does_not_end_it():
    assert markdown_table([("a", "b"), ("x|y", 2)]) == "| a | b |\n| --- | ---: |\n| x\\|y | 2 |"


def test_a_csv_file_is_read_back(tmp_path):
    rows = [["name", "value"], ['with "quotes", comma', "1"]]
    write_csv(tmp_path / "t.csv", rows)
    with (tmp_path / "t.csv").open(newline="") as file:
        assert list(csv.reader(file)) == rows


def test_cells_show_numbers_as_people_write_them():
    values = [None, True, 12345, 0.123456, [1, 2], (), "text"]
    assert list(map(cell_text, values)) == ["", "True", "12,345", "0.1235", "1,2", "", "text"]


def test_runs_are_compared_by_name():
    runs = {"a": {"epochs": 2, "cost": 0.5}, "b": {"epochs": 2, "cost": 0.25, "l2": 0.1}}
    assert compare_columns(runs, digits=2) == [
        ("epochs", "2", "2"),
        ("cost", "0.50", "0.25"),
        ("l2", "", "0.10"),
    ]
    assert [row[0] for row in compare_columns(runs, only_differing=True)] == ["cost", "l2"]
