"""Values that follow parameters of a state."""

from collections.abc import Callable
from typing import Any, cast

import param


def derived(function: Callable[..., object], *parameters: Any) -> Any:
    """A reference to `function` of these parameters' values, for a component's parameter.

    `param.bind` itself is typed for generators alone.
    """
    return param.bind(cast("Any", function), *parameters)
