"""Writes down the command lines and environments of all processes of this sandbox while it runs, those in pods left out: what
anybody on the machine could have seen.

usage: processes.py FILE      inside the sandbox; until standard input ends; a line for each word, as they come
"""
import os
import select
import sys

# A process is looked at in each round of its first second, since it begins with the words of the one that it was forked from.
PAUSE_S, ROUNDS = 0.005, 200
SPACES = ("pid", "net")      # pods have their own


def spaces(pid):
    return [os.stat(f"/proc/{pid}/ns/{name}").st_ino for name in SPACES]


OWN = spaces("self")


def words(pid):
    try:
        if spaces(pid) != OWN:
            return
        for name in ("cmdline", "environ"):
            with open(f"/proc/{pid}/{name}", "rb") as f:
                yield from f.read().split(b"\0")
    except OSError:          # it has ended, or is the kernel's
        return


def watch(out):
    rounds, seen = {}, set()
    while not select.select([sys.stdin], [], [], PAUSE_S)[0]:
        rounds = {pid: rounds.get(pid, 0) + 1 for pid in os.listdir("/proc") if pid.isdigit()}
        for pid, n in rounds.items():
            new = set(words(pid)) - seen if n <= ROUNDS else set()
            seen |= new
            out.writelines(word + b"\n" for word in new)
        out.flush()


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as file:
        watch(file)
