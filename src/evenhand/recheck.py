# fmt: off
"""Verdicts derived a second time, by code that shares nothing with evenhand: numpy, scipy and what Python brings.
``python recheck.py ledger.tar.gz [receipt.json]``: hashes from chain to scores, receipt against chain, each claim
decided anew. Exit code 4: altered or unreadable, 1: another verdict than was written. What is not derived is named."""
import functools
import hashlib
import json
import sys
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

Row = dict[str, Any]
TIE, NORMAL_95, ROLES = 1 + 1e-9, 1.959963984540054, ("baseline", "variant", "rival", "null")
Unknown = NotImplementedError  # what this file does not derive
def sha(value: Any) -> str:
    if not isinstance(value, bytes):
        value = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(value).hexdigest()
class Ledger:
    """Records in the order of writing, tables by the hash of their content, and what is wrong with them."""
    def __init__(self, path: str) -> None:
        self.records, files = list[Row](), {folder: dict[str, bytes]() for folder in ("segments", "tables")}
        with tarfile.open(path) as bundle:
            for folder, name in (member.name.split("/", 1) for member in bundle.getmembers()):
                files[folder][name] = bundle.extractfile(f"{folder}/{name}").read()  # type: ignore[union-attr]
        self.tables, known = files["tables"], dict[tuple[str, int], str]()
        self.faults = [f"table {key}: altered" for key, data in self.tables.items() if sha(data) != key]
        for name, data in files["segments"].items():
            before = "0" * 64
            for number, row in enumerate(map(json.loads, data.splitlines())):
                digest = sha({k: v for k, v in row.items() if k != "hash"})
                if (row["hash"], row["previous"], row["sequence"]) != (digest, before, number):
                    self.faults.append(f"segment {name}, record {number}: altered, or not after the one before it")
                before = known[name, number] = row["hash"]
                self.records.append(row | {"segment": name})
        for row in self.of("segment"):
            wrong = [n for n, (i, digest) in row["body"]["others"].items() if i >= 0 and known.get((n, i)) != digest]
            self.faults += [f"segment {name}: not as {row['segment']} knows it" for name in wrong]
        self.records.sort(key=lambda row: (row["time"], row["segment"], row["sequence"]))
        packs = [pack for row in self.of("pack") for pack in row["body"]["packs"] if pack["kind"] == "items"]
        self.packed = {(t, digest): content for pack in packs for t, digest, content, _ in pack["tables"]}
        self.counts, self.twice = dict[str, Row](), set[str]()
        for body in (row["body"] for row in self.of("outcome") if not row["body"]["exploratory"]):
            old, self.counts[body["trial"]["id"]] = self.counts.get(body["trial"]["id"]), body
            was, new = ([one["outcome"]["metrics"], one["files"].get("items")] for one in (old or body, body))
            self.twice |= {body["trial"]["id"]} if old and not old["outcome"]["failure"] and was != new else set()
    def of(self, kind: str) -> list[Row]: return [row for row in self.records if row["kind"] == kind]
    @functools.cache  # noqa: B019
    def side(self, trial: str, metric: str) -> Row | None:
        """Items, scores, answers and clusters of a metric (a number is one item); None where there are none."""
        body, named = self.counts[trial], self.counts[trial]["files"].get("items") or {"names": []}
        value = body["outcome"]["metrics"].get(metric)
        stepped = metric not in named.get("names", [metric]) and any(n.startswith(f"{metric}@") for n in named["names"])
        if trial in self.twice or stepped:
            raise Unknown("a trial with several results, or scores by step")
        if body["outcome"]["failure"] or metric not in named.get("names", [metric]):
            number = {"item": [""], "score": np.array([value]), "output": None, "cluster": None}
            return None if body["outcome"]["failure"] or value is None else number
        line, rest = self.tables[named.get("content") or self.packed[trial, named["sha256"]]].split(b"\n", 1)
        head, columns = json.loads(line), dict[str, Any]()
        for column in head["columns"]:
            size = 8 * head["rows"] if column == "score" else rest.index(b"\n") + 1
            columns[column] = np.frombuffer(rest[:size], "<f8") if column == "score" else json.loads(rest[:size])
            rest = rest[size:]
        own = sorted((i for i, m in enumerate(columns["metric"]) if m == metric), key=lambda i: columns["item"][i])
        texts = {key: [columns[key][i] for i in own] for key in ("item", "output", "cluster")}
        return {k: None if None in v else v for k, v in texts.items()} | {"score": columns["score"][own]}
