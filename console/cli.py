"""The `qianxing` command."""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from console import (
    access,
    config,
    create_app,
    credential,
    formatting,
    installation,
    intake,
    logs,
    machine,
    replay,
    wechat_check,
)
from console import demo as demos
from console.binaries import NotStarted
from console.config import Misconfigured, Settings
from jobs import seals
from jobs import timetable as timetables
from jobs import worker as workers
from models import Actor, ImportRun, acting, db, migrations
from models.errors import DomainError
from models.queries import integrity
from models.rules import pack, simulation
from models.rules.compliance import PROJECTION
from models.rules.intake import TITLES, State
from reports import projection

HERE = Path(__file__).resolve().parents[1]
BY = Actor("system:cli", source="cli", action="import")
REFUSALS = (Misconfigured, NotStarted, DomainError, machine.NoPort, access.NotADemo)


class Commands(click.Group):
    """Shows a refusal as one sentence; anything else is a bug and stays loud."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except REFUSALS as refusal:
            raise click.ClickException(str(refusal)) from refusal


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """千星控台：社交电商运营控制台。

    未设置 DATABASE_URL 和 REDIS_URL 时，命令使用 var/ 里的内置 PostgreSQL 与 Redis。
    """
    logs.configure(level=logging.WARNING)


host_option = click.option("--host", envvar="HOST", default="127.0.0.1", show_default=True, help="监听的地址")
port_option = click.option("--port", envvar="PORT", default=5000, show_default=True, help="监听的端口")


@main.command()
@host_option
@port_option
@click.option(
    "--members", envvar="DEMO_MEMBERS", default=3000, show_default=True, help="演示会员数；0 则只有导入的订单"
)
@click.option("--seed", envvar="DEMO_SEED", default=demos.SEED, show_default=True, help="同一种子得到同一个演示世界")
def demo(host: str, port: int, members: int, seed: int) -> None:
    """启动本机演示：内置数据库、演示数据、网页、任务执行、定时任务；Ctrl-C 全部停止。"""
    if not installation.is_embedded():
        raise Misconfigured("演示只使用内置数据库：请先取消 DATABASE_URL、REDIS_URL 或 QIANXING_ENV=production")
    machine.run_demo(machine.Wish(host, port, members, seed), root=installation.folder())


@main.command()
@host_option
@port_option
def serve(host: str, port: int) -> None:
    """启动网页服务（gunicorn）。"""
    with installation.open_settings() as settings:
        environment = config.to_environment(settings) | {"HOST": host, "PORT": str(port)}
        with tempfile.TemporaryDirectory(prefix="qianxing-metrics-") as folder:
            environment.setdefault("PROMETHEUS_MULTIPROC_DIR", os.environ.get("PROMETHEUS_MULTIPROC_DIR", folder))
            code = _attended(machine.WEB, environment)
    sys.exit(code)


@main.command()
@click.option(
    "--pool", type=click.Choice(list(workers.POOLS)), default="common", show_default=True, help="执行哪组队列"
)
@click.option("--burst", is_flag=True, help="做完已到期的任务就退出")
def worker(pool: str, burst: bool) -> None:
    """执行后台任务；可同时启动多个。"""
    with _logged() as settings:
        workers.run(create_app(settings), queues=workers.POOLS[pool], burst=burst)


@main.command()
def timetable() -> None:
    """按时间表发起任务，转发事件，收回失联的任务；可同时启动多个。"""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with _logged() as settings:
        timetables.run(create_app(settings), stop=stop)


@main.command()
@click.option("--revision", default="head", show_default=True, help="升级到哪个版本")
def migrate(revision: str) -> None:
    """把数据库结构升级到当前程序需要的版本（使用 OWNER_DATABASE_URL 的角色）。"""
    with installation.open_settings() as settings:
        migrations.upgrade(settings.owner_database_url, revision)
    click.echo("数据库结构已是最新。" if revision == "head" else f"数据库结构已到 {revision}。")


@main.command("create-admin-token")
@click.option("--address", default="http://127.0.0.1:5000", show_default=True, help="控台的访问地址")
def create_admin_token(address: str) -> None:
    """生成一次性链接，用于创建第一位管理员（一小时内有效）。"""
    with installation.open_settings() as settings, installation.opened(settings):
        click.echo(f"请在一小时内打开并设置密码与动态码：\n{address.rstrip('/')}{access.create_admin_token()}")


@main.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--shop", required=True, help="店铺名称；重名时写作 商家编码/店铺名称")
@click.option("--layout", default="", help="已保存的布局名称；不写则自动识别")
@click.option("--dry-run", is_flag=True, help="只试算，不导入")
def import_file(file: Path, shop: str, layout: str, *, dry_run: bool) -> None:
    """导入一个店铺的订单文件（.csv 或 .xlsx），并列出被拒绝与已修复的行数。"""
    with installation.open_settings() as settings, installation.opened(settings), acting(BY):
        shop_id = intake.shop_named(shop)
        import_id = intake.bring(file, shop_id=shop_id, layout_name=layout, by=BY.name, at=formatting.now())
        run = intake.try_out(import_id, by=BY.name, wait=intake.work_along(import_id))
        _told(run)
        if run.state == State.STAGED and not dry_run:
            _told(intake.publish(import_id, by=BY.name, wait=intake.work_along(import_id)))


def _told(run: ImportRun) -> None:
    """What an import has come to; one that failed ends the command with its reason."""
    if run.failure:
        raise click.ClickException(f"导入 #{run.id} 失败：{run.failure}")
    click.echo(
        f"导入 #{run.id} {TITLES[State(run.state)]}：读取 {run.rows_read:,} 行，可用 {run.rows_ready:,}，"
        f"拒绝 {run.rows_refused:,}，修复 {run.rows_repaired:,}，实付 {formatting.yuan(run.paid_fen)}"
    )


@main.command("replay")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="多个文件时，把每个结果写到此目录的 名称.json"
)
def replay_files(files: tuple[Path, ...], out: Path | None) -> None:
    """在空白数据库里按剧本（JSON Lines）推演平台，输出最终结果；不影响现有数据。"""
    if len(files) > 1 and out is None:
        raise Misconfigured("多个剧本请用 --out 指定结果目录")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    bugs: list[Exception] = []
    with replay.scratch():
        stopped = [path for path in files if not _replayed(path, out, bugs)]
    if bugs:
        raise ExceptionGroup("推演时程序出错，其余剧本已推演完毕", bugs)
    sys.exit(2 if stopped else 0)


def _replayed(path: Path, out: Path | None, bugs: list[Exception]) -> bool:
    try:
        text = replay.play_file(path)
    except (replay.Stopped, OSError) as wrong:
        click.echo(f"{path}：{wrong}", err=True)
        return False
    except Exception as bug:  # stays loud, once the other files had their turn
        bug.add_note(str(path))
        bugs.append(bug)
        return False
    if out is None:
        click.echo(text)
    else:
        (out / f"{path.stem}.json").write_text(text + "\n", encoding="utf-8")
    return True


@main.command()
@click.option("--width", default=3, show_default=True, help="每人下方的位置数")
@click.option("--depth", default=10, show_default=True, help="层数")
@click.option("--fen", default=2000, show_default=True, help="每单佣金（分）")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="写到 .json 或 .csv 文件；不写则打印")
def simulate(width: int, depth: int, fen: int, out: Path | None) -> None:
    """收益模拟器：纸面累加与计酬上限内实付并列，始终附带声明。"""
    found = simulation.project(width=width, depth=depth, fen=fen)
    write = projection.as_csv if out is not None and out.suffix == ".csv" else projection.as_json
    text = write(found, shown=PROJECTION)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"已写入 {out}，声明随文件一同给出。")


@main.command()
def verify() -> None:
    """核对账本、封存链、位置树、团队计数与份额；不一致时逐条列出并以 1 退出。"""
    with installation.open_settings() as settings, installation.opened(settings):
        kept = seals.kept()
        # One instant for everything that is compared, however busy the platform is meanwhile.
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        found = list(integrity.differences(kept))
        counts = "，".join(f"{name} {number:,}" for name, number in integrity.counts().items())
        db.session.rollback()
    for sentence in found:
        click.echo(sentence)
    click.echo(f"{f'不一致 {len(found)} 处' if found else '一致'}：{counts}，库外链头 {len(kept):,}")
    sys.exit(1 if found else 0)


@main.command("wechat-simulator")
@click.option("--port", default=5800, show_default=True, help="监听的本机端口")
@click.option("--notify", default="http://127.0.0.1:5000", show_default=True, help="控台的地址，回调发往那里")
@click.option("--seed", default=demos.SEED, show_default=True, help="同一种子得到同样的人和事")
def wechat_simulator(port: int, notify: str, seed: int) -> None:
    """启动本机的微信模拟器（支付、小店、小程序、橱窗），只供演示和测试，与真实微信无关。"""
    if not installation.is_embedded():
        raise Misconfigured(
            "模拟器只用于内置数据库的演示环境：请先取消 DATABASE_URL、REDIS_URL 或 QIANXING_ENV=production"
        )
    installation.prepare_wechat(installation.folder(), port=port, notify=notify, at=formatting.now())
    sys.exit(_attended(machine.wechat_simulator(port=port, notify=notify, seed=seed), {}))


@main.command("check-wechat")
def check_wechat() -> None:
    """列出微信各项凭证是否已配置、接口能否访问；不显示任何密钥。有不可用的项则以 1 退出。"""
    with installation.open_settings() as settings:
        findings = wechat_check.check(credential.read(settings.wechat))
    for finding in findings:
        click.echo(f"{finding.mark} {finding.title}：{finding.sentence}")
    sys.exit(1 if any(finding.is_bad for finding in findings) else 0)


@main.command("verify-pack")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify_pack(file: Path) -> None:
    """核对证据包：按清单重算每个文件的 SHA-256；不一致时逐条列出并以 1 退出。"""
    found = list(pack.examined(file))
    for sentence in found:
        click.echo(sentence)
    click.echo(f"不一致 {len(found)} 处" if found else f"一致：{file.name} 与清单相符")
    sys.exit(1 if found else 0)


@main.command()
@click.argument("name", required=False)
def bench(name: str | None) -> None:
    """在本机测量各项性能指标；可只测其中一项。"""
    sys.exit(_attended([sys.executable, "-m", "tests.bench", *([name] if name else [])], {}))


@contextmanager
def _logged() -> Iterator[Settings]:
    """The settings of a process that speaks through its log."""
    logs.configure()
    with installation.open_settings() as settings:
        yield settings


def _attended(command: list[str], environment: dict[str, str]) -> int:
    """Run a process in our place: it is told what we are told, and its end is ours."""
    process = subprocess.Popen(command, cwd=HERE, env=os.environ | environment)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda told, _frame: process.send_signal(told))
    return process.wait()


if __name__ == "__main__":
    main()
