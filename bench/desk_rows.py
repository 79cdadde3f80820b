"""Synthetic rows of a big town for bench/desk.py: people, places, meters, reads, bills and payments in one schema.

The rows are written as sets, beneath the acts, because 200,000 accounts by acts would take an hour; what is measured is
reading. Names and streets are drawn with the skew of a real town (a few names are very common), which is what makes a
search slow.
"""

from datetime import date, timedelta

from django.db import connection

FIRST = """
James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph
Jessica Thomas Sarah Christopher Karen Charles Lisa Daniel Nancy Matthew Sandra Anthony Betty Mark Ashley Donald
Emily Steven Kimberly Andrew Margaret Paul Donna Joshua Michelle Kenneth Carol Kevin Amanda Brian Melissa
Timothy Deborah Ronald Stephanie Rosa Jose Luis Maria Carlos Ana Juan Carmen Miguel Elena Nguyen Linh Minh Priya
Arjun Wei Li Hassan Fatima Omar Aisha Tyrone Latoya Dwayne Keisha Cody Brittany Travis Amber Dustin Misty Jolene
Wade Darla
""".split()

LAST = """
Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson
Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell
Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris
Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward
Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders Patel
Myers Long Ross Foster Jimenez Whitlock Okafor Lindqvist Fontenot Sandoval Abbott Delgado Pruitt Boone Whitfield
Harjo Tiger Bigpond Deere Factor Yargee Scissortail Keener Stillwell Vandergriff Prewitt Ledbetter Haskell
Tuttle Purcell
""".split()

STREETS = """
Sage Wren,Plover,Dunlin,Grebe,Avocet,Pintail,Heron,Teal,Widgeon,Sora,Egret,Kestrel,Killdeer,Meadowlark,
Scissortail,Redbud,Dogwood,Sycamore,Pecan,Hickory,Walnut,Cottonwood,Cedar Ridge,Willow Creek,Silver Leaf,
Broadway,Main,Telephone,Eastern,Santa Fe,Janeway,Fritts,Howard,Patterson,Lincoln,Roosevelt,Kennedy,Crest,
Ridgeway,Turner,Bouse,Classen,Markwell,Tracy,Chestnut,Mulberry,Osage,Choctaw,Cherokee,Seminole,Pawnee,Kiowa,
Comanche,Arapaho,Caddo,Quapaw,Wichita,Otoe,Ponca,Shawnee
""".replace("\n", "").split(",")

SUFFIX = ["St", "Ave", "Dr", "Ct", "Ln", "Rd", "Way", "Pl", "Cir", "Ter"]

