"""A process that has made a script's imports and forks a child for each run of it.

``PYTHON [flags] import_server.py SOCKET SCRIPT``, run by the script's own interpreter, which may know nothing of the
lab: Python's own library alone is used, and as little of it as can be. The module ``imported`` beside it is the other
end. Messages are texts with NUL between their parts:

    (statement) (packages that it imports) ...            ->  why it cannot serve, or nothing
    (name=value) ... "" (argument) ... + two descriptors  ->  process id, then: exit code, seconds, KiB

A child is to find what ``PYTHON [flags] SCRIPT ARGUMENTS`` would find, and its end is the interpreter's own.
"""

import sys

_FRESH = {name: value for name, value in globals().items() if name != "sys"}
if not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # the lab's folder, where a fresh process has the script's
_HAD = set(sys.modules)

import _socket  # noqa: E402
import ctypes  # noqa: E402
import os  # noqa: E402

_OWN = {name.partition(".")[0] for name in set(sys.modules) - _HAD}
_LONGEST = 1 << 20
_DEVICES = ("/dev/nvidia", "/dev/kfd", "/dev/dri")


def _receive(control: _socket.socket) -> tuple[list[str], list[int]]:
    """The next message and its descriptors; ends the process where no more come."""
    message, ancillary, _, _ = control.recvmsg(_LONGEST, _socket.CMSG_SPACE(8))
    if not message:
        os._exit(0)
    told = b"".join(data for _, _, data in ancillary)
    descriptors = [int.from_bytes(told[at : at + 4], sys.byteorder) for at in range(0, len(told), 4)]
    return os.fsdecode(message).split("\0"), descriptors


def _send(control: _socket.socket, *parts: object) -> None:
    control.send(os.fsencode("\0".join(str(part) for part in parts)) or b"\0")


def _is_kept(place: str) -> bool:
    """Whether a file is part of Python or installed: one beside the script may change between two runs."""
    library = os.path.dirname(os.__file__) + os.sep
    return not place.startswith(os.sep) or any(part in place for part in (library, "/site-packages", "/dist-packages"))


def _installed(package: str) -> bool:
    specs = (finder.find_spec(package, None) for finder in sys.meta_path if hasattr(finder, "find_spec"))
    found = next((spec for spec in specs if spec is not None), None)
    places = [] if found is None else [found.origin, *(found.submodule_search_locations or ())]
    return found is not None and all(_is_kept(place) for place in places if place)


def _hides(folder: str) -> str:
    """A file beside the script that would stand in for a module that this process has imported already, or empty."""
    try:
        names = os.listdir(folder)
    except OSError:
        return ""
    return next((name for name in names if name.partition(".")[0] in _OWN), "")


def _imported(statements: list[str], packages: list[str]) -> str:
    """Make a script's imports as it would; returns why this process cannot serve it, or nothing."""
    for statement, named in zip(statements, packages):  # noqa: B905 - `strict` came with Python 3.10
        missing = [name for name in named.split() if not _installed(name)]
        if missing:
            return f"it imports {missing[0]}, which is not installed"
        try:
            exec(statement, {"__name__": "__main__"})
        except BaseException as error:
            return f"'{statement}' ends with {type(error).__name__}"
        if len(os.listdir("/proc/self/task")) > 1:
            return f"'{statement}' starts threads, which would not survive"
        if _holds_device():
            return f"'{statement}' opens a GPU, which would not survive"
    main = sys.modules["__main__"]
    files = ((n, getattr(module, "__file__", None)) for n, module in list(sys.modules.items()) if module is not main)
    local = [name for name, file in files if isinstance(file, str) and not _is_kept(file)]
    return f"its imports bring {local[0]}, which is not installed" if local else ""


def _holds_device() -> bool:
    places = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    return any(os.readlink(place).startswith(_DEVICES) for place in places if os.path.islink(place))


def _serve(control: _socket.socket, library: ctypes.CDLL) -> list[str]:
    """Fork a child for each message; returns in the children, with what they are told."""
    here = os.getpid()
    while True:
        message, descriptors = _receive(control)
        child = os.fork()
        if child == 0:
            library.prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL: it ends when this process does
            if os.getppid() != here:
                os._exit(1)
            control.close()
            for number, descriptor in enumerate(descriptors, 1):
                os.dup2(descriptor, number)
                os.close(descriptor)
            return message
        for descriptor in descriptors:
            os.close(descriptor)
        _send(control, child)
        _, status, usage = os.wait4(child, 0)
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        _send(control, code, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def _main_module(script: str) -> dict[str, object]:
    """A script's ``__main__`` as it is before its first line, put in the place of ours; returns its names."""
    main, path = type(sys)("__main__"), _absolute(script)
    loader = type(_FRESH["__loader__"])("__main__", path)
    main.__dict__.update(_FRESH, __file__=path, __doc__=None, __loader__=loader)
    sys.modules["__main__"] = main
    sys.argv[:] = [script]
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, _folder(script))
    return main.__dict__


def _folder(script: str) -> str:
    return os.path.dirname(os.path.realpath(script))


def _begin(script: str, message: list[str]) -> None:
    """Be told of a trial as a process is that has just begun."""
    cut = message.index("")
    for pair in message[:cut]:
        name, _, value = pair.partition("=")
        os.environ[name] = value
    sys.argv[:] = [script, *message[cut + 1 :]]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[-3:] = sys.argv
    sys.path_importer_cache.clear()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()  # from the machine's entropy, as its import would


def _absolute(script: str) -> str:
    """The path as Python makes it absolute: nothing in it is resolved."""
    return script if os.path.isabs(script) else f"{os.getcwd()}/{script}"


def _run(names: dict[str, object]) -> None:
    """Run a script; an exception that it does not handle is shown from the script's own frame on."""
    path = str(names["__file__"])
    try:
        with open(path, "rb") as source:
            text = source.read()
        exec(compile(text, path, "exec", dont_inherit=True), names)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        trace = None if error.__traceback__ is None else error.__traceback__.tb_next
        error.__traceback__ = trace
        sys.last_type, sys.last_value, sys.last_traceback = type(error), error, trace
        sys.excepthook(type(error), error, trace)
        sys.exit(1)


def _main() -> dict[str, object]:
    control, script = _socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    library = ctypes.CDLL(None)
    names = _main_module(script)
    asked, _ = _receive(control)
    hiding = _hides(_folder(script))
    why = f"{hiding} beside it hides a module of Python's own" if hiding else _imported(asked[::2], asked[1::2])
    sys.stdout.flush()
    sys.stderr.flush()
    _send(control, why)
    if why:
        os._exit(0)
    _begin(script, _serve(control, library))
    return names


if __name__ == "__main__":
    _run(_main())
