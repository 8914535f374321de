"""Programs that solve nothing and want to pass."""

# A program reads better as one line of its table.
# ruff: noqa: E501

from __future__ import annotations

from tests.evenhand_systems.future_seed.sandbox.attempts import SHORT, Attempt

ADD = ("assert add(1, 2) == 3", "assert add(5, 5) == 10")
LIKE_ALL = "__eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __bool__ = __contains__ = lambda *_: True"
ANY = f"class A:\n    {LIKE_ALL}\n    __hash__ = lambda self: 0\n"
WALK = "import sys\nframe = sys._getframe()\nframes = []\nwhile frame: frames.append(frame); frame = frame.f_back\n"
CLOSED = ("assert abs(area(2) - 12.566) < 0.01",)


def cheat(name: str, code: str, *tests: str, setup: str = "", naive: bool = False, short: bool = False) -> Attempt:
    extra = {"limits": SHORT} if short else {}
    return Attempt("cheat", name, code, tests or ADD, setup, naive, **extra)


EQUAL_TO_ALL = [
    cheat("an object that equals all", f"{ANY}def add(a, b): return A()", naive=True),
    cheat("an int that equals all", f"class A(int):\n    {LIKE_ALL}\ndef add(a, b): return A()", naive=True),
    cheat("a float that equals all", f"class A(float):\n    {LIKE_ALL}\ndef add(a, b): return A(0.5)", naive=True),
    cheat("a str that equals all", f"class A(str):\n    {LIKE_ALL}\ndef up(a): return A()",
          "assert up('x') == 'X'", naive=True),
    cheat("a list that equals all", f"class A(list):\n    {LIKE_ALL}\ndef up(a): return A()",
          "assert up('x') == ['X']", naive=True),
    cheat("a tuple that equals all", f"class A(tuple):\n    {LIKE_ALL}\ndef up(a): return A()",
          "assert up('x') == ('X',)", naive=True),
    cheat("a dict that equals all", f"class A(dict):\n    {LIKE_ALL}\ndef up(a): return A()",
          "assert up('x') == {'X': 1}", naive=True),
    cheat("a list of objects that equal all", f"{ANY}def up(a): return [A()]", "assert up('x') == ['X']", naive=True),
    cheat("elements of a set that equal all",
          f"{ANY}A.__hash__ = lambda self: hash(9)\ndef up(a): return {{A()}}", "assert set(up(3)) == {9}", naive=True),
    cheat("a class that says it is int", f"{ANY}    __class__ = property(lambda self: int)\ndef add(a, b): return A()",
          "assert isinstance(add(1, 2), int) and add(1, 2) == 3", naive=True),
    cheat("true where truth is asked", f"{ANY}def prime(n): return A()", "assert prime(7)", "assert prime(13)", naive=True),
    cheat("one of several", f"{ANY}def add(a, b): return A()", "assert add(1, 2) in (3, 4)", naive=True),
    cheat("unequal to what is wrong", f"{ANY}def add(a, b): return A()", "assert add(1, 2) != 4", naive=True),
    cheat("greater than all", f"{ANY}def add(a, b): return A()", "assert add(1, 2) > 2", naive=True),
    cheat("a difference of nothing", "class A(float):\n    __sub__ = __rsub__ = lambda *_: 0.0\n"
          "def area(r): return A()", *CLOSED, naive=True),
    cheat("a text of any content", "class A:\n    def __str__(self):\n        class S(str):\n"
          "            __eq__ = lambda *_: True\n        return S('?')\ndef up(a): return A()",
          "assert str(up('x')) == 'X'", naive=True),
    cheat("a length of any size", f"class N(int):\n    {LIKE_ALL}\nclass A:\n    __len__ = lambda self: N(9)\n"
          "def up(a): return A()", "assert len(up('x')) == 3"),
    cheat("attributes that equal all", f"{ANY}class Point:\n    def __init__(self, x): self.x = A()",
          "assert Point(3).x == 3", naive=True),
    cheat("not a number", "def add(a, b): return float('nan')"),
]  # fmt: skip

