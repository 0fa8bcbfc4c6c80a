"""The README's pictures, taken of the bundled sample: `python -m docs.screenshots`, from the project's folder.

They are the only pictures kept; everything else is looked at and thrown away.
"""

import tempfile
from pathlib import Path

from index.archive import Archive
from tests.browsing import chromium, fill_with_sample, serving

PLACE = Path(__file__).parent
WIDTH, HEIGHT = 1280, 860
LIMIT = 200_000
"""Bytes of one picture."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Archive(Path(folder), create=True) as archive:
        fill_with_sample(archive)
        segmenter = next(item for item in archive.all_items() if item.key == "arxiv:2104.06601")
        pictures = {
            "search.png": ("/search?q=zero-shot+segmentation", "light"),
            "item.png": (f"/items/{segmenter.id}", "dark"),
            "topics.png": ("/topics", "light"),
        }
        with serving(archive) as address, chromium() as browser:
            for name, (path, scheme) in pictures.items():
                page = browser.new_page(
                    base_url=address,
                    color_scheme="dark" if scheme == "dark" else "light",
                    viewport={"width": WIDTH, "height": HEIGHT},
                    locale="en-GB",
                )
                page.goto(path, wait_until="networkidle")
                page.screenshot(path=PLACE / name)
                page.close()
                size = (PLACE / name).stat().st_size
                print(f"docs/{name}: {size:,} bytes")
                if size > LIMIT:
                    raise SystemExit(f"docs/{name} is larger than {LIMIT:,} bytes")


if __name__ == "__main__":
    main()
