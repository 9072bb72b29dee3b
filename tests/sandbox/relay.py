"""A relay before a server, whose connections SIGUSR1 closes: a port-forward through it dies, and the pod does not.

usage: relay.py PORT ADDRESS:PORT      listens on 127.0.0.1; says on stderr how many connections it has cut
"""
import signal
import socket
import sys
import threading

pairs = []


def close(*sockets):
    for s in sockets:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def pump(a, b, pair):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    close(a, b)
    if pair in pairs:
        pairs.remove(pair)


def lead(listener, address):
    while True:
        near = listener.accept()[0]
        far = socket.create_connection(address)
        pair = (near, far)
        pairs.append(pair)
        for ends in (pair, pair[::-1]):
            threading.Thread(target=pump, args=(*ends, pair), daemon=True).start()


# Waited for, not handled: of many threads any may be the one that a signal is told.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
host, port = sys.argv[2].rsplit(":", 1)
door = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
threading.Thread(target=lead, args=(door, (host, int(port))), daemon=True).start()
while True:
    signal.sigwait({signal.SIGUSR1})
    cut = pairs[:]
    close(*[s for pair in cut for s in pair])
    print(f"relay: {len(cut)} connections cut", file=sys.stderr, flush=True)
