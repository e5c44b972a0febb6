from tests.support.observations import MODEL, counts

DAY = counts("20261121", [(0, 950, False), (0, 412, True), (3, 690, True), (3, 1000, False)])


def test_a_day_counts_by_model_class_queue_and_confidence():
    assert (DAY.predictions, DAY.low, DAY.by_model) == (4, 2, {MODEL: 4})
    assert sorted(cell.bin for cell in DAY.cells) == [4, 6, 9, 9]


def test_a_day_can_be_narrowed_to_a_class_and_to_a_model():
    assert (DAY.only(predicted=3).predictions, sum(DAY.only(predicted=0).per_mille.values())) == (2, 1362)
    assert (DAY.only(model=MODEL), DAY.only(model="00000000").predictions) == (DAY, 0)


def test_a_part_of_a_day_can_be_taken_off():
    left = DAY.without(counts("20261121", [(0, 412, True), (3, 1000, False)]))
    assert left == counts("20261121", [(0, 950, False), (3, 690, True)])
