"""A program of its own: reads Chinese text out of pictures, one after another, with its models loaded once.

Run by path, not as a module. Asks on standard input: a line with a number of bytes, then a JPEG of so many. Answers on
standard output: a line of JSON, each text with its certainty and its upright box. Ends with its input. The models are
PP-OCRv6 small (detection and recognition), which the wheel of rapidocr brings along; nothing is fetched.
"""

import json
import logging
import os
import resource
import sys
from typing import Any

import cv2
import numpy as np
from rapidocr import RapidOCR

MEMORY_BYTES = 2 * 1024 * 1024 * 1024
WIDTH, HEIGHT_MAX = 720, 3_000
SIDE = 736
# Recognition pads every line to this width at least: at the 320 of the library half of its time is padding.
CROP_WIDTH = 64
NICER = 5


def reader() -> RapidOCR:
    """The models, loaded: no orientation classifier, one thread, no padding that costs more than the text."""
    logging.disable(logging.CRITICAL)
    return RapidOCR(
        params={
            "Global.use_cls": False,
            "Global.log_level": "critical",
            "Global.max_side_len": HEIGHT_MAX,
            "Det.limit_side_len": SIDE,
            "Det.limit_type": "max",
            "Rec.rec_batch_num": 1,
            "Rec.rec_img_shape": [3, 48, CROP_WIDTH],
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def sized(raw: bytes) -> Any:
    """The picture as pixels, as wide as phones show text."""
    found: Any = cv2.imdecode(np.frombuffer(raw, dtype=np.uint8), cv2.IMREAD_COLOR)
    height, width = found.shape[:2]
    scale = min(WIDTH / width, HEIGHT_MAX / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(found, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def upright(boxes: Any) -> Any:
    """The corners of slanted lines, turned so that rows are level: by the usual slope of the longer ones."""
    across = boxes[:, 1] - boxes[:, 0]
    lengths = np.hypot(across[:, 0], across[:, 1])
    angles = np.arctan2(across[:, 1], across[:, 0])
    angle = float(np.median(angles[lengths >= np.median(lengths)]))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return boxes @ turn.T


def words(engine: RapidOCR, raw: bytes) -> list[list[Any]]:
    """Every line of text: its words, certainty, left, top, right, bottom."""
    found: Any = engine(sized(raw))
    if found.boxes is None or not len(found.boxes):
        return []
    boxes = upright(np.asarray(found.boxes, dtype=float))
    corners = np.concatenate([boxes.min(axis=1), boxes.max(axis=1)], axis=1).round(1)
    lines = zip(found.txts, found.scores, corners.tolist(), strict=True)
    return [[text, round(float(score), 3), *corner] for text, score, corner in lines]


def main() -> None:
    """Answer until the input ends."""
    os.nice(NICER)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    cv2.setNumThreads(1)
    engine = reader()
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while size := asked.readline():
        answer = words(engine, asked.read(int(size)))
        answers.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