class Estimate(NamedTuple):
    """A mean difference; standard error and degrees of freedom of each test that must agree."""
    mean: float
    scales: list[tuple[float, float]]
    def interval(self, level: float) -> tuple[float, float]:
        half = max(float(stats.t.ppf(0.5 + level / 2, df)) * se for se, df in self.scales)
        return self.mean - half, self.mean + half
    def p(self) -> float:
        return max((2 * float(stats.t.sf(abs(self.mean) / se, df)) for se, df in self.scales), default=1.0)
def estimate(d: np.ndarray, clusters: Any, item_wise: bool) -> Estimate:
    """For new seeds and items: two-way random effects (Satterthwaite), and paired t over seeds, which must agree."""
    if clusters is not None:
        _, index = np.unique(np.asarray(clusters), return_inverse=True)
        totals, sizes = np.stack([np.bincount(index, weights=row) for row in d]), np.bincount(index)
        d = d.mean() + (totals - sizes * d.mean()) * (len(sizes) / d.shape[1])
    (s, i), rows, mean = d.shape, d.mean(axis=1), float(d.mean())
    noise = d.size * (8e-16 * float(np.abs(d).max())) ** 2
    seeds = i * float(((rows - rows.mean()) ** 2).sum()) / max(s - 1, 1)
    over_seeds = [((seeds / (s * i)) ** 0.5, float(s - 1))] if s > 1 and seeds > noise else []
    if not item_wise or min(s, i) < 2:
        return Estimate(mean, [] if item_wise else over_seeds)
    left = d - rows[:, None]
    items, rest = s * float((left.mean(axis=0) ** 2).sum()) / (i - 1), float(((left - left.mean(axis=0)) ** 2).sum())
    rest /= (s - 1) * (i - 1)
    total, df = max(seeds, items), float(i - 1 if TIE * items >= seeds else s - 1)
    if seeds > TIE * rest and items > TIE * rest:
        total = seeds + items - rest
        df = total**2 / (seeds**2 / (s - 1) + items**2 / (i - 1) + rest**2 / ((s - 1) * (i - 1)))
    return Estimate(mean, [((total / (s * i)) ** 0.5, df), *over_seeds] if total > noise else [])
