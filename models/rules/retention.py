"""What is kept how long and why, as data: what a night erases, what stays under a pseudonym, what nothing may erase.

PIPL articles 19 and 47; the shortest time of the law stands beside what we chose ourselves (`is_ours`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

DAY = 1
YEAR = 365


class End(StrEnum):
    """What happens when the time is over."""

    ERASED = "erased"
    FILE_GONE = "file_gone"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Keep:
    """One kind of data. ``days`` is None where nothing erases it; ``counted_from`` is what the days run from.

    ``job`` names what erases it: the nightly one, or another that does it sooner.
    """

    key: str
    what: str
    days: int | None
    counted_from: str
    end: End
    basis: str
    job: str = ""
    is_ours: bool = False

    def before(self, at: datetime) -> datetime:
        """Everything counted from before this instant is over."""
        return at - timedelta(days=self.days or 0)


NIGHTLY = "erase_due"
GONE = "（已到期删除）"
"""What stands where words were."""

KEEPS: tuple[Keep, ...] = (
    Keep(
        "session_device",
        "登录会话的 IP 与设备信息",
        YEAR,
        "会话结束",
        End.ERASED,
        "网络安全法：日志不少于六个月",
        NIGHTLY,
        True,
    ),
    Keep(
        "stranger", "登录过但从未登记的微信标识", 180, "最后一次登录", End.ERASED, "个人信息保护法第19条", NIGHTLY, True
    ),
    Keep(
        "lapsed_person",
        "失效候选人的昵称、手机号、姓名",
        180,
        "失效之日",
        End.ERASED,
        "个人信息保护法第19条",
        NIGHTLY,
        True,
    ),
    Keep(
        "order_address",
        "订单的收货地址（地区码保留）",
        3 * YEAR,
        "订单完成或取消",
        End.ERASED,
        "电子商务法第31条：不少于三年",
        NIGHTLY,
    ),
    Keep(
        "order_buyer",
        "非会员买家的标识",
        3 * YEAR,
        "订单完成或取消",
        End.ERASED,
        "电子商务法第31条：不少于三年",
        NIGHTLY,
    ),
    Keep(
        "cancelled_person",
        "注销会员的昵称、手机号、姓名、微信标识",
        0,
        "注销之时",
        End.ERASED,
        "个人信息保护法第47条",
        "DELETE /me",
    ),
    Keep("member_note", "员工对已注销会员的备注", 0, "注销之时", End.ERASED, "个人信息保护法第47条", NIGHTLY),
    Keep(
        "risk_device",
        "风控事件的 IP 与设备摘要",
        YEAR,
        "事件发生",
        End.ERASED,
        "网络安全法：日志不少于六个月",
        NIGHTLY,
        True,
    ),
    Keep(
        "risk_signal",
        "风控事件的手机号、地址、付款与收款账户、图片摘要",
        3 * YEAR,
        "事件发生",
        End.ERASED,
        "电子商务法第31条：不少于三年",
        NIGHTLY,
    ),
    Keep("risk_tie", "再无事件佐证的风控关联", YEAR, "首次出现", End.ERASED, "个人信息保护法第19条", NIGHTLY, True),
    Keep(
        "proof_picture",
        "准入凭证图片（摘要保留：一图不得二用）",
        30,
        "审结",
        End.FILE_GONE,
        "最小必要",
        "forget_pictures",
        True,
    ),
    Keep(
        "callback", "微信回调的正文与来源 IP", YEAR, "收到", End.ERASED, "网络安全法：日志不少于六个月", NIGHTLY, True
    ),
    Keep("import_row", "导入文件的原始行", 3 * YEAR, "导入", End.ERASED, "电子商务法第31条：不少于三年", NIGHTLY),
    Keep("history_buyer", "导入订单的买家标识", 3 * YEAR, "下单", End.ERASED, "电子商务法第31条：不少于三年", NIGHTLY),
    Keep(
        "complaint",
        "投诉内容与处理结果（类别、时限与经办保留）",
        3 * YEAR,
        "办结",
        End.ERASED,
        "电子商务法第59条：争议举证；民法典第188条：三年时效",
        NIGHTLY,
        True,
    ),
    Keep(
        "complaint_message",
        "投诉往来的文字",
        3 * YEAR,
        "办结",
        End.ERASED,
        "电子商务法第59条：争议举证；民法典第188条：三年时效",
        NIGHTLY,
        True,
    ),
    Keep("appeal", "申诉的文字", 3 * YEAR, "审结", End.ERASED, "民法典第188条：三年时效", NIGHTLY, True),
    Keep("case_step", "审核个案的备注与说明", 3 * YEAR, "结案", End.ERASED, "民法典第188条：三年时效", NIGHTLY, True),
    Keep("case_snooze", "审核个案休眠的原因", 3 * YEAR, "结案", End.ERASED, "民法典第188条：三年时效", NIGHTLY, True),
    Keep("proof_step", "准入凭证审核的说明", 3 * YEAR, "审结", End.ERASED, "民法典第188条：三年时效", NIGHTLY, True),
    Keep("after_sale", "售后申请与答复的文字", 3 * YEAR, "结束", End.ERASED, "电子商务法第31条：不少于三年", NIGHTLY),
    Keep("export_file", "导出文件", DAY, "生成", End.FILE_GONE, "最小必要", "forget_exports", True),
    Keep("handout_file", "证据包与报送文件", DAY, "生成", End.FILE_GONE, "最小必要", "forget_handouts", True),
    Keep("answer", "接口的幂等应答", 30, "应答", End.ERASED, "接口约定 30 天", "forget_finished", True),
    Keep("finished_job", "完成的任务与事件", 90, "完成", End.ERASED, "运行记录", "forget_finished", True),
    Keep(
        "ledger",
        "账本、结算、分红、提现（注销后只以代号保留）",
        10 * YEAR,
        "入账",
        End.KEPT,
        "税收征收管理法实施细则第29条：账簿十年",
    ),
    Keep("order", "订单、退款、售后", 10 * YEAR, "订单完成", End.KEPT, "电子商务法第31条不少于三年；账簿十年"),
    Keep("consent", "协议与同意记录", None, "会员在册期间再加三年", End.KEPT, "个人信息保护法第14条：举证"),
    Keep(
        "trail",
        "操作日志（只增不改；个人信息与自由文字只记“有变动”，不记内容）",
        None,
        "写入",
        End.KEPT,
        "网络安全法不少于六个月；自定三年以上",
    ),
    Keep("policy", "策略与协议的历史版本", None, "生效", End.KEPT, "网络交易平台规则：历史版本不少于三年"),
)
"""The inventory, what a person asks for first in front."""


def of(key: str) -> Keep:
    return next(one for one in KEEPS if one.key == key)
