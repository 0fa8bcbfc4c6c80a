"""How an archive's topics come out, and how other ways of grouping would: `python -m benchmarks.topics [FOLDER]`.

Without a folder, of the bundled sample. Prints the topics, then for each way of grouping how well its groups are set
apart (silhouette by cosine, -1..1, of the vectors as they are), how many items it leaves in no group, and how much of
it stays when the newest issue is left out or a tenth of the items (adjusted Rand index, 1 is all). Last, how much of
the topics stays when the archive grows by a quarter, begun from the topics there were or anew.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.synthetic import sample_files
from index.archive import Archive
from index.types import FloatArray
from ingest.parse.document import parse
from search.grouping import Labels, centres_of, grouped, joined, smoothed, unit
from search.topics import refresh_topics, topic_map

Way = Callable[[FloatArray], Labels]


def count_for(vectors: FloatArray) -> int:
    return max(2, round(float(np.sqrt(len(vectors) / 2))))


def kmeans(vectors: FloatArray) -> Labels:
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(count_for(vectors), n_init=4, random_state=0).fit_predict(vectors), np.int64)


def average(vectors: FloatArray) -> Labels:
    from sklearn.cluster import AgglomerativeClustering

    joining = AgglomerativeClustering(count_for(vectors), metric="cosine", linkage="average")
    return np.asarray(joining.fit_predict(vectors), np.int64)


def hdbscan(vectors: FloatArray) -> Labels:
    from sklearn.cluster import HDBSCAN
    from sklearn.decomposition import PCA

    reduced = PCA(min(10, *vectors.shape), random_state=0).fit_transform(vectors)
    return np.asarray(HDBSCAN(max(5, len(vectors) // 80), min_samples=3, copy=True).fit_predict(reduced), np.int64)


WAYS: dict[str, Way] = {
    "k-means": kmeans,
    "average linkage": average,
    "HDBSCAN": hdbscan,
    "Ward, then k-means": lambda vectors: grouped(vectors, count_for(vectors)),
    "the same, smoothed (ours)": lambda vectors: grouped(smoothed(vectors), count_for(vectors)),
}


def compared(vectors: FloatArray, newest: npt.NDArray[np.bool_]) -> None:
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    print(f"{'':28}{'groups':>7}{'none':>7}{'apart':>8}{'-issue':>8}{'-tenth':>8}{'seconds':>9}")
    for name, way in WAYS.items():
        began = time.process_time()
        groups = way(vectors)
        spent = time.process_time() - began
        inside = groups >= 0
        apart = silhouette_score(vectors[inside], groups[inside], metric="cosine")
        tenths = [np.random.default_rng(seed).random(len(vectors)) < 0.9 for seed in range(3)]
        less = [adjusted_rand_score(groups[kept], way(vectors[kept])) for kept in (~newest, *tenths)]
        row = f"{len(set(groups[inside].tolist())):7}{1 - inside.mean():7.0%}{apart:8.3f}{less[0]:8.2f}"
        print(f"{name:28}{row}{np.mean(less[1:]):8.2f}{spent:9.2f}")


def grown(vectors: FloatArray) -> None:
    from sklearn.metrics import adjusted_rand_score

    first = int(0.8 * len(vectors))
    before = grouped(smoothed(vectors[:first]), count_for(vectors[:first]))
    start = np.concatenate(
        [before, joined(vectors[first:], centres_of(vectors[:first], before, int(before.max()) + 1))]
    )
    for name, known in (("begun from the old ones", start), ("anew", None)):
        after = grouped(smoothed(vectors), count_for(vectors), known)[:first]
        print(f"grown by a quarter, {name}: {adjusted_rand_score(before, after):.2f} of the topics stay")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path, nargs="?")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as made, Archive(options.folder or Path(made), create=True) as archive:
        if options.folder is None:
            list(archive.put(parse(path.read_bytes(), path.name) for path in sample_files()))
            refresh_topics(archive)
        for topic in topic_map(archive).topics:
            print(f"{topic.size:6}  {topic.name:50}  {', '.join(topic.words)}")
        ids = archive.item_ids()[-4000:]
        columns = archive.facet_columns(ids)
        vectors = archive.space_vectors(ids.tolist())
        for code in np.unique(columns.language.codes).tolist():
            rows = columns.language.codes == code
            vectors[rows] -= vectors[rows].mean(axis=0)
        newest = columns.issue_ids == archive.issues()[0].id
        compared(unit(vectors), newest)
        grown(unit(vectors))


if __name__ == "__main__":
    main()
