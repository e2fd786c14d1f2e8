"""The steps of an import that staff take: bring the file, try it, publish it, undo it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from models.base import db
from models.errors import Conflict, Invalid, Missing
from models.operations import outbox
from models.queries import importing as imports
from models.rules import intake
from models.rules.intake import State
from models.tables.importing import ImportLayout, ImportRun


class NoSuchImport(Missing):
    """There is no such import, or not for this person."""


class AlreadyTaken(Conflict):
    """This very file is already here for this shop."""


class NothingToPublish(Conflict):
    """Not one row of the file can be taken."""


class Unreasoned(Invalid):
    """An undo was asked for without a reason from the list."""


class NoSuchLayout(Missing):
    """There is no such saved layout."""


class LayoutNameless(Invalid):
    """A layout was to be saved without a name."""


@dataclass(frozen=True)
class Upload:
    """A file that lies in the store under ``stored_name`` and was called ``file_name`` by the person who brought it."""

    shop_id: int
    file_name: str
    stored_name: str
    sha256: str
    size_bytes: int


def refuse_twin(*, shop_id: int, sha256: str) -> None:
    """The same file for the same shop is refused while an import of it stands or is under way."""
    held = imports.twin(shop_id=shop_id, sha256=sha256)
    if held is not None:
        title = intake.TITLES[State(held.state)]
        raise AlreadyTaken(
            f"这个文件已在导入 #{held.id}（{held.file_name}，{title}）中，不会重复导入；"
            f"如需重来，请先打开导入 #{held.id} 取消或撤销它"
        )


def take_in(*, upload: Upload, layout: dict[str, Any], layout_name: str, by: str, at: datetime) -> ImportRun:
    """Enter an uploaded file with the layout proposed for it."""
    refuse_twin(shop_id=upload.shop_id, sha256=upload.sha256)
    run = ImportRun(
        shop_id=upload.shop_id,
        state=State.UPLOADED,
        file_name=upload.file_name,
        stored_name=upload.stored_name,
        sha256=upload.sha256,
        size_bytes=upload.size_bytes,
        layout=layout,
        layout_name=layout_name,
        created_by=by,
        created_at=at,
    )
    try:
        with db.session.begin_nested():
            db.session.add(run)
    except IntegrityError as error:
        # Two tabs at once: the other one's row became visible between our look and our insert.
        refuse_twin(shop_id=upload.shop_id, sha256=upload.sha256)
        raise AlreadyTaken("这个文件正由另一个页面上传，请稍后在导入列表中查看") from error
    outbox.emit("import.uploaded", subject=_subject(run), import_id=run.id)
    return run


def correct(*, import_id: int, layout: dict[str, Any], layout_name: str) -> ImportRun:
    """Read the file another way; what an earlier dry run found no longer counts."""
    run = _locked(import_id)
    if not intake.allows(State(run.state), State.STAGING):
        raise intake.NotNow(f"该导入当前为“{intake.TITLES[State(run.state)]}”，不能再修改读取方式")
    run.layout, run.layout_name = layout, layout_name
    return run


def correct_and_try(*, import_id: int, layout: dict[str, Any], layout_name: str, by: str) -> ImportRun:
    """Read the file as corrected and start the dry run."""
    correct(import_id=import_id, layout=layout, layout_name=layout_name)
    return try_out(import_id=import_id, by=by)


def correct_and_save(
    *, import_id: int, layout: dict[str, Any], layout_name: str, by: str, at: datetime
) -> ImportLayout:
    """Read the file as corrected, and keep that way of reading under a name."""
    correct(import_id=import_id, layout=layout, layout_name=layout_name)
    return save_layout(name=layout_name, layout=layout, by=by, at=at)


def try_out(*, import_id: int, by: str) -> ImportRun:
    """Start the dry run: every row is read and checked, nothing is published."""
    run = _locked(import_id)
    run.state = intake.move(State(run.state), State.STAGING)
    run.checkpoint = run.rows_read = run.rows_ready = run.rows_refused = run.rows_repaired = 0
    run.failure, run.findings, run.staged_at = "", [], None
    _ask(run, "stage_import", f"试算 {run.file_name}", by)
    return run


def publish(*, import_id: int, by: str) -> ImportRun:
    """Start taking the rows that the dry run found good into history."""
    run = _locked(import_id)
    state = intake.move(State(run.state), State.PUBLISHING)
    if not run.rows_ready:
        raise NothingToPublish("试算没有得到可导入的行：请查看问题清单，修正文件或读取方式后再试")
    run.state = state
    _ask(run, "publish_import", f"导入 {run.file_name}", by)
    return run


def undo(*, import_id: int, reason_code: str, by: str) -> ImportRun:
    """Start taking every row of the import out of history; ``reason_code`` is one of `intake.UNDO_REASONS`."""
    if reason_code not in intake.UNDO_REASONS:
        raise Unreasoned("撤销必须选择原因")
    run = _locked(import_id)
    run.state = intake.move(State(run.state), State.UNDOING)
    _ask(run, "undo_import", f"撤销 {run.file_name}", by)
    return run


def cancel(*, import_id: int, by: str) -> ImportRun:
    """Give up an import that is not published; one that is being published or undone goes back to where it was."""
    run = _locked(import_id)
    back = {State.PUBLISHING: State.STAGED, State.UNDOING: State.DONE}
    run.state = intake.move(State(run.state), back.get(State(run.state), State.CANCELLED))
    if run.state == State.CANCELLED:
        _ask(run, "clear_import", f"清理 {run.file_name}", by)
        outbox.emit("import.cancelled", subject=_subject(run), import_id=run.id)
    return run


def stop(*, import_id: int, job_id: int, back: State) -> None:
    """The job was cancelled from outside: the import goes back to where it was, or ends."""
    run = _locked(import_id)
    if run.job_id != job_id or not intake.allows(State(run.state), back):
        return
    run.state = back
    if back == State.CANCELLED:
        _ask(run, "clear_import", f"清理 {run.file_name}", "")


def save_layout(*, name: str, layout: dict[str, Any], by: str, at: datetime) -> ImportLayout:
    """Keep a way of reading under a name; the same name again replaces it."""
    name = name.strip()
    if not name:
        raise LayoutNameless("请填写布局名称")
    saved = imports.layout_named(name)
    if saved is None:
        saved = ImportLayout(name=name)
        db.session.add(saved)
    saved.layout, saved.created_by, saved.updated_at = layout, by, at
    db.session.flush()
    return saved


def forget_layout(*, layout_id: int) -> None:
    """Remove a saved layout; imports made with it keep their own copy."""
    saved = db.session.get(ImportLayout, layout_id)
    if saved is None:
        raise NoSuchLayout("没有这个布局，可能已被删除")
    db.session.delete(saved)


def _locked(import_id: int) -> ImportRun:
    query = sa.select(ImportRun).where(ImportRun.id == import_id).with_for_update()
    run = db.session.scalar(query.execution_options(populate_existing=True))
    if run is None:
        raise NoSuchImport("没有这个导入，可能已被清理")
    return run


def _subject(run: ImportRun) -> str:
    return f"import:{run.id}"


def _ask(run: ImportRun, kind: str, title: str, by: str) -> None:
    subject = _subject(run)
    job = outbox.request(kind, payload={"import_id": run.id}, subject=subject, lane=subject, title=title, by=by)
    run.job_id = job.id
