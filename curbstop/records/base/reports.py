"""Reports that were saved, put on a timetable, and made: what was asked, and the file as it was handed out."""

from django.db import models
from django.db.models import Q


class SavedReport(models.Model):
    """A report with what is asked of it, by a name; with ``question`` it asks the view ``code``."""

    id = models.BigAutoField(primary_key=True)
    name = models.TextField()
    code = models.TextField()  # of a report, or of the view that the question asks
    asked = models.JSONField(default=dict)
    question = models.JSONField(null=True)
    by = models.ForeignKey("base.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "base_savedreport"


class SavedReportEnd(models.Model):
    """A saved report that nobody sees any longer."""

    saved = models.OneToOneField(SavedReport, primary_key=True, on_delete=models.PROTECT, related_name="end")
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "base_savedreportend"


class ReportSchedule(models.Model):
    """A saved report that is made and told of by e-mail: every day, every Monday, or on the first of each month."""

    id = models.BigAutoField(primary_key=True)
    saved = models.ForeignKey(SavedReport, on_delete=models.PROTECT, related_name="schedules")
    every = models.TextField()  # day week month
    media = models.TextField()  # csv xlsx pdf
    to = models.TextField()
    from_on = models.DateField()
    by = models.ForeignKey("base.User", on_delete=models.PROTECT, related_name="+")
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "base_reportschedule"
        constraints = [
            models.CheckConstraint(condition=Q(every__in=["day", "week", "month"]), name="base_reportschedule_every"),
            models.CheckConstraint(condition=Q(media__in=["csv", "xlsx", "pdf"]), name="base_reportschedule_media"),
        ]


class ReportScheduleEnd(models.Model):
    """A timetable that ended."""

    schedule = models.OneToOneField(ReportSchedule, primary_key=True, on_delete=models.PROTECT, related_name="end")
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "base_reportscheduleend"


class MadeReport(models.Model):
    """A report as it was handed out: who asked what, and the file's bytes, which stay what they were."""

    id = models.BigAutoField(primary_key=True)
    code = models.TextField()
    title = models.TextField()
    asked = models.JSONField()
    name = models.TextField()
    media = models.TextField()
    rows = models.IntegerField()
    sha256 = models.BinaryField()
    body = models.BinaryField()
    on = models.DateField()
    schedule = models.ForeignKey(ReportSchedule, null=True, on_delete=models.PROTECT, related_name="made")
    by = models.ForeignKey("base.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "base_madereport"
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "on"], condition=Q(schedule__isnull=False), name="base_madereport_once_a_day"
            ),
        ]
