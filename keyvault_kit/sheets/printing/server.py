"""The way to the CUPS of this machine: IPP over its socket, or over loopback.

Requests are made in memory and sent by this process. There is no other program whose arguments,
environment or temporary files could hold anything, and no text for people to be understood.
"""

import ipaddress
import os
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from itertools import count
from typing import Final

from keyvault_kit.errors import RefusedError
from keyvault_kit.sheets.printing.errors import (
    NoServerError,
    NotPermittedError,
    ServerFaultError,
    ServerLostError,
)
from keyvault_kit.sheets.printing.ipp import (
    Attribute,
    Group,
    Operation,
    Response,
    Status,
    Tag,
    first_text,
    request,
    response,
)

PORT: Final = 631
ANSWER_LIMIT: Final = 4 << 20
"""Bytes of an answer that are read."""

_DENIED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_NOT_ALLOWED: Final = (Status.FORBIDDEN, Status.NOT_AUTHENTICATED, Status.NOT_AUTHORIZED)


def this_user() -> str:
    """The name by which CUPS checks whose job it is, of the user that this process runs as."""
    if sys.platform == "win32":
        return os.getlogin()
    import pwd  # noqa: PLC0415 - not on Windows

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


class Server:
    """A CUPS on this machine.

    Args:
        address: The path of its socket (`/run/cups/cups.sock`), or a loopback host with or without
            a port (`localhost:631`).
        user: Whose jobs they are to be.
        timeout: Seconds that it may be silent.

    Raises:
        RefusedError: The address is of another machine.
    """

    def __init__(self, address: str, *, user: str = "", timeout: float = 30.0) -> None:
        self.address = address
        self.user = user or this_user()
        self._timeout = timeout
        self._numbers = count(1)
        if not address.startswith("/"):
            self._host, self._port = _loopback(address)

    def call(
        self,
        operation: Operation,
        path: str,
        attributes: Iterable[Attribute] = (),
        job: Iterable[Attribute] = (),
        document: bytes = b"",
    ) -> Response:
        """Ask for an operation on what lies at a path (`/printers/NAME`).

        Returns:
            What it answered; a status of failure other than a lack of rights is the caller's.

        Raises:
            NoServerError: Nobody answers there.
            ServerLostError: The connection broke in the middle.
            NotPermittedError: This user may not.
            ServerFaultError: The answer is none.
        """
        target = Attribute("printer-uri", Tag.URI, f"ipp://localhost{path}")
        user = Attribute("requesting-user-name", Tag.NAME, self.user)
        message = request(operation, next(self._numbers), (target, user, *attributes), job)
        answer = response(self._post(path, message + document))
        if answer.status in _NOT_ALLOWED:
            raise self._not_permitted(answer.message)
        return answer

    def queues(self) -> tuple[str, ...]:
        """The names of the queues that it has.

        Raises:
            PrinterError: As `call`.
        """
        wanted = Attribute("requested-attributes", Tag.KEYWORD, "printer-name")
        answer = self.call(Operation.CUPS_GET_PRINTERS, "/", (wanted,))
        printers = (attributes for tag, attributes in answer.groups if tag == Group.PRINTER)
        return tuple(sorted(filter(None, (first_text(p, "printer-name") for p in printers))))

    def _post(self, path: str, body: bytes) -> bytes:
        """One POST request on a connection of its own (RFC 8010, 4)."""
        connection = self._connected()
        try:
            # A server that refuses answers before it has read everything, and closes.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request("POST", path, body, self._headers())
            answer = connection.getresponse()
            data = answer.read(ANSWER_LIMIT + 1)
        except (OSError, HTTPException) as error:
            raise ServerLostError(
                f"the print server at {self.address} broke off ({type(error).__name__})",
                mend="Look at the printer and at CUPS's error log, then try again.",
            ) from error
        finally:
            connection.close()
        if answer.status in _DENIED:
            raise self._not_permitted(f"HTTP {answer.status}")
        if answer.status != HTTPStatus.OK or len(data) > ANSWER_LIMIT:
            raise ServerFaultError(
                f"the print server at {self.address} gives no answer to go by"
                f" (HTTP {answer.status}, {len(data)} bytes)",
                mend="Look at CUPS's error log.",
            )
        return data

    def _connected(self) -> HTTPConnection:
        local = self.address.startswith("/")
        connection = (
            _SocketConnection(self.address, self._timeout)
            if local
            else HTTPConnection(self._host, self._port, timeout=self._timeout)
        )
        try:
            connection.connect()
        except PermissionError as error:
            raise self._not_permitted("the system does not let it connect") from error
        except OSError as error:
            raise NoServerError(self.address) from error
        return connection

    def _headers(self) -> dict[str, str]:
        """On its socket CUPS checks the name against the process's own (`PeerCred`)."""
        proof = {"Authorization": f"PeerCred {self.user}"} if self.address.startswith("/") else {}
        return {"Host": "localhost", "Content-Type": "application/ipp"} | proof

    def _not_permitted(self, why: str) -> NotPermittedError:
        return NotPermittedError(
            f"the print server at {self.address} does not let user {self.user} do this ({why})",
            mend="Print through CUPS's own socket, /run/cups/cups.sock, as the user who may print;"
            " see the policy in cupsd.conf and 'lpadmin -u'.",
        )


class _SocketConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path
        self._seconds = timeout

    def connect(self) -> None:
        """Connect to the path instead of a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._seconds)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.sock.close()
            raise


def is_loopback(host: str) -> bool:
    """Whether a host's name or address can be no other machine's."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _loopback(address: str) -> tuple[str, int]:
    """Host and port of an address on this machine (`localhost:631`, `[::1]:631`)."""
    host, _, port = address.rpartition(":") if _has_port(address) else (address, "", str(PORT))
    host = host.strip("[]")
    if not is_loopback(host) or not port.isdecimal():
        raise RefusedError(
            f"the print server {address} is another machine, and sheets do not leave this one",
            mend="Name CUPS's socket on this machine: /run/cups/cups.sock.",
        )
    return host, int(port)


def _has_port(address: str) -> bool:
    """`::1` has none, `[::1]:631` has."""
    return ":" in address and (address.count(":") == 1 or "]:" in address)
