"""A small service: writes its process id and a cache, answers on port 8000. `app.py check` asks it."""

import os
import socket
import sys

FOLDER = "/srv/app/cache"


def serve():
    with open(os.path.join(FOLDER, "app.pid"), "w") as file:
        file.write(str(os.getpid()))
    listener = socket.create_server(("0.0.0.0", 8000))
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"afloat\n")


def check():
    with socket.create_connection(("127.0.0.1", 8000), timeout=3) as connection:
        return 0 if connection.recv(16) == b"afloat\n" else 1


if __name__ == "__main__":
    sys.exit(check() if sys.argv[1:] == ["check"] else serve())
