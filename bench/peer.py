"""Python's multiprocessing, to measure brood against: peer.py WHAT COUNT SIZE MILLISECONDS

Prints one figure, in the unit of the row that asks for it.  Children are started by fork where there is one.
"""
import concurrent.futures
import multiprocessing
import os
import sys
import time

what, count, size, span = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]) / 1000
context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
AT_ONCE = 64
NOT_HERE = 3  # the exit code


def turns(lock, until):
    done = 0
    while time.perf_counter() < until:
        for _ in range(AT_ONCE):
            lock.acquire()
            lock.release()
        done += AT_ONCE
    return done


def contend(lock, start, total):
    start.wait()
    begin = time.perf_counter()
    done = turns(lock, begin + span)
    with total.get_lock():
        total.value += done / (time.perf_counter() - begin)


def run_workers(target, *args):
    workers = [context.Process(target=target, args=args) for _ in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def lock(kind):
    if count == 0:
        turns(kind, 0)
        begin = time.perf_counter()
        done = turns(kind, begin + span)
        return (time.perf_counter() - begin) / done * 1e9
    total = context.Value("d", 0.0)
    run_workers(contend, kind, context.Barrier(count), total)
    return total.value / 1e6


def ponged(ping, pong, stop):
    last = False
    while not last:
        ping.wait()
        ping.clear()
        last = stop.value  # before the answer: afterwards the next round may be the last
        pong.set()


def event():
    ping, pong, stop = context.Event(), context.Event(), context.RawValue("i", 0)
    other = context.Process(target=ponged, args=(ping, pong, stop))
    other.start()
    done, begin = 0, time.perf_counter()
    while not stop.value:
        stop.value = time.perf_counter() - begin >= span
        ping.set()
        pong.wait()
        pong.clear()
        done += 1
    other.join()
    return (time.perf_counter() - begin) / done * 1e6


def take_turns(me, condition, turn, stop):
    done = 0
    begin = time.perf_counter()
    with condition:
        while not stop.value:
            condition.wait_for(lambda: turn.value == me or stop.value)
            if me == 0 and time.perf_counter() - begin >= span:
                stop.value = 1
            turn.value = 1 - me
            condition.notify()
            done += 1
    return (time.perf_counter() - begin) / done * 1e6


def condition():
    shared = context.Condition(), context.RawValue("i", 0), context.RawValue("i", 0)
    other = context.Process(target=take_turns, args=(1, *shared))
    other.start()
    figure = take_turns(0, *shared)
    other.join()
    return figure


def meet(barrier, stop, total, first):
    barrier.wait()
    done, begin = 0, time.perf_counter()
    with first.get_lock():
        decides = first.value == 0
        first.value = 1
    while not stop.value:
        barrier.wait()
        if decides and time.perf_counter() - begin >= span:
            stop.value = 1
        barrier.wait()
        done += 2
    if decides:
        total.value = (time.perf_counter() - begin) / done * 1e6


def barrier():
    total = context.RawValue("d", 0.0)
    run_workers(meet, context.Barrier(count), context.RawValue("i", 0), total, context.Value("i", 0))
    return total.value


def echo(connection):
    while True:
        data = connection.recv_bytes()
        if not data:
            return
        connection.send_bytes(data)


def swallow(connection):
    while connection.recv_bytes():
        pass
    connection.send_bytes(b"")


def trip():
    mine, theirs = context.Pipe()
    other = context.Process(target=echo, args=(theirs,))
    other.start()
    data, done = bytes(size), 0
    begin = time.perf_counter()
    while time.perf_counter() - begin < span:
        for _ in range(8):
            mine.send_bytes(data)
            mine.recv_bytes()
        done += 8
    figure = (time.perf_counter() - begin) / done * 1e6
    mine.send_bytes(b"")
    other.join()
    return figure


def stream():
    mine, theirs = context.Pipe()
    other = context.Process(target=swallow, args=(theirs,))
    other.start()
    data, done = bytes(size), 0
    begin = time.perf_counter()
    while time.perf_counter() - begin < span:
        for _ in range(8):
            mine.send_bytes(data)
        done += 8
    mine.send_bytes(b"")
    mine.recv_bytes()
    figure = done / (time.perf_counter() - begin) / 1e6 * (1 if size < 1024 else size / 1e3)
    other.join()
    return figure


ROOM = 1024 if size < 1024 else 16


def put_items(queue, start, begun, number):
    start.wait()
    data = bytes(size)
    for _ in range(ROOM):  # not counted
        queue.put(data)
    begin = time.perf_counter()
    begun[number] = begin
    while time.perf_counter() - begin < span:
        for _ in range(AT_ONCE if size < 1024 else 1):
            queue.put(data)


def get_items(queue, start, ended, got, number):
    done = 0
    start.wait()
    while queue.get() is not None:
        done += 1
    ended[number], got[number] = time.perf_counter(), done


def queue(kind):
    start = context.Barrier(2 * count)
    begun, ended, got = context.RawArray("d", count), context.RawArray("d", count), context.RawArray("q", count)
    putters = [context.Process(target=put_items, args=(kind, start, begun, i)) for i in range(count)]
    getters = [context.Process(target=get_items, args=(kind, start, ended, got, i)) for i in range(count)]
    for worker in putters + getters:
        worker.start()
    for worker in putters:
        worker.join()
    for _ in getters:
        kind.put(None)
    for worker in getters:
        worker.join()
    return (sum(got) - count * ROOM) / (max(ended) - min(begun)) / 1e6 * (1 if size < 1024 else size / 1e3)


def nothing(*_):
    return None


def rate(batch, counted):
    """Of batches: the first one does not count."""
    batch()
    done, begin = 0, time.perf_counter()
    while done == 0 or time.perf_counter() - begin < span:
        batch()
        done += counted
    return done / (time.perf_counter() - begin) / 1e6


def pool(batch, counted=size):
    with context.Pool(count) as workers:
        return rate(lambda: batch(workers), counted)


def executor(batch):
    with concurrent.futures.ProcessPoolExecutor(count, mp_context=context) as workers:
        return rate(lambda: batch(workers), size)


def mpi(batch):
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_rmaps_base_oversubscribe="1")
    try:
        from mpi4py.futures import MPIPoolExecutor
    except ImportError:
        sys.exit(NOT_HERE)
    with MPIPoolExecutor(count, main=False) as workers:  # whose workers have other arguments
        return rate(lambda: batch(workers), size)