class Pair:
    """One arm against another: the verdict that needs no interval (``settled``, else empty), and the estimate."""
    def __init__(self, ledger: Ledger, claim: Row, names: tuple[str, ...], c: str, metric: Row, rung: int = -1) -> None:
        self.margin, self.found = metric["margin"], Estimate(0.0, [])
        pairs = [list(pair) for pair in zip(*(trial_ids(claim, name, c, rung) for name in names), strict=True)]
        pending = any(key not in ledger.counts for pair in pairs for key in pair)
        self.settled = "not-run" if pending else self.judged(ledger, claim, names, pairs, metric)
    def judged(self, ledger: Ledger, claim: Row, names: tuple[str, ...], pairs: list[list[str]], metric: Row) -> str:
        sides = [[ledger.side(key, metric["name"]) for key in pair] for pair in pairs]
        bad = any(fault(claim, names, [ledger.counts[key]["outcome"] for key in pair]) for pair in pairs)
        every, whole = [ledger.counts[key]["outcome"] for pair in pairs for key in pair], dict[str, str]()
        made = [(f"{m} {k}", v) for o in every for m in ("code", "data") for k, v in o.get(m, {}).items()]
        rows = [(one, two) for one, two in sides if one is not None and two is not None]
        bad |= any(whole.setdefault(k, v) != v for k, v in made if not k.startswith("data asset:"))
        held = [x["cluster"] for pair in rows for x in pair if x["cluster"] is not None]
        bad |= len({tuple(map(dict(zip(c, range(len(c)), strict=True)).get, c)) for c in held}) > 1
        if bad or any(x["item"] != rows[0][0]["item"] for pair in rows for x in pair) or not rows:
            return "invalid" if bad or rows else "not-run"
        a, b = (np.stack([pair[k]["score"] for pair in rows]) for k in (0, 1))
        low, high, item_wise = metric["floor"], metric["ceiling"], rows[0][0]["item"] != [""]
        gone = [sum(pair[k] is None for pair in sides) for k in (0, 1)]
        wrong = (low is not None and min(a.min(), b.min()) < low) or (high is not None and max(a.max(), b.max()) > high)
        wrong |= (max(gone) > 1 and min(gone) == 0) or len(rows) < 0.8 * len(sides)
        full = saturated(a, b, metric, item_wise)
        if wrong or (any(gone) and full):
            return "invalid"
        if any(gone):
            raise Unknown("a trial that was lost")
        self.found = estimate(a - b if metric["direction"] == "maximise" else b - a, next(iter(held), None), item_wise)
        same = np.array_equal(a, b) and all(one["output"] and one["output"] == two["output"] for one, two in rows)
        return "invalid" if full else "" if self.found.scales else "no-op" if same else "inconclusive"
    def kind(self, effect: float, alpha: float) -> str:
        """The verdict, at two-sided ``effect`` for a difference and ``alpha`` for each test of equivalence."""
        found = self.found
        if self.settled or all(stats.t.sf((self.margin - abs(found.mean)) / s, df) <= alpha for s, df in found.scales):
            return self.settled or "no-effect"
        low, high = found.interval(1 - effect)
        return "gain" if low > 0 else "regression" if high < 0 else "inconclusive"
def drawn(claim: Row, purpose: str, place: int) -> int:
    return int(sha([sha(claim), purpose, place]), 16) % 2**31
def trial_ids(claim: Row, name: str, condition: str, place: int) -> list[str]:  # of an arm at one rung
    arm, rung, before, order = claim["arms"][name], claim["rungs"][place], claim["rungs"][:place], claim["item_seed"]
    seeds, first = rung["seeds"], sum(r["seeds"]["count"] for r in before if isinstance(r["seeds"], dict))
    seeds = seeds if isinstance(seeds, list) else [drawn(claim, "seeds", first + i) for i in range(seeds["count"])]
    start, order = sum(r["items"]["count"] for r in before), drawn(claim, "items", 0) if order == "seal" else order
    return [sha({"contract": 1, "recipe": claim["recipe"], "fingerprint": claim["fingerprint"],
        "settings": arm["settings"][condition], "noise": f"null/{name}" if arm["role"] == "null" else "",
        "seed": None if arm["deterministic"] else seed, "budget": [claim["budget"]["unit"], rung["budget"]],
        "items": [start, rung["items"]["count"], order]})[:16] for seed in seeds]
def fault(claim: Row, names: tuple[str, ...], outcomes: list[Row]) -> bool:  # flags that do not hold, unequal budgets
    unit, both = claim["budget"]["unit"], [(claim["arms"][n], o) for n, o in zip(names, outcomes, strict=True)]
    if any(arm["deterministic"] and own.get("draws") for arm, own in both):
        return True
    if unit in ("seconds", "device_hours") or any((own["failure"] or {}).get("kind") == "diverged" for own in outcomes):
        raise Unknown("a diverged trial, or a budget in seconds")
    if any(arm["untrained"] or own["failure"] for arm, own in both):
        return any(arm["untrained"] and own["spent"].get(unit, 0) > 0 for arm, own in both)
    spent = [own["spent"].get(unit) for own in outcomes]
    grain = 0.0 if unit == "steps" else max(own["grain"].get(unit, 0.0) for own in outcomes)
    return None in spent or abs(spent[0] - spent[1]) > grain
