"""End-to-end tests in headless Chromium, and why they cannot run where they cannot."""

import shutil
import subprocess

# The shell draws the same pages without the browser's own windows, with a third less of the processor.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)


def _why_not() -> str:
    if CHROMIUM is None:
        return (
            "没有 Chromium：请以 root 运行 make test，或先执行 apt-get install chromium-headless-shell fonts-noto-cjk"
        )
    fonts = shutil.which("fc-list")
    if fonts is None or not subprocess.run([fonts, ":lang=zh"], capture_output=True, text=True, check=False).stdout:
        return "没有中文字体：请先执行 apt-get install fonts-noto-cjk"
    return ""


WHY_NOT = _why_not()
