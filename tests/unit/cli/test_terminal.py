import pytest
from madang.terminal import printable


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
