"""Texts cut to a length, for pages, assistants, the published index and the command line alike."""


def shorten(text: str, length: int, end: str = "…") -> str:
    """At most `length` characters, cut between words where there is a gap near the end (there is none in Chinese)."""
    if len(text) <= length:
        return text
    cut = text[: length - len(end)]
    gap = cut.rfind(" ", max(0, length - 24))
    return cut[:gap].rstrip(" ,;:") + end if gap > 0 else cut + end
