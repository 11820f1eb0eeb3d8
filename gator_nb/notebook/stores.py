"""The stores of a notebook: the one its `gator` is on, and those it was on before.

A store that was left stays open: its worker goes on, and the handles in the notebook's variables
answer as before. All are closed with the extension, or with the kernel.
"""

from typing import Any

from ..backends import address_of, default_address
from ..errors import GatorError, StoreUnavailable
from ..profiles import Profile, load_profiles, profile_of, profiles_file, save_profile
from ..states import TERMINAL
from .leftovers import held_note, workers_of
from .own_gator import NotebookGator

NAME = "gator"
"""Of the variable."""


class Stores:
    """Puts a `gator` into the namespace of a notebook.

    Args:
        queue: the name of the notebook's queue.
    """

    def __init__(self, shell: Any, gator: NotebookGator, queue: str) -> None:
        self._shell, self._queue = shell, queue
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
        before, self.current = self.current, gator
        self.show()
        lines = [first, *notes, self._about_password(conn_string, save_as)]
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
        for gator in self._opened:
            if gator.backend.address == address and _answers(gator):
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