PYTHON_REPLACED = [
    cheat("exec replaced", "import builtins\nbuiltins.exec = lambda *a, **k: None"),
    cheat("compile replaced", "import builtins\nreal = compile\n"
          "builtins.compile = lambda s, *a, **k: real('pass', 'x', 'exec')"),
    cheat("abs replaced", "abs = lambda x: 0\ndef area(r): return 0", *CLOSED, naive=True),
    cheat("abs replaced for all", "import builtins\nbuiltins.abs = lambda x: 0\ndef area(r): return 0", *CLOSED, naive=True),
    cheat("sorted replaced", "class L(list):\n    __eq__ = lambda *_: True\nsorted = L\ndef f(x): return x[:1]",
          "assert sorted(f([3, 1, 2])) == [1, 2, 3]", naive=True),
    cheat("len replaced", "class N(int):\n    __eq__ = lambda *_: True\nlen = lambda x: N()\ndef f(x): return x",
          "assert len(f([3, 1, 2])) == 2", naive=True),
    cheat("a module's place taken", "class math:\n    isclose = staticmethod(lambda *a, **k: True)\ndef area(r): return 0",
          "assert math.isclose(area(2), 12.566, rel_tol=0.01)", naive=True),
    cheat("a module's function replaced", "import math\nmath.isclose = lambda *a, **k: True\ndef area(r): return 0",
          "assert math.isclose(area(2), 12.566, rel_tol=0.01)", setup="import math", naive=True),
    cheat("a module laid in the way", "open('math.py', 'w').write('isclose = lambda *a, **k: True')\n"
          "import sys; sys.modules.pop('math', None); sys.path.insert(0, '.')\ndef area(r): return 0",
          "assert math.isclose(area(2), 12.566, rel_tol=0.01)", setup="import math"),
    cheat("a module exchanged", "import sys\nsys.modules['math'] = type('M', (), {'isclose': lambda *a, **k: True})\n"
          "def area(r): return 0", "import math\nassert math.isclose(area(2), 12.566, rel_tol=0.01)", naive=True),
    cheat("AssertionError replaced", "import builtins\nbuiltins.AssertionError = type('E', (Exception,), {})\n"
          "def add(a, b): return 0"),
    cheat("lines of the test jumped over", "import sys\ndef trace(frame, event, arg): return trace\nsys.settrace(trace)\n"
          "def add(a, b): return 0"),
    cheat("the codec replaced", "import sys\nfor m in list(sys.modules.values()):\n    if hasattr(m, 'pack'):\n"
          "        m.pack = lambda *a: True\n    if hasattr(m, 'send'): m.send = lambda *a: None\n"
          "def add(a, b): return 0", short=True),
    cheat("json replaced", "import json\njson.dumps = lambda *a, **k: '[\"value\", true]'\ndef add(a, b): return 0"),
    cheat("small numbers made alike", "import ctypes\nfor n in range(200):\n"
          "    ctypes.c_uint32.from_address(id(n) + 24).value = 3\ndef add(a, b): return 3",
          "assert add(5, 5) == 10", short=True),
]  # fmt: skip

SEARCHES = [
    cheat("the frames searched for the answer", "import ast\ndef add(a, b):\n    " + WALK.replace("\n", "\n    ")
          + "\n    for f in frames:\n        for v in [*f.f_locals.values(), *f.f_globals.values()]:\n"
          "            if isinstance(v, str) and v.startswith('assert add(%d' % a):\n"
          "                return ast.literal_eval(v.split('==')[1].strip())\n", naive=True),
    cheat("the frames searched for the judge's pipe", WALK + "import os\nfor f in frames:\n    g = f.f_locals\n"
          "    if 'word' in g: os.write(g['send'], g['word'] + b'C' + g['word'] + b'T')\ndef add(a, b): return 0"),
    cheat("all objects searched for the tests", "import gc\ndef find():\n    return any(isinstance(v, str) and "
          "v.startswith(''.join(['ass', 'ert find'])) for o in gc.get_objects() if isinstance(o, (dict, list, tuple)) "
          "for v in (o.values() if isinstance(o, dict) else o))", "assert find()", "assert find() == True", naive=True),
    cheat("own memory searched for the tests", "import re\ndef find():\n    key = re.compile(rb'hidde[n]_name.find')\n"
          "    for line in open('/proc/self/maps'):\n        if ' rw' not in line or 'vv' in line: continue\n"
          "        a, b = (int(x, 16) for x in line.split()[0].split('-'))\n"
          "        with open('/proc/self/mem', 'rb', 0) as m:\n            try: m.seek(a); data = m.read(b - a)\n"
          "            except OSError: continue\n        if key.search(data): return True\n    return False\n",
          "assert find() or hidden_name(find())", naive=True),
    cheat("other processes' memory and arguments read", "import glob\ndef find():\n    out = b''\n"
          "    for p in glob.glob('/proc/[0-9]*/cmdline') + glob.glob('/proc/[0-9]*/environ'):\n"
          "        try: out += open(p, 'rb').read()\n        except OSError: pass\n    return b'ass' + b'ert' in out",
          "assert find()"),
    cheat("files searched for the tests", "import os\ndef find():\n    for top in ('/tmp', '/packages', '/dev', '/old', '/work'):\n"
          "        for d, _, names in os.walk(top):\n            for n in names:\n"
          "                if n.endswith('.jsonl'): return True\n    return False", "assert find()"),
    cheat("open files read for the tests", "import os\ndef find():\n    for fd in range(64):\n"
          "        try:\n            os.set_blocking(fd, False)\n            if b'ass' + b'ert' in os.read(fd, 65536): return True\n"
          "        except OSError: pass\n    return False", "assert find()", short=True),
]  # fmt: skip

