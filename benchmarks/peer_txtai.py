"""txtai with words and meaning together and its content kept, run by the Python of an environment that has it.

python peer_txtai.py TEXTS MODEL FOLDER QUESTIONS prints the seconds of indexing and the median of a search as JSON.
"""

import importlib
import json
import statistics
import sys
import time
from pathlib import Path


def main(texts: str, model: str, folder: str, questions: str) -> None:
    items = json.loads(Path(texts).read_text())
    embeddings = importlib.import_module("txtai").Embeddings(
        path=model,
        hybrid=True,
        content=True,
        instructions={"query": "query: ", "data": "passage: "},
    )
    start = time.perf_counter()
    embeddings.index(items)
    indexed = time.perf_counter() - start
    embeddings.save(folder)
    taken = []
    for question in json.loads(Path(questions).read_text()):
        start = time.perf_counter()
        embeddings.search(question, 20)
        taken.append(time.perf_counter() - start)
    print(json.dumps({"index": indexed, "search": statistics.median(taken[2:]) * 1000}))


if __name__ == "__main__":
    main(*sys.argv[1:5])
