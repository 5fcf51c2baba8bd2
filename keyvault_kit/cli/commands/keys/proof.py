"""`keyvault keys identify`, `verify`: which key it is, whose make, and whether it is the same."""

import click

from keyvault_kit.ceremonies import key_work
from keyvault_kit.ceremonies.at_keys import AtKey
from keyvault_kit.ceremonies.recognition import SAME_KEY, SERIAL_ONLY
from keyvault_kit.cli.commands.keys.naming import Naming, at_key, looked_for, naming_options
from keyvault_kit.cli.options import json_option
from keyvault_kit.cli.output import print_json, say, sentence
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import GENUINE
from keyvault_kit.errors import EXIT_FINDINGS
from keyvault_kit.keys.metadata import Verdict
from keyvault_kit.keys.wording import product


@click.command("identify")
@naming_options
def identify(naming: Naming) -> None:
    """Make a key blink; or say which of several is touched (--touch). Writes nothing."""
    with looked_for(naming) as at:
        if not naming.named.touch:
            with at.session() as session:
                session.wink()
        done = "was touched" if naming.named.touch else "blinks"
        number = at.reading.serial or "none"
        what = f"{product(at.reading)}, serial number {number}, at {at.reading.path}"
        say(sentence(f"{at.name} {done}: {what}"))


@click.command("verify")
@naming_options
@click.option(
    "--attestation", is_flag=True, help="With --tag: have it prove its maker, too; one touch."
)
@json_option
def verify(naming: Naming, *, attestation: bool, as_json: bool) -> int:
    """Prove a key: that it is the registered one, if it is registered, and that its maker made it.

    A registered key signs a fresh challenge with a credential of its own, without touch and PIN. A
    maker's key signs a throw-away credential, which leads to the maker's root certificate or to
    imported metadata. The verdict is entered where the key is registered. Exit status 1 for every
    verdict but 'genuine' and 'the registered key'.
    """
    with at_key(naming) as at:
        same = key_work.recognise(at) if at.tag else None
        good = _say_same(at, same, as_json=as_json)  # before a stranger may want a PIN
        judged = at.unregistered() if _is_stranger(same) else at
        verdict = key_work.prove(judged) if attestation or not naming.named.tag else None
    if as_json:
        print_json(_fields(at, same, verdict))
    if verdict:
        for line in _lines(judged, verdict):
            say(line, as_json=as_json)
        good = good and verdict.outcome == GENUINE
    return 0 if good else EXIT_FINDINGS


def _say_same(at: AtKey, same: ev.Fact | None, *, as_json: bool) -> bool:
    """Say whether it is the registered key; false unless nothing speaks against that."""
    if isinstance(same, ev.FindingMade):
        say(f"{sentence(same.what)}. {same.mend}", as_json=as_json)
        return False
    if isinstance(same, ev.KeySeen):
        told = f"{at.name} was asked for no signature, since {same.why}"
        say(f"{sentence(told)}: the verdict is '{SERIAL_ONLY}'.", as_json=as_json)
        say("Check its PIN and its maker: 'keys check-pin', '--attestation'.", as_json=as_json)
        return False
    if isinstance(same, ev.KeyAsserted):
        by_what = "custody credential" if same.custody else "passkey"
        told = f"{at.name} is the registered key: it signed with its {by_what}."
        say(sentence(told), as_json=as_json)
    return True


def _is_stranger(same: ev.Fact | None) -> bool:
    """Whether it is not the registered key: what its maker says is not entered as said of that."""
    return isinstance(same, ev.FindingMade) and same.rule not in SAME_KEY


def _lines(at: AtKey, verdict: Verdict) -> list[str]:
    lines = [sentence(f"{at.name}: {verdict.outcome}.")]
    lines += [f"  {reason}" for reason in (*verdict.reasons, *verdict.remarks)]
    if verdict.leaf_fingerprint:
        lines.append(f"  attestation certificate {verdict.leaf_fingerprint}")
    if verdict.root_fingerprint:
        lines.append(f"  root certificate        {verdict.root_fingerprint}")
    if verdict.root_source:
        lines.append(f"  which comes from        {verdict.root_source}")
    return lines


def _fields(at: AtKey, same: ev.Fact | None, verdict: Verdict | None) -> dict[str, object]:
    fields: dict[str, object] = {"tag": at.tag or None, "serial": at.reading.serial}
    if isinstance(same, ev.KeySeen):
        fields |= {"registered": None, "why": same.why}
    elif isinstance(same, ev.KeyAsserted):
        fields |= {"registered": True, "nonce": same.nonce, "custody": same.custody}
    elif isinstance(same, ev.FindingMade):
        fields |= {"registered": False, "finding": same.rule, "what": same.what}
    if verdict:
        fields |= {
            "verdict": verdict.outcome,
            "reasons": list(verdict.reasons),
            "aaguid": verdict.aaguid,
            "leaf": verdict.leaf_fingerprint,
            "root": verdict.root_fingerprint,
            "root_source": verdict.root_source,
            "remarks": list(verdict.remarks),
            "metadata": verdict.metadata_number,
        }
    return fields
