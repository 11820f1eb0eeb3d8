"""The stores of a notebook: the one its `gator` is on, and those it was on before.

A store that was left stays open: its worker goes on, and the handles in the notebook's variables
answer as before. All are closed with the extension, or with the kernel.
"""

from typing import Any

from ..backends import address_of, default_address
from ..errors import GatorError, StoreUnavailable
from ..profiles import Profile, load_profiles, profile_of, profiles_file, save_profile
from ..states import TERMINAL, Status
from .leftovers import held_note, workers_of
from .own_gator import NotebookGator, full_name
from .queue_name import Home, keep

NAME = "gator"
"""Of the variable."""


class Stores:
    """Puts a `gator` into the namespace of a notebook.

    Args:
        home: the notebook's queue, and what is known of the notebook.
    """

    def __init__(self, shell: Any, gator: NotebookGator, home: Home) -> None:
        self._shell, self._home = shell, home
        self._queue = home.queue
        self._opened = [gator]
        self._warned = False
        self.current = gator

    def connect(self, conn_string: str, save_as: str | None = None) -> str:
        """Go on with another store; answers what there is to tell. After an error all is as it was.

        Args:
            conn_string: an address, or a profile's name.
            save_as: keep the address as a profile of that name.

        Raises:
            GatorError: the store cannot be opened, or does not answer.
            ValueError: the profile cannot be saved under that name.
        """
        address = address_of(conn_string)
        if save_as is not None:
            _demand_unused(save_as, profile_of(address))
        try:
            gator, notes = self._gator_on(address)
        except StoreUnavailable as error:
            raise _with_mend(error, conn_string) from error
        first = f"connected to {gator.conn_string}, queue {gator.queue_name!r}: {gator.served_by}"
        if save_as is not None:
            save_profile(save_as, profile_of(address))
        notes.append(self._about_password(conn_string, save_as))
        return self._go_on_with(gator, [first, *notes])

    def use_queue(self, name: str) -> str:
        """Go on with another queue of this store, as that of a notebook which this one was; answers
        what there is to tell. This notebook has it from now on, also in a new kernel.

        Raises:
            GatorError: the store does not answer.
            ValueError: it has no such queue.
        """
        backend, prefix = self.current.backend, self.current.full_name("")
        queue, mine = name.removeprefix(prefix), self.mine()
        if prefix + queue not in mine and queue != self._home.queue:
            known = ", ".join(map(repr, sorted(mine)))
            raise ValueError(f"{self.current.conn_string} has no queue {name!r}; it has {known}")
        if prefix + queue != self.current.queue_name and not backend.persistent:
            raise ValueError(f"{self.current.conn_string} lives in this gator, which has one queue")
        self._queue = queue
        keep(self._home, queue)
        gator, notes = self._gator_on(backend.address)
        first = f"queue {gator.queue_name!r} of {gator.conn_string}: {gator.served_by}"
        return self._go_on_with(gator, [first, *notes])

    def queues(self) -> str:
        """The queues of this store that are this user's, with a star at the notebook's own.

        Raises:
            GatorError: the store does not answer.
        """
        here, rows = self.current.queue_name, self.mine()
        width = max(map(len, rows))
        lines = [
            f"{'*' if name == here else ' '} {name:{width}}  {_held_by(rows[name])}"
            for name in sorted(rows)
        ]
        return "\n".join([*lines, "`%gator queue NAME` goes on with another one"])

    def mine(self) -> dict[str, dict[Status, int]]:
        """What this user's queues in this store hold, the notebook's own among them.

        Raises:
            GatorError: the store does not answer.
        """
        counts, prefix = self.current.backend.counts(), self.current.full_name("")
        mine = {name: held for name, held in counts.items() if name.startswith(prefix)}
        return {self.current.queue_name: {}} | mine

    def _go_on_with(self, gator: NotebookGator, lines: list[str]) -> str:
        before, self.current = self.current, gator
        self.show()
        lines += [] if before is gator else [_left(before)]
        return "\n".join(filter(None, lines))

    def show(self) -> None:
        """Put the `gator` into the namespace."""
        self._shell.push({NAME: self.current}, interactive=False)

    def listed(self) -> str:
        """What there is to connect to, with a star at what this notebook is on."""
        profiles = load_profiles()
        known = {name: (one.full_address, one.address) for name, one in profiles.items()}
        own = default_address()
        rows = [*known.items(), ("", (own, own))]
        here = self.current.backend.address
        if here not in {full for full, _ in known.values()} | {own}:
            rows.append(("", (here, self.current.conn_string)))
        width = max(len(name) for name in [*known, ""])
        lines = [
            f"{'*' if full == here else ' '} {name:{width}}  {shown}"
            for name, (full, shown) in rows
        ]
        if not profiles:
            lines.append(f"no profiles yet: `gator-nb serve` makes one, or write {profiles_file()}")
        return "\n".join(lines)

    def close(self) -> None:
        """Stop the workers, and close every store."""
        for gator in self._opened:
            gator.close()

    def _gator_on(self, address: str) -> tuple[NotebookGator, list[str]]:
        """One that answers; and what opening it gave to tell."""
        queue = full_name(address, self._queue)
        for gator in self._opened:
            if (gator.backend.address, gator.queue_name) == (address, queue) and _answers(gator):
                return gator, []
        gator = NotebookGator.on(address, self._queue)
        self._opened.append(gator)
        note = held_note(gator) if gator.starts_workers else ""
        return gator, [note]

    def _about_password(self, conn_string: str, save_as: str | None) -> str:
        if save_as is not None:
            return (
                f"saved in {profiles_file()}: from now on `%gator connect {save_as}`; take the "
                "address out of this cell, a notebook keeps what is in it"
            )
        if self._warned or not profile_of(conn_string).password:
            return ""
        self._warned = True
        return (
            "a password in a cell is kept in the notebook: add --save NAME once, then "
            "`%gator connect NAME` does without it"
        )


