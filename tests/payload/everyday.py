"""A notebook, as one script: functions as people write them. Run as `__main__`, it pushes them all.

`python everyday.py DSN EXPECTED` pushes each call to the store and writes what it gives here.
"""

import abc
import asyncio
import collections
import contextlib
import dataclasses
import datetime as dt
import enum
import functools
import io
import itertools
import json
import logging
import math
import operator
import pathlib
import random
import re
import sys
import threading
import typing
from collections import Counter, defaultdict, deque, namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache, partial, singledispatch, wraps

import lab
import lab.deep.shapes
import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from lab import Sensor, smooth
from numpy.polynomial import Polynomial
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from gator_nb import Gator

CELLS = []


def cell(*args, **kwargs):
    """Push the function below with these arguments."""

    def remember(func):
        CELLS.append((getattr(func, "__name__", type(func).__name__), func, args, kwargs))
        return func

    return remember


# -- numpy -----------------------------------------------------------------------------------------

GRID = np.linspace(0, 2 * np.pi, 50)
A = np.array([[3.0, 1.0], [1.0, 2.0]])


@cell()
def np_broadcast():
    return float((GRID[:, np.newaxis] * GRID).sum())


@cell(np.array([9.0, 8.0]))
def np_solve(b):
    return np.linalg.solve(A, b).round(6).tolist()


@cell(1000, seed=7)
def np_monte_carlo(n: int, seed: int | None = None) -> float:
    rng = np.random.default_rng(seed)
    inside = (rng.random((n, 2)) ** 2).sum(axis=1) <= 1
    return 4 * inside.mean().item()


@cell()
def np_masked_and_structured():
    people = np.array([("Ada", 36), ("Bo", 20)], dtype=[("name", "U9"), ("age", "i4")])
    masked = np.ma.masked_less(people["age"], 30)
    return int(masked.sum()), people["name"][people["age"] > 30].tolist()


@cell(np.vectorize(lambda x, y: max(y, x)))
def np_vectorized(larger):
    return larger([1, 5], [3, 2]).tolist()


@cell(Polynomial([1, 2, 3]))
def np_polynomial(p: Polynomial):
    return p.deriv()(2.0)


def norm(x: npt.NDArray[np.float64], order: int = 2) -> float:
    return float(np.linalg.norm(x, ord=order))


@cell([1.0, 2.0, 2.0])
def np_annotated(x):
    return norm(np.asarray(x))


# -- pandas ----------------------------------------------------------------------------------------

sales = pd.DataFrame(
    {
        "day": pd.date_range("2024-01-01", periods=6, tz="UTC"),
        "shop": pd.Categorical(["n", "s", "n", "s", "n", "s"]),
        "sold": [3, 5, 2, 8, np.nan, 1],
    }
)


@cell()
def pd_groupby():
    return sales.groupby("shop", observed=True)["sold"].agg(["sum", "count"]).to_dict()


@cell("2D")
def pd_resample(rule):
    return sales.set_index("day")["sold"].resample(rule).sum().tolist()


@cell(lambda row: row["sold"] * 2)
def pd_apply(double):
    return sales.dropna().apply(double, axis=1).tolist()


@cell(sales.iloc[:3])
def pd_merge(left):
    right = pd.DataFrame({"shop": ["n", "s"], "city": ["Oslo", "Rome"]})
    return left.astype({"shop": str}).merge(right, on="shop")["city"].tolist()


@cell()
def pd_read_csv_from_text():
    return pd.read_csv(io.StringIO("a,b\n1,2\n3,4")).pipe(lambda d: d.a * d.b).sum().item()


@cell()
def pd_multi_index():
    wide = sales.assign(n=1).pivot_table(index="day", columns="shop", values="n", observed=True)
    return wide.shape


pd_method = sales["sold"].fillna(0).rolling(2).mean


@cell()
def pd_accessor():
    return pd_method.__self__.window, sales.day.dt.day_name().iloc[0]


# -- scikit-learn ----------------------------------------------------------------------------------

X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)


