"""What can be said of a PowerShell script without PowerShell.

PowerShell itself is in no package of Debian, PyPI or npm: npm's `pwsh` downloads it from elsewhere.
So the checks here are lesser ones, and say so. The grammar is tree-sitter's, not Microsoft's: it
may take what PowerShell refuses, and no script is run. What else stands here are rules of our own:
known commands with known parameters, both versions of PowerShell, `-WhatIf`, no secret on a screen.
"""

import re
from collections.abc import Iterator

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from tests.entra.powershell_commands import CHANGING, COMMON, PARAMETERS, VERBS

_PARSER = Parser(Language(tree_sitter_powershell.language()))
_SAYING = ("write-", "out-", "set-content", "add-content", "tee-")
_SECRET = re.compile(r"\$(\w+:)?(\w*(password|secret|secure|plain)\w*|\w*half|pin)", re.IGNORECASE)
_ONLY_SEVEN = re.compile(r"\?\?|\?\.|(?<!&)&&|\|\|")
_COMMANDS = {it.casefold(): it for it in PARAMETERS}


def assert_parses(text: str) -> None:
    """Fail unless tree-sitter's grammar takes a script whole."""
    faults = list(syntax_faults(text))
    assert not faults, "\n".join(faults)


def assert_sound(text: str) -> None:
    """Fail unless a script parses and keeps our rules."""
    faults = [*syntax_faults(text), *rule_faults(text)]
    assert not faults, "\n".join(faults)


def syntax_faults(text: str) -> Iterator[str]:
    """Where the grammar does not take a script: what is wrong, and what is not there."""
    for node in _nodes(_root(text)):
        if node.is_missing:
            yield f"{_place(node)}: there is no {node.type}"
        elif node.type == "ERROR":
            yield f"{_place(node)}: cannot be read: {_text(node)[:60]!r}"


def rule_faults(text: str) -> Iterator[str]:
    """What a script does against our rules."""
    if not text.isascii():
        yield "not ASCII: Windows PowerShell reads a script without a byte order mark as ANSI"
    root = _root(text)
    yield from _newer_syntax(root)
    own = {_text(it).casefold(): it for it in _nodes(root) if it.type == "function_name"}
    yield from _names(own)
    for command in _nodes(root):
        if command.type == "command":
            yield from _command_faults(command, set(own))
    yield from _unstoppable(root)


def _newer_syntax(root: Node) -> Iterator[str]:
    for node in _nodes(root):
        leaf = not node.child_count and "string" not in node.type and node.type != "comment"
        if leaf and _ONLY_SEVEN.fullmatch(_text(node)):
            yield f"{_place(node)}: {_text(node)} is not known to Windows PowerShell 5.1"


def _names(functions: dict[str, Node]) -> Iterator[str]:
    for node in functions.values():
        verb, _, noun = _text(node).partition("-")
        if verb not in VERBS or not re.fullmatch("[A-Z][A-Za-z0-9]+", noun):
            yield f"{_place(node)}: function {_text(node)} is not named Verb-Noun"


def _command_faults(command: Node, own: set[str]) -> Iterator[str]:
    name = command.child_by_field_name("command_name")
    if name is None or name.type != "command_name":
        return  # a script block, or a path in a variable
    called = _text(name)
    if called.casefold() not in own:
        known = _COMMANDS.get(called.casefold())
        if known is None:
            yield f"{_place(command)}: {called} is not on the list of known commands"
            return
        yield from _parameter_faults(command, known)
    if called.casefold().startswith(_SAYING):
        for node in _nodes(command):
            if node.type == "variable" and _SECRET.fullmatch(_text(node)):
                yield f"{_place(node)}: {called} is given {_text(node)}"


def _parameter_faults(command: Node, known: str) -> Iterator[str]:
    elements = next((it for it in command.children if it.type == "command_elements"), None)
    taken = {it.casefold() for it in PARAMETERS[known] | COMMON}
    for node in elements.children if elements else ():
        if node.type == "command_parameter":
            name = _text(node).lstrip("-").rstrip(":")
            if name.casefold() not in taken:
                yield f"{_place(node)}: {known} of PowerShell 5.1 has no parameter -{name}"


def _unstoppable(root: Node) -> Iterator[str]:
    """Commands that change a tenant although nothing asks `ShouldProcess` before them."""
    for node in _nodes(root):
        if node.type != "command" or not _changes(node):
            continue
        around = list(_around(node))
        declared = any("SupportsShouldProcess" in _head(it) for it in around)
        asked = any("ShouldProcess(" in _text(it) for it in around[:1])
        if not (declared and asked):
            yield f"{_place(node)}: -WhatIf cannot hold back {_text(node)[:40]!r}"


def _changes(command: Node) -> bool:
    words = _text(command).split()
    if words[0] not in CHANGING:
        return False
    return not re.search(r"-Method\s+'?GET\b", _text(command), re.IGNORECASE)


def _around(node: Node) -> Iterator[Node]:
    """The functions that a node stands in, innermost first, and the script itself."""
    above = node.parent
    while above is not None:
        if above.type in ("function_statement", "program"):
            yield above
        above = above.parent


def _head(block: Node) -> str:
    """The attributes of a function or a script: all before its first statement."""
    for node in _nodes(block):
        if node.type == "param_block":
            return _text(node)
    return ""


def _root(text: str) -> Node:
    return _PARSER.parse(text.encode()).root_node


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _place(node: Node) -> str:
    return f"line {node.start_point[0] + 1}"
