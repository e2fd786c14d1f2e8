"""A merchant's matrix comes to be at the designer's desk."""

import re
from datetime import datetime

from models.base import db
from models.errors import Invalid
from models.operations import admission
from models.operations.merchant import NoSuchMerchant
from models.rules.placement import Template, UnknownTemplate
from models.tables.member import Matrix
from models.tables.merchant import Merchant

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,15}")


class BadCode(Invalid):
    """A matrix's code stands in the codes of its ten showcases: short, and of letters and digits."""


def design(*, merchant_id: int, code: str, template: str, at: datetime, by: str) -> Matrix:
    """Preset the merchant's ten showcases as drawn (rules §2.1)."""
    code = code.strip()
    if not CODE.fullmatch(code):
        raise BadCode("规则 2.1：矩阵代码须为 1 到 16 位字母、数字、横线或下划线，且以字母或数字开头。")
    if template not in set(Template):
        raise UnknownTemplate("规则 2.1：请选择“直链”或“三叉”模板。")
    merchant = db.session.get(Merchant, merchant_id)
    if merchant is None:
        raise NoSuchMerchant("没有这个商家，请从列表中选择")
    return admission.make_matrix(code=code, merchant=merchant, template=Template(template), at=at, by=by)
