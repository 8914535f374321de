"""A filter of system calls, loaded through libseccomp, which knows every machine's numbers. Standard library only.

A program needs none of these: they make namespaces and mounts, hold memory that belongs to no process, look into other
processes, or are large and young parts of the kernel. Everything else is allowed.
"""

from __future__ import annotations

import ctypes
import errno

LIBRARY = "libseccomp.so.2"
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_MASKED_EQ, _NE = 7, 1
_NEW_NAMESPACE = (1 << 17, 1 << 25, 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30)  # clone's; one for time it has not
_AF_UNIX = 1
_SOL_SOCKET, _SO_SNDBUF = 1, 7
_MAP_SHARED_ANONYMOUS, _MAP_TYPE_ANONYMOUS = 0x21, 0x2F

_DENIED = """
unshare setns mount umount umount2 pivot_root chroot fsopen fsconfig fsmount fspick open_tree open_tree_attr move_mount
mount_setattr swapon swapoff quotactl quotactl_fd acct open_by_handle_at name_to_handle_at
memfd_create memfd_secret vmsplice shmget shmat shmctl shmdt msgget msgsnd msgrcv msgctl semget semop semtimedop semctl
mq_open mq_unlink io_setup io_submit io_uring_setup io_uring_enter io_uring_register
bpf perf_event_open userfaultfd keyctl add_key request_key fanotify_init
ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp pidfd_open pidfd_getfd
init_module finit_module delete_module create_module kexec_load kexec_file_load reboot syslog
iopl ioperm modify_ldt vm86 vm86old lookup_dcookie uselib vhangup nfsservctl
settimeofday clock_settime clock_adjtime adjtimex stime sethostname setdomainname
mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node
"""
# From 424 on a number is the same on every machine; an older library may not know the name.
_NUMBERS = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435,
    "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447,
    "process_mrelease": 448, "set_mempolicy_home_node": 450, "open_tree_attr": 467,
}  # fmt: skip


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operation", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


def library() -> ctypes.CDLL:
    """libseccomp.

    Raises:
        OSError: it is not there; says what to install.
    """
    try:
        loaded = ctypes.CDLL(LIBRARY, use_errno=True)
    except OSError:
        raise OSError(f"{LIBRARY} is not there (Debian and Ubuntu: libseccomp2, elsewhere: libseccomp)") from None
    loaded.seccomp_init.restype = ctypes.c_void_p
    loaded.seccomp_init.argtypes = (ctypes.c_uint32,)
    loaded.seccomp_rule_add_array.argtypes = (
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(_Comparison),
    )  # fmt: skip
    loaded.seccomp_load.argtypes = (ctypes.c_void_p,)
    loaded.seccomp_release.argtypes = (ctypes.c_void_p,)
    return loaded


def number(loaded: ctypes.CDLL, name: str) -> int:
    """A system call's number on this machine; negative where it has none."""
    found = int(loaded.seccomp_syscall_resolve_name(name.encode()))
    return _NUMBERS.get(name, found) if found == -1 else found


def load(loaded: ctypes.CDLL) -> None:
    """Filter this process and all that come from it, for good.

    Raises:
        OSError: the kernel or the library will not have it.
    """
    context = loaded.seccomp_init(_ALLOW)
    if not context:
        raise OSError("a filter of system calls cannot be made")

    def deny(name: str, error: int, *comparisons: _Comparison) -> None:
        call = number(loaded, name)
        if call == -1:
            return  # this machine has no such call
        array = (_Comparison * max(1, len(comparisons)))(*comparisons)
        result = loaded.seccomp_rule_add_array(context, _ERRNO | error, call, len(comparisons), array)
        if result < 0 and call >= 0:  # below 0: a call of other machines only
            raise OSError(-result, f"the filter of system calls takes no {name}")

    for name in _DENIED.split():
        deny(name, errno.EPERM)
    deny("clone3", errno.ENOSYS)  # its flags lie in memory, out of a filter's sight; C libraries then use clone
    for flag in _NEW_NAMESPACE:
        deny("clone", errno.EPERM, _Comparison(0, _MASKED_EQ, flag, flag))
    for name in ("socket", "socketpair"):  # network namespaces do not hold every family (vsock)
        deny(name, errno.EAFNOSUPPORT, _Comparison(0, _NE, _AF_UNIX, 0))
    # What stands in a socket's buffer belongs to no process either; ``memory`` counts on its usual size. Of these
    # arguments the kernel reads 32 bits.
    option = [_Comparison(n, _MASKED_EQ, 2**32 - 1, value) for n, value in ((1, _SOL_SOCKET), (2, _SO_SNDBUF))]
    deny("setsockopt", errno.EPERM, *option)
    for name in ("mmap", "mmap2"):  # memory that several processes share can outlive those that filled it
        deny(name, errno.EPERM, _Comparison(3, _MASKED_EQ, _MAP_TYPE_ANONYMOUS, _MAP_SHARED_ANONYMOUS))
    result = loaded.seccomp_load(context)
    loaded.seccomp_release(context)
    if result < 0:
        raise OSError(-result, "the filter of system calls cannot be loaded")