def saturated(a: np.ndarray, b: np.ndarray, metric: Row, item_wise: bool) -> bool:
    low, high, chance, items = metric["floor"], metric["ceiling"], metric["chance"], a.shape[1]
    bounded = low is not None and high is not None
    one = (high - low) / items * TIE if bounded and item_wise else 0.0
    ends = [end for end in (low, high) if end is not None and (bounded or not item_wise)]
    at_end = any(all(abs(x.mean() - end) <= one for x in (a, b)) for end in ends)
    if at_end or chance is None or not item_wise:
        return at_end
    low, high = (low, high) if bounded else (chance - 0.5, chance + 0.5)
    share, graded = (max((chance - low) * (high - chance), 0.0) / items) ** 0.5, not np.isin([a, b], (low, high)).all()
    spread = max(min(share, float(x.mean(axis=0).std(ddof=1)) / items**0.5 if graded else share) for x in (a, b))
    return all(abs(x.mean() - chance) <= max((high - low) / items, NORMAL_95 * spread) * TIE for x in (a, b))
def decide(ledger: Ledger, claim: Row, alpha: float) -> dict[str, str]:
    primary, arms, conditions = [m for m in claim["metrics"] if m["primary"]], claim["arms"], claim["conditions"]
    base, variants, rivals, blanks = ([name for name, arm in arms.items() if arm["role"] == role] for role in ROLES)
    planned = any(rung["looks"] or "kind" in rung or rung["prune"]["rule"] == "threshold" for rung in claim["rungs"])
    planned |= bool(claim.get("guards")) or any(m["checkpoint"] != "final" or m.get("learned_above") for m in primary)
    if planned or claim["scope"] != "recipe" or any(arms[name]["deterministic"] for name in variants + blanks):
        raise Unknown("searches, thresholds, looks, another scope, a selected checkpoint, floors, guards, a fixed arm")
    def pairs_of(names: list[str], others: list[str]) -> dict[tuple[str, str, str], list[Pair]]:
        keys = [(n, c, m) for m in primary for c in conditions for n in names]
        return {(n, c, m["name"]): [Pair(ledger, claim, (n, o), c, m) for o in others] for n, c, m in keys}
    still = [c for c, o in conditions.items() if o["expect"] == "no-effect"]
    targets = [c for c in conditions if c not in still or len(still) == len(conditions)]
    gone = screened_out(ledger, claim, variants, base[0], [(c, m) for c in targets for m in primary])
    pairs = pairs_of([name for name in variants if name not in gone], base + rivals)
    sought, levels, failed = [key for key in pairs if key[1] in targets], dict.fromkeys(pairs, alpha), 0.0
    for rank, (p, key) in enumerate(sorted((joint_p(pairs[key]), key) for key in sought)):  # Holm
        levels[key] = step = failed or alpha / (len(sought) - rank)
        failed = step if p > step else 0.0
    kinds = {key: joined(own, levels[key], alpha) for key, own in pairs.items()}
    nulls = {key: own[0].kind(0.01, alpha) for key, own in pairs_of(blanks if pairs else [], base).items()}
    alone = {key: own[0].kind(levels[key], alpha) for key, own in pairs.items()} | nulls
    moved = {key for key, kind in alone.items() if kind in ("gain", "regression")}
    for (v, c, m), kind in kinds.items():
        spoilt = any((n, c, m) in moved for n in blanks) or (c not in still and any((v, o, m) in moved for o in still))
        kinds[v, c, m] = "invalid" if spoilt and kind != "not-run" else kind
    pruned = {(n, c, m["name"]): "pruned" for n in gone for c in conditions for m in primary}
    return {"/".join(key): kind for key, kind in (kinds | nulls | pruned).items()}
