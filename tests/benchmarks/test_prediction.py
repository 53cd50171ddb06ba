import sys

from benchmarks import prediction


def test_a_short_measurement(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["prediction", "--rounds", "1", "--images", "20"])
    prediction.main()
    output = capsys.readouterr().out
    assert output.count("images/s") == 4
    assert output.count("a new process") == 2
