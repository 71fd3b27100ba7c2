import pytest
from madang.output import hint, say, table
from madang.terminal import harmless, printable
from madang.watching import _Screen

HOSTILE = "\x1b]0;title\x07\x1b[2J\x1b[31mapp\x1b[0m\x9b5n"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain 마당\n", "plain 마당"),
        ("10 %\r50 %\r100 %\r\n", "100 %"),
        ("a\tb", "a   b"),
        ("\x1b[2J\x1b[Hwiped", "wiped"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]52;c;c2VjcmV0\x1b\\text", "text"),
        ("bell\x07 \x9b5n", "bell 5n"),
        ("torn \x1b", "torn"),
    ],
)
def test_what_would_play_with_the_terminal_is_left_out(written: str, shown: str) -> None:
    assert printable(written, colours=True) == shown


def test_colours_stay_on_a_terminal_and_end_with_their_line() -> None:
    assert printable("\x1b[31mred", colours=True) == "\x1b[31mred\x1b[0m"
    assert printable("\x1b[1;31mred\x1b[0m", colours=False) == "red"


def test_what_a_server_says_keeps_its_lines_and_loses_what_a_terminal_obeys() -> None:
    assert harmless(f"one\n\t{HOSTILE}\r\nthree") == "one\n\tapp5n\nthree"
    assert harmless("\x1b\x1b[0m[2J") == "[2J"


def test_tables_sentences_and_hints_do_not_play_with_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    table(("WHAT",), [(HOSTILE,)])
    say(HOSTILE)
    hint(HOSTILE)
    shown = capsys.readouterr()
    assert [line.strip() for line in shown.out.splitlines()] == ["WHAT", "app5n", "app5n"]
    assert shown.err == "app5n\n"


def test_the_reason_of_a_lost_connection_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    _Screen("https://madang.example.org", "7", json=False).lost("closed [/b]", 0.5)
    assert "connection lost (closed [/b])" in capsys.readouterr().err
