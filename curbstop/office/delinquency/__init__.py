"""What follows when a bill is not paid: late charges, and the ladder to the valve and back."""

from curbstop.office.delinquency.arranging import (
    Agreed,
    ArrangementRow,
    Builder,
    Terms,
    agree_arrangement,
    decline_offer,
    get_builder,
    list_arrangements,
    load_terms,
    offer_catch_ups,
    take_offer,
    withdraw_arrangement,
)
from curbstop.office.delinquency.bankruptcy import (
    Filed,
    PetitionRow,
    end_petition,
    file_petition,
    follow_petitions,
    list_petitions,
    record_assurance,
)
from curbstop.office.delinquency.cutoff import FEE, SKIPS, Frozen, Signed, fee_kind, freeze, sign
from curbstop.office.delinquency.extending import (
    Extended,
    ExtensionRow,
    MayExtend,
    extend,
    get_may_extend,
    list_extensions,
    withdraw_extension,
)
from curbstop.office.delinquency.holding import (
    AreaAccount,
    HoldPlaced,
    HoldRow,
    count_back,
    get_comes_back_days,
    give_back_holds,
    lengthen_hold,
    list_area,
    list_holds,
    list_owners,
    place_hold,
    place_holds_at,
    release_hold,
    release_holds_of,
)
from curbstop.office.delinquency.late import (
    AFTER_FINDING,
    HELD_DISPUTE,
    HELD_PAYMENT_PENDING,
    LATE_RECEIVABLE,
    LATE_REVENUE,
    LateAssessed,
    LateDue,
    LateSettling,
    assess_late,
    get_late_day,
    list_late_due,
    settle_late,
)
from curbstop.office.delinquency.lawful import (
    AtMeter,
    CalledOff,
    NotLawful,
    call_off,
    check_at_meter,
    list_unlawful,
    refuse_at_meter,
    refuse_unlawful,
)
from curbstop.office.delinquency.promising import PromisesSettled, settle_promises
from curbstop.office.delinquency.proving import find_missing, find_unlawful
from curbstop.office.delinquency.restoring import (
    AskedToRestore,
    ToRestore,
    ask_to_restore,
    get_to_restore,
    list_off,
    restore,
)
from curbstop.office.delinquency.run import (
    NightDone,
    NightPlanned,
    Preview,
    Previewed,
    get_night,
    get_preview,
    go_through,
    plan_night,
    run_night,
)
from curbstop.office.delinquency.setting import record_forecast
from curbstop.office.delinquency.telling import Told, call, notify

__all__ = [
    "Filed", "PetitionRow", "end_petition", "file_petition", "follow_petitions", "list_petitions", "record_assurance",
    "AreaAccount", "HoldPlaced", "HoldRow", "count_back", "get_comes_back_days", "give_back_holds", "lengthen_hold",
    "list_area", "list_holds", "list_owners", "place_hold", "place_holds_at", "release_hold", "release_holds_of",
    "Agreed", "ArrangementRow", "Builder", "Extended", "ExtensionRow", "MayExtend", "PromisesSettled", "Terms",
    "agree_arrangement", "decline_offer", "extend", "get_builder", "get_may_extend", "list_arrangements",
    "list_extensions", "load_terms", "offer_catch_ups", "settle_promises", "take_offer", "withdraw_arrangement",
    "withdraw_extension",
    "AFTER_FINDING", "AskedToRestore", "AtMeter", "CalledOff", "FEE", "Frozen", "HELD_DISPUTE",
    "HELD_PAYMENT_PENDING", "LATE_RECEIVABLE", "LATE_REVENUE", "LateAssessed", "LateDue", "LateSettling",
    "NightDone", "NightPlanned", "NotLawful", "Preview", "Previewed", "SKIPS", "Signed", "ToRestore", "Told",
    "ask_to_restore", "assess_late", "call", "call_off", "check_at_meter", "fee_kind", "find_missing",
    "find_unlawful", "freeze", "get_late_day", "get_night", "get_preview", "get_to_restore", "go_through",
    "list_late_due", "list_off", "list_unlawful", "notify", "plan_night", "record_forecast", "refuse_at_meter",
    "refuse_unlawful", "restore", "run_night", "settle_late", "sign",
]  # fmt: skip
