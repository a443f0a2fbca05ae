"""Asks a C program about numbers: client.py ADDRESS, which python_peer_listener has printed."""
import array
import json
import sys
from multiprocessing.connection import Client

host, port = sys.argv[1].rsplit(':', 1)
with Client((host, int(port)), authkey=b'python_peer') as connection:
    for numbers in [1, 2, 3, 4], [2.5], [], range(1000):
        connection.send_bytes(array.array('d', numbers))
        answer = json.loads(connection.recv_bytes())
        print(answer['count'], 'numbers, on average', answer.get('mean'))