@cell(C=0.5)
def sk_fit(C=1.0):
    model = LogisticRegression(C=C, max_iter=500).fit(X_train, y_train)
    return round(model.score(X_test, y_test), 3)


@cell(make_pipeline(StandardScaler(), LogisticRegression()))
def sk_pipeline(pipeline):
    folds = KFold(3, shuffle=True, random_state=0)
    return cross_val_score(pipeline, X, y, cv=folds).round(3).tolist()


class Clip(TransformerMixin, BaseEstimator):
    def __init__(self, low=0.0):
        self.low = low

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.clip(X, self.low, None)


@cell([0.0, 5.0])
def sk_own_transformer_in_a_search(lows):
    search = GridSearchCV(make_pipeline(Clip(), Ridge()), {"clip__low": lows}, cv=3)
    return search.fit(X, y).best_params_["clip__low"]


@cell(FunctionTransformer(lambda X: X[:, :1] * 2))
def sk_lambda_transformer(transformer):
    return transformer.fit_transform(X)[:2].ravel().round(3).tolist()


fitted = Ridge().fit(X_train, y_train)


@cell(X_test[:2])
def sk_fitted_model(rows):
    return fitted.predict(rows).round(6).tolist()


# -- matplotlib ------------------------------------------------------------------------------------


@cell()
def plt_to_bytes():
    figure, axes = plt.subplots(figsize=(2, 2))
    axes.plot(GRID, np.sin(GRID))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()[1:4].decode()


@cell("viridis")
def plt_colormap(name):
    return [round(float(v), 3) for v in mpl.colormaps[name](0.5)]


# -- classes ---------------------------------------------------------------------------------------


class Account:
    rate = 0.1
    opened = 0

    def __init__(self, owner, balance=0):
        self.owner, self._balance = owner, balance
        type(self).opened += 1

    @property
    def balance(self):
        return self._balance

    @balance.setter
    def balance(self, value):
        if value < 0:
            raise ValueError(f"{self.owner} has no {-value}")
        self._balance = value

    @classmethod
    def of(cls, text):
        owner, balance = text.split(":")
        return cls(owner, int(balance))

    @staticmethod
    def fee(amount):
        return amount // 10

    def __add__(self, other):
        return Account(f"{self.owner}&{other.owner}", self.balance + other.balance)


@cell("ada:100")
def class_with_properties(text):
    account = Account.of(text)
    account.balance -= Account.fee(50)
    return (account + Account("bo", 1)).balance, Account.opened >= 2


class Savings(Account):
    def grow(self):
        return super().balance * (1 + self.rate)


@cell(Savings("cy", 100))
def class_with_super(account):
    return account.grow()


bound = Savings("di", 10).grow
CELLS.append(("method_of_an_instance", bound, (), {}))


class Adder:
    def __init__(self, n):
        self.n = n

    def __call__(self, x):
        return x + self.n


CELLS.append(("callable_object", Adder(3), (4,), {}))


@dataclass(order=True)
class Point:
    x: float
    y: float = 0.0
    tags: list[str] = field(default_factory=list, compare=False)

    def __post_init__(self):
        self.length = math.hypot(self.x, self.y)


@cell(Point(3, 4))
def dataclass_argument(p):
    return p.length, dataclasses.replace(p, x=0) < p, dataclasses.asdict(p)


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    version: int = 1


@cell({Key("a"): 1})
def frozen_dataclass_as_key(table):
    return table[Key("a")]


class Color(enum.Enum):
    RED = "r"
    BLUE = "b"

    @property
    def nice(self):
        return self.name.title()


class Flags(enum.IntFlag):
    A = 1
    B = 2


@cell(Color.BLUE, Flags.A | Flags.B)
def enums(color, flags):
    return color is Color.BLUE, color.nice, Flags.B in flags


Row = namedtuple("Row", "a b")  # noqa: PYI024 -- as people write it


class Typed(typing.NamedTuple):
    a: int
    b: str = "x"


@cell(Row(1, 2), Typed(3))
def named_tuples(row, typed):
    return row.a + row._replace(b=5).b, typed.b, isinstance(typed, Typed)


