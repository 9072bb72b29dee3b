"""Fronts by copying: one process has loaded front.py and moto, which takes longest, and forks for each front.

A copy is a process with an account of its own, like a front that was started by its command line.
"""
import json
import os
import random
import select
import signal
import subprocess
import sys


class Copy:
    """A front that the mould made, with as much of subprocess.Popen as its owner uses."""

    def __init__(self, pid):
        self.pid = pid
        self._fd = os.pidfd_open(pid)

    def poll(self):
        """None while it runs. How it ended, only the mould knows."""
        return 0 if select.select([self._fd], [], [], 0)[0] else None

    def terminate(self):
        signal.pidfd_send_signal(self._fd, signal.SIGTERM)

    def wait(self):
        select.select([self._fd], [], [])
        return 0


class Mould:
    """The process that is copied. Its copies end with it."""

    def __init__(self):
        self._process = subprocess.Popen([sys.executable, os.path.abspath(__file__)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)

    def copy(self, argv, errors):
        """A front with the words of a command line; errors is the file that gets its standard error."""
        self._process.stdin.write(json.dumps({"argv": argv, "errors": errors}) + "\n")
        self._process.stdin.flush()
        # Not waited for by the mould before it is asked again, so the number is still this copy's.
        return Copy(int(self._process.stdout.readline()))

    def end(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def become(argv, errors):
    """The front, in the copy. Never returns."""
    import front
    from moto.moto_api._internal import mock_random
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        os.dup2(os.open(errors, os.O_WRONLY | os.O_APPEND), 2)
        random.seed()
        mock_random.seed()              # or all copies made up the same ids
        status = front.main(argv)
    except SystemExit as e:
        status = e.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(status)


def main():
    import front  # noqa: F401  (what is loaded here, no copy loads again)
    copies = set()
    for line in sys.stdin:
        copies -= {pid for pid in copies if os.waitpid(pid, os.WNOHANG)[0]}
        pid = os.fork()
        if pid == 0:
            become(**json.loads(line))
        copies.add(pid)
        print(pid, flush=True)
    for pid in copies:
        os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    main()
