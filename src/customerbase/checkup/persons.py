"""Findings about customers' ids: one person under several, one in several countries, ids of several forms."""

import ibis
import ibis.expr.types as ir

from customerbase.checkup.finding import N_EXAMPLES, Finding, money
from customerbase.checkup.folds import CheckupInput
from customerbase.engine import keep

__all__ = ["find_ids_in_several_countries", "find_ids_of_several_forms", "find_persons_with_several_ids"]

_ADDRESS = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


def find_persons_with_several_ids(seen: CheckupInput) -> Finding | None:
    """Find ids with one e-mail address, but for case, dots and what follows a plus."""
    known = seen.customers.customer_id.name("customer_id")
    addresses = seen.customers.select(known, email=seen.customers.customer_id)
    if seen.people is not None and "email" in seen.people.columns:
        addresses = addresses.union(seen.people.select("customer_id", "email"))
    addresses = addresses.filter(addresses.email.strip().re_search(_ADDRESS))
    written = addresses.select("customer_id", person=_address(addresses.email)).distinct()
    ids = _take_several(written, "person")
    return _report(
        seen,
        "persons_with_several_ids",
        ids,
        "kept as different customers",
        "merge them in the shop, or take the address for the id: --map customer_id=COLUMN",
    )


def find_ids_in_several_countries(seen: CheckupInput) -> Finding | None:
    """Find customers with orders in several countries: moved, gifts, or an id that several persons share."""
    places = seen.customers.filter(seen.customers.country.notnull())
    several = places.group_by("customer_id").having(lambda table: table.count() > 1).agg(n_countries=places.count())
    rows = several.join(_sum_up(seen), "customer_id")
    listed = rows.join(
        places.group_by("customer_id").agg(countries=places.country.group_concat(", ", order_by=places.country)),
        "customer_id",
    )
    quoted = listed.mutate(text=listed.customer_id + " in " + listed.countries)
    done, option = "kept as one customer each", "give each person an id of their own in the shop"
    return _finding("ids_in_several_countries", quoted, done, option)


def find_ids_of_several_forms(seen: CheckupInput) -> Finding | None:
    """Find ids that differ from another only in case, signs, zeros before or '.0' after, and those of a rare form."""
    ids = seen.customers.select("customer_id").distinct()
    plain = ids.customer_id.strip().lower().re_replace(r"\.0$", "").re_replace(r"[^0-9\p{L}@]", "")
    alike = _take_several(
        ids.filter(~ids.customer_id.contains("@")).mutate(form=plain.re_replace(r"^0+([0-9\p{L}])", r"\1")), "form"
    )
    unlike = _take_unlike(ids)
    several = alike.union(unlike).group_by("customer_id").agg(beside=lambda table: table.beside.min())
    return _report(seen, "ids_of_several_forms", several, "kept as different customers", "write them alike in the shop")


def _address(email: ir.StringValue) -> ir.StringValue:
    """Write an address without what makes no difference."""
    small = email.strip().lower()
    name, domain = small.split("@")[0], small.split("@")[1]
    return name.split("+")[0].replace(".", "") + "@" + domain


def _take_several(ids: ir.Table, by: str) -> ir.Table:
    """Take the ids that share something, each with another one that does."""
    shared = ids.group_by(by).agg(first=ids.customer_id.min(), last=ids.customer_id.max())
    joined = ids.join(shared.filter(shared.first != shared.last), by)
    other = ibis.ifelse(joined.customer_id == joined.first, joined.last, joined.first)
    return joined.group_by("customer_id").agg(beside=other.min())


def _take_unlike(ids: ir.Table) -> ir.Table:
    """Take the ids of another form than most: digits, a UUID, an e-mail address, or any other text."""
    formed = ids.mutate(form=_form(ids.customer_id))
    counts = formed.group_by("form").agg(n_ids=formed.count(), example=formed.customer_id.min())
    usual = counts.order_by([ibis.desc("n_ids"), "form"]).limit(1).select(usual="form", beside="example")
    judged = formed.cross_join(usual)
    return judged.filter(judged.form != judged.usual).select("customer_id", "beside")


def _form(ids: ir.StringValue) -> ir.StringValue:
    plain = ids.strip().lower()
    return ibis.cases(
        (plain.re_search(_ADDRESS), "address"),
        (plain.re_search(r"^[0-9]+(\.0)?$"), "digits"),
        (plain.re_search(_UUID), "uuid"),
        else_="text",
    )


def _sum_up(seen: CheckupInput) -> ir.Table:
    lines = seen.customers
    return lines.group_by("customer_id").agg(n_lines=lines.n_lines.sum(), gross=lines.gross.sum())


def _report(seen: CheckupInput, name: str, ids: ir.Table, done: str, option: str) -> Finding | None:
    """Report ids, each with another one `beside`."""
    rows = ids.left_join(_sum_up(seen), "customer_id").drop("customer_id_right")
    return _finding(name, rows.mutate(text=rows.customer_id + " beside " + rows.beside), done, option)


def _finding(name: str, rows: ir.Table, done: str, option: str) -> Finding | None:
    """Report customers with `n_lines`, `gross` and a `text`, which quotes those with the most money."""
    found = keep(rows.mutate(n_lines=rows.n_lines.fill_null(0), gross=rows.gross.fill_null(0)))
    sums = found.agg(rows=found.n_lines.sum(), customers=found.count(), amount=found.gross.sum())
    total = sums.to_pyarrow().to_pylist()[0]
    if not total["customers"]:
        return None
    largest = found.order_by([ibis.desc("gross"), "customer_id"]).limit(N_EXAMPLES).to_pyarrow().to_pylist()
    example = "; ".join(f"{row['text']} ({money(row['gross'])})" for row in largest)
    return Finding(name, total["rows"], total["customers"], total["amount"], example, done, option)
