"""A field for a secret: masked, never copied, and empty as soon as it was taken."""

from textual.widgets import Input

from keyvault_kit.secret import Secret


class SecretInput(Input):
    """A masked field.

    Textual's own copies the selected text to the terminal's clipboard, masked or not; this one
    copies nothing.
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own word
        super().__init__(password=True, id=id)

    def on_unmount(self) -> None:
        """Whatever ended the dialog, nothing that was typed stays here."""
        self.clear()

    def action_copy(self) -> None:
        """Copy nothing."""

    def action_cut(self) -> None:
        """Cut nothing: that would copy."""

    def take(self) -> Secret:
        """What was typed; the caller wipes it. The field is empty afterwards."""
        secret = Secret.from_text(self.value)
        self.clear()
        return secret
