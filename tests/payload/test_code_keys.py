"""The identity of a call follows the source of the user's own modules."""

from gator_nb.payload import Call, call_key, difference

from .cells import cell


def test_the_key_follows_the_source_of_modules_and_not_their_comments(project):
    def key():
        project.forget()
        import tool

        return [
            call_key(Call(tool.f, (), {})),
            call_key(Call(cell("def f(): return tool", tool=tool), (), {})),
            call_key(Call(cell("def f():\n import tool\n return tool.f()"), (), {})),
        ]

    project.write("base.py", "ONE = 1")
    project.write("tool.py", "import base\ndef f(): return base.ONE")
    first = key()
    project.write("base.py", "# a comment\n\nONE = 1")
    assert key() == first
    project.write("base.py", "ONE = 1 + 1")
    changed = key()
    assert all(a != b for a, b in zip(first, changed, strict=True))
    assert difference(first[0], changed[0]).startswith("its code")
    assert difference(first[1], changed[1]) == "its captured values"


def test_the_state_of_a_module_is_no_part_of_the_key(project):
    project.write("tool.py", "memo = {}\ndef f(x): memo[x] = x")
    import tool

    before = call_key(Call(tool.f, (1,), {}))
    tool.f(1)
    assert call_key(Call(tool.f, (1,), {})) == before
