"""People who practise: real prompts, and software keys that plug and touch themselves."""

from keyvault_kit.assembly import Bench
from keyvault_kit.ceremonies.interaction import Interaction, Prompt, Topic
from keyvault_kit.secret import Secret


class PractisingInteraction:
    """An `Interaction` for rehearsal ledgers: what concerns a key happens by itself, and is said.

    Args:
        people: Who answers everything else.
        in_ports: Whether the keys under custody are in this machine's ports: they are plugged and
            touched by hand then, and people's own keys alone are software.
    """

    def __init__(self, people: Interaction, bench: Bench, *, in_ports: bool = False) -> None:
        self._people = people
        self._bench = bench
        self._in_ports = in_ports

    def show(self, prompt: Prompt) -> None:
        """As the people do."""
        self._people.show(prompt)

    def confirm(self, prompt: Prompt) -> bool:
        """As the people do."""
        return self._people.confirm(prompt)

    def choose(self, prompt: Prompt, choices: tuple[str, ...]) -> int:
        """As the people do."""
        return self._people.choose(prompt, choices)

    def ask(self, prompt: Prompt) -> str:
        """As the people do."""
        return self._people.ask(prompt)

    def ask_pin(self, prompt: Prompt) -> Secret:
        """The PIN of a person's own software key; another PIN is asked for."""
        if prompt.topic is not Topic.PERSONAL_KEY:
            return self._people.ask_pin(prompt)
        self._say(prompt, "typed, since it is a software key")
        return self._bench.personal_pin(prompt.person)

    def read_sheet(self, prompt: Prompt, *, words: bool) -> Secret:
        """As the people do."""
        return self._people.read_sheet(prompt, words=words)

    def wait_for_key(self, prompt: Prompt) -> None:
        """Plug the software key in; one that is not in the folder yet is made."""
        if prompt.topic is Topic.PERSONAL_KEY:
            self._say(prompt, "done, since it is a software key")
            self._bench.plug_personal(prompt.person)
        elif self._in_ports:
            self._people.wait_for_key(prompt)
        else:
            self._bench.fetch(prompt.subject)
            label = self._bench.serial(prompt.subject)
            self._say(prompt, f"done, since it is a software key; its label says {label}")

    def touch(self, prompt: Prompt) -> None:
        """The software key's own finger does it."""
        if self._in_ports and prompt.subject != prompt.person:
            self._people.touch(prompt)
            return
        self._say(prompt, "done, since it is a software key")

    def reveal(self, prompt: Prompt, secret: Secret, *, seconds: int) -> None:
        """As the people do."""
        self._people.reveal(prompt, secret, seconds=seconds)

    def progress(self, ceremony: str, step: int, of: int, activity: str) -> None:
        """As the people do."""
        self._people.progress(ceremony, step, of, activity)

    def _say(self, prompt: Prompt, what: str) -> None:
        self._people.show(Prompt(topic=Topic.NOTE, text=f"{prompt.text} [{what}]"))
