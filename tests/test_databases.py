"""Databases in place: the same orders give the same customers, and order lines stay where they are."""

import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import ibis
import psycopg
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from tests.front_end import CommandLine, listing
from tests.server import READER_PASSWORD, Server

import customerbase as cb
from customerbase.errors import CustomerbaseError, DataError, UsageError
from customerbase.synthetic import make_shop
from customerbase.synthetic.faults import plant
from customerbase.workflow import Config, open_workspace, run, score

TYPED = """order_id text, customer_id text, ordered_at timestamp, product_id text, product_name text, category text,
quantity integer, unit_price numeric(12, 2), discount numeric(12, 2), amount numeric(12, 2), currency text,
country text, channel text, coupon_code text"""
UNTYPED = re.sub(r"(\w+) (?:timestamp|integer|numeric\(12, 2\))", r"\1 text", TYPED)
FAULTS = {"repeated_orders": 3, "repeated_lines": 40, "write_offs": 25, "free_lines": 20, "far_out_quantities": 5}
BROKEN = "X1,c1,31 February,p1,Mug,Kitchen,two,1.00,0,,EUR,DE,web,"


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV of some 20,000 order lines with repeated days and lines, write-offs, guests, and a row to set aside."""
    folder = tmp_path_factory.mktemp("database")
    lines = pq.read_table(make_shop(folder, n_lines=20_000, random_state=7).order_lines)
    for fault, n in FAULTS.items():
        lines = plant(lines, fault, n, random_state=1).lines
    names = [name.split()[0] for name in TYPED.replace("\n", " ").split(", ") if not name[0].isdigit()]
    path = folder / "orders.csv"
    pyarrow.csv.write_csv(lines.select(names), path, pyarrow.csv.WriteOptions(quoting_style="needed"))
    return path


@pytest.fixture(scope="module")
def server(postgres: Server, orders: Path) -> Server:
    """The server with these orders, in columns with types and in columns of text with a broken row."""
    postgres.load("orders", TYPED, orders)
    broken = orders.with_name("broken.csv")
    broken.write_text(orders.read_text() + BROKEN + "\n")
    postgres.load("texts", UNTYPED, broken)
    return postgres


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password of the reader, as libpq finds it."""
    monkeypatch.setenv("PGPASSWORD", READER_PASSWORD)


