"""Names of months, as dates of eight languages write them."""

__all__ = ["MONTHS"]

_NAMES = (
    """january jan januar jänner januari janvier janv enero ene gennaio gen janeiro styczeń stycznia sty""",
    """february feb februar februari février févr fév febrero febbraio fevereiro fev luty lutego lut""",
    """march mar märz mär mrz maart mrt mars marzo março marzec marca""",
    """april apr avril avr abril abr aprile kwiecień kwietnia kwi""",
    """may mai mei mayo maggio mag maio maj maja""",
    """june jun juni juin junio giugno giu junho czerwiec czerwca cze""",
    """july jul juli juillet juil julio luglio lug julho lipiec lipca lip""",
    """august aug augustus août agosto ago sierpień sierpnia sie""",
    """september sep sept septembre septiembre settembre set setembro wrzesień września wrz""",
    """october oct oktober okt octobre octubre ottobre ott outubro out październik października paź""",
    """november nov novembre noviembre novembro listopad listopada lis""",
    """december dec dezember dez décembre déc diciembre dic dicembre dezembro grudzień grudnia gru""",
)

MONTHS: dict[str, int] = {name: number for number, names in enumerate(_NAMES, start=1) for name in names.split()}
"""Name or abbreviation, in small letters and without a point → number of the month, in English, German, French,
Spanish, Italian, Portuguese, Dutch and Polish; no name stands for two months."""
