#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A TCP proxy that cuts: cutting-proxy.py TARGET-PORT LIMIT...  Prints its port. The n-th connection is cut after
LIMIT bytes of the server's, or says nothing more after them when LIMIT is negative; later ones are left alone. Ends when
its stdin does."""
import select, socket, sys, threading

target, limits = int(sys.argv[1]), [int(n) for n in sys.argv[2:]]


def serve(client, limit):
    if limit == 0:
        client.close()
        return
    server = socket.create_connection(("127.0.0.1", target))
    passed = 0
    while True:
        for ready in select.select([client, server], [], [])[0]:
            data = ready.recv(65536)
            if ready is server and limit is not None:
                data = data[: abs(limit) - passed]
                passed += len(data)
                client.sendall(data)
                if passed == -limit:
                    threading.Event().wait()
            elif data:
                (server if ready is client else client).sendall(data)
            if not data or passed == limit:
                client.close()
                server.close()
                return


def accept(listener):
    n = 0
    while True:
        client = listener.accept()[0]
        threading.Thread(target=serve, args=(client, limits[n] if n < len(limits) else None), daemon=True).start()
        n += 1


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
sys.stdin.read()