def _held_by(counts: dict[Status, int]) -> str:
    total = sum(counts.values())
    unfinished = sum(number for status, number in counts.items() if status not in TERMINAL)
    tasks = f"{total} task{'' if total == 1 else 's'}"
    return f"{tasks}, {unfinished} unfinished" if unfinished else tasks


def _answers(gator: NotebookGator) -> bool:
    """One whose server lost its data does not, until it is opened anew."""
    try:
        gator.counts()
    except GatorError:
        return False
    return True


def _with_mend(error: StoreUnavailable, conn_string: str) -> StoreUnavailable:
    """Where a server of one's own is not there, how to start it."""
    profile = load_profiles().get(conn_string)
    if profile is None or not profile.managed or "no server listens" not in str(error):
        return error
    return StoreUnavailable(f"{error}; `gator-nb serve --name {conn_string}` starts it")


def _left(before: NotebookGator) -> str:
    """What becomes of a store that the notebook leaves."""
    try:
        counts = before.counts()
        number = sum(n for status, n in counts.items() if status not in TERMINAL)
        if not number:
            before.stop_worker()
            return ""
        served = bool(workers_of(before))
    except GatorError as error:
        return f"what is left where this notebook was before cannot be told: {error}"
    tasks = "1 task is" if number == 1 else f"{number} tasks are"
    goes_on = "its worker goes on with them" if served else "no worker serves them"
    return f"{tasks} unfinished in {before.conn_string}, queue {before.queue_name!r}: {goes_on}"


def _demand_unused(name: str, profile: Profile) -> None:
    there = load_profiles().get(name)
    if there is not None and there.full_address != profile.full_address:
        raise ValueError(
            f"{name!r} is the profile of {there.address} already: take another name, or change "
            f"it in {profiles_file()}"
        )
