"""People on an account, what proves who they are, what was changed and on whose word, and the papers of it."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from curbstop.records.base.models import User


class Paper(models.Model):
    """A paper that was handed in, as a file. ``restricted``: sealed, and shown to a supervisor only.

    Its body is that of the file, or of a restricted one a sealed box of its base64.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey("customers.Account", on_delete=models.PROTECT, related_name="papers")
    kind = models.TextField()  # application change confidential programme
    says = models.TextField()  # "death certificate"
    name = models.TextField()
    media = models.TextField()
    sha256 = models.BinaryField()
    restricted = models.BooleanField(default=False)
    body = models.BinaryField()
    on = models.DateField()
    event_id = models.BigIntegerField()


class Person(models.Model):
    """Somebody on an account beside its holder: in which role, with which rights, on which days.

    Only the last day of a row may change.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey("customers.Account", on_delete=models.PROTECT, related_name="people")
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="roles")
    role = models.TextField()
    may = ArrayField(models.TextField(), default=list)
    mail_to = ArrayField(models.TextField(), default=list)  # where a copy goes
    authority = models.TextField()  # "signed at the counter", "power of attorney of 2026-03-01"
    paper = models.ForeignKey(Paper, null=True, on_delete=models.PROTECT, related_name="+")
    during = DateRangeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="customers_person_once",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    ("customer", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(role__in=["co_holder", "guarantor", "third_party", "landlord", "agent"]),
                name="customers_person_role",
            ),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False), name="customers_person_days"
            ),
        ]


class Identity(models.Model):
    """Something that proves a customer: the last of a kind counts.

    ``digest`` is keyed and finds the same value again; only a date of birth is kept to be read (``box``), because a
    programme asks for the age.
    """

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="identities")
    kind = models.TextField()  # born_on ssn4 password document
    digest = models.BinaryField()
    box = models.BinaryField(default=b"", db_default=b"")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["born_on", "ssn4", "password", "document"]), name="customers_identity_kind"
            )
        ]
        indexes = [models.Index(fields=["kind", "digest"], name="customers_identity_same")]


class Change(models.Model):
    """A master change: what it was, what it became, from which day, who asked and how that was proved.

    ``before`` and ``after`` are sealed (``box``) where the account is confidential, and then empty here.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey("customers.Account", on_delete=models.PROTECT, related_name="changes")
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="changes")
    what = models.TextField()  # name mail_to phone email language holder
    before = models.JSONField()
    after = models.JSONField()
    box = models.BinaryField(default=b"", db_default=b"")
    postal = models.TextField(default="", db_default="")  # the new address in the form of the post
    on = models.DateField()
    reason = models.TextField()
    asked_by = models.TextField()
    capacity = models.TextField()  # holder co_holder agent city
    channel = models.TextField()
    proofs = ArrayField(models.TextField(), default=list)
    paper = models.ForeignKey(Paper, null=True, on_delete=models.PROTECT, related_name="+")
    event_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["account", "what", "on", "id"], name="customers_change_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(what__in=["name", "mail_to", "phone", "email", "language", "holder"]),
                name="customers_change_what",
            )
        ]


class Deceased(models.Model):
    """A customer who died: no letter is addressed to him again."""

    customer = models.OneToOneField(
        "customers.Customer", primary_key=True, on_delete=models.PROTECT, related_name="deceased"
    )
    on = models.DateField()
    paper = models.ForeignKey(Paper, null=True, on_delete=models.PROTECT, related_name="+")
    event_id = models.BigIntegerField()


class ChangeFile(models.Model):
    """A file of changes that was applied; the same bytes once."""

    id = models.BigAutoField(primary_key=True)
    name = models.TextField()
    sha256 = models.BinaryField(unique=True)
    authority = models.TextField()
    rows = models.IntegerField()
    changed = models.IntegerField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    event_id = models.BigIntegerField()
