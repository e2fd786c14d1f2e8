"""Why an order file cannot be opened; the sentence says what to do."""

from models.errors import Invalid


class UnreadableFile(Invalid):
    """The file as a whole is refused."""

    code = "unreadable_file"


class EmptyFile(UnreadableFile):
    """There is nothing in it, or nothing below the header."""

    code = "empty_file"


class NotASpreadsheet(UnreadableFile):
    """It is something else, or a kind that is not read here."""

    code = "not_a_spreadsheet"


class BrokenFile(UnreadableFile):
    """It is a spreadsheet, but damaged or cut off."""

    code = "broken_file"


class TooLarge(UnreadableFile):
    """Reading it would take more memory or time than any order file needs."""

    code = "too_large"


class UnknownEncoding(UnreadableFile):
    """It is text in an encoding that is not read here."""

    code = "unknown_encoding"


class NoSuchSheet(UnreadableFile):
    """The file has no sheet of this name."""

    code = "no_such_sheet"