@pytest.fixture(scope="module")
def from_file(orders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of the CSV."""
    path = tmp_path_factory.mktemp("file") / "shop"
    run(open_workspace(path), [orders.with_name("orders.csv")], Config())
    return path


@pytest.fixture(scope="module")
def from_server(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of the same orders on the server: to be read, or copied."""
    return _run_on(server, "orders", tmp_path_factory.mktemp("server") / "shop", Config())


@pytest.fixture(scope="module")
def from_texts(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of the same orders and a broken one in columns of text."""
    return _run_on(server, "texts", tmp_path_factory.mktemp("texts") / "shop", Config(model="rfm"))


def _run_on(server: Server, table: str, path: Path, config: Config) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", READER_PASSWORD)
        run(open_workspace(path), [server.url(f"table={table}")], config)
    return path


def features_of(path: Path) -> pa.Table:
    """Give the features of the latest date."""
    return open_workspace(path).table("features").order_by("customer_id").to_pyarrow()


def audit_of(path: Path) -> list[object]:
    """Give what the rules caught."""
    audit = open_workspace(path).json("audit")
    return [audit["rows_in"], audit["rows_kept"], audit["outcomes"]]


def _without_products(stored: dict[str, Any]) -> dict[str, Any]:
    """Leave out what names products, which a server is not asked for: strategies, and the end of the journey."""
    told = [
        {**each, "strategy": None, "journey": each["journey"].split(" Most bought")[0]} for each in stored["segments"]
    ]
    return {**stored, "segments": told}


def test_a_server_gives_what_the_file_gives(from_server: Path, from_file: Path) -> None:
    """The same orders on a server: features, audit, segments and explorations are those of the file, all of them."""
    path = from_server
    assert features_of(path).equals(features_of(from_file))
    assert features_of(path).num_rows > 300
    assert audit_of(path) == audit_of(from_file)
    caught = {each["rule"] for each in open_workspace(path).json("audit")["outcomes"] if each["rows"]}
    assert caught > {"repeated_order", "guest", "no_price", "is_repeated_line", "is_return"}
    here, there = open_workspace(path), open_workspace(from_file)
    assert _without_products(here.json("segments")) == _without_products(there.json("segments"))
    assert all("Most bought" in each["journey"] for each in there.json("segments")["segments"])
    assert not any("Most bought" in each["journey"] for each in here.json("segments")["segments"])
    for name in ("explore_months", "explore_overview", "explore_products", "explore_missing", "explore_codes"):
        assert here.table(name).to_pyarrow().equals(there.table(name).to_pyarrow()), name


@pytest.mark.usefixtures("password")
def test_order_lines_stay_on_the_server(server: Server, tmp_path: Path) -> None:
    """Lines that are kept come back in no table and in no statement: the server does the grouping."""
    before = len(server.log())
    path = tmp_path / "shop"
    run(open_workspace(path), [server.url("table=orders")], Config(model="rfm"))
    held = {each.name for each in open_workspace(path).tables()}
    assert {"features", "assignments", "quarantine", "set_aside", "audit", "database"} <= held
    assert not held & {"order_lines", "returns", "cells", "ingested_lines"}
    statements = re.findall(_STATEMENT, server.log()[before:], re.DOTALL)
    assert not [
        each for each in statements if not re.match(r"\s*(SELECT|WITH|BEGIN|SAVEPOINT|RELEASE|SET LOCAL|SHOW)\b", each)
    ]
    assert any("GROUP BY\n" in each or 'AS "n_later_days"' in each for each in statements)
    queries = [each for each in statements if "FROM " in each and "$1" not in each]
    assert len(queries) > 8
    with psycopg.connect(server.owner_url()) as connection:
        for query in queries:
            found = connection.execute(query)
            names = [each.name for each in found.description or []]
            rows = [dict(zip(names, row, strict=True)) for row in found]
            # What names both order and product is an order line, and only those that a rule has caught come here.
            assert not {"order_id", "product_id"} <= set(names) or all(row["rule"] for row in rows), query


_STATEMENT = r"LOG:  (?:statement|execute [^:]*): (.*?)(?=\n\d{4}-\d\d-\d\d \d|\Z)"


def test_rows_set_aside_carry_their_cells(from_texts: Path) -> None:
    """A quarantined row of the server has its rule and its cells as they stand there."""
    shop = open_workspace(from_texts)
    quarantine, audit = shop.table("quarantine"), shop.json("audit")
    assert quarantine.count().execute() == audit["rows_in"] - audit["rows_kept"]
    (row,) = quarantine.filter(quarantine.rule == "unreadable").to_pyarrow().to_pylist()
    assert row["source"] == "texts"
    assert row["source_row"] is None
    assert (row["ordered_at"], row["quantity"]) == ("31 February", "two")


def test_columns_of_text_are_read_as_in_a_file(from_texts: Path, from_file: Path) -> None:
    """Numbers and dates in columns of text have the formats that they would have in a CSV."""
    assert features_of(from_texts).equals(features_of(from_file))


@pytest.mark.parametrize(
    ("day", "price"),
    [("31/12/2023 14:05", "1.234,50 €"), ("Dec 31, 2023", "1,234.50"), ("20231231", "(7.00)"), ("2023-02-31", "NaN")],
)
@pytest.mark.usefixtures("password")
def test_formats_are_told_as_in_a_file(postgres: Server, tmp_path: Path, day: str, price: str) -> None:
    """Whatever a cell of text holds, the server reads it as DuckDB does."""
    cells = [("a", "2023-12-30" if day.startswith("2023-") else day, price), ("b", day, price), ("c", "soon", "0x1")]
    frame = pa.table(
        {name: list(values) for name, values in zip(("who", "day", "paid"), zip(*cells, strict=True), strict=True)}
    )
    path = tmp_path / "cells.csv"
    pyarrow.csv.write_csv(frame, path)
    postgres.load("cells", "who text, day text, paid text", path)
    mapping = {"customer_id": "who", "ordered_at": "day", "amount": "paid"}
    columns = ("customer_id", "order_id", "ordered_at", "amount", "currency", "is_return", "unreadable")
    here, there = (cb.read(source, mapping=mapping) for source in (path, postgres.url("table=cells")))
    expected, found = (
        each.order_lines.select(*columns).order_by("customer_id").to_pyarrow().to_pylist() for each in (here, there)
    )
    assert found == expected


@pytest.mark.usefixtures("password")
def test_a_column_of_numbers_may_be_the_customer(postgres: Server) -> None:
    """An integer is an id, a primary key a place, and a time with a zone that on the clock of the session."""
    postgres.run(
        "DROP TABLE IF EXISTS sales",
        "CREATE TABLE sales (id bigint PRIMARY KEY, who integer, at timestamptz, total double precision)",
        "INSERT INTO sales VALUES (7, 13085, '2024-05-01 22:30+00', 12.5), (9, 13086, '2024-05-02 10:00+00', 3)",
        "GRANT SELECT ON sales TO reader",
        "ALTER ROLE reader SET timezone = 'Europe/Berlin'",
    )
    data = cb.read(
        postgres.url("table=public.sales"), mapping={"customer_id": "who", "ordered_at": "at", "amount": "total"}
    )
    postgres.run("ALTER ROLE reader RESET timezone")
    lines = data.order_lines.select("source_row", "customer_id", "order_id", "amount").order_by("source_row")
    assert [[str(cell) for cell in row.values()] for row in lines.to_pyarrow().to_pylist()] == [
        ["7", "13085", "13085 2024-05-02", "12.5000"],
        ["9", "13086", "13086 2024-05-02", "3.0000"],
    ]
    assert "times in the column 'at' are those on the clock in Europe/Berlin" in data.formats[0].notes


@pytest.mark.usefixtures("password")
def test_several_tables_are_joined(postgres: Server, tmp_path: Path) -> None:
    """Items find their orders on the server, as they do in files."""
    for name, columns, rows in (
        ("heads", "order_id text, customer_id text, ordered_at timestamp", ["1,ann,2024-05-01", "2,bob,2024-05-02"]),
        (
            "items",
            "order_id text, product_id text, quantity integer, unit_price numeric",
            ["1,mug,2,5.00", "2,pan,1,20.00", "2,mug,1,5.00"],
        ),
    ):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join([",".join(part.split()[0] for part in columns.split(", ")), *rows]) + "\n")
        postgres.load(name, columns, path)
    data = cb.read(postgres.url("table=heads&table=items"))
    found = cb.customer_features(cb.clean(data).data).order_by("customer_id").to_pyarrow()
    expected = cb.customer_features(cb.clean(cb.read(tmp_path / "heads.csv", tmp_path / "items.csv")).data)
    assert found.equals(expected.order_by("customer_id").to_pyarrow())
    assert found["monetary"].to_pylist() == [10, 25]


def test_an_ibis_table_of_a_server_is_read_in_place(server: Server, from_file: Path) -> None:
    """A table that Ibis has, filtered or not, is read where it is."""
    connection = ibis.postgres.connect(
        host="127.0.0.1", port=server.port, user="reader", password=READER_PASSWORD, database="shop"
    )
    table = connection.table("orders")
    data = cb.read(table.filter(table.country.notnull()))
    connection.disconnect()
    assert data.is_in_place
    found = cb.customer_features(cb.clean(data).data).order_by("customer_id").to_pyarrow()
    assert found.equals(features_of(from_file))


def test_the_password_is_written_nowhere(
    server: Server, customerbase: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the workspace nor the terminal holds the password of a URL, whether the run goes well or not."""
    monkeypatch.delenv("PGPASSWORD", raising=False)
    secret = "pass-w0rd#of reader"
    server.run(f"ALTER ROLE reader PASSWORD '{secret}'")
    quoted = secret.replace("#", "%23").replace(" ", "%20")
    url = server.url("table=orders").replace("reader@", f"reader:{quoted}@")
    answers = [
        customerbase("-w", "shop", "-v", "run", url, "--model", "rfm"),
        customerbase("-w", "other", "-v", "run", url.replace("/shop?", "/none?")),
        customerbase("-w", "other", "-v", "run", url.replace("table=orders", "table=none")),
        customerbase("-w", "other", "-v", "run", url.replace(f":{server.port}", ":port")),
        customerbase("-w", "other", "run", url.replace("table=orders", "")),
        customerbase("-w", "shop", "features"),
        customerbase("-w", "shop", "show", "database", "--json"),
        customerbase("-w", "shop", "runs"),
    ]
    server.run(f"ALTER ROLE reader PASSWORD '{READER_PASSWORD}'")
    assert [answer.status for answer in answers[:6]] == [0, 1, 1, 1, 2, 1]
    for answer in answers:
        assert not any(part in answer.out + answer.err for part in (secret, quoted, "pass-w0rd"))
    for file in (tmp_path / "shop").rglob("*"):
        assert not file.is_file() or b"pass-w0rd" not in file.read_bytes(), file
    reference = json.loads(answers[6].out)
    assert reference == {
        "engine": "postgresql",
        "url": url.partition("?")[0].replace(f":{quoted}", ""),
        "tables": ["orders"],
        "query": None,
    }


def refuse(command: CommandLine, *words: str) -> str:
    """Call a command that fails, in one line, and leaves the workspace as it was."""
    before = listing(Path("shop"))
    answer = command(*words)
    assert answer.status != 0
    assert answer.err.startswith("Error: ")
    assert answer.err.count("\n") == 1
    assert listing(Path("shop")) == before
    return answer.err


def test_faults_are_one_line_each(
    server: Server, from_server: Path, customerbase: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a server refuses is said in one line with what to do next; the workspace stays as it was."""
    monkeypatch.setenv("PGPASSWORD", READER_PASSWORD)
    server.run(
        "CREATE TABLE hidden (customer_id text)",
        "CREATE TABLE odd (customer_id text, ordered_at timestamp, amount jsonb)",
        "INSERT INTO odd VALUES ('ann', '2024-05-01', '5')",
        "GRANT SELECT ON odd TO reader",
    )
    shutil.copytree(from_server, "shop")
    assert "There is no table 'order' in the database. Those that can be read are: " in refuse(
        customerbase, "run", server.url("table=order")
    )
    assert "permission denied for table hidden. Ask its owner for GRANT SELECT" in refuse(
        customerbase, "run", server.url("table=hidden")
    )
    assert "The column 'amount' of odd is of the type jsonb, and must be a number or a text. Cast it in" in refuse(
        customerbase, "run", server.url("table=odd")
    )
    assert "refuses the query: syntax error" in refuse(customerbase, "run", server.url("query=SELECT FROM WHERE"))
    assert 'database "none" does not exist. Check its name' in refuse(
        customerbase, "run", server.url("table=orders", database="none")
    )
    assert "is a database, and its order lines stay there: ingest would copy them." in refuse(
        customerbase, "ingest", server.url("table=orders")
    )
    assert "cannot be read together with other inputs." in refuse(
        customerbase, "run", server.url("table=orders"), "orders.csv"
    )
    monkeypatch.setenv("PGPASSWORD", "wrong")
    assert 'password authentication failed for user "reader". Check the password in PGPASSWORD' in refuse(
        customerbase, "run", server.url("table=orders")
    )
    for verb in ("checkup", "features"):
        assert f"The order lines of shop stay in postgresql://reader@127.0.0.1:{server.port}/shop" in refuse(
            customerbase, verb
        )


@pytest.mark.usefixtures("password")
def test_what_a_server_cannot_tell_is_refused(postgres: Server) -> None:
    """Rows that nobody can read, coupons, and rows that go on with the one above are each refused in words."""
    postgres.run(
        "DROP TABLE IF EXISTS soon, coupons, filled",
        "CREATE TABLE soon AS SELECT 'ann' AS customer_id, 'soon' AS ordered_at, 5 AS amount",
        "CREATE TABLE coupons AS SELECT 'ann' AS customer_id, 'X' AS coupon_id, 'burnt' AS status, "
        "'2024-05-01' AS claimed_at, '2024-05-02' AS burnt_at",
        """CREATE TABLE filled AS SELECT '#1' AS "Name", 'a@b.de' AS "Email", '2024-05-01' AS "Created at", """
        """'paid' AS "Financial Status", '5' AS "Total", '1' AS "Lineitem quantity", 'mug' AS "Lineitem name", """
        """'5' AS "Lineitem price", '' AS "Cancelled at", '0' AS "Refunded Amount" """,
        "GRANT SELECT ON soon, coupons, filled TO reader",
    )
    shop = open_workspace("no-such-shop")
    with pytest.raises(DataError, match=r"set aside: 1 by the rule 'unreadable'\. A row has 'soon' as ordered_at\."):
        run(shop, [postgres.url("table=soon")], Config())
    with pytest.raises(DataError, match="coupons holds coupons, whose events cannot be told apart on a server"):
        cb.read(postgres.url("table=coupons"))
    with pytest.raises(DataError, match="filled has the layout 'shopify-orders', whose rows go on with"):
        cb.read(postgres.url("table=filled"), layout="shopify-orders")
    assert not shop.tables()


def test_a_server_that_goes_away_is_one_line(
    server: Server, from_server: Path, customerbase: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is cut amid the work: one line, and the workspace of before."""
    monkeypatch.setenv("PGPASSWORD", READER_PASSWORD)
    shutil.copytree(from_server, "shop")
    # A view whose last rows cut the connection of the one who reads them: only a superuser's function may do so.
    server.run(
        "CREATE OR REPLACE FUNCTION cut() RETURNS text LANGUAGE sql SECURITY DEFINER VOLATILE AS "
        "$$ SELECT pg_terminate_backend(pg_backend_pid())::text $$",
        "CREATE OR REPLACE VIEW cutting AS SELECT order_id, CASE WHEN n > 15000 THEN cut() ELSE customer_id END AS "
        "customer_id, ordered_at, amount FROM (SELECT *, row_number() OVER () AS n FROM orders) AS numbered",
        "GRANT SELECT ON cutting TO reader",
    )
    said = refuse(customerbase, "run", server.url("table=cutting"))
    assert "went away in the middle: terminating connection due to administrator command. Run it again" in said


@pytest.mark.usefixtures("password")
def test_customers_of_a_server_are_scored(server: Server, orders: Path, from_file: Path, tmp_path: Path) -> None:
    """The customers of a database are placed into stored segments as those of a file are, and come as a file."""
    for name, asked in (("here", str(orders)), ("there", server.url("table=orders"))):
        score(open_workspace(from_file), [asked], output=tmp_path / f"{name}.parquet")
    here, there = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("here", "there"))
    assert there.num_rows > 300
    assert there.equals(here)
    with pytest.raises(UsageError, match="orders stays on a server and cannot be appended"):
        score(open_workspace(from_file), [server.url("table=orders")], append=True)


def test_psycopg_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the driver the message names the extra that brings it."""
    monkeypatch.setitem(__import__("sys").modules, "customerbase.database.postgres", None)
    with pytest.raises(UsageError, match=r"pip install 'customerbase\[postgres\]'"):
        cb.read("postgresql://localhost/shop?table=orders")


def test_files_of_databases_give_what_the_file_gives(orders: Path, from_file: Path, tmp_path: Path) -> None:
    """DuckDB and SQLite files give the same customers, and their order lines stay in them."""
    with duckdb.connect(tmp_path / "shop.duckdb") as database:
        database.execute(f"CREATE TABLE orders AS FROM read_csv('{orders}', types = {{'order_id': 'VARCHAR'}})")
        database.execute("CREATE VIEW seen AS FROM orders")
    connection = sqlite3.connect(tmp_path / "shop.db")
    with duckdb.connect() as reading:
        rows = reading.execute(f"FROM read_csv('{orders}', all_varchar = true)")
        names = [each[0] for each in rows.description]
        kinds = {"quantity": "INTEGER", "unit_price": "REAL", "discount": "REAL", "amount": "REAL"}
        columns = ", ".join(f"{name} {kinds.get(name, 'TEXT')}" for name in names)
        connection.execute(f"CREATE TABLE orders ({columns})")
        connection.executemany(f"INSERT INTO orders VALUES ({', '.join('?' * len(names))})", rows.fetchall())
    connection.commit()
    connection.close()
    before = listing(tmp_path)
    for number, asked in enumerate(
        (
            f"duckdb:///{tmp_path}/shop.duckdb?query=SELECT * FROM seen WHERE amount IS NOT NULL",
            f"sqlite:///{tmp_path}/shop.db?table=orders",
        )
    ):
        path = tmp_path / f"shop-{number}"
        run(open_workspace(path), [asked], Config())
        assert features_of(path).equals(features_of(from_file)), asked
        assert audit_of(path) == audit_of(from_file)
        held = {each.name for each in open_workspace(path).tables()}
        assert {"checkup", "explore_months", "database"} <= held
        assert not held & {"order_lines", "returns"}
    assert {name: known for name, known in listing(tmp_path).items() if not name.startswith("shop-")} == before


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("duckdb:///none.duckdb?table=orders", "There is no file none.duckdb"),
        ("sqlite:///orders.csv?table=orders", "orders.csv cannot be read as a SQLite file: file is not a database"),
        ("duckdb:///orders.csv?table=orders", "orders.csv cannot be opened as a DuckDB file"),
        ("mysql://localhost/db?table=orders", "begins with mysql://, and databases can be postgresql://, duckdb:///"),
    ],
)
def test_files_that_are_no_databases_are_refused(
    url: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no database, or another one, is refused in one line."""
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").write_text("order_id\n" + "1\n" * 2_000)
    with pytest.raises(CustomerbaseError, match=re.escape(message)):
        cb.read(url)


def test_a_missing_table_of_a_file_is_refused(tmp_path: Path) -> None:
    """The message lists the tables that there are."""
    with duckdb.connect(tmp_path / "shop.duckdb") as database:
        database.execute("CREATE TABLE orders AS SELECT 1 AS a")
    sqlite3.connect(tmp_path / "shop.db").execute("CREATE TABLE orders (a)").connection.close()
    for url in (f"duckdb:///{tmp_path}/shop.duckdb?table=lines", f"sqlite:///{tmp_path}/shop.db?table=lines"):
        with pytest.raises(DataError, match=r"There is no table 'lines' in .*\. The tables are: orders\."):
            cb.read(url)
