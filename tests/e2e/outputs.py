# Outputs as another program reads them.
#
#   outputs.py make FOLDER      random contacts.csv and orders.csv
#   outputs.py compare FOLDER   what convert made of them: NAME.out each
#
# Texts hold whatever a CRM lets people type: quotes, backslashes, line breaks,
# control characters, emoji, and what looks like JSON or HTML.
import csv
import json
import random
import sys

PIECES = ['"', "\\", "/", "\n", "\r\n", "\t", "\x01", "\x1f", "\x7f", ";", ",",
          "{", "}", "[", "]", ":", "'", "ё", "Ж", "😀", "\u2028", "é", "<b>",
          "&amp;", "a", "Z", "0", " ", "\\u0041", "=1+1", "€"]


def text(r, most=12):
    s = "".join(r.choice(PIECES) for _ in range(r.randrange(most)))
    return "x" + s + "x"  # what surrounds a value is not part of it


def make(folder):
    r = random.Random(20260701)
    with open(folder + "/contacts.csv", "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(["uniq_id", "name", "create_date_time", "client_ids",
                    "emails", "phones"])
        for i in range(2000):
            w.writerow([
                f"c{i}", text(r), "2026-07-01 10:00:%02d" % (i % 60),
                ",".join(str(r.randrange(1, 2**64))
                         for _ in range(r.randrange(3))),
                f"user{i}@example.com" if r.random() < 0.5 else "",
                f"79{r.randrange(10**9):09}" if r.random() < 0.5 else ""])
    with open(folder + "/orders.csv", "w", newline="") as f:
        w = csv.writer(f, delimiter=";")
        w.writerow(["id", "create_date_time", "client_uniq_id", "phones",
                    "order_status", "revenue", "currency", "goals",
                    "products", "utm_campaign"])
        for i in range(2000):
            w.writerow([
                f"o{i}", "2026-07-01 11:%02d:00" % (i % 60), f"c{i}",
                f"79{r.randrange(10**9):09}",
                r.choice(["PAID", "SPAM", "CANCELLED", "IN_PROGRESS"]),
                "%.2f" % (r.randrange(10**9) / 100), "RUB",
                r.choice(["", "g1", "g1:200,g2", "g3:0.50"]),
                r.choice(["", "ваза:2", "ваза: белая:2,стол:0.5"]), text(r)])


def read_csv(folder, name, delimiter):
    with open(f"{folder}/{name}.out", encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter=delimiter, strict=True))


def unique(pairs):
    keys = [k for k, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key twice: {keys}"
    return dict(pairs)


def read_json(folder, name, key):
    with open(f"{folder}/{name}.out", encoding="utf-8") as f:
        lines = f.read()
    whole = json.loads(lines, object_pairs_hook=unique)
    assert list(whole) == [key], list(whole)
    # a record a line
    assert len(lines.splitlines()) >= len(whole[key]) + 2
    assert lines.count("\n") == len(whole[key]) + 2
    return whole[key]


def one_line(s):
    return s.replace("\r\n", " ").replace("\n", " ").replace("\r", " ")


def cut(s):
    return s.split(",") if s else []


def goals(cell):
    pairs = [item.partition(":") for item in cut(cell)]
    return [{"goal_action_id": g, "price": float(p)} if p
            else {"goal_action_id": g} for g, _, p in pairs]


def products(cell):
    pairs = [item.rpartition(":") for item in cut(cell)]
    return {name: float(n) for name, _, n in pairs}


def compare_contacts(folder, made):
    rows = read_csv(folder, "metrica-contacts", ",")
    records = read_json(folder, "metrica-contacts-json", "contacts")
    clients = read_json(folder, "crm-json-clients", "contacts")
    assert len(rows) == len(records) == len(clients) == len(made)
    for row, rec, client in zip(rows, records, clients):
        source = made[rec["uniq_id"]]
        assert rec["name"] == source["name"], (rec, source)
        assert client["name"] == source["name"]
        assert row["name"] == one_line(source["name"])
        assert row["uniq_id"] == rec["uniq_id"] == client["clientUniqId"]
        assert row["create_date_time"] == source["create_date_time"]
        for csv_key, json_key in (("client_ids", "clientIds"),
                                  ("emails", "emails"), ("phones", "phones")):
            want = list(dict.fromkeys(cut(source[csv_key])))
            assert cut(row[csv_key]) == want, (row, source)
            assert rec.get(csv_key, []) == want
            assert client.get(json_key, []) == want
        assert client.get("contactPhone", "") == source["phones"]


def compare_orders(folder, made):
    rows = read_csv(folder, "metrica-orders", ";")
    simple = read_csv(folder, "metrica-simple", ",")
    records = read_json(folder, "metrica-orders-json", "orders")
    orders = read_json(folder, "crm-json", "orders")
    assert len(rows) == len(records) == len(orders) == len(made)
    assert len(simple) == len(made)
    for row, s, rec, order in zip(rows, simple, records, orders):
        source = made[rec["id"]]
        assert row["id"] == s["id"] == order["id"] == rec["id"]
        for r in (row, s):
            assert float(r["revenue"]) == float(source["revenue"])
            assert r["order_status"] == source["order_status"]
            assert goals(r["goals"]) == goals(source["goals"]), (r, source)
        for r in (rec, order):
            assert r["revenue"] == float(source["revenue"])
            assert r.get("goals", []) == goals(source["goals"])
            assert r.get("products", {}) == products(source["products"])
        assert products(row["products"]) == products(source["products"])
        assert rec["client_type"] == order["clientType"] == "CONTACT"
        assert order["utmCampaign"] == source["utm_campaign"]
        assert order["contactPhone"] == source["phones"]


def compare(folder):
    with open(folder + "/contacts.csv", newline="") as f:
        compare_contacts(folder, {r["uniq_id"]: r for r in csv.DictReader(f)})
    with open(folder + "/orders.csv", newline="") as f:
        compare_orders(folder, {r["id"]: r for r in
                                csv.DictReader(f, delimiter=";")})


{"make": make, "compare": compare}[sys.argv[1]](sys.argv[2])
