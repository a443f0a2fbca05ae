"""Calculates for C programs, which have no integers of any size: listener.py, until Ctrl-C.  python_peer_client asks."""
import json
import math
from multiprocessing import AuthenticationError
from multiprocessing.connection import Listener


def answer(connection):
    while True:
        n = json.loads(connection.recv_bytes(1000))['factorial']
        connection.send_bytes(json.dumps({'n': n, 'factorial': math.factorial(n)}).encode())


with Listener(('127.0.0.1', 0), authkey=b'python_peer') as listener:
    print('%s:%d' % listener.address, flush=True)
    while True:
        try:
            with listener.accept() as connection:
                answer(connection)
        except (EOFError, OSError, AuthenticationError):
            pass  # the next one