class Shape(abc.ABC):
    registry: typing.ClassVar[dict] = {}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        Shape.registry[cls.__name__] = cls

    @abc.abstractmethod
    def area(self): ...


class Square(Shape):
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2


@cell(3)
def abstract_classes(side):
    return Square(side).area(), issubclass(Square, Shape)


class Meta(type):
    def __new__(mcs, name, bases, space, **kwargs):
        return super().__new__(mcs, name, bases, {**space, "made_by": mcs.__name__})


class Made(metaclass=Meta):
    __slots__ = ("value",)


@cell()
def metaclass_and_slots():
    made = Made()
    made.value = 5
    return Made.made_by, made.value


T = typing.TypeVar("T")


class Stack(typing.Generic[T]):
    def __init__(self) -> None:
        self.items: list[T] = []

    def push(self, item: T) -> "Stack[T]":
        self.items.append(item)
        return self


@cell(Stack[int]().push(1))
def generic_class(stack):
    return stack.push(2).items


class Positive:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner):
        return getattr(instance, self.name)

    def __set__(self, instance, value):
        setattr(instance, self.name, abs(value))


class Measured:
    size = Positive()


@cell(-4)
def descriptor(value):
    measured = Measured()
    measured.size = value
    return measured.size


class NoConvergence(Exception):
    def __init__(self, steps):
        super().__init__(f"after {steps} steps")
        self.steps = steps


@cell(5)
def own_exception(steps):
    try:
        raise NoConvergence(steps)
    except NoConvergence as error:
        return error.steps, str(error)


# -- functions -------------------------------------------------------------------------------------


def timed(unit="s"):
    def decorate(func):
        @wraps(func)
        def wrapper(*args, **kwargs):
            wrapper.calls += 1
            return {unit: func(*args, **kwargs)}

        wrapper.calls = 0
        return wrapper

    return decorate


@cell(3)
@timed("ms")
def decorated_with_arguments(n):
    return n * 2


@cell(30)
@cache
def cached_recursion(n):
    return n if n < 2 else cached_recursion(n - 1) + cached_recursion(n - 2)


def is_even(n):
    return n == 0 or is_odd(n - 1)


def is_odd(n):
    return n != 0 and is_even(n - 1)


@cell(10)
def mutual_recursion(n):
    return is_even(n)


def make_counter(start):
    count = start

    def step(by=1):
        nonlocal count
        count += by
        return count

    def look():
        return count

    return step, look


step, look = make_counter(10)


@cell()
def closures_that_share_a_variable():
    before = look()
    step(5)
    return look() - before


def compose(*functions):
    return functools.reduce(lambda f, g: lambda x: g(f(x)), functions)


CELLS.append(("nested_closures", compose(lambda x: x + 1, lambda x: x * 2, str), (4,), {}))
CELLS.append(("partial_of_partial", partial(partial(pow, 2), 10), (), {}))
CELLS.append(("operator_and_itemgetter", operator.itemgetter(1, 0), (["a", "b"],), {}))

HANDLERS = {"add": lambda a, b: a + b, "mul": lambda a, b: a * b, "max": max, "norm": norm}


@cell("mul", 6, 7)
def lambdas_in_containers(name, *args):
    return HANDLERS[name](*args)


@singledispatch
def describe(value):
    return "thing"


@describe.register
def _(value: int):
    return "number"


@cell()
def single_dispatch():
    return describe(1), describe("a")


def words(text):
    for word in re.findall(r"\w+", text):
        yield word.lower()


@cell("The cat and the hat")
def generator_inside(text):
    return Counter(words(text)).most_common(1)


@contextlib.contextmanager
def pushed(stack, item):
    stack.append(item)
    try:
        yield stack
    finally:
        stack.pop()


@cell([])
def context_manager(stack):
    with pushed(stack, 1) as inside:
        return len(inside), bool(stack)


@cell(1, 2, 3, sep="-")
def star_arguments(first, /, *rest, sep=" ", **more):
    return sep.join(map(str, (first, *rest))), more