def wait_all(results):
    for result in results:
        result.get()


def submit_all(workers):
    for future in [workers.submit(bool) for _ in range(size)]:  # which does nothing
        future.result()


def trips(pause):
    with context.Pool(1) as workers:
        workers.apply(nothing)
        spent, done, begin = 0, 0, time.perf_counter()
        while time.perf_counter() - begin < span:
            time.sleep(pause)
            start = time.perf_counter()
            workers.apply(nothing)
            spent += time.perf_counter() - start
            done += 1
        return spent / done * 1e6


def private_bytes():
    with open("/proc/self/smaps_rollup") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1024


def weight():
    if not os.path.exists("/proc/self/smaps_rollup"):
        sys.exit(NOT_HERE)
    with context.Pool(1) as workers:
        workers.map(nothing, range(100), 1)
        return workers.apply(private_bytes) / 2**20


def dict_turns(proxy, put, until):
    done = 0
    while time.perf_counter() < until:
        for _ in range(AT_ONCE):
            if put:
                proxy["key"] = "value"
            else:
                proxy["key"]
        done += AT_ONCE
    return done


def call_dict(proxy, put, start, total):
    len(proxy)  # which connects
    start.wait()
    begin = time.perf_counter()
    done = dict_turns(proxy, put, begin + span)
    with total.get_lock():
        total.value += done / (time.perf_counter() - begin)


def managed_dict(put):
    with context.Manager() as manager:
        proxy = manager.dict(key="value")
        total = context.Value("d", 0.0)
        run_workers(call_dict, proxy, put, context.Barrier(count), total)
        return total.value / 1e3


kinds = {
    "dict_get": lambda: managed_dict(False),
    "dict_set": lambda: managed_dict(True),
    "pool_apply": lambda: pool(lambda p: wait_all([p.apply_async(nothing) for _ in range(size)])),
    "pool_map": lambda: pool(lambda p: p.map(nothing, range(size), 1)),
    "pool_imap": lambda: pool(lambda p: list(p.imap(nothing, range(size)))),
    "pool_chunked": lambda: pool(lambda p: p.map(nothing, range(100 * size)), 100 * size),
    "executor_submit": lambda: executor(submit_all),
    "executor_map": lambda: executor(lambda e: list(e.map(nothing, range(size), chunksize=size // (4 * count)))),
    "mpi_submit": lambda: mpi(submit_all),
    "trip_busy": lambda: trips(0),
    "trip_asleep": lambda: trips(0.002),
    "pool_weight": weight,
    "lock": lambda: lock(context.Lock()),
    "semaphore": lambda: lock(context.Semaphore(1)),
    "event": event,
    "condition": condition,
    "barrier": barrier,
    "trip": trip,
    "stream": stream,
    "queue": lambda: queue(context.Queue(ROOM)),
    "simple_queue": lambda: queue(context.SimpleQueue()),
}
if __name__ == "__main__":
    print(kinds[what]())
