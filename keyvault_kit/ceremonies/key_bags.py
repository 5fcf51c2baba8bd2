"""A key that was out of its bag goes back into a new one: as itself, or as evidence (S36, S54)."""

from keyvault_kit.ceremonies import documents, handling
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.recognition import SAME_KEY, finding, recognise
from keyvault_kit.ceremonies.which_key import TwinKeysError, key_session
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.reading import read


def challenge(tag: str, work: Work) -> ev.Fact:
    """The proof that this is the key, or the finding that it is not.

    A key that is not there may only be forgotten: it is asked for again before it is a finding.
    """
    key = work.register.keys[tag]
    while True:
        try:
            with key_session(work, tag) as session:
                return recognise(session, key, read(session), work.station.random)
        except TwinKeysError as error:
            return finding("key-twins", tag, error.what)
        except DeviceError as error:
            text = f"{error.sentences} Plug in key {tag}. Try again?"
            if not work.interaction.confirm(Prompt(topic=Topic.RETRY, text=text, subject=tag)):
                what = f"key {tag} could not be challenged: {error.what}"
                return finding("key-present", tag, what)


def pack(tag: str, safe: str, answered: ev.Fact, work: Work) -> tuple[ev.Fact, ev.Fact]:
    """Into a new bag: as the key if it is that, else as evidence, never as the key.

    Raises:
        RefusedError: They did not agree on the bag's number.
    """
    doubted = isinstance(answered, ev.FindingMade) and answered.rule not in SAME_KEY
    kind = "evidence" if doubted else "key"
    envelope = handling.next_id(f"{tag}-{kind}", work.register.envelopes)
    documents.print_label(work, envelope, f"{kind}:{tag}", safe)
    packed = ev.KeyPacked(envelope=envelope, holds=f"{kind}:{tag}", key=tag)
    return packed, handling.seal(work, envelope)


def put_back(tag: str, safe: str, work: Work) -> list[ev.Fact]:
    """Put back what was sealed; where there was no bag to open, nothing was.

    Raises:
        RefusedError: They do not say that it lies there.
    """
    newest = work.register.envelopes[work.register.packed[tag]]
    if newest.state is not EnvelopeState.SEALED:
        return []
    return [handling.deposit(work, newest.id, safe)]
