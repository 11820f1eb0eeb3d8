"""joblib's own tests of backends, which come with it, on a queue with workers in processes.

Not taken: those of what only its own pools have (`get_workers`, shared memory, initializers), of a
backend's name in the processes of its workers, where nobody has registered it, and of
`multiprocessing.Manager`, whose secret only children of multiprocessing inherit.
"""

from collections.abc import Iterator
from typing import Any

import joblib.test.test_parallel as own
import pytest
from joblib import parallel_config, register_parallel_backend
from joblib.externals.loky import get_reusable_executor

from gator_nb import Gator, Worker
from gator_nb.integrations.joblib import QueueBackend

pytestmark = [
    pytest.mark.slow,
    # Some are about results that nobody takes, which joblib then warns of.
    pytest.mark.filterwarnings("ignore:.*tasks (which|have been):UserWarning"),
]

AS = ("generator", "generator_unordered")


@pytest.fixture(autouse=True)
def nothing_left() -> None:
    """The workers, and what joblib starts beside them, are there for all tests; the fixture below
    ends both."""


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a registered backend on a queue."""
    with Gator(f"sqlite:///{tmp_path_factory.mktemp('own')}/tasks.sqlite") as gator:

        class GatorBackend(QueueBackend):
            def __init__(self, nesting_level: int | None = None, **_: Any) -> None:
                super().__init__(gator, {})
                self.nesting_level = nesting_level

        register_parallel_backend("gator", GatorBackend)
        with Worker(gator, processes=2):
            yield "gator"
        get_reusable_executor().shutdown(wait=True)
        assert gator.verify() == []


TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("simple_parallel", {"n_jobs": 2, "verbose": 11}),
    ("parallel_pretty_print", {"n_jobs": 2}),
    ("background_thread_parallelism", {}),
    ("parallel_as_context_manager", {}),
    ("parallel_timeout_success", {}),
    ("parallel_timeout_fail", {}),
    *(("parallel_timeout_fail_with_generator", {"return_as": one}) for one in AS),
    ("error_in_task_iterator", {}),
    ("batching_auto_subprocesses", {}),
    ("nested_exception_dispatch", {}),
    ("invalid_njobs", {}),
    *(("njobs_converted_to_int", {"n_jobs": one}) for one in ("2", 2.0)),
    ("nested_backend_context_manager", {"context": parallel_config}),
    ("nested_backend_in_sequential", {"context": parallel_config, "n_jobs": 2}),
    ("parallel_unordered_generator_returns_fastest_first", {"n_jobs": 2}),
    ("abort_backend", {"n_jobs": 2}),
    *(("deadlock_with_generator", {"n_jobs": 2, "return_as": one}) for one in AS),
    *(("multiple_generator_call", {"n_jobs": 2, "return_as": one}) for one in AS),
    *(("multiple_generator_call_managed", {"n_jobs": 2, "return_as": one}) for one in AS),
    *(
        (
            "multiple_generator_call_separated",
            {"n_jobs": 2, "return_as_1": one, "return_as_2": other},
        )
        for one in AS
        for other in AS
    ),
    *(
        (
            "multiple_generator_call_separated_gc",
            {"return_as_1": one, "return_as_2": other, "error": False},
        )
        for one in AS
        for other in AS
    ),
    ("lambda_expression", {}),
    ("nested_parallelism_limit", {"context": parallel_config}),
    ("thread_bomb_mitigation", {"context": parallel_config}),
]


@pytest.mark.parametrize(
    ("name", "given"),
    [one for one in TAKEN if hasattr(own, f"test_{one[0]}")],  # older ones have fewer
)
def test_it_does_what_joblibs_own_do(backend: str, name: str, given: dict[str, Any]) -> None:
    getattr(own, f"test_{name}")(backend=backend, **given)


@pytest.mark.parametrize("child", ["multiprocessing", "threading"])
def test_nested_loops(backend: str, child: str) -> None:
    own.test_nested_loop(parent_backend=backend, child_backend=child)
    own.test_nested_loop(parent_backend="threading", child_backend=backend)
    own.test_backend_nesting_level(
        context=parallel_config, outer_backend=backend, inner_backend="threading"
    )
