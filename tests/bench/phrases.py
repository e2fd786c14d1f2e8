"""``python -m tests.bench.phrases``: how well the banned phrases are found, and how fast."""

import os
import sys
from time import process_time

from models.rules import phrase
from tests.rules import sentences

TEXT = "这款面膜质地轻盈，适合秋冬使用，签收次日起七日内可以无理由退货。" * 1_000


def main() -> None:
    for part in ("tuned", "held"):
        one = sentences.score(part)
        sys.stdout.write(
            f"   {part}: {one.bad} bad, {one.good} good; precision {one.precision:.3f}, recall {one.recall:.3f}\n"
        )
        for title, texts in (("missed", one.missed), ("stopped", one.stopped)):
            sys.stdout.write("".join(f"      {title}: {text}\n" for text in texts))
    phrase.scan("先读一遍清单")
    for repeat in (1, 2, 4):
        started = process_time()
        phrase.scan(TEXT * repeat)
        spent = process_time() - started
        signs = len(TEXT) * repeat
        sys.stdout.write(f"   {signs} signs: {spent:.2f} CPU s, {signs / spent:,.0f} a second\n")
    sys.stdout.write(f"   load {os.getloadavg()[0]:.1f}\n")


if __name__ == "__main__":
    main()
