"""Becomes another program that dies with the process that started it, as another user where asked.

Run by its path with ``python -I -S``, so that it starts in a few milliseconds and reads nothing from the environment:
``launch.py <parent's pid> <signal> <uid or -> <gid or -> <program> <argument>...``.

Linux sends ``signal`` to the program when the *thread* that started it ends, so start children from a thread that lives as
long as they should. Other systems have no such thing; there the next ``crisis up`` ends what the last one left.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)


def main(arguments: list[str]) -> None:
    """Change user, ask the kernel for the signal, and become the program."""
    parent, farewell, uid, gid, *command = arguments
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        # After the change of user: the kernel forgets the request when credentials change.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(farewell), 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit("The process that started this one is gone already.")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and an ignored signal is inherited
    os.execv(command[0], command)  # noqa: S606 - there is no shell, and that is right


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as problem:
        sys.exit(f"Cannot start {' '.join(sys.argv[5:6])}: {problem}")
