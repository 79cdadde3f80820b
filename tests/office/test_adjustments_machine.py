"""Requests, approvals, refusals and withdrawals in any order by anybody: a machine that tries to get round them."""

from django.db import connection
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from curbstop.office import adjustments, ledger, links
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.ledger.models import Request, Transaction, Verdict
from tests.books import DAY, account, at_on, key, person, set_policy
from tests.office.payment_town import bill, raise_town, take, ties
from tests.office.requests import ask, people, set_limits

# amounts of which two, or one, pass a supervisor's limit: by chance alone a short run would hardly meet it
CENTS = st.sampled_from([1, 9000, 18000, 25001]) | st.integers(1, 30000)
DECIDES = st.sampled_from(["supervisor", "boss", "director", "clerk", "second"])
WHO = ["clerk", "second", "supervisor", "boss", "director", "cashier"]
LIMIT = 25000


class Approvals(RuleBasedStateMachine):
    """A town of three accounts, of which one is the clerk's own; everybody tries everything."""

    requests = Bundle("requests")

    @initialize()
    def town(self) -> None:
        raise_town()
        people()
        set_limits()
        set_policy("void.when", "same day, drawer still open")
        person("second", "csr")
        person("boss", "supervisor")
        self.accounts = [account(1_000_001 + n) for n in range(3)]
        for of in self.accounts:
            for _ in range(4):
                bill(of)
        links.link(
            key=key(), by=person("supervisor"), at=at_on(DAY), account_id=self.accounts[2].id, username="clerk", on=DAY
        )
        self.own = self.accounts[2].id
        self.tried = 0

    def attempt(self, act):  # type: ignore[no-untyped-def]
        """Do it, or be refused with an event; the books say the same before and after a refusal."""
        before = (Transaction.objects.count(), Verdict.objects.count(), Request.objects.count())
        events = Event.objects.count()
        try:
            return act()
        except Refused as refusal:
            assert (Transaction.objects.count(), Verdict.objects.count(), Request.objects.count()) == before
            assert Event.objects.count() == events + 1 and Event.objects.latest("id").denied
            assert str(refusal)
            return None

    @rule(target=requests, who=st.sampled_from(WHO), n=st.integers(0, 2), cents=CENTS)
    def ask_a_credit(self, who, n, cents):  # type: ignore[no-untyped-def]
        return self.attempt(lambda: ask(who, account_id=self.accounts[n].id, cents=cents))

    @rule(target=requests, who=st.sampled_from(WHO), n=st.integers(0, 2), cents=st.integers(1, 9000))
    def pay_and_ask_a_void(self, who, n, cents):  # type: ignore[no-untyped-def]
        receipt = take(self.accounts[n], cents)
        return self.attempt(
            lambda: ask(who, kind="void", reason="wrong_amount", evidence=(), series="T1", no=receipt.no)
        )

    @rule(target=requests, who=st.sampled_from(WHO), n=st.integers(0, 1), cents=st.integers(1, 9000))
    def pay_and_ask_a_move(self, who, n, cents):  # type: ignore[no-untyped-def]
        receipt = take(self.accounts[n], cents)
        return self.attempt(
            lambda: ask(
                who, kind="move_payment", reason="wrong_account", series="T1", no=receipt.no,
                from_account_id=self.accounts[n].id, to_account_id=self.accounts[1 - n].id,
            )
        )  # fmt: skip

    def decide(self, act, request, who, **more):  # type: ignore[no-untyped-def]
        if request is None:
            return None
        given = {"key": key(), "by": person(who), "at": at_on(DAY), "request_id": request.request_id, "on": DAY}
        return self.attempt(lambda: act(**given, **more))

    @rule(request=requests, who=DECIDES, twice=st.booleans())
    def approve(self, request, who, twice):  # type: ignore[no-untyped-def]
        done = self.decide(adjustments.approve, request, who)
        if done is not None and twice:
            before = ledger.get_balances([of.id for of in self.accounts])
            self.decide(adjustments.approve, request, "director")
            assert ledger.get_balances([of.id for of in self.accounts]) == before

    @rule(request=requests, who=st.sampled_from(WHO))
    def refuse(self, request, who):  # type: ignore[no-untyped-def]
        self.decide(adjustments.refuse, request, who, reason="no")

    @rule(request=requests, who=st.sampled_from(WHO))
    def withdraw(self, request, who):  # type: ignore[no-untyped-def]
        self.decide(adjustments.withdraw, request, who)

    @invariant()
    def two_people_and_only_the_approved_is_posted(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select id from base_user where username = 'clerk'")
            found = cursor.fetchone()
        if found is None:
            return
        ties()
        for verdict in Verdict.objects.select_related("request", "by"):
            request = verdict.request
            posted = Transaction.objects.filter(approval_id=request.pk)
            if verdict.step != "approved":
                assert not posted.exists()
                continue
            assert verdict.by_id != request.asked_by_id and posted.exists()
            assert not (self.own in request.account_ids and verdict.by.username == "clerk")
            assert verdict.by.username in ("supervisor", "boss", "director")
        waiting = Request.objects.filter(verdict=None).values_list("id", flat=True)
        assert not Transaction.objects.filter(approval_id__in=list(waiting)).exists()
        assert not Request.objects.filter(asked_by_id=found[0], account_ids__contains=[self.own]).exists()

    @invariant()
    def no_supervisor_passes_the_limit(self) -> None:
        given: dict[int, int] = {}
        rows = Verdict.objects.filter(step="approved").select_related("request").order_by("event_id")
        for verdict in rows:
            if verdict.request.kind != "adjust":
                continue
            (account_id,) = verdict.request.account_ids
            given[account_id] = given.get(account_id, 0) + verdict.request.cents
            assert verdict.level != "supervisor" or given[account_id] <= LIMIT


class TestApprovals(TestCase):
    """The machine, each run in a transaction that is undone."""

    def test_a_supervisor_approves_to_his_limit_and_not_a_cent_more(self) -> None:
        walk = Approvals()
        walk.town()
        of = walk.accounts[0].id
        first, second = (ask("clerk", account_id=of, cents=cents) for cents in (9_000, LIMIT - 9_000))
        for request in (first, second):
            assert walk.decide(adjustments.approve, request, "supervisor").level == "supervisor"
        for cents in (1, 2):
            more = ask("clerk", account_id=of, cents=cents)
            assert walk.decide(adjustments.approve, more, "supervisor") is None
        assert walk.decide(adjustments.approve, more, "director").level == "finance_director"
        alone = ask("clerk", account_id=walk.accounts[1].id, cents=LIMIT + 1)
        assert walk.decide(adjustments.approve, alone, "boss") is None
        walk.no_supervisor_passes_the_limit()

    def test_nothing_gets_round_it(self) -> None:
        from django.db import transaction
        from hypothesis.stateful import run_state_machine_as_test

        class Undone(Approvals):
            def __init__(self) -> None:
                super().__init__()
                self.point = transaction.savepoint()

            def teardown(self) -> None:
                transaction.savepoint_rollback(self.point)

        run_state_machine_as_test(Undone, settings=settings(max_examples=15, stateful_step_count=25, deadline=None))
