"""Running a coroutine to its end from code that is not async."""

from collections.abc import Coroutine
from contextlib import suppress
from contextvars import copy_context
from types import CoroutineType
from typing import Any

from ..boundary import calls_users
from ..client.here import TRY


def finished(value: Any) -> Any:
    """What a call gave, a coroutine run to its end."""
    return run_coroutine(value) if isinstance(value, CoroutineType) else value


@calls_users
def run_coroutine(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run it in a loop of its own, in a thread of its own where this one has a loop running.

    >>> import asyncio
    >>> run_coroutine(asyncio.sleep(0, "done"))
    'done'
    """
    import asyncio  # a fifth of the import of gator_nb, for the few tasks that are coroutines
    from concurrent.futures import ThreadPoolExecutor

    @calls_users
    async def cancelable() -> Any:
        loop, me, one = asyncio.get_running_loop(), asyncio.current_task(), TRY.get()
        if one is None or me is None:
            return await coroutine

        def cancel() -> None:
            loop.call_soon_threadsafe(me.cancel)

        one.loops.append(cancel)
        try:
            return await coroutine
        finally:
            with suppress(ValueError):  # it was called
                one.loops.remove(cancel)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(cancelable())
    with ThreadPoolExecutor(1, thread_name_prefix="gator_nb loop") as pool:
        return pool.submit(copy_context().run, asyncio.run, cancelable()).result()
