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

BEFORE = EDGES | frozenset("篇款")
"""Those and the measure words that stand before a Chinese noun, and begin none."""

GENERAL = frozenset(
    stem(word)
    for word in _listed(
        "good bad new old year day week month time people thing way lot use used using get make made take",
        "give let show say said see find found know think want need help work works one two three first last",
        "many much every even still may might could would should must also without within across against",
        "among per via than around really very article paper papers authors author research researchers",
        "method methods approach propose proposed introduces introduction study results result based like",
        "well better best high low large small can not become lose larger largest smaller smallest bigger higher lower",
        "easy easier simple simpler",
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

ARTICLES = frozenset(_listed("a an the its their your his her our my this these that those each every any some all"))
"""English words that begin a noun phrase: a word right before one is a verb or a preposition."""

VERB_BEFORE = frozenset(
    _listed("to can could will would may might must should not it they we you which that who also then i cannot")
)
"""English words after which a verb stands."""

OTHER_FUNCTION_WORDS = frozenset(
    _listed(
        # German, Dutch, Swedish, Danish, Norwegian
        "der die das den dem des ein eine einen einem einer eines und oder aber nicht mit von vom zu zum zur",
        "für auf aus bei",
        "im am als wie wenn dass daß ist sind waren wird werden wurde hat haben sich auch nur noch über unter",
        "nach vor",
        "durch gegen ohne um es er sie wir ihr ich kann können mehr sehr diese dieser dieses",
        "het een van voor met niet zijn naar door ook maar dat dit wordt worden heeft hebben bij uit aan deze",
        "och att det som på är av för med till den inte om ett har de från kan og til ikke af ved etter",
        # French, Spanish, Portuguese, Italian, Romanian
        "le la les un une du de au aux et ou mais ne que qui dans sur pour par avec sans est sont été ce",
        "cette ces",
        "se sa ses leur leurs nous vous ils elle elles il on être avoir fait très comme aussi",
        "el los las una unos unas del al y o pero no en con por para es fue ser este esta estos estas su sus",
        "lo",
        "más muy como también entre sobre desde hasta cuando",
        "os as um uma do da dos das ao na nos nas e ou mas não em com por sem são foi seu sua mais muito",
        "também",
        "lo gli i uno di del della dei delle degli al alla ai alle dal dalla nel nella e ma non in con per",
        "tra fra che",
        "chi sono è stato questo questa questi queste suo sua più molto anche come",
        # Russian, Ukrainian, Polish, Czech
        "и в во не на что как с со по к ко от до за из у о об но а или же для при это эта этот эти его её их",
        "он она они мы",
        "вы я бы был была были быть есть так также все всё уже если та те й що як та з до від для це цей є",
        "або",
        "i w we z ze na do od po za przez przy dla o u oraz lub ale nie to jest są był była było być się że",
        "jak który która",
        "które tego tej tym a v ve s se k ke od pro při ale není je jsou byl byla bylo být že jako který",
        "která které",
        # Turkish, Indonesian
        "ve bir bu ile için de da ki daha çok gibi olarak olan yang di ke dari untuk pada dengan ini itu",
        "adalah atau",
    )
)
"""Words of other languages that carry no subject, as they are written."""

_OTHER = {
    "de": "Sonstiges",
    "en": "Other",
    "es": "Otros",
    "fr": "Divers",
    "it": "Altro",
    "ja": "その他",
    "ko": "기타",
    "nl": "Overig",
    "pl": "Inne",
    "pt": "Outros",
    "ru": "Прочее",
    "sv": "Övrigt",
    "zh": "其他",
}


def other_in(language: str) -> str:
    """What lists call that which fits nowhere else, in a language by its code."""
    return _OTHER.get(language.partition("-")[0].casefold(), _OTHER["en"])
