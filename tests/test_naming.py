"""The archive's name: the newsletter's own while there is one, neutral as soon as there are several."""

from dataclasses import replace

from index.archive import Archive
from tests.documents import document, item, put
from web.naming import archive_name


def test_one_newsletter_lends_its_name_and_two_do_not(archive: Archive) -> None:
    assert archive_name(archive) == "Back Issues"
    put(archive, document(1, [item(1, "Kelp from orbit")]))
    assert archive_name(archive) == "The Weekly"
    other = document(2, [item(1, "Bees on roofs")])
    put(archive, replace(other, issue=replace(other.issue, newsletter="Meadow Notes")))
    assert archive_name(archive) == "Back Issues"
