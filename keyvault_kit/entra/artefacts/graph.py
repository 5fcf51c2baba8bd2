"""Everything that is asked of Microsoft Graph: bodies, both lists, and what changes by it.

`graph/NN-name.json` and `rollback/NN-name.json` are bodies and nothing else; `requests.json` and
`rollback/requests.json` say what is done with them, in order, and the second in the reverse order.
Of what changes, either body says what must be there for the other to be sent.
`differences.md` says to people what changes from what to what.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from itertools import chain
from typing import Final

from keyvault_kit.entra.artefacts import (
    directory,
    exclusions,
    group,
    own_policy,
    passkeys,
    strength,
    tokens,
)
from keyvault_kit.entra.artefacts.artefact import Artefact
from keyvault_kit.entra.artefacts.change import Call, Change
from keyvault_kit.entra.artefacts.requests import (
    REQUESTS,
    ROLLBACK,
    Request,
    Requests,
    as_json,
    tokens_in,
)
from keyvault_kit.entra.artefacts.wanted import REHEARSAL, Wanted

DIFFERENCES: Final = "differences.md"

_IN_ORDER: Final = (
    group.changes,
    directory.changes,
    passkeys.changes,
    exclusions.changes,
    strength.changes,
    own_policy.changes,
    group.joining,
)
"""By the twelve steps (S61)."""


def changes(it: Wanted) -> tuple[Change, ...]:
    """All objects of the tenant that matter, in the order in which they are seen to.

    Raises:
        InputError: The tenant has something of a name that is taken, or several that might be ours.
    """
    return tuple(chain.from_iterable(of(it) for of in _IN_ORDER))


def artefacts(it: Wanted) -> Iterator[Artefact]:
    """Bodies, lists and differences.

    Raises:
        InputError: As :func:`changes`.
    """
    found = changes(it)
    asked = [(its, its.call) for its in found if its.call]
    undone = [(its, its.undo) for its in reversed(found) if its.undo]
    there, back = _places("graph", asked), _places("rollback", undone)
    requests = [_request(its, call, there, back) for its, call in asked]
    undoing = [_request(its, call, back, there) for its, call in undone]
    for name, made, calls in ((REQUESTS, requests, asked), (ROLLBACK, undoing, undone)):
        for request, (_, call) in zip(made, calls, strict=True):
            if call.body is not None:
                yield _body(request, as_json(call.body))
        yield _list(it, name, made)
    yield _differences(it, found)


def _places(folder: str, calls: Sequence[tuple[Change, Call]]) -> dict[str, str]:
    """Name of each change -> the file of its body; sorted, the files are in order."""
    digits = max(2, len(str(len(calls))))
    places = {}
    for number, (change, _) in enumerate(calls, 1):
        stem = re.sub("[^A-Za-z0-9_-]", "-", change.name)  # it may hold an id of the evidence
        places[change.name] = f"{folder}/{number:0{digits}}-{stem}.json"
    return places


def _request(
    change: Change, call: Call, own: Mapping[str, str], other: Mapping[str, str]
) -> Request:
    """One request of a list.

    Args:
        own: The files of its list, by the names of the changes.
        other: Those of the other list: of a change, what is there before it.
    """
    file, undoing = own[change.name], call is change.undo
    body = b"" if call.body is None else as_json(call.body)
    token = tokens.of(tokens.CHANGED, change.name) if change.reversible else ""
    return Request(
        name=file.rpartition("/")[2].removesuffix(".json"),
        about=f"{change.title}, as it was before" if undoing else change.title,
        method=call.method,
        url=call.url,
        step=change.step,
        serves=change.serves,
        file=file if body else "",
        needs=tokens_in(call.url, body, find=call.find),
        gives=call.gives or ("" if undoing else token),
        find=call.find,
        reads=(change.reads or call.url) if token else "",
        was=other[change.name] if token else "",
        created=call.created or (token if undoing else ""),
    )


def _body(request: Request, content: bytes) -> Artefact:
    return Artefact(
        name=request.file,
        content=content,
        serves=request.serves,
        about=request.about,
        step=request.step,
        annotated=all(number in content.decode() for number in request.serves),
    )


def _list(it: Wanted, name: str, requests: Sequence[Request]) -> Artefact:
    """One of the two lists; it says of each request what that serves."""
    made = Requests(
        endpoint=it.endpoint,
        rehearsal=it.rehearsal,
        made=it.now.astimezone(UTC).replace(microsecond=0),
        until=it.until.astimezone(UTC).replace(microsecond=0) if name == REQUESTS else None,
        evidence=it.evidence,
        tenant=it.tenant,
        accounts={account.upn: it.object_id(account) for account in it.accounts()},
        requests=tuple(requests),
    )
    about = "What is asked of Microsoft Graph, in order"
    return Artefact(
        name=name,
        content=made.to_json(),
        serves=_all_of(requests),
        about=about if name == REQUESTS else "How it is taken back, in order",
        annotated=True,
    )


def _all_of(things: Iterable[Request | Change]) -> tuple[str, ...]:
    numbers = {number for its in things for number in its.serves}
    return tuple(sorted(numbers, key=lambda number: int(number[1:])))


# --- For people


def _differences(it: Wanted, found: Sequence[Change]) -> Artefact:
    marked = [f"**{REHEARSAL}**: no tenant takes any of it.", ""] if it.rehearsal else []
    source = f"the evidence {it.evidence}" if it.evidence else "no evidence (`--greenfield`)"
    lines = [
        "# What changes at the tenant",
        "",
        *marked,
        f"Made on {it.now:%Y-%m-%d %H:%M} UTC from the register and {source}.",
    ]
    for change in found:
        lines += ["", f"## {change.title} ({', '.join(change.serves)}; step {change.step})", ""]
        lines += [f"- {line}" for line in told(change)]
    return Artefact(
        name=DIFFERENCES,
        content=("\n".join(lines) + "\n").encode(),
        serves=_all_of(found),
        about="What changes from what to what",
        annotated=True,
    )


def told(change: Change) -> tuple[str, ...]:
    """What changes and what to know of it, line by line."""
    if change.call is None:
        first = ["Nothing changes."]
    elif change.moves:
        first = [f"{its.what}: {its.before or 'nothing'} -> {its.after}" for its in change.moves]
    else:
        first = ["It is not there, and is made."]
    return (*first, *change.notes)
