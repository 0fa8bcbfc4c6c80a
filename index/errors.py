"""Everything that can be wrong with an archive or its model, each error with a message that names the way out."""


class ArchiveError(Exception):
    """Base of the errors that are the user's to see; the text is the whole message."""


class NotFound(ArchiveError):
    """No such item, issue or work."""


class NoArchive(ArchiveError):
    """There is no archive at the given path."""


class NewerSchema(ArchiveError):
    """The archive was written by a newer release."""


class DamagedArchive(ArchiveError):
    """The file is no archive, or SQLite finds it malformed."""


class NotWritable(ArchiveError):
    """The folder or file cannot be written, or the disk is full."""


class WrongModel(ArchiveError):
    """The archive's vectors were made with another model."""


class ModelUnavailable(ArchiveError):
    """The model, or the package that carries it, cannot be loaded."""
