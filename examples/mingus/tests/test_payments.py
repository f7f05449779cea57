import pytest

from mingus import create_app
from mingus.payments import PaymentClient, PaymentRefused


def signed_in(processor):
    app = create_app(
        {"TESTING": True, "RATELIMIT_ENABLED": False, "PROCESSOR_URL": processor.url, "PROCESSOR_TOKEN": "t0ken"}
    )
    client = app.test_client()
    client.post("/session", json={"user": "ada"})
    client.put("/account", json={"number": "12345678"})
    return client


def test_a_payment_reaches_the_processor_with_our_token(service):
    processor = service({("POST", "/charges"): (201, {"id": "r-1"})})
    answer = signed_in(processor).post("/payments", json={"cents": 995})
    assert (answer.status_code, answer.json) == (201, {"receipt": "r-1"})
    [(_, _, headers, body)] = processor.asked
    assert headers["Authorization"] == "Bearer t0ken"
    assert body == {"account": "12345678", "cents": 995}


def test_a_refusal_is_passed_on(service):
    processor = service({("POST", "/charges"): (402, {})})
    answer = signed_in(processor).post("/payments", json={"cents": 995})
    assert (answer.status_code, answer.json) == (402, {"error": "the processor answered 402"})


def test_amounts_are_checked_before_anything_is_sent(service):
    processor = service({})
    for cents in (0, -5, "10", None, 1.5):
        assert signed_in(processor).post("/payments", json={"cents": cents}).status_code == 400
    assert processor.asked == []


def test_a_processor_that_does_not_answer_is_a_refusal():
    with pytest.raises(PaymentRefused, match="does not answer"):
        PaymentClient("http://127.0.0.1:9", "t").charge("1", 1)
