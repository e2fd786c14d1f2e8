"""One text seen without its disguises: width, case, old characters, inserted signs and numerals, with the way back.

A `View` keeps for every character of its text where that character stood in the original, so that whatever is found in
a view can be shown in what the author wrote. Every step is one pass over the text.
"""

import re
import unicodedata
from dataclasses import dataclass

# Traditional or variant forms of the characters that the list of phrases is made of.
_OLD = str.maketrans(
    "賺穩賠險證類線級終結繞給績編繳網獎頭發團導層屬計認議訊評識說請財賬貨購費資贊躍車轉輕邊過運遠還送選釋錢鏈銷鎖錯鍵長"
    "門閉間隊防額頁項領風館體會傳價倉佔萬與專業兩個豐為義樂買亂雙變號員國圖園圓場塊壓處備複夢寫實審寶對師幣幫庫廠廣應"
    "開態戶擇擔據換損搶擴數斷時暫術機殺權條標榮橫櫥檢歡歲歸殘氣漢潤滿滾激灣無獨獲現療癒癌盜盤睏碼礎禮種積稱簽簡紅約純紙"
    "級紋細組絕絡統經維綁緊縮總臺舊薦藥蟲補裏裂見規視覺觀訂記訪設許訴詐該詳誤調談諾讓負貢貴貸貼賀賓賞賣賴趨践軟載輔輪辦"
    "這進連達適遲郵釘鈔銀錄陰陽際隨難離電靜頂須預顯驗驚鬆點齊囤趟註冊係終極奪點準衝減勞動勵務勝區協單卻參啟嘗噴聲聯"
    "職腦臉華葉藝處親觸讀貫費遞邏鄰釀釋鍾鎮鏡闆關陳陸雜雲靈韓頓頻題顏願顧飛飯飲餘魚鮮鳥麗麼黃黨齡龍",
    "赚稳赔险证类线级终结绕给绩编缴网奖头发团导层属计认议讯评识说请财账货购费资赞跃车转轻边过运远还送选释钱链销锁错键长"
    "门闭间队防额页项领风馆体会传价仓占万与专业两个丰为义乐买乱双变号员国图园圆场块压处备复梦写实审宝对师币帮库厂广应"
    "开态户择担据换损抢扩数断时暂术机杀权条标荣横橱检欢岁归残气汉润满滚激湾无独获现疗愈癌盗盘困码础礼种积称签简红约纯纸"
    "级纹细组绝络统经维绑紧缩总台旧荐药虫补里裂见规视觉观订记访设许诉诈该详误调谈诺让负贡贵贷贴贺宾赏卖赖趋践软载辅轮办"
    "这进连达适迟邮钉钞银录阴阳际随难离电静顶须预显验惊松点齐囤趟注册系终极夺点准冲减劳动励务胜区协单却参启尝喷声联"
    "职脑脸华叶艺处亲触读贯费递逻邻酿释钟镇镜板关陈陆杂云灵韩顿频题颜愿顾飞饭饮余鱼鲜鸟丽么黄党龄龙",
)

STOPS = frozenset("。,;!?:、\n.\x1e")
"""What ends or parts a clause, after folding; a phrase does not reach across it unless its author chopped it up."""

_DIGITS = {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_DIGITS |= dict(zip("壹贰叁肆伍陆柒捌玖", range(1, 10), strict=True))
_TENS = {"十": 10, "百": 100, "千": 1_000, "拾": 10, "佰": 100, "仟": 1_000}
_NUMERAL = re.compile("[" + "".join([*_DIGITS, *_TENS]) + "]{1,8}")


@dataclass(frozen=True, slots=True)
class View:
    """A folded text; `starts[i]` and `ends[i]` bound, in the original, what became its character i."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where this part of the view stands in the original."""
        return self.starts[start], self.ends[end - 1]

    def take(self, places: list[int]) -> "View":
        """The view of these characters alone."""
        return View(
            "".join(self.text[place] for place in places),
            tuple(self.starts[place] for place in places),
            tuple(self.ends[place] for place in places),
        )


def plain(text: str) -> View:
    """Width, case and old characters folded; every sign still there."""
    signs: list[str] = []
    origins: list[int] = []
    for place, sign in enumerate(text):
        folded = unicodedata.normalize("NFKC", sign).casefold().translate(_OLD)
        signs.append(folded)
        origins.extend([place] * len(folded))
    return View("".join(signs), tuple(origins), tuple(place + 1 for place in origins))


def _is_noise(sign: str) -> bool:
    """A sign that says nothing and parts nothing: blanks, zero-width and format characters, ornaments, emoji."""
    return sign not in STOPS and unicodedata.category(sign)[0] in "ZCPSM" and sign not in "%￥¥+"


def joined(view: View) -> View:
    """Without the noise, so that what was pulled apart stands together again; stops remain."""
    return view.take([place for place, sign in enumerate(view.text) if not _is_noise(sign)])


def unstopped(view: View) -> tuple[str, list[int]]:
    """Without stops too, and where in the view each sign stood: for phrases that were chopped up by them."""
    places = [place for place, sign in enumerate(view.text) if sign not in STOPS]
    return "".join(view.text[place] for place in places), places


def _value(run: str) -> str:
    """A Chinese numeral as digits; a run that is no number is read sign by sign, a bare hundred or thousand stays."""
    if not any(sign in _TENS for sign in run):
        return "".join(str(_DIGITS[sign]) for sign in run)
    if run[0] in _TENS and _TENS[run[0]] > 10:
        return run
    total, digit = 0, 1 if run[0] in _TENS else 0
    for sign in run:
        if sign in _TENS:
            total, digit = total + digit * _TENS[sign], 0
        else:
            digit = _DIGITS[sign]
    return str(total + digit)


def numbered(view: View) -> View:
    """With every Chinese numeral as digits: 十单 and 10单 are the same."""
    signs: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    after = 0

    def keep(start: int, end: int) -> None:
        signs.append(view.text[start:end])
        starts.extend(view.starts[start:end])
        ends.extend(view.ends[start:end])

    for found in _NUMERAL.finditer(view.text):
        keep(after, found.start())
        digits = _value(found.group())
        start, end = view.span(*found.span())
        signs.append(digits)
        starts.extend([start] * len(digits))
        ends.extend([end] * len(digits))
        after = found.end()
    keep(after, len(view.text))
    return View("".join(signs), tuple(starts), tuple(ends))


def key(phrase: str) -> str:
    """A phrase of the list as it stands in the deepest view, without stops."""
    return unstopped(numbered(joined(plain(phrase))))[0]
