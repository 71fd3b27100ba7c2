"""Sentences are English text, remember what they were made of, and come back whole from a row."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.errors import Explanation
from deployer.sentence import Sentence, joined, lines_of

KOREAN = {
    "Your build stopped: {ended}.": "빌드가 멈췄어요: {ended}.",
    "the step `{step}` ended with exit code {code}": "`{step}` 단계 실패, 종료 코드 {code}",
}
ENDED = Sentence("the step `{step}` ended with exit code {code}", step="npm ci", code=1)
STOPPED = Sentence("Your build stopped: {ended}.", ended=ENDED)


def korean(template: str) -> str:
    return KOREAN.get(template, template)


def test_a_sentence_is_its_english_text() -> None:
    assert STOPPED == "Your build stopped: the step `npm ci` ended with exit code 1."
    assert f"{STOPPED} Really." == "Your build stopped: the step `npm ci` ended with exit code 1. Really."
    assert type(str(STOPPED)) is str


def test_it_is_told_in_another_language_with_the_sentences_in_it() -> None:
    assert STOPPED.told(korean) == "빌드가 멈췄어요: `npm ci` 단계 실패, 종료 코드 1."


def test_what_a_value_holds_is_no_place() -> None:
    assert Sentence("{a} and {b}", a="{b}", b="{a}") == "{b} and {a}"
    assert Sentence("no value for {this}") == "no value for {this}"


def test_values_that_are_texts_are_changed_however_deep() -> None:
    hidden = STOPPED.each(lambda text: text.replace("npm", "[hidden]"))
    assert hidden == "Your build stopped: the step `[hidden] ci` ended with exit code 1."
    assert hidden.told(korean) == "빌드가 멈췄어요: `[hidden] ci` 단계 실패, 종료 코드 1."


def test_texts_are_joined_to_a_sentence_if_one_of_them_is() -> None:
    both = joined("\n", [STOPPED, "a line of the log"])
    assert isinstance(both, Sentence)
    assert both.told(korean).splitlines()[1] == "a line of the log"
    assert not isinstance(joined("\n", ["a", "b"]), Sentence)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])  # noqa: S301
def test_a_copy_remembers_it_too(again: object) -> None:
    found = again(STOPPED)  # type: ignore[operator]
    assert (found, found.parts()) == (STOPPED, STOPPED.parts())


@given(what=st.text(), value=st.text() | st.integers(), evidence=st.text(), inner=st.text(), advice=st.text())
def test_an_explanation_comes_back_from_its_row(
    what: str, value: str | int, evidence: str, inner: str, advice: str
) -> None:
    told = Explanation(
        "x",
        Sentence(what + "{value}: {inner}", value=value, inner=Sentence("({inner})", inner=inner)),
        evidence,
        advice,
    )
    row = json.loads(json.dumps(told.to_row()))
    back = Explanation.from_dict(row)
    assert (back, back.to_row()) == (told, row)
    assert isinstance(back.what, Sentence)


def test_a_row_is_as_before_where_nothing_was_filled_in() -> None:
    told = Explanation("x", "It broke.", "a line", Sentence("Mend it."))
    assert told.to_row() == told.to_dict()
    assert told.to_row() == {"reason": "x", "what": "It broke.", "evidence": "a line", "next": "Mend it."}


def test_what_the_api_answers_holds_texts_alone() -> None:
    told = Explanation("x", STOPPED, "", "Mend it.")
    assert set(told.to_dict()) == {"reason", "what", "evidence", "next"}
    assert type(told.to_dict()["what"]) is str
    assert told.to_row()["said"] == {"what": STOPPED.parts()}


def test_a_row_of_before_is_read_as_it_is() -> None:
    told = Explanation.from_dict({"reason": "failed", "what": "It failed."})
    assert told == Explanation("failed", "It failed.", "", "")
    assert not isinstance(told.what, Sentence)


def test_a_sentence_of_several_lines_is_told_line_by_line() -> None:
    lines = lines_of(joined("\n", [STOPPED, "npm ERR! {ended}\nnpm ERR! code 1"]))
    assert [isinstance(line, Sentence) for line in lines] == [True, False, False]
    assert isinstance(lines[0], Sentence)
    assert lines[0].told(korean) == "빌드가 멈췄어요: `npm ci` 단계 실패, 종료 코드 1."
    assert lines[1:] == ["npm ERR! {ended}", "npm ERR! code 1"]
    assert lines_of("") == []


def test_the_lines_of_an_explanation_remember_what_they_were_made_of_but_for_what_others_wrote() -> None:
    told = Explanation("x", STOPPED, "{ended}\n\nMend it.", "Mend it.")
    assert told.lines() == (STOPPED, "  {ended}", "  Mend it.", "Mend it.")
    assert [isinstance(line, Sentence) for line in told.lines()] == [True, False, False, True]
    gave_up = Explanation("x", "It broke.", joined("\n", [STOPPED, "a line"]), "").lines()
    assert gave_up == ("It broke.", f"  {STOPPED}", "  a line")
    assert isinstance(gave_up[1], Sentence)
    assert gave_up[1].told(korean) == "  빌드가 멈췄어요: `npm ci` 단계 실패, 종료 코드 1."
