"""`POST /api/schedules/preview`."""

from rest_client import RestClient

SPRING = {
    "scheduleConfig": {
        "cron": ["30 2 * * *", "0 12 * * *"],
        "timezone": "Europe/Paris",
        "exclude": ["2026-03-30"],
    },
    "from": "2026-03-29T00:00:00Z",
    "until": "2026-03-30T12:00:00Z",
}


def test_a_draft_is_played_with_its_skips_and_the_change_of_the_clock(client: RestClient) -> None:
    answer = client.post("/api/schedules/preview", SPRING)

    assert answer.status == 200
    assert answer.body == {
        "from": "2026-03-29T00:00:00.000000Z",
        "until": "2026-03-30T12:00:00.000000Z",
        "assumedDuration": 0.0,
        "items": [
            {
                "scheduledTime": "2026-03-29T01:00:00.000000Z",
                "firesAt": "2026-03-29T01:00:00.000000Z",
                "localTime": "2026-03-29T03:00:00+02:00",
                "outcome": "started",
                "reason": None,
                "clockChange": "in the gap of the clock change, runs at its end",
                "through": None,
                "instants": 1,
            },
            {
                "scheduledTime": "2026-03-29T10:00:00.000000Z",
                "firesAt": "2026-03-29T10:00:00.000000Z",
                "localTime": "2026-03-29T12:00:00+02:00",
                "outcome": "started",
                "reason": None,
                "clockChange": None,
                "through": None,
                "instants": 1,
            },
            *(
                {
                    "scheduledTime": f"2026-03-30T{utc}:00.000000Z",
                    "firesAt": f"2026-03-30T{utc}:00.000000Z",
                    "localTime": f"2026-03-30T{local}:00+02:00",
                    "outcome": "skipped",
                    "reason": "excluded",
                    "clockChange": None,
                    "through": None,
                    "instants": 1,
                }
                for utc, local in (("00:30", "02:30"), ("10:00", "12:00"))
            ),
        ],
        "clockChanges": [{"at": "2026-03-29T01:00:00.000000Z", "from": "+01:00", "to": "+02:00"}],
        "next": "2026-03-31T00:30:00.000000Z",
        "truncated": False,
    }
    assert client.get("/api/schedules").body["items"] == []


def test_a_preview_that_is_cut_says_so(client: RestClient) -> None:
    answer = client.post("/api/schedules/preview", {**SPRING, "limit": 1})

    assert len(answer.body["items"]) == 1
    assert answer.body["truncated"] is True
    assert answer.body["next"] == "2026-03-29T10:00:00.000000Z"


def test_a_wrong_draft_is_422_with_the_field(client: RestClient) -> None:
    answer = client.post("/api/schedules/preview", {"scheduleConfig": {"cron": "0 0 31 2 *"}})

    assert (answer.status, answer.fields) == (422, [["scheduleConfig", "cron"]])
    assert client.post("/api/schedules/preview").status == 400
    missing = client.post("/api/schedules/preview", {**SPRING, "scheduleId": "sch_nothing"})
    assert missing.status == 404
