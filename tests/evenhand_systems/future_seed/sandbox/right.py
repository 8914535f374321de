"""Right programs, some of them odd: each must pass all its tests."""

# A program reads better as one line of its table.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Right:
    """A right program with its tests."""

    name: str
    code: str
    tests: tuple[str, ...]
    setup: str = ""
    names: tuple[str, ...] = ()


NODE = "class Node:\n    def __init__(self, data):\n        self.data, self.left, self.right = data, None, None\n"
HEIGHT = "def height(n): return 0 if n is None else 1 + max(height(n.left), height(n.right))\n"

RIGHT = [
    Right("a plain function", "def f(x): return 2 * x", ("assert f(2) == 4", "assert f('a') == 'aa'")),
    Right("a name that Python has too", "def sum(a, b): return a + b", ("assert sum(1, 2) == 3",), names=("sum",)),
    Right("a call within a call", "def f(x): return x + 1", ("assert f(f(f(1))) == 4", "assert [f(i) for i in (1, 2)] == [2, 3]")),
    Right("functions of Python around it", "def f(x): return iter([3, 1, 2])",
          ("assert sorted(f(0)) == [1, 2, 3]", "assert set(f(0)) == {1, 2, 3}", "assert sum(f(0)) == 6")),
    Right("a module of Python around it", "def area(r): return 3.14159265 * r * r",
          ("assert math.isclose(area(1), math.pi, rel_tol=1e-6)",)),
    Right("a test that imports", "def f(x): return x", ("import math\nassert f(math.pi) == math.pi",)),
    Right("imports of the setup", "def root(x): return math.sqrt(x)", ("assert root(4) == math.sqrt(4)",), setup="import math"),
    Right("objects that the setup makes", NODE + HEIGHT, ("assert height(root) == 2", "assert root.left.data == 2"),
          setup="root = Node(1)\r\nroot.left = Node(2)"),
    Right("a global value", "limit = 7\ndef f(): return limit", ("assert limit == 7", "assert f() == limit")),
    Right("arguments by name and by star", "def f(a, *b, c=0, **d): return a, b, c, d",
          ("assert f(1, 2, 3, c=4, e=5) == (1, (2, 3), 4, {'e': 5})", "assert f(*[1, 2], **{'c': 3}) == (1, (2,), 3, {})")),
    Right("a list changed in place", "def f(x): x.sort()", ("a = [3, 1, 2]\nf(a)\nassert a == [1, 2, 3]",)),
    Right("a dict changed in place", "def f(x): x['b'] = [2]; del x['a']", ("a = {'a': 1}\nf(a)\nassert a == {'b': [2]}",)),
    Right("a function of Python as an argument", "def f(g, x): return [g(i) for i in x]", ("assert f(len, ['a', 'bb']) == [1, 2]",)),
    Right("a function of its own as an argument", "def g(x): return -x\ndef f(h, x): return h(x)", ("assert f(g, 3) == -3",)),
    Right("a function as the result", "def adder(n): return lambda x: x + n", ("assert adder(2)(3) == 5",)),
    Right("an exception that is asked for", "def f(x): raise ValueError('no')",
          ("try:\n    f(1)\nexcept ValueError as e:\n    assert str(e) == 'no'\nelse:\n    assert False",)),
    Right("values of every built-in type", "def f(x): return x",
          ("x = [None, True, -3, 2.5, 1j, 'ü', b'\\x00', (1, [2]), {(1, 2): {3}, None: frozenset({4})}, range(3)]\nassert f(x) == x",
           "assert [type(v) for v in f((1, [2], {3}))] == [int, list, set]", "assert f(1.0) == 1 and type(f(1.0)) is float",
           "assert str(f(-0.0)) == '-0.0' and f(float('inf')) == float('inf') and f(float('nan')) != f(float('nan'))",
           "assert f('\\ud800') == '\\ud800'")),
    Right("numbers of many digits", "def f(n): return 10 ** n", ("assert f(9000) == 10 ** 9000", "assert f(20) == 10 ** 20")),
    Right("subclasses of the standard library",
          "from collections import Counter, OrderedDict, defaultdict, namedtuple\nimport enum\nP = namedtuple('P', 'x y')\n"
          "class E(enum.IntEnum):\n    A = 3\ndef f(): return Counter('aab')\ndef g(): return OrderedDict(b=1, a=2)\n"
          "def h(): d = defaultdict(list); d[1].append(2); return d\ndef p(): return P(1, 2)\ndef e(): return E.A",
          ("assert f() == {'a': 2, 'b': 1}", "assert g() == {'b': 1, 'a': 2}", "assert h() == {1: [2]}", "assert p() == (1, 2)",
           "assert e() == 3")),
    Right("a class with methods", "class Stack:\n    def __init__(self): self.items = []\n    def push(self, x): self.items.append(x)\n"
          "    def __len__(self): return len(self.items)\n    def __getitem__(self, i): return self.items[i]\n"
          "    def __str__(self): return str(self.items)",
          ("s = Stack()\ns.push(1)\ns.push(2)\nassert s.items == [1, 2] and len(s) == 2 and s[1] == 2 and str(s) == '[1, 2]'",)),
    Right("a dataclass", "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n    y: int = 2",
          ("assert P(1).x + P(1).y == 3",)),
    Right("the main guard reads what is not there",
          "import sys\ndef f(x): return x\nif __name__ == '__main__':\n    n = int(input())\n    sys.argv[1]\n    sys.exit(1)",
          ("assert f(1) == 1",)),
    Right("the main guard runs its own tests", "import unittest\ndef f(x): return x\nif __name__ == '__main__':\n    unittest.main()",
          ("assert f(1) == 1",)),
    Right("much is printed", "print('x' * 10**6)\ndef f(x):\n    print('{\"passed\": false}' * 10000)\n    return x", ("print(f(1))\nassert f(1) == 1",)),
    Right("deep recursion", "import sys\nsys.setrecursionlimit(5000)\ndef f(n): return n and 1 + f(n - 1)", ("assert f(3000) == 3000",)),
    Right("a daemon left behind by the code", "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\n    os._exit(0)\ndef f(x): return x",
          ("assert f(1) == 1", "assert f(2) == 2")),
    Right("a daemon left behind by a call",
          "import os, time\ndef f(x):\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(60)\n        os._exit(0)\n    return x",
          ("assert f(1) == 1", "assert f(2) == 2")),
    Right("a child of the code goes on", "import os\nos.fork()\ndef f(x): return x", ("assert f(1) == 1", "assert f(2) == 2")),
    Right("threads", "import threading\ndef f(x):\n    r = []\n    t = threading.Thread(target=r.append, args=(x,))\n    t.start(); t.join()\n    return r",
          ("assert f(1) == [1]",)),
    Right("another program", "import subprocess, sys\ndef f(x): return int(subprocess.run([sys.executable, '-c', f'print({x} * 2)'], capture_output=True).stdout)",
          ("assert f(4) == 8",)),
    Right("a file of its own", "def f(x):\n    with open('f.txt', 'w') as f: f.write(x)\n    return open('f.txt').read()", ("assert f('ü') == 'ü'",)),
    Right("an event loop", "import asyncio\nasync def g(x):\n    await asyncio.sleep(0)\n    return x\ndef f(x): return asyncio.run(g(x))", ("assert f(5) == 5",)),
    Right("a call that spoils what the next test needs", "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)", ("assert f(1) == 1", "assert f(1) == 1")),
    Right("one process ends, the next test goes on", "import os\ndef f(x): return x if x else os._exit(1)",
          ("try:\n    f(0)\nexcept BaseException:\n    pass", "assert f(1) == 1")),
    Right("code executed once",
          "with open('count', 'a') as file: file.write('x')\ndef f(): return len(open('count').read())",
          ("assert f() == 1", "assert f() == 1", "assert f() == 1")),
]  # fmt: skip
