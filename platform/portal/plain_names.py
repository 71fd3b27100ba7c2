"""Names that people give themselves and their clubs, and that mails carry to others: one line of letters that
can be seen, and no address of a page. Else whoever applies or renames could have the platform mail strangers
a link of theirs, with the platform's good name on it.
"""

from __future__ import annotations

import re
import unicodedata

from portal.problems import invalid

# Cc and Cf (also what turns the direction of writing), halves of letters, what has no agreed shape. What
# binds letters of Persian or Indic words, and emojis, is needed.
_UNSEEN = {"Cc", "Cf", "Co", "Cs"}
_JOINERS = "\u200c\u200d"
# Letters to Unicode, and nothing to the eye: fillers of Hangul and Khmer, an empty Braille cell. With one of
# them a club could be called as another one is.
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
# Mail programs make links of bare domains of these; of others, such as node.js and St.Mary, they do not.
_ENDINGS = (
    "com|net|org|edu|gov|info|biz|kr|cn|jp|tw|ru|in|uk|de|eu|us|tk|ml|ga|cf|gq|io|ai|app|dev|page|site|online|"
    "website|web|shop|store|club|top|xyz|live|life|link|click|vip|icu|fun|pro|work|space|tech|cloud|blog|wiki|"
    "zip|mov|me|tv|cc|co|ly|gl|gg|to|sh|is|im|so|한국"
)
_LINK = re.compile(
    rf"""
    [a-z][a-z0-9+.-]*://            # http://, hxxp://
    | \b(?:mailto|javascript|data|tel):
    | \bwww\d?\.
    | [^\W_]\.[^\W\d_]{{2,}}(?::\d+)?[/?\#]   # a.b/
    | [^\W_][\w-]*\.(?:{_ENDINGS})\b
    | \b\d{{1,3}}(?:\.\d{{1,3}}){{3}}\b
    """,
    re.VERBOSE,
)


def checked(name: str) -> str:
    """The name in one line. Raises a 422 problem."""
    line = in_sight(name)
    if holds_a_link(line):
        raise invalid(
            "name-with-link",
            "A name may hold no address of a page, as mails carry it to others.",
            "Leave out http://, www. and names such as example.com.",
        )
    return line


def in_sight(name: str) -> str:
    """One line of what the eye can see, for names that no mail carries. Raises a 422 problem."""
    line = " ".join(name.split())
    unseen = any(unicodedata.category(letter) in _UNSEEN and letter not in _JOINERS for letter in line)
    if unseen or set(_BLANK) & set(line) or (line and not line.strip(f"{_JOINERS} ")):
        raise invalid("name-unseen", "There is a character in it that nobody can see.", "Type it anew.")
    return line


def holds_a_link(text: str) -> bool:
    """Whether a mail program, or a person, would take some of it for the address of a page."""
    return _LINK.search(_as_it_looks(text).casefold()) is not None


def without_links(name: str) -> str:
    """As a mail carries it. Names from before the rule may hold what a mail program makes a link of: that
    comes apart."""
    if not holds_a_link(name):
        return name
    return " ".join(re.sub(r"([.:/@?#])", r" \1 ", _as_it_looks(name)).split())


def _as_it_looks(text: str) -> str:
    """Wide letters and the full stops of other scripts are what they look like."""
    return re.sub(f"[{_JOINERS}]", "", unicodedata.normalize("NFKC", text)).translate(_STOPS)


_STOPS = str.maketrans(dict.fromkeys("。｡．․‧∙⋅", "."))
