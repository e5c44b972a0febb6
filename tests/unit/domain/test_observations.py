from feedloop.domain.observations import DayCounts

PREDICTIONS = [(0, 950, False), (0, 412, True), (3, 690, True), (3, 1000, False)]


def test_a_day_counts_by_class_confidence_and_queue():
    day = DayCounts.counted("20261121", PREDICTIONS)
    assert (day.predictions, day.low) == (4, 2)
    assert (day.by_class, day.low_by_class) == ({0: 2, 3: 2}, {0: 1, 3: 1})
    assert day.by_confidence == (0, 0, 0, 0, 1, 0, 1, 0, 0, 2)


def test_a_day_can_be_narrowed_to_a_class_and_to_a_bin():
    day = DayCounts.counted("20261121", PREDICTIONS)
    assert (day.called(3).predictions, day.within(9).predictions) == (2, 2)
    assert sum(day.called(0).per_mille.values()) == 1362
