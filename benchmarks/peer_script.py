"""What one writes in an afternoon: sentence-transformers, a flat FAISS index and FastAPI.

python -m benchmarks.peer_script TEXTS MODEL FOLDER PORT
"""

import json
import sys
import time
from pathlib import Path
from typing import Any


def main(texts: str, model: str, folder: str, port: str) -> None:
    import faiss
    import uvicorn
    from fastapi import FastAPI
    from sentence_transformers import SentenceTransformer

    items: list[dict[str, str]] = json.loads(Path(texts).read_text())
    encoder = SentenceTransformer(model, device="cpu")
    kept = Path(folder) / "flat.faiss"
    start = time.perf_counter()
    if kept.exists():
        index: Any = faiss.read_index(str(kept))
    else:
        vectors = encoder.encode([f"passage: {item['text']}" for item in items], normalize_embeddings=True)
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        faiss.write_index(index, str(kept))
    taken = time.perf_counter() - start
    app = FastAPI()

    @app.get("/healthz")
    def health() -> dict[str, float]:
        return {"index_seconds": taken}

    @app.get("/search")
    def search(q: str) -> list[dict[str, Any]]:
        scores, rows = index.search(encoder.encode([f"query: {q}"], normalize_embeddings=True), 20)
        return [
            {**items[row], "score": float(score)}
            for row, score in zip(rows[0].tolist(), scores[0].tolist(), strict=True)
        ]

    uvicorn.run(app, port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:5])
