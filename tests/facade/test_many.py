"""Many calls at once: `map`, `grid`, what repeats, and the Group that comes of them."""

import numpy as np
import pandas as pd
import pytest

from gator_nb import Gator, errors


def area(width: float, height: float = 1, unit: str = "m") -> str:
    return f"{width * height} {unit}"


def odd_only(n: int) -> int:
    if n % 2 == 0:
        raise ValueError(f"{n} is even")
    return n


class TestMap:
    def test_a_call_for_each_item(self, busy: Gator) -> None:
        """Results in order of submission."""
        assert busy.map(area, [1, 2, 3]).get(timeout=20) == ["1 m", "2 m", "3 m"]

    def test_a_call_for_each_row_of_several(self, busy: Gator) -> None:
        """Keywords are the same for all."""
        group = busy.map(area, [1, 2], (3, 4), unit="km")
        assert group.get(timeout=20) == ["3 km", "8 km"]

    def test_unequal_lengths_are_refused(self, gator: Gator) -> None:
        """Nothing is cut off in silence, nothing stored."""
        with pytest.raises(ValueError, match="one length; these have 3, 2"):
            gator.map(area, [1, 2, 3], [1, 2])
        assert len(gator) == 0

    def test_generators_and_arrays_are_items_too(self, busy: Gator) -> None:
        """Whatever iterates and ends."""
        assert busy.map(abs, (n for n in (-1, -2))).get(timeout=20) == [1, 2]
        assert busy.map(abs, np.array([-1, -2])).get(timeout=20) == [1, 2]

    def test_nothing_makes_an_empty_group(self, gator: Gator) -> None:
        """And waiting for it is over at once."""
        group = gator.map(area, [])
        assert (len(group), group.get(), repr(group)) == (0, [], "<Group of 0>")

    def test_without_items_it_is_no_map(self, gator: Gator) -> None:
        """`map(func)` lacks something."""
        with pytest.raises(TypeError, match="give the items"):
            gator.map(area)

    def test_one_bad_call_stores_none(self, gator: Gator) -> None:
        """All or nothing."""
        with pytest.raises(errors.NotPicklable):
            gator.map(len, [[1], (n for n in "x")])
        assert len(gator) == 0

    def test_options_hold_for_each(self, gator: Gator) -> None:
        """But an id is of one task."""
        group = gator.options(name="n", retries=2).map(area, [1, 2])
        assert [(task.name, task.retries) for task in group] == [("n", 2), ("n", 2)]
        with pytest.raises(TypeError, match=r"give a name: options\(name=...\)"):
            gator.options(task_id="x").map(area, [1, 2])


class TestGrid:
    def test_every_combination_the_last_varies_fastest(self, busy: Gator) -> None:
        """Constants come first."""
        group = busy.grid(area, 2, height=[1, 2], unit=("m", "km"))
        assert group.get(timeout=20) == ["2 m", "2 km", "4 m", "4 km"]

    @pytest.mark.parametrize("heights", [[1, 2], (1, 2), range(1, 3), np.array([1, 2])])
    def test_lists_tuples_ranges_and_1d_arrays(self, busy: Gator, heights: object) -> None:
        """Arrays give plain numbers."""
        assert busy.grid(area, 2, height=heights).get(timeout=20) == ["2 m", "4 m"]

    @pytest.mark.parametrize(
        "value",
        ["text", 3, {"a": 1}, pd.DataFrame({"a": [1]}), np.zeros((2, 2)), pd.Series([1])],
        ids=lambda value: type(value).__name__,
    )
    def test_anything_else_is_to_be_wrapped(self, gator: Gator, value: object) -> None:
        """A frame is one value; so is a text."""
        with pytest.raises(TypeError, match=r"for one value write height=\[...\]"):
            gator.grid(area, 2, height=value)

    def test_a_wrapped_frame_is_one_value(self, busy: Gator) -> None:
        """As the error says."""
        frame = pd.DataFrame({"a": [1, 2]})
        assert busy.grid(lambda data: len(data), data=[frame]).get(timeout=20) == [2]


