"""The features by customerbase (`ibis`) or by hand-written SQL (`sql`), or a comparison of every cell (`compare`)."""

import sys
from datetime import date
from pathlib import Path
from typing import Any

from customerbase.engine import connect
from customerbase.features.customers import customer_features, default_as_of
from customerbase.schema import Dataset

SQL = Path(__file__).with_name("features.sql")


def by_hand(connection: Any, path: str, as_of: date) -> None:
    connection.con.execute(f"CREATE VIEW order_lines AS SELECT * FROM read_parquet('{path}')")
    query = SQL.read_text().replace("$as_of", f"DATE '{as_of}'")
    connection.con.execute(f"CREATE TEMP TABLE by_hand AS {query}")


def by_customerbase(connection: Any, path: str, as_of: date) -> None:
    features = customer_features(Dataset(connection.read_parquet(path)), as_of)
    connection.create_table("by_customerbase", features, temp=True)


def count_differences(connection: Any) -> dict[str, int]:
    columns = connection.table("by_customerbase").columns
    differ = ", ".join(f'count(*) FILTER (h."{name}" IS DISTINCT FROM c."{name}")' for name in columns)
    query = f"SELECT {differ} FROM by_hand AS h FULL JOIN by_customerbase AS c USING (customer_id)"
    return dict(zip(columns, connection.con.execute(query).fetchone(), strict=True))


def main(which: str, path: str) -> None:
    connection = connect()
    as_of = default_as_of(Dataset(connection.read_parquet(path)))
    assert as_of
    if which in {"sql", "compare"}:
        by_hand(connection, path, as_of)
    if which in {"ibis", "compare"}:
        by_customerbase(connection, path, as_of)
    if which == "compare":
        differing = {name: count for name, count in count_differences(connection).items() if count}
        print(f"columns that differ: {differing or 'none'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
