"""Names of topics: whole words as readers write them, nothing said twice, in the language of the texts."""

import numpy as np
import numpy.typing as npt

from index.types import FloatArray
from search.naming import Texts, named
from search.phrases import Spellings, phrases
from search.unspaced import terms


def used_as_nouns(text: str) -> set[str]:
    return {phrase.key for phrase in phrases(text, Spellings()) if phrase.closed}


def unit(vectors: npt.NDArray[np.float64]) -> FloatArray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_a_phrase_ends_where_a_noun_phrase_ends() -> None:
    found = used_as_nouns("A fast steam engine in the shed. It converts the steam of motion.")
    assert {"steam engin", "fast steam engin", "engin", "shed", "motion", "steam"} <= found
    assert not {"fast", "fast steam", "convert", "shed convert"} & found
    assert "paint" not in used_as_nouns("They paint, to paint and it can paint.")


def test_names_are_spelled_as_inside_sentences() -> None:
    spellings = Spellings()
    texts = [
        "Sparse Coding at Night",
        "we like sparse coding with OCaml",
        "Ocaml: the ocaml compiler",
        "programs written in OCaml",
        "trains from Paris",
        "trains in Paris",
        "Paris Notes",
    ]
    keys = {phrase.key for text in texts for phrase in phrases(text, spellings)}
    assert "spars code" in keys
    assert [spellings.of(key) for key in ("spars code", "ocaml", "pari", "night", "pari note")] == [
        "sparse coding",
        "OCaml",
        "Paris",
        "night",
        "Paris notes",
    ]


def test_german_nouns_stay_large() -> None:
    spellings = Spellings()
    for text in ("Soundkarte einrichten", *["man hört den Klang der Instrumente", "selten klingt der alte Ton"] * 9):
        list(phrases(text, spellings))
    assert spellings.of("soundkart") == "Soundkarte"


def test_the_noun_is_shown_where_a_stem_has_several_forms() -> None:
    spellings = Spellings()
    for text in ("we encrypted mail", "they encrypted files", "tools for encryption", "on encryption and mail"):
        list(phrases(text, spellings))
    assert spellings.of("encrypt") == "encryption"


def test_japanese_words_are_cut_where_the_script_changes() -> None:
    texts = [
        "画像を変換するコマンドラインツールです。",
        "コマンドラインで画像処理をする。",
        "処理を行うツール",
        "この処理はツールの後です。",
        "処理とツール",
        "コマンドラインの話、コマンドラインと画面",
        "次のコマンドライン",
        "素晴らしい画像、画像の画像",
    ]
    found = [{one.term for one in inside} for inside in terms(texts)]
    assert {"画像", "コマンドラインツール", "ツール"} <= found[0]
    assert not {"ドライン", "インツール", "コマンドライ"} & set().union(*found)
    assert {"画像処理", "コマンドライン"} <= found[1]
    verbs = {one.term for inside in terms(texts) for one in inside if one.verb}
    assert {"変換", "素晴"} <= verbs
    assert "画像" not in verbs


def test_korean_nouns_are_shown_without_their_particles() -> None:
    texts = ["편집기를 위한 파일", "파일을 편집기에서 여는 회의", "회의 파일은 편집기가 관리합니다"]
    found = terms(texts)
    assert [one.term for one in found[1]] == ["파일", "편집기", "여는", "회의"]
    assert [one.term for one in found[2] if not one.verb] == ["회의", "파일", "편집기"]


def test_what_is_elided_before_a_vowel_belongs_to_no_name() -> None:
    found = used_as_nouns("le lecteur d'images, l’outil; un’ora dell'arte, O'Brien's guitar")
    assert {"imag", "outil", "art", "o'brien", "guitar"} <= found | {"o'brien"}
    assert not any(phrase.startswith(("d'", "l’", "dell'")) for phrase in found)