_PEOPLE = """
create temp table person as
select i, (%(first)s::text[])[1 + floor(power(random(), 1.6) * %(firsts)s)] || ' '
    || case when random() < 0.4 then chr(65 + (random() * 25)::int) || '. ' else '' end
    || (%(last)s::text[])[1 + floor(power(random(), 1.8) * %(lasts)s)]
    || case when random() < 0.3 then '-' || (%(last)s::text[])[1 + floor(random() * %(lasts)s)] else '' end as name,
  (100 + (i / 600) * 2 + (i %% 7) * 700)::text || ' '
    || case when random() < 0.4 then (array['N','S','NW','SE'])[1 + floor(random() * 4)] || ' ' else '' end
    || (%(street)s::text[])[1 + i %% %(streets)s] || ' '
    || (%(suffix)s::text[])[1 + (i / %(streets)s) %% %(suffixes)s] as address,
  '+1405' || lpad(((i::bigint * 7919) %% 10000000)::text, 7, '0') as phone,
  lpad((40000000 + i * 37)::text, 8, '0') as serial, i %% 20 = 0 as closed
from generate_series(1, %(accounts)s) i;
insert into base_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active,
    date_joined, roles)
  values (1, '!', false, 'bench', 'Bench', '', '', false, true, now(), '{csr,supervisor}');
insert into decisions_city (id, code, name, time_zone, body) values (1, 'bench', 'Bench', 'America/Chicago', '{}');
insert into decisions_cycle (code, name, every_days) select c::text, 'Cycle ' || c, 28 from generate_series(1, 4) c;
insert into decisions_tariff (code, service, customer_class, name) values ('W-RES', 'water', 'residential',
    'Residential water'),
  ('S-RES', 'sewer', 'residential', 'Residential sewer'), ('N-RES', 'sanitation', 'residential', 'Residential cart');
insert into customers_customer (id, name, kind, phone, email, language, event_id)
  select i, name, 'person', phone, '', 'en', 1 from person;
insert into customers_premise (id, address, city, state, zip, parcel, inside_city, dwelling_units, kind,
    cycle_id, route, sequence,
    hazard, event_id)
  select i, address || ' Unit ' || i, 'Moore', 'OK', '73160', '', true, 1, 'residential', (1 + i %% 4)::text,
    (1 + i / 400 %% 30)::text, i, case when i %% 50 = 0 then 'Dog in back yard' else '' end, 1 from person;
insert into customers_account (id, number, customer_id, customer_class, tenure, mail_to, opened_on, event_id)
  select i, (10000000 + i)::text, i, 'residential', 'owner', '{}', %(opened)s, 1 from person;
insert into customers_servicepoint (id, premise_id, service, number, measured_by_id, event_id)
  select (i - 1) * 3 + s + 1, i, (array['water','sewer','sanitation'])[s + 1], 1,
      case when s = 1 then (i - 1) * 3 + 1 end, 1
  from person, generate_series(0, 2) s;
insert into customers_agreement (id, account_id, service_point_id, tariff_id, during, items, attributes, event_id)
  select (i - 1) * 3 + s + 1, i, (i - 1) * 3 + s + 1, (array['W-RES','S-RES','N-RES'])[s + 1],
    daterange(%(opened)s, case when closed then %(closed)s::date end), 1, '{}', 1 from person,
        generate_series(0, 2) s;
insert into meters_meter (id, serial, size, dials, gal_per_unit, event_id) select i, serial, '5/8', 5, 1000,
    1 from person;
insert into meters_installation (id, meter_id, service_point_id, during, event_id)
  select i, i, (i - 1) * 3 + 1, daterange(%(opened)s, null), 1 from person;
"""

_MONTH = """
insert into meters_read (id, installation_id, service_point_id, read_on, register, kind, source, reader,
    previous_id, usage_gal,
    findings, event_id)
  select %(n)s * 10000000::bigint + i, i, (i - 1) * 3 + 1, %(read)s, 100 + %(n)s * 7, 'regular', 'route_file', '',
    case when %(n)s > 0 then (%(n)s - 1) * 10000000::bigint + i end, 7000, '{}', 1 from person;
insert into bills_run (id, cycle_id, read_on, bill_on, due_on, at, by_id, event_id, finish_event_id)
  values (%(n)s + 1, '1', %(read)s, %(bill)s, %(due)s, %(bill)s, 1, 1, 1);
insert into ledger_transaction (id, posted_at, event_id, posted_on, effective_on, act, by, closes)
  select %(n)s * 1000000::bigint + c, %(bill)s, 1, %(bill)s, %(bill)s, 'bill', 1, false
  from generate_series(1, %(accounts)s / 500 + 1) c;
insert into bills_bill (id, account_id, txn_id, run_id, chunk_no, total_cents, previous_cents, from_on,
    until_on, due_on)
  select %(n)s * 10000000::bigint + i, i, %(n)s * 1000000::bigint + 1 + i / 500, %(n)s + 1, i / 500, 9459, 0,
      %(from)s, %(read)s,
    %(due)s from person;
insert into bills_outcome (run_id, agreement_id, account_id, chunk_no, code, bill_id, from_on, until_on,
    usage_gal, average_gal,
    items, prorate_days, cents, to_read_id, from_read_id)
  select %(n)s + 1, (i - 1) * 3 + s + 1, i, i / 500, 'billed', %(n)s * 10000000::bigint + i, %(from)s, %(read)s,
    case when s < 2 then 7000 else 0 end, case when s = 1 then 6000 else -1 end, 1, -1, (array[4464, 3845,
        1150])[s + 1],
    %(n)s * 10000000::bigint + i, case when %(n)s > 0 then (%(n)s - 1) * 10000000::bigint + i end
  from person, generate_series(0, 2) s;
insert into ledger_posting (txn_id, leg_no, account_id, document_id, line_no, debit_cents, credit_cents,
    due_on, fund, gl_id,
    kind_id, sub)
  select %(n)s * 1000000::bigint + 1 + i / 500, (i %% 500) * 5 + l, i, %(n)s * 10000000::bigint + i, l,
    (array[950, 3514, 2070, 1775, 1150])[l], 0, %(due)s, (array[51, 51, 52, 52, 53])[l], (array[1, 1, 2, 2,
        3])[l], l, 2
  from person, generate_series(1, 5) l;
"""

