"""A knowledge base of a city: articles made of hotline vocabulary, common words oftener than rare.

An article is about two topics, and drawn from the stocks of lines about them. Lines are tokenized
once: words never reach across a line, so an article's words are those of its lines.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from ticketing.tokens import index_text


def _words(text: str) -> list[str]:
    return text.split()


TOPICS = _words("""
居住证 积分 社保 医保 公积金 养老金 失业金 生育津贴 户口 迁移 落户 身份证 护照
港澳通行证 驾驶证 年检 违章 停车 路灯 井盖 道路 积水 绿化 树木 垃圾 分类 油烟
噪声 施工 扰民 工地 扬尘 污水 河道 物业费 业主大会 维修资金 电梯 停水 停电 燃气
供暖 水表 电费 水费 公租房 廉租房 经适房 房产证 契税 个税 发票 营业执照 食品
餐饮 卫生 许可证 消费 维权 退款 预付卡 快递 网购 价格 欺诈 入学 学区 转学
幼儿园 托育 中考 高考 补课 疫苗 预约 挂号 门诊 住院 报销 异地 就医 残疾人 补贴
低保 救助 养老院 敬老卡 公交 地铁 出租车 网约车 共享单车 机场 火车站 高速 拥堵
红绿灯 护栏 宠物 犬证 流浪狗 劳动合同 工资 拖欠 仲裁 工伤 认定 职称 评定 人才
引进 创业 贷款 贴息 征地 拆迁 补偿 违建 群租
""")
ACTS = _words("""
办理 申请 受理 审核 材料 条件 流程 时限 地点 电话 窗口 网上 预约 咨询 投诉
查询 变更 补办 注销 提交 证明 复印件 原件 本人 代办 委托书 街道 社区 事务
受理中心 工作日 收费 标准 免费 依据 规定 办法 通知 调整 自行 联系 主管部门 区级
市级 以上 不予 超过 期限 结果 领取 邮寄 公示 告知
""")
NAMES = "沪淞泾浦嘉宝虹闸徐闵杨松青奉崇金汇泰康宁安平和华丰祥瑞庆福禄寿喜春夏秋冬东南西北"
LINES = 40  # about each topic
LINES_EACH = (12, 26)


@dataclass(frozen=True, slots=True)
class MadeArticle:
    """An article and what full-text search is to see of it."""

    title: str
    body: str
    title_words: str
    body_words: str


class Town:
    """Writes articles, and asks what people ask."""

    def __init__(self, seed: int = 12345) -> None:
        self._random = random.Random(seed)  # noqa: S311  # no secret
        self._weights = list(accumulate(1 / rank for rank in range(1, len(TOPICS) + 1)))
        self._stock = {topic: self._lines(topic) for topic in TOPICS}

    def articles(self, count: int) -> Iterator[MadeArticle]:
        """So many articles."""
        for _ in range(count):
            first, second = self.topic(), self.topic()
            stock = self._stock[first] + self._stock[second]
            chosen = self._random.sample(stock, self._random.randint(*LINES_EACH))
            title = first + second + self.act() + self._random.choice(("指南", "问答"))
            yield MadeArticle(
                title=title,
                body="\n".join(line for line, _ in chosen),
                title_words=index_text(title),
                body_words=" ".join(words for _, words in chosen),
            )

    def topic(self) -> str:
        """What something is about; the first of the list most often."""
        return self._random.choices(TOPICS, cum_weights=self._weights)[0]

    def act(self) -> str:
        """What is to be done."""
        return self._random.choice(ACTS)

    def road(self) -> str:
        """A name that no dictionary has."""
        return "".join(self._random.sample(NAMES, 2)) + "路"

    def case_text(self) -> str:
        """What a citizen calls about."""
        return (
            f"市民来电反映，{self.road()}{self._random.randint(1, 999)}弄附近{self.topic()}问题，"
            f"此前已向街道咨询{self.topic()}{self.act()}的流程，至今没有结果，"
            f"希望主管部门尽快处理并告知{self.topic()}标准。"
        )

    def _lines(self, topic: str) -> list[tuple[str, str]]:
        lines = [self._line(topic) for _ in range(LINES)]
        return [(line, index_text(line)) for line in lines]

    def _line(self, topic: str) -> str:
        parts = [topic, self.act(), self.act(), self.road(), self.act(), self.act()]
        self._random.shuffle(parts)
        return f"- {parts[0]}{parts[1]}，{parts[2]}{parts[3]}{parts[4]}的{parts[5]}；"
