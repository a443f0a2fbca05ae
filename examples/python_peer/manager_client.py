"""Uses the objects of a manager in C: manager_client.py ADDRESS, which python_peer_manager has printed."""
import sys

from brood_manager import Manager, ManagerError

host, port = sys.argv[1].rsplit(':', 1)
with Manager((host, int(port)), b'python_peer') as manager, Manager((host, int(port)), b'python_peer') as other:
    numbers = manager.open('dict', 'numbers')
    numbers.update({1: 'one', 'two': 2, 0.25: None})
    print(numbers.copy())
    print(other.open('dict', 'numbers').get('two'))

    inner = manager.create('list', [3, 1, 2])
    numbers.set('list', inner)
    numbers.get('list').append(b'bytes')
    print(inner.copy())

    try:
        numbers.get('three')
    except ManagerError as error:
        print('no such key:', error)

    tasks = manager.open('queue', 'tasks', 10)
    tasks.put({'task': 1}, 0)
    print(other.open('queue', 'tasks').get(1, 1000000))

    lock, same = manager.open('lock', 'lock'), other.open('lock', 'lock')
    lock.acquire(1, 0)
    try:
        same.acquire(1, 1000)
    except ManagerError as error:
        print('held:', error)
    lock.release(1)
    manager.call(0, 'shutdown')