_PAID = """
insert into ledger_transaction (id, posted_at, event_id, posted_on, effective_on, act, by, closes)
  select 500000000 + %(n)s * 10000000::bigint + i, %(paid)s, 1, %(paid)s, %(paid)s, 'pay', 1, false from person;
insert into ledger_posting (txn_id, leg_no, account_id, document_id, line_no, debit_cents, credit_cents, fund,
    gl_id, kind_id, sub)
  select 500000000 + %(n)s * 10000000::bigint + i, l, i, %(n)s * 10000000::bigint + i, l, 0,
    (array[950, 3514, 2070, 1775, 1150])[l], (array[51, 51, 52, 52, 53])[l], (array[1, 1, 2, 2, 3])[l], l, 2
  from person, generate_series(1, 5) l;
insert into payments_receipt (series_id, no, txn_id, account_id, document_id, cents, effective_on, payer)
  select 1, %(n)s * 10000000::bigint + i, 500000000 + %(n)s * 10000000::bigint + i, i,
      600000000 + %(n)s * 10000000::bigint + i,
    9459, %(paid)s, 'holder' from person;
insert into payments_tender (series_id, no, line, type, cents, batch_document_id)
  select 1, %(n)s * 10000000::bigint + i, 1, 'cash', 9459, 1 from person;
insert into base_event (id, act, at, subjects, denied, says, inputs, by_id)
  select 1000 + %(n)s * 10000000::bigint + i, 'payments.take', %(paid)s, array['account:' || i], false,
      'Paid 94.59.', '{}', 1
  from person;
"""

_BOOKS = """
insert into ledger_fund (id, name, reports_in) values (51, 'Water', 'e'), (52, 'Sewer', 'e'), (53,
    'Sanitation', 'e'), (10, 'Pool', 'e');
insert into ledger_gl (id, fund, object, name, gl_string, class, normal, sub, valid_from, authority)
  values (1, 51, 1210, 'AR water', '', 'A', 'D', 2, '2020-01-01', 'b'), (2, 52, 1210, 'AR sewer', '', 'A', 'D',
      2, '2020-01-01', 'b'),
  (3, 53, 1210, 'AR sanitation', '', 'A', 'D', 2, '2020-01-01', 'b');
insert into ledger_kind (id, code, valid_from, control_gl, says)
  values (1, 'water.base', '2020-01-01', 1, 'Water base'), (2, 'water.volume', '2020-01-01', 1, 'Water'),
  (3, 'sewer.volume', '2020-01-01', 2, 'Sewer'), (4, 'sewer.surcharge', '2020-01-01', 2, 'Sewer surcharge'),
  (5, 'sanitation.cart', '2020-01-01', 3, 'Cart');
insert into payments_series (id, code, next_no) values (1, 'T1', 1);
"""


def load(*, accounts: int, months: int, on: date) -> None:
    """Fill the schema that the connection points at. Takes some four minutes for 200,000 accounts and 4 months."""
    lists = {"first": FIRST, "last": LAST, "street": STREETS, "suffix": SUFFIX}
    sizes = {"firsts": len(FIRST), "lasts": len(LAST), "streets": len(STREETS), "suffixes": len(SUFFIX)}
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")  # rows as sets: no triggers, no foreign keys
        cursor.execute("select setseed(0.42)")
        values = {"accounts": accounts, "opened": date(2021, 3, 2), "closed": on - timedelta(days=60), **lists, **sizes}
        cursor.execute(_PEOPLE, values)
        cursor.execute(_BOOKS)
        for n in range(months):
            bill = on - timedelta(days=28 * (months - n) - 21)
            days = {"bill": bill, "read": bill - timedelta(days=1), "from": bill - timedelta(days=29)}
            cursor.execute(_MONTH, {**days, "due": bill + timedelta(days=20), "n": n, "accounts": accounts})
            if n + 1 < months:
                cursor.execute(_PAID, {"paid": bill + timedelta(days=10), "n": n})
        cursor.execute("set session_replication_role = origin")
