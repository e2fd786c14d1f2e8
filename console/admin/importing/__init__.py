"""Imports of order files: bring, correct, try, publish, undo."""

from console.admin.importing.imports import ImportView
from console.admin.importing.layouts import LayoutView

__all__ = ["ImportView", "LayoutView"]
