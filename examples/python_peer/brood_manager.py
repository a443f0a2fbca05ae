"""A client of a brood manager in Python: the protocol of docs/manager_protocol.md, whole, in a page.

    with Manager(('127.0.0.1', 40123), b'key') as manager:
        numbers = manager.open('dict', 'numbers')
        numbers.set('a', 1)
        print(numbers.copy())

Needs msgpack (Debian: python3-msgpack).  One thread at a time.
"""
import os
from multiprocessing.connection import Client

import msgpack

VERSION = 1
ENTRY, OBJECT = -2, -3  # extension types
REQUEST, ANSWER, NOTIFICATION = 0, 1, 2


class ManagerError(Exception):
    """What a call has failed with: status is a number of APR's or brood's."""

    def __init__(self, record):
        self.status, text, self.process, self.pid = record[:4]
        super().__init__(text)


class Proxy:
    """An object in the server: its methods are the server's methods of that type.  Holds one reference."""

    def __init__(self, manager, tag, number):
        self._manager, self._tag, self._number = manager, tag, number

    def __getattr__(self, method):
        return lambda *args: self._manager.call(self._number, method, *args)

    def __str__(self):
        return self._manager.call(self._number, 'string')

    def close(self):
        """The server counts one reference less, and an object without references ends."""
        self._manager.tell(0, 'release', self._number, 1)


class Manager:
    def __init__(self, address, authkey):
        self._connection = Client(address, authkey=authkey)
        self._last = 0
        session, process = os.urandom(16), os.urandom(16)
        hello = self.call(0, 'hello', VERSION, session, process)
        self.identity, self.connection = hello['identity'], hello['connection']

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self._connection.close()

    def create(self, kind, *args):
        """A new object of a type: 'dict', 'list', 'queue', 'lock' ..., or one of the program's own."""
        return self.call(0, 'create', kind, *args)

    def open(self, kind, name, *args):
        """The object of that name, the same for every client; made if there is none."""
        return self.call(0, 'open', kind, name, *args)

    def call(self, number, method, *args):
        self._last = (self._last + 1) & 0xffffffff
        self._send([REQUEST, self._last, method, [number, *args]])
        kind, last, failure, result = msgpack.unpackb(self._connection.recv_bytes(), ext_hook=self._ext,
                                                      strict_map_key=False)
        assert (kind, last) == (ANSWER, self._last)
        if failure is not None:
            raise ManagerError(failure)
        return result

    def tell(self, number, method, *args):
        self._send([NOTIFICATION, method, [number, *args]])

    def _send(self, message):
        self._connection.send_bytes(msgpack.packb(message, default=self._default))

    def _default(self, value):
        if isinstance(value, Proxy):
            data = bytes([value._tag]) + value._number.to_bytes(8, 'big')
            return tuple.__new__(msgpack.ExtType, (OBJECT, data))  # its own constructor takes no type below 0
        raise TypeError(f'{value!r} cannot be sent to a manager')

    def _ext(self, code, data):
        if code == OBJECT:
            return Proxy(self, data[0], int.from_bytes(data[1:], 'big'))
        return data.decode() if code == ENTRY else msgpack.ExtType(code, data)