class TestReuse:
    def test_the_same_call_is_the_same_task(self, gator: Gator) -> None:
        """Finished or not; another call is another task."""
        again = gator.options(reuse=True)
        first = again.task(area, 2)
        assert again.task(area, 2).task_id == first.task_id
        gator.pop()
        assert again.task(area, 2).result == "2 m"
        assert again.task(area, 3).task_id != first.task_id

    def test_a_wider_grid_runs_what_is_new(self, gator: Gator) -> None:
        """Run All with one more value costs the new combinations."""
        first = gator.options(reuse=True).grid(area, width=[1, 2], height=[1, 2])
        wider = gator.options(reuse=True).grid(area, width=[1, 2, 3], height=[1, 2])
        assert len(gator) == 6
        assert {task.task_id for task in first} < {task.task_id for task in wider}

    def test_without_reuse_each_push_is_a_task(self, gator: Gator) -> None:
        """Asking for it twice is to want it twice."""
        assert gator.task(area, 2).task_id != gator.task(area, 2).task_id

    @pytest.mark.parametrize("end", ["failed", "canceled"])
    def test_what_failed_or_was_canceled_runs_anew(self, gator: Gator, end: str) -> None:
        """Only a result is worth reusing."""
        task = gator.options(reuse=True).task(odd_only, 2)
        if end == "failed":
            with pytest.raises(ValueError, match="even"):
                gator.pop()
        else:
            task.cancel()
        assert gator.options(reuse=True).task(odd_only, 2).task_id != task.task_id

    def test_the_same_id_with_the_same_call_is_the_same_task(self, gator: Gator) -> None:
        """Pushing is idempotent by id."""
        first = gator.options(task_id="daily").task(area, 2)
        gator.pop()
        assert gator.options(task_id="daily").task(area, 2).result == first.result == "2 m"

    def test_the_same_id_with_another_call_says_what_differs(self, gator: Gator) -> None:
        """And leaves the first as it is."""
        gator.options(task_id="daily").task(area, 2)
        with pytest.raises(errors.TaskExists, match=r"daily.*What differs: its arguments$"):
            gator.options(task_id="daily").task(area, 3)
        with pytest.raises(errors.TaskExists, match=r"area.*odd_only"):
            gator.options(task_id="daily").task(odd_only, 3)
        assert len(gator) == 1


class TestGroup:
    def test_it_is_a_sequence_of_tasks(self, gator: Gator) -> None:
        """Indexes give tasks, slices groups."""
        group = gator.map(area, [1, 2, 3])
        assert [task.func_args for task in group] == [(1,), (2,), (3,)]
        assert group[-1].func_args == (3,)
        assert type(group[:2]) is type(group)
        assert len(group[:2]) == 2

    def test_get_raises_one_group_of_all_errors(self, busy: Gator) -> None:
        """After all have ended."""
        group = busy.map(odd_only, range(4))
        with pytest.raises(ExceptionGroup, match="2 of 4 tasks have no value") as caught:
            group.get(timeout=20)
        assert [str(error) for error in caught.value.exceptions] == ["0 is even", "2 is even"]
        assert all(task.done() for task in group)

    def test_get_may_put_none_or_the_error_in_their_place(self, busy: Gator) -> None:
        """`errors="none"` and `errors="return"`."""
        group = busy.map(odd_only, range(4))
        assert group.get(errors="none", timeout=20) == [None, 1, None, 3]
        values = group.get(errors="return")
        assert [str(value) for value in values] == ["0 is even", "1", "2 is even", "3"]

    def test_another_word_for_errors_is_refused(self, gator: Gator) -> None:
        """Before any waiting."""
        with pytest.raises(ValueError, match=r'give "raise", "none" or "return"'):
            gator.map(area, [1]).get(errors="ignore")

    def test_counts_where_and_cancel(self, gator: Gator) -> None:
        """What has run stays, the rest is canceled."""
        group = gator.map(area, [1, 2, 3])
        gator.pop()
        assert {str(status): n for status, n in group.counts().items()} == {
            "waiting": 2,
            "success": 1,
        }
        assert len(group.where(lambda task: task.done())) == 1
        assert len(group.cancel()) == 2
        assert {str(s): n for s, n in group.counts().items()} == {"success": 1, "canceled": 2}

    def test_the_slow_ones_are_found_among_the_queued(self, gator: Gator) -> None:
        """`elapsed` can be compared before a task has begun."""
        group = gator.map(area, [1, 2])
        assert len(group.where(lambda task: task.elapsed > 600).cancel()) == 0

    def test_wait_keeps_to_its_time(self, gator: Gator) -> None:
        """And says how many are left."""
        group = gator.map(area, [1, 2])
        gator.pop()
        with pytest.raises(errors.WaitTimeout, match="1 of 2 tasks have not ended"):
            group.wait(0.01)

    def test_the_same_task_twice_is_given_twice(self, busy: Gator) -> None:
        """As `reuse` may have it."""
        group = busy.options(reuse=True).map(area, [1, 1])
        assert group[0].task_id == group[1].task_id
        assert group.get(timeout=20) == ["1 m", "1 m"]
