"""A plan with everything that a plan may have, and plans changed a little."""

import copy
import json
from collections.abc import Callable
from typing import Any, Final

Document = dict[str, Any]
Change = Callable[[Document], object]

PLAN: Final[Document] = {
    "people": ["dave", "alice", "bob", "carol"],
    "sites": {"hq": ["hq-1", "hq-2"], "branch": ["Branch 1"]},
    "safes": {
        "hq-1": {"openers": ["alice", "bob"], "need": 2},
        "hq-2": {"openers": ["carol"], "need": 1},
        "Branch 1": {"openers": ["bob", "dave"], "need": 1},
    },
    "accounts": {"bg1": {"password_signs_in": False}, "bg2": {}, "idle": {}},
    "items": [
        {"id": "K1", "kind": "key", "account": ["bg1", "bg2"], "safe": "hq-1"},
        {"id": "K2", "kind": "key", "account": "bg1", "uv": "none", "holder": "dave"},
        {"id": "P1", "kind": "pin", "for": "K1", "safe": "Branch 1"},
        {"id": "W1", "kind": "password", "account": "bg2", "safe": "hq-2"},
        *(
            {"id": f"S{n}", "kind": "share", "account": "bg1", "set": "one", "threshold": 2}
            | ({"of": 3} if n == 1 else {})
            | {"safe": safe}
            for n, safe in enumerate(("hq-1", "hq-2", "Branch 1"), start=1)
        ),
        *(
            {"id": f"T{n}", "kind": "part", "for": "K1", "set": "two", "of": 2, "safe": "hq-2"}
            for n in (1, 2)
        ),
    ],
    "remembered": [{"person": "carol", "item": "P1", "note": "set it\n  herself"}],
}


def changed(change: Change) -> str:
    document = copy.deepcopy(PLAN)
    change(document)
    return json.dumps(document)


def item(number: int, **fields: object) -> Change:
    """Give an item other fields; None takes one away."""

    def change(document: Document) -> None:
        its = document["items"][number]
        its.update({name.rstrip("_"): value for name, value in fields.items()})
        document["items"][number] = {name: it for name, it in its.items() if it is not None}

    return change


def shares(**fields: object) -> Change:
    """Give all three shares other fields."""

    def change(document: Document) -> None:
        for number in (4, 5, 6):
            item(number, **fields)(document)

    return change


def safe(**fields: object) -> Change:
    return lambda document: document["safes"]["hq-1"].update(fields)
