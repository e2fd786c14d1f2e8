"""Keep, share and drop saved views of lists."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Invalid, Missing
from models.tables.view import SavedView

NAME_LENGTH = 40
QUERY_LENGTH = 2000
VIEWS_EACH = 100


class BadName(Invalid):
    """A view without a name, or with one nobody could read in a menu."""


class TooLong(Invalid):
    """An address too long to be kept."""


class TooMany(Conflict):
    """A person who keeps more views than a menu can show."""


class NoView(Missing):
    """The view is not there, or is another person's."""


def save(*, staff_id: int, page: str, name: str, query: str, is_shared: bool, at: datetime) -> SavedView:
    """Keep a list under a name; the same name again replaces what it stood for."""
    name = name.strip()
    if not 0 < len(name) <= NAME_LENGTH:
        raise BadName(f"请给视图起一个 1 到 {NAME_LENGTH} 个字的名字")
    if len(query) > QUERY_LENGTH:
        raise TooLong("筛选条件太长，无法保存；请减少条件后再试")
    mine = sa.select(SavedView).where(SavedView.staff_id == staff_id)
    view = db.session.scalar(mine.where(SavedView.page == page, SavedView.name == name))
    if view is None:
        kept = db.session.scalar(mine.with_only_columns(sa.func.count()))
        if kept is not None and kept >= VIEWS_EACH:
            raise TooMany(f"每人最多保存 {VIEWS_EACH} 个视图，请先删除不用的")
        view = SavedView(staff_id=staff_id, page=page, name=name, created_at=at)
        db.session.add(view)
    view.query, view.is_shared = query, is_shared
    db.session.flush()
    return view


def share(*, view_id: int, staff_id: int, is_shared: bool) -> SavedView:
    """Show one's view to everybody who may open its page, or to nobody else again."""
    view = _own(view_id, staff_id)
    view.is_shared = is_shared
    db.session.flush()
    return view


def remove(*, view_id: int, staff_id: int) -> None:
    """Forget one's view."""
    db.session.delete(_own(view_id, staff_id))
    db.session.flush()


def _own(view_id: int, staff_id: int) -> SavedView:
    view = db.session.get(SavedView, view_id, with_for_update=True)
    if view is None or view.staff_id != staff_id:
        raise NoView("这个视图不存在，或是别人的；只有它的主人可以修改")
    return view
