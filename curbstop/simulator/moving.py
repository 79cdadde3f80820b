"""People come and go: an account opened, service started and stopped, each at the counter or by telephone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from curbstop.office import customers, ledger, moves
from curbstop.simulator import founding
from curbstop.simulator.chance import number, stream, weighted
from curbstop.simulator.imagined import Town
from curbstop.simulator.office import Account, Office
from curbstop.simulator.paying import pay_old_debt
from curbstop.simulator.people import Stay

_WHO = ("dana", "priya")


def move(office: Office, town: Town, day: date) -> None:
    """The moves of a day: first those who leave, then those who come, who may have the same front door."""
    for order, stay in enumerate(town.leaves.get(day, ())):
        _leave(office, town, stay, day, order)
    for order, stay in enumerate(town.comes.get(day, ())):
        _come(office, town, stay, day, order)


def remember(office: Office, town: Town, day: date) -> None:
    """Learn again which accounts were opened on a day: the same acts under the same keys give their first outcomes."""
    for order, stay in enumerate(town.comes.get(day, ())):
        _open_account(office, town, stay, day, order)


def _leave(office: Office, town: Town, stay: Stay, day: date, order: int) -> None:
    account = office.accounts.get(stay.key)
    if account is None:
        return
    office.do(
        moves.stop,
        stay.key,
        who=_WHO[order % 2],
        at=office.at(day, 8, 40, number=order),
        account_id=account.id,
        premise_id=office.premises[stay.place.no],
        on=day,
        registers=_registers(town, stay, day),
        mail_to=_forwarding(town, stay),
    )


def _come(office: Office, town: Town, stay: Stay, day: date, order: int) -> None:
    _settle(office, town, stay, day, order)
    account = _open_account(office, town, stay, day, order)
    if account is None:
        return
    carts = {"sanitation": stay.carts} if "sanitation" in founding.services(stay.place) else {}
    office.do(
        moves.start,
        stay.key,
        who=_WHO[order % 2],
        at=office.at(day, 9, 1, number=order),
        account_id=account.id,
        premise_id=office.premises[stay.place.no],
        on=day,
        services=founding.services(stay.place),
        items=carts,
        registers=_registers(town, stay, day),
        instalments=_instalments(town, stay),
        grades=_grades(town, stay, day),
    )


def _open_account(office: Office, town: Town, stay: Stay, day: date, order: int) -> Account | None:
    opened = office.do(
        customers.open,
        stay.key,
        who=_WHO[order % 2],
        at=office.at(day, 9, number=order),
        on=day,
        **_party(office, town, stay),
    )
    if opened is None:
        return None
    account = Account(opened.account_id, opened.number, opened.customer_id)
    if stay.landlord >= 0:
        office.landlords[stay.landlord] = opened.customer_id
    office.accounts[stay.key] = account
    office.account_of[account.id] = account
    before = town.transfers.get(stay.key)
    office.stay_of[account.id] = stay if before is None else replace(stay, payer=before.payer)
    return account


def _registers(town: Town, stay: Stay, day: date) -> dict[str, int]:
    metered = ("water", "irrigation") if stay.place.irrigated else ("water",)
    return {service: town.register(stay.place.no, service, day) for service in metered}


def _party(office: Office, town: Town, stay: Stay) -> dict[str, object]:
    """Who it is, as a clerk types it. A landlord's further accounts are the same customer's."""
    kind = "commercial" if stay.place.kind == "commercial" else "residential"
    found: dict[str, object] = {"customer_class": kind, "tenure": stay.tenure}
    if stay.landlord >= 0 or stay.tenure == "business":
        found["mail_to"] = _mailbox(town, stay)
    if (known := _known(office, town, stay)) is not None:
        return found | {"customer_id": known}
    party = stay.party
    own = {"name": party.name, "kind": party.kind, "phone": party.phone, "email": party.email}
    return found | own | {"language": party.language}


def _mailbox(town: Town, stay: Stay) -> tuple[str, ...]:
    """Landlords and some businesses have their mail sent elsewhere."""
    subject = ("landlord", stay.landlord) if stay.landlord >= 0 else ("stay", stay.key)
    draw = stream(town.recipe.seed, "mailbox", *subject)
    if stay.tenure == "business" and draw.random() < 0.7:
        return ()
    place, zip_ = draw.choice((("Moore", "73153"), ("Norman", "73070"), ("Oklahoma City", "73157")))
    return (stay.party.name, f"PO Box {draw.randrange(100, 9999)}", f"{place}, OK {zip_}")


def _forwarding(town: Town, stay: Stay) -> tuple[str, ...]:
    """Most people who leave say where the final bill goes; a house number in another town, or nothing."""
    draw = stream(town.recipe.seed, "forward", stay.key)
    if stay.landlord >= 0 or draw.random() < 0.35:
        return ()
    street = draw.choice(("W Lindsey St", "NW 23rd St", "S Elm Pl", "E Main St", "N Council Rd", "Garth Brooks Blvd"))
    place, zip_ = draw.choice((("Norman", "73069"), ("Oklahoma City", "73106"), ("Noble", "73068"), ("Tulsa", "74112")))
    return (stay.party.name, f"{draw.randrange(100, 9800)} {street}", f"{place}, OK {zip_}")


def _instalments(town: Town, stay: Stay) -> int:
    """Two of three renters ask to pay the deposit in two parts."""
    return 2 if stay.tenure == "renter" and number(town.recipe.seed, "parts", stay.key, below=3) else 1


def _grades(town: Town, stay: Stay, day: date) -> tuple[int, ...]:
    """The credit check of an owner who comes after the town has opened; who was there before has none on file."""
    if stay.tenure != "owner" or stay.landlord >= 0 or stay.no == 0:
        return ()
    draw = stream(town.recipe.seed, "credit", stay.key)
    return (weighted(draw, [(1, 82), (2, 14), (3, 4)]),)


def _known(office: Office, town: Town, stay: Stay) -> int | None:
    """The customer that these people are already: a landlord with another house, somebody who moves within the town."""
    if stay.landlord >= 0:
        return office.landlords.get(stay.landlord)
    before = town.transfers.get(stay.key)
    account = office.accounts.get(before.key) if before is not None else None
    return account.customer_id if account is not None else None


def _settle(office: Office, town: Town, stay: Stay, day: date, order: int) -> None:
    """What is owed on an earlier account must be paid before a new one starts; it is paid at the counter."""
    customer_id = _known(office, town, stay)
    if customer_id is None:
        return
    earlier = [account.id for account in office.accounts.values() if account.customer_id == customer_id]
    for turn in range(3):  # the first money may go to a deposit that was asked for, and the bill is owed still
        for account_id, cents in ledger.get_balances(earlier).items():
            if cents > 0:
                pay_old_debt(office, town, account_id, cents, day, order + 100 * turn)
