"""A worker that posts a run, as a process of its own: ``python -m tests.office.bill_worker RUN``. It is there to be
killed."""

import sys

import django


def main(run: int) -> None:
    django.setup()
    from curbstop.office import bills
    from tests.office import bill_town as town

    print("ready", flush=True)
    bills.post_all(
        run=run, by=town.system(), at=town.at_on(town.FEB, 18), progress=lambda far: print(far.chunks_done, flush=True)
    )
    print("done", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