@cell({"kind": "circle", "r": 2})
def match_statement(shape):
    match shape:
        case {"kind": "circle", "r": r}:
            return round(math.pi * r**2, 3)
        case _:
            return None


async def fetch(n):
    await asyncio.sleep(0)
    return n * 2


@cell(4)
async def coroutine_with_gather(n):
    return await asyncio.gather(*(fetch(i) for i in range(n)))


@cell(5)
def asyncio_run_inside(n):
    async def main():
        return [i async for i in ticks(n)]

    return asyncio.run(main())


async def ticks(n):
    for i in range(n):
        yield i


total = 0


@cell([1, 2, 3])
def global_statement(values):
    global total
    for value in values:
        total += value
    return total


@cell(4)
def threads_inside(n):
    lock, seen = threading.Lock(), []

    def work(i):
        with lock:
            seen.append(i)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(n)))
    return sorted(seen)


log = logging.getLogger("notebook")


@cell()
def logger_captured():
    log.info("here")
    return log.name


@cell(Decimal("0.1"), Fraction(1, 3), dt.timedelta(days=1), pathlib.PurePosixPath("a/b"))
def library_values(d, f, t, p):
    return str(d * 3), str(f + 1), t.total_seconds(), p.parent.name


nested = defaultdict(lambda: defaultdict(int))
nested["a"]["b"] += 1


@cell(deque([1, 2, 3], maxlen=3))
def default_dicts_of_lambdas(queue):
    nested["c"]["d"] += 2
    queue.append(4)
    return json.dumps(nested), list(queue), dict(collections.ChainMap({"a": 1}, {"a": 2}))


ring = {"name": "ring"}
ring["self"] = ring


@cell()
def circular_value():
    return ring["self"]["self"] is ring


@cell(10)
def imports_inside(n):
    import statistics
    from itertools import accumulate

    return statistics.mean(accumulate(range(n)))


@cell()
def seeded_random():
    rng = random.Random(3)
    return rng.randint(1, 100), list(itertools.islice(itertools.count(1), 2))


def typed_with_class(p: Point, keys: "list[Key]", *, clip: Clip | None = None) -> "Point | None":
    return clip and p


CELLS.append(("annotations_of_own_classes", typed_with_class, (Point(1), []), {}))
CELLS.append(("builtin_function", sorted, ([3, 1, 2],), {"key": operator.neg}))
CELLS.append(("unbound_method", str.upper, ("abc",), {}))

# -- a package of one's own, beside the notebook ---------------------------------------------------


@cell([1, 5, 9])
def local_package(values):
    return smooth(values)


CELLS.append(("local_function_itself", smooth, ([2, 4],), {}))


@cell(Sensor("roof", [1.0, 2.0]))
def local_class_instance(sensor):
    return sensor.mean(), type(sensor).__module__


@cell()
def local_submodule():
    return lab.deep.shapes.area(lab.Kind.SQUARE, 3)


@cell()
def local_lazy_import():
    from lab.lazily import helper

    return helper()


class MySensor(Sensor):
    def mean(self):
        return round(super().mean() + 1, 3)


@cell(MySensor("cellar", [1.0]))
def subclass_of_a_local_class(sensor):
    return sensor.mean(), isinstance(sensor, Sensor)


CELLS.append(("closure_made_by_a_package", lab.scaler(3), (5,), {}))
CELLS.append(("decorated_by_a_package", lab.loud(lambda x: x + 1), (1,), {}))


def result_here(func, args, kwargs):
    """What the function gives in the notebook itself, on copies, and as plain values."""
    result = func(*args, **kwargs)
    return asyncio.run(result) if asyncio.iscoroutine(result) else result


if __name__ == "__main__":
    dsn, expected = sys.argv[1:]
    with Gator(dsn) as gator:
        for name, func, args, kwargs in CELLS:
            gator.options(name=name).task(func, *args, **kwargs)
    told = {name: repr(result_here(func, args, kwargs)) for name, func, args, kwargs in CELLS}
    pathlib.Path(expected).write_text(json.dumps(told))
