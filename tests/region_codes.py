"""Writes models/rules/region_codes.csv from the list of codes and the history of codes.

    python -m tests.region_codes CODES.txt HISTORY.csv OUT.csv

CODES has ``code name`` a line; HISTORY has a row for each name that a code ever had, with the codes that followed it.
"""

import csv
import re
import sys
from collections import defaultdict
from pathlib import Path

_PEOPLES = (
    "维吾尔|布依|朝鲜|土家|哈尼|哈萨克|傈僳|拉祜|东乡|纳西|景颇|柯尔克孜|达斡尔|仫佬|布朗|撒拉|毛南|仡佬|锡伯|阿昌|普米|"
    "塔吉克|鄂温克|裕固|保安|独龙|鄂伦春|蒙古|[回藏苗彝壮侗瑶白傣黎佤畲水土满羌怒各]"
)
_BARE_PEOPLES = "蒙古|维吾尔|哈萨克|柯尔克孜|塔吉克|锡伯|达斡尔|鄂温克|鄂伦春"
AUTONOMOUS = re.compile(rf"(.{{2,}}?)(?:(?:{_PEOPLES})族|{_BARE_PEOPLES})+自治([区州县旗])")
SOURCE = "Ministry of Civil Affairs: divisions to county level, end of 2024; names of 1981-2024 under the code of today"


def short_names(code: str, name: str) -> list[str]:
    """What people write for short; the first one is the usual short name."""
    if name.endswith("特别行政区"):
        return [name.removesuffix("特别行政区")]
    autonomous = AUTONOMOUS.fullmatch(name)
    if autonomous:
        stem, rank = autonomous.groups()
        return [stem] if rank == "区" and code.endswith("0000") else [stem, stem + rank]
    if code.endswith("00"):
        return [re.sub(r"(自治区|省|市|地区|盟)$", "", name)]
    stem = re.sub(r"(族?自治旗|林区|特区|矿区|[市区县旗])$", "", name)
    return [stem] if len(stem) >= 2 and stem != name else []


def level(code: str) -> str:
    """The rank that the code's zeros say."""
    return "province" if code.endswith("0000") else "city" if code.endswith("00") else "district"


def parent(code: str, names: dict[str, str]) -> str:
    """The code one level up; empty for a province, the province for what it governs directly."""
    if code.endswith("0000"):
        return ""
    city = code[:4] + "00"
    return city if city != code and city in names else code[:2] + "0000"


class History:
    """Follows an abolished code to the codes that stand today."""

    def __init__(self, rows: list[dict[str, str]], names: dict[str, str]) -> None:
        self.rows = rows
        self.names = names
        self.after: dict[str, set[str]] = defaultdict(set)
        self.children: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in rows:
            if row["状态"] != "在用":
                # A code with a year in brackets got a part only, in that year; the rest went on.
                self.after[row["代码"]] |= {code for code in row["新代码"].split(";") if code and "[" not in code}
            if row["级别"] == "县级":
                self.children[row["一级行政区"], row["二级行政区"]].add(row["代码"])

    def today(self, code: str) -> set[str]:
        """The standing codes that a code has become."""
        found, seen, waiting = set(), set(), [code]
        while waiting:
            one = waiting.pop()
            if one in self.names:
                found.add(one)
            elif one not in seen:
                seen.add(one)
                waiting.extend(self.after[one])
        return found

    def successor(self, row: dict[str, str]) -> str | None:
        """The one standing code that an old name means, or None where it went several ways."""
        code, name = row["代码"], row["名称"]
        if row["级别"] == "县级":
            found = self.today(code)
            if len(found) > 1:
                found = {parent(one, self.names) for one in found}
            return self._one(found, code)
        if code in self.names:
            return code
        stem = short_names(code, name)[0]
        heirs = [parent(one, self.names) for child in self._children(row) for one in self.today(child)]
        for heir in set(heirs):
            same_name = short_names(heir, self.names[heir])[0] == stem
            if heirs.count(heir) == len(heirs) or (same_name and heirs.count(heir) >= 0.8 * len(heirs)):
                return self._one({heir}, code)
        return None

    def _children(self, row: dict[str, str]) -> set[str]:
        own = self.children[row["一级行政区"], row["二级行政区"]]
        return {code for code in own if code[:4] == row["代码"][:4]}

    @staticmethod
    def _one(found: set[str], code: str) -> str | None:
        one = next(iter(found)) if len(found) == 1 else ""
        return one if one[:2] == code[:2] and (not one.endswith("0000")) else None


def build(codes: str, history: str) -> list[list[str]]:
    """The rows of the packaged table: standing names first, then old names under the codes that followed them."""
    names = dict(line.split(maxsplit=1) for line in codes.splitlines() if line.strip())
    rows = [
        [code, name, level(code), parent(code, names), "|".join(short_names(code, name))]
        for code, name in names.items()
    ]
    records = list(csv.DictReader(history.splitlines()))
    past = History(records, names)
    old = set()
    for row in records:
        if row["状态"] == "在用" or row["级别"] == "省级":
            continue
        code = past.successor(row)
        if code and names[code] != row["名称"]:
            old.add((code, row["名称"], "old", parent(code, names), ""))
    return rows + [list(one) for one in sorted(old)]


def main(codes: str, history: str, out: str) -> None:
    """Write the table."""
    rows = build(Path(codes).read_text("utf-8"), Path(history).read_text("utf-8-sig"))
    with Path(out).open("w", encoding="utf-8", newline="") as file:
        file.write(f"# {SOURCE}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "name", "level", "parent", "short"])
        writer.writerows(rows)


if __name__ == "__main__":
    main(*sys.argv[1:4])
