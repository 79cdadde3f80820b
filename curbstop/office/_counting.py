"""Which reads count, as SQL over ``meters_read r``: what reads, averages and bill runs mean by it."""

STANDS = "not exists (select 1 from meters_read x where x.replaces_id = r.id)"
COUNTS = (
    f"{STANDS} and (r.findings = '{{}}'"
    " or exists (select 1 from meters_readdecision d where d.read_id = r.id and d.outcome = 'accept'))"
)
