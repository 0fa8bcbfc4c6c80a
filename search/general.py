"""Words and characters that name no topic, whatever a newsletter is about."""

from index.text import stem


def _listed(*lines: str) -> list[str]:
    return [word for line in lines for word in line.split()]


EDGES = frozenset(
    "的了在是和与及或对将被把从以用为这那它他她们你我一二三两个种有可能会也都就而等之其所于并但不没无很更"
    "最还使让由过来去到得着啊吗呢吧只已又再则且若如该此每各些什么怎样多少几本某次名位项者来说其它地做想看"
    "给向比因当后前中上下内外时间里第年月日约超达至"
)
"""Characters that are grammar in Chinese when they stand at a term's edge."""

GENERAL = frozenset(
    stem(word)
    for word in _listed(
        "good bad new old year day week month time people thing way lot use used using get make made take",
        "give let show say said see find found know think want need help work works one two three first last",
        "many much every even still may might could would should must also without within across against",
        "among per via than around really very article paper papers authors author research researchers",
        "method methods approach propose proposed introduces introduction study results result based like",
        "well better best high low large small can not become lose",
        "可以 使用 通过 进行 提出 研究 方法 包括 具有 问题 结果 作者 文章 论文 介绍",
        "关于 没有 应用 利用 不同 发现 表明 基于",
        "需要 实现 提高 认为 工作 情况 解释 讨论 以及 因为 因此 如果 但是 虽然 例如",
        "目前 现在 已经 开始 许多 非常 比较 相关",
        "主要 新的 一些 这些 他们 我们 它们 什么 如何 采用 获得 允许 改进 总结 描述",
        "显示 我认为 有趣 技术 公司 领域 过去 今年",
        "部分 方面 能力 问题是 重要 内容 使用了 提供 时候 成为 可能 结合 只需 仅仅 实际",
        "考虑 研究者 手法 提案 結果 論文 記事",
        "問題 以上 以下 今回 著者 紹介 場合 必要 実現 開発 発表 一つ 自分 今後",
    )
)
"""Verbs of telling, and what newsletters say of the things they show; English ones as stems."""

ADDRESS = frozenset(_listed("www http https com org net io html amp utm"))
"""What addresses are made of."""
