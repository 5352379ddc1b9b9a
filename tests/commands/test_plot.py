"""``cascade plot``: what the report makes of captions."""

from docutils.core import publish_parts
from hypothesis import given
from hypothesis import strategies as st

from cascade.plotting.written import as_rst

MARKS = st.text(alphabet="ab_|*`\\ .²σ-'", min_size=1, max_size=40)


def seen(text):
    """What a reader of the report sees of a paragraph; any complaint is an error."""
    settings = {"report_level": 1, "halt_level": 1, "smart_quotes": False}
    body = publish_parts(text, writer="pseudoxml", settings_overrides=settings)["whole"]
    return " ".join(body.split("<paragraph>")[1].split())


@given(MARKS)
def test_captions_are_read_as_they_are_written(text):
    caption = f"Figure {text} end."
    assert seen(as_rst(caption)) == " ".join(caption.split())


def test_formulas_keep_their_bars():
    caption = "Merit factor |μ_p − μ_Fe| / √(σ_p² + σ_Fe²), X_max of sample 'default'."
    assert seen(as_rst(caption)) == caption