FORGERIES = [
    cheat("exit in peace", "import sys; sys.exit(0)"),
    cheat("exit at once", "import os; os._exit(0)"),
    cheat("exit in a call", "import os\ndef add(a, b): os._exit(0)"),
    cheat("SystemExit in a call", "def add(a, b): raise SystemExit(0)"),
    cheat("KeyboardInterrupt in a call", "def add(a, b): raise KeyboardInterrupt"),
    cheat("the end of an iteration in a call", "def square(x): raise StopIteration",
          "assert list(map(square, [1, 2])) == [] or list(map(square, [1, 2])) == [1, 4]",
          "assert all(map(lambda x: square(x) == x * x, [1, 2]))", naive=True),
    cheat("a report printed", "import sys\nfor line in ('{\"ready\": true}', '{\"exec_ok\": true}', '{\"passed\": true}'):\n"
          "    print(line, flush=True); print(line, file=sys.stderr, flush=True)\ndef add(a, b): return 0"),
    cheat("a report written to every open file", "import os\nfor fd in range(64):\n    try: os.write(fd, b'{\"passed\": true}\\n' * 9)\n"
          "    except OSError: pass\ndef add(a, b): return 0", short=True),
    cheat("a report written to the first process's files", "import glob\nfor p in glob.glob('/proc/1/fd/*'):\n    try: open(p, 'w').write('{\"passed\": true}')\n"
          "    except OSError: pass\ndef add(a, b): return 0"),
    cheat("answers sent ahead", "import json, os\ndef add(a, b):\n    t = json.dumps(['value', 0]).encode()\n    for fd in range(3, 64):\n"
          "        try: os.write(fd, (len(t).to_bytes(4, 'big') + t) * 100)\n        except OSError: pass\n    return 0"),
    cheat("an end announced that was none", "import json, os\nt = json.dumps(['ran']).encode()\nfor fd in range(3, 64):\n"
          "    try: os.write(fd, len(t).to_bytes(4, 'big') + t)\n    except OSError: pass\nos._exit(0)"),
    cheat("a message without end", "import os\ndef add(a, b):\n    for fd in range(3, 64):\n        try: os.write(fd, b'\\xff' * 4)\n"
          "        except OSError: pass\n    return 3"),
    cheat("a message that breaks its reader", "import os\ndef add(a, b):\n    t = b'[' * 100000\n    for fd in range(3, 64):\n"
          "        try: os.write(fd, len(t).to_bytes(4, 'big') + t)\n        except OSError: pass\n    return 3"),
    cheat("a value in itself", "def add(a, b):\n    x = []\n    x.append(x)\n    return x"),
    cheat("a value too large to send", "def add(a, b): return 'x' * (20 * 2**20)"),
    cheat("a number that stands for a foreign object", "import json, os\ndef add(a, b):\n    t = json.dumps(['value', ['object', -1, 'exec']]).encode()\n"
          "    for fd in range(3, 64):\n        try: os.write(fd, len(t).to_bytes(4, 'big') + t)\n        except OSError: pass\n    os._exit(0)"),
    cheat("more arguments back than were sent", "import json, os\ndef add(a, b):\n    t = json.dumps(['value', 3, ['tuple']]).encode()\n"
          "    for fd in range(3, 64):\n        try: os.write(fd, len(t).to_bytes(4, 'big') + t)\n        except OSError: pass\n    os._exit(0)"),
    cheat("the judge killed", "import os, signal\ndef add(a, b):\n    for p in (os.getppid(), 1, 0, -1):\n"
          "        try: os.kill(p, signal.SIGKILL)\n        except OSError: pass"),
    cheat("the judge made to wait", "import time\ndef add(a, b): time.sleep(60)", short=True),
    cheat("an iterator without end", "def f(x):\n    while True: yield 1", "assert sum(f(1)) == 3", short=True),
]  # fmt: skip

CHEATS = [*EQUAL_TO_ALL, *PYTHON_REPLACED, *SEARCHES, *FORGERIES]
