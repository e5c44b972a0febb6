from feedloop.adapters import pictures
from feedloop.domain.cards import ModelCard
from tests.support.uploads import clear_upload
from training.checks import contact_sheet

INPUT = {"size": 48, "mean": [0.0] * 3, "std": [1.0] * 3, "resize": "stretch"}
CARD = ModelCard(
    {"name": "food", "sha256": "0" * 64, "classes": ["Bread & <b>butter</b>", "Egg", "Rice", "Soup"], "input": INPUT}
)


def test_each_picture_stands_with_its_three_best_answers():
    page = contact_sheet.page([pictures.normalise(clear_upload())] * 2, [[0.1, 0.6, 0.25, 0.05]] * 2, CARD)
    assert page.count("data:image/jpeg;base64,") == 2
    assert [page.count(text) for text in (">60.0%", ">25.0%", ">10.0%", ">5.0%")] == [2, 2, 2, 0]
    assert "Bread &amp; &lt;b&gt;butter" in page


def test_a_wrong_answer_stands_with_the_right_one():
    given, answers = [pictures.normalise(clear_upload())] * 3, [[0.1, 0.6, 0.25, 0.05]] * 3
    page = contact_sheet.page(given, answers, CARD, [1, 2, None])
    assert page.count("<strong>is ") == page.count("<strong>is Rice</strong>") == 1


def test_of_many_pictures_some_are_shown():
    picture = pictures.normalise(clear_upload())
    page = contact_sheet.page([picture] * 150, [[1.0, 0, 0, 0]] * 150, CARD)
    assert page.count("<li>") == 50