def screened_out(ledger: Ledger, claim: Row, variants: list[str], base: str, cells: list[tuple[str, Row]]) -> set[str]:
    """Variants that a rung before the last dropped: in every cell the one-sided upper bound lies below the margin."""
    gone, known = set[str](), True
    for at, rung in enumerate(claim["rungs"][:-1]):
        left, upper = [name for name in claim["arms"] if name not in gone], 2 * rung["prune"]["confidence"] - 1
        known &= all(k in ledger.counts for n in left for c in claim["conditions"] for k in trial_ids(claim, n, c, at))
        for name in [one for one in left if one in variants and known and rung["prune"]["rule"] == "futility"]:
            own = [Pair(ledger, claim, (name, base), c, m, at) for c, m in cells]
            gone |= {name} if all(x.found.scales and x.found.interval(upper)[1] < x.margin for x in own) else set()
    return gone
def joint_p(pairs: list[Pair]) -> float:
    own = pairs[:1] if pairs[0].found.mean < 0 else pairs
    mixed = len({pair.found.mean > 0 for pair in own}) > 1 or any(pair.settled for pair in pairs)
    return 1.0 if mixed else max(pair.found.p() for pair in own)
def joined(pairs: list[Pair], effect: float, alpha: float) -> str:
    kinds, known = [pair.kind(effect, alpha) for pair in pairs], not any(pair.settled for pair in pairs)
    if known and all(pair.found.interval(1 - effect / (len(pairs) - 1))[1] >= 0 for pair in pairs[1:]):
        kinds = [kinds[0], *("inconclusive" if kind == "regression" else kind for kind in kinds[1:])]
    stood = [(k not in ("invalid", "not-run"), own.found.mean, k) for k, own in zip(kinds, pairs, strict=True)]
    worst = min([row for row in stood if row[2] != "gain"], default=(True, 0.0, "gain"))[2]
    return worst if kinds[0] == "gain" else kinds[0]
def receipt_faults(ledger: Ledger, path: str) -> list[str]:
    text, rows = Path(path).read_text("utf-8"), ledger.records
    claim, record = json.loads(text)["claim"], json.loads(text)["chain"]["record"]
    sealed = next((i for i, r in enumerate(rows) if r["kind"] == "seal" and r["body"]["receipt"] == text), len(rows))
    first = next((i for i, r in enumerate(rows) if r["body"].get("claim_hash") == sha(claim)[:16]), len(rows))
    known = sealed < first and any(row["hash"] == record and row["body"].get("identity") == claim for row in rows)
    return [] if known else ["the chain has not the receipt and its claim before the claim's first outcome"]
def main(arguments: list[str]) -> int:
    try:
        faults = (ledger := Ledger(arguments[0])).faults + [f for p in arguments[1:] for f in receipt_faults(ledger, p)]
    except (OSError, EOFError, tarfile.TarError, AttributeError, LookupError, TypeError, ValueError) as error:
        print(f"fault: this is no ledger as it is exported, or no receipt: {str(error).splitlines()[:1]}")
        return 4
    print("\n".join(f"fault: {one}" for one in faults) or f"{len(ledger.records)} records and their tables checked")
    said, differ = {row["body"]["hash"]: row["body"] for row in ledger.of("decision")}, False
    for body in (row["body"] for row in ledger.of("claim")):
        recorded, alpha, title = said.get(body["hash"], {}), body["identity"]["alpha"], f"{body['name']} {body['hash']}"
        if strict := body["identity"].get("ledger", {}).get("policy") == "strict":  # at the level that was written down
            alpha = min([alpha, *(own["level"] for own in recorded.get("families", {}).values() if own["level"])])
        try:
            for name, kind in decide(ledger, body["identity"], alpha).items():
                full = recorded.get("verdicts", {}).get(name, "nothing")
                old, tried = full.split(" ")[0], strict and "unequal tuning" in full  # tries are not counted here
                differ |= bool(recorded) and old != kind and not tried
                print(f"{title} {name}: {kind}" + ("" if old == kind else f" (recorded: {full if tried else old})"))
        except Unknown as what:
            print(f"{title}: not derived: {what}")
    return 4 if faults else 1 if differ else 0
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
