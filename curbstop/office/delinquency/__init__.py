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
from curbstop.office.delinquency.cutoff import (
    FEE,
    SKIPS,
    Frozen,
    ListPage,
    ListRow,
    Signed,
    fee_kind,
    find_list_day,
    freeze,
    list_lists,
    sign,
)
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
    list_off_rows,
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
from curbstop.office.delinquency.standing import AccountLadder, RungOf, get_account_ladder, get_last_night
from curbstop.office.delinquency.telling import Told, call, list_told, notify

__all__ = [
    "AFTER_FINDING", "AccountLadder", "Agreed", "AreaAccount", "ArrangementRow", "AskedToRestore", "AtMeter",
    "Builder", "CalledOff", "Extended", "ExtensionRow", "FEE", "Filed", "Frozen", "HELD_DISPUTE",
    "HELD_PAYMENT_PENDING", "HoldPlaced", "HoldRow", "LATE_RECEIVABLE", "LATE_REVENUE", "LateAssessed",
    "LateDue", "LateSettling", "ListPage", "ListRow", "MayExtend", "NightDone", "NightPlanned", "NotLawful",
    "PetitionRow", "Preview", "Previewed", "PromisesSettled", "RungOf", "SKIPS", "Signed", "Terms", "ToRestore",
    "Told", "agree_arrangement", "ask_to_restore", "assess_late", "call", "call_off", "check_at_meter",
    "count_back", "decline_offer", "end_petition", "extend", "fee_kind", "file_petition", "find_list_day",
    "find_missing", "find_unlawful", "follow_petitions", "freeze", "get_account_ladder", "get_builder",
    "get_comes_back_days", "get_last_night", "get_late_day", "get_may_extend", "get_night", "get_preview",
    "get_to_restore", "give_back_holds", "go_through", "lengthen_hold", "list_area", "list_arrangements",
    "list_extensions", "list_holds", "list_late_due", "list_lists", "list_off_rows", "list_owners",
    "list_petitions", "list_told", "list_unlawful", "load_terms", "notify", "offer_catch_ups", "place_hold",
    "place_holds_at", "plan_night", "record_assurance", "record_forecast", "refuse_at_meter", "refuse_unlawful",
    "release_hold", "release_holds_of", "restore", "run_night", "settle_late", "settle_promises", "sign",
    "take_offer", "withdraw_arrangement", "withdraw_extension",
]  # fmt: skip