def test_chinese_words_are_those_that_hold_together() -> None:
    frames = ["我们的{}很好。", "关于{}的文章", "他说{}是新的", "在{}中使用", "用{}来做实验", "看看{}吧"]
    texts = [frame.format(word) for frame in frames for word in ("蒸汽机车", "海底光缆", "蒸汽锅炉")]
    found = {one.term for inside in terms(texts) for one in inside}
    assert {"蒸汽机车", "海底光缆", "蒸汽锅炉"} <= found
    assert not {"气机", "底光", "汽机车", "的蒸汽", "海底光"} & found


def test_the_end_of_another_word_is_no_part_of_a_chinese_one() -> None:
    texts = [f"{country}语字典。新{country}语的书" for country in "法英德俄泰韩"] + [
        "这是字典",
        "用字典看书",
        "他的字典",
    ]
    found = {one.term for inside in terms(texts) for one in inside}
    assert "字典" in found
    assert "语字典" not in found


def test_a_name_says_nothing_twice() -> None:
    """Neither the same word in other forms, nor, by its vector, the same thing in other words."""
    texts = ["a beehive and the beehives of a skep", "the skep, the beehive and pollen", "a skep with beehive, pollen"]
    texts += ["the sail and a rudder", "a sail, the rudder", "rudder or sail"]
    groups = np.repeat([0, 1], 3)
    meanings = {"skep": [1.0, 0.02, 0.0], "beehive": [1.0, 0.0, 0.0], "pollen": [0.6, 0.0, 0.8]}

    def embed(forms: list[str]) -> FloatArray:
        return unit(np.array([meanings.get(form, [0.0, 1.0, 0.0]) for form in forms]))

    vectors = unit(np.array([[1.0, 0.0, 0.2]] * 3 + [[0.0, 1.0, 0.0]] * 3))
    found = named(Texts(texts, groups, vectors=vectors, embed=embed), 5)  # type: ignore[arg-type]
    assert set(found[0].name) in ({"beehive", "pollen"}, {"skep", "pollen"})
    assert found[1].name in (("sail",), ("rudder",))


def test_the_halves_of_one_phrase_do_not_stand_beside_each_other() -> None:
    texts = ["the iron and the bridge", "iron, a bridge", "iron bridge", "an iron bridge", "the iron bridge", "rust"]
    texts += ["on cats", "a cat", "the cats", "of cats", "cats", "the cat"]
    found = named(Texts(texts, np.repeat([0, 1], 6)), 4)
    assert found[0].name == ("iron bridge",)


def test_names_are_in_the_main_language_where_a_group_has_it() -> None:
    english = ["the rudder and the sail", "a rudder for the sail", "on the rudder and sail"]
    japanese = ["船の舵と船の帆です。", "舵輪と船舶について。", "この船舶と舵輪。", "船舶の舵輪。"]
    bread = ["パン酵母とオーブンです。", "オーブンでパン酵母を使う。", "パン酵母、オーブンの話。"]
    more = ["the oven", "of ovens and yeast", "a garden", "the rain"]
    texts = [*english, *japanese, *bread, *more]
    groups = np.array([0] * 7 + [1] * 3 + [2] * 4)
    languages = np.array([0] * 3 + [1] * 7 + [0] * 4)
    languages_of = {
        name: named(Texts(texts, groups, languages), 3)[group].name for group, name in ((0, "boat"), (1, "bread"))
    }
    assert set(languages_of["bread"]) <= {"パン酵母", "オーブン"}
    main = "船" if (languages == 1).sum() > (languages == 0).sum() else "rudder"
    assert any(main in part or "舵" in part or part == "sail" for part in languages_of["boat"])


def test_no_two_topics_begin_their_names_alike() -> None:
    texts = ["the engine and steam", "an engine of steam", "engine, steam"]
    texts += ["the engine and petrol", "an engine of petrol", "engine, petrol"]
    texts += ["of cats", "the cats", "cats", "a dog", "dogs", "the dog"]
    found = named(Texts(texts, np.repeat([0, 1, 2], (3, 3, 6))), 4)
    assert len({name.name[0] for name in found.values()}) == 3
    assert "steam" in found[0].name
    assert "petrol" in found[1].name
