from datetime import date
import pytest
from curbstop.office.closing import get_proof

@pytest.mark.django_db
def test_an_empty_city_holds() -> None:
    proof = get_proof(on=date(2026, 3, 2))
    assert proof.holds, [(p.no, p.faults) for p in proof.proved if not p.holds]
