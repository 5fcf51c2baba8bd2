"""Paper of the station's own custody, from the register to the pages of `sheets`."""

import hashlib
from collections.abc import Sequence

from keyvault_kit.ceremonies.documents import contents_in
from keyvault_kit.ceremonies.paperwork import (
    heading,
    name_of,
    role_of,
    sheet_name,
    today,
    usual_paper,
)
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.custody.moving import Moved
from keyvault_kit.custody.register import Register
from keyvault_kit.sheets.pages import outgoing, transfer


def print_outgoing(work: Work, files: Sequence[tuple[str, bytes]], *, medium: str) -> None:
    """Print the list of the files that leave the station in this step.

    Args:
        files: Name and content of each.
        medium: Id of the medium that carries them; empty where it is to be written in.
    """
    name = sheet_name(work.ceremony, work.step.id)
    sheet = outgoing.OutgoingFiles(
        heading=heading(work.station.book, label="Outgoing files", sheet_id=name, day=today(work)),
        files=tuple(
            outgoing.OutgoingFile(each, len(data), hashlib.sha256(data).hexdigest())
            for each, data in files
        ),
        medium=medium,
        people=tuple(
            (role_of(work.register, person), name_of(work.station.book, person))
            for person in work.step.by
        ),
    )
    pdf = outgoing.render(sheet, usual_paper(work.register))
    work.station.paper.put(sheet_name("outgoing", name), pdf)


def print_transfer(
    work: Work, envelopes: Sequence[str], it: Moved, *, why: str, people: tuple[str, str, str]
) -> None:
    """Print the custody transfer of a move, with all that is known of it before it begins (S34).

    Args:
        envelopes: All that are carried, also those in a safe that moves.
        people: Ids of who gives, who receives and who looks on.
    """
    register, book = work.register, work.station.book
    giver, receiver, witness = (name_of(book, person) for person in people)
    carried = [register.envelopes[each] for each in envelopes]
    origins = dict.fromkeys(_place(register, each.safe or "") for each in carried)
    sheet = transfer.CustodyTransfer(
        heading=heading(book, label="Custody transfer", sheet_id=work.ceremony, day=today(work)),
        items=tuple(
            transfer.TransferItem(each.id, contents_in(register, each), each.bag or "")
            for each in carried
        ),
        why=why,
        giver=giver,
        origin=_place(register, it.safe) if it.safe else ", ".join(origins),
        receiver=receiver,
        destination=f"safe {it.safe}, {it.to}" if it.safe else _place(register, it.to),
        witness=witness,
    )
    pdf = transfer.render(sheet, usual_paper(register))
    work.station.paper.put(sheet_name("transfer", work.ceremony), pdf)


def _place(register: Register, safe: str) -> str:
    return f"safe {safe}, {register.safes[safe].site}"
