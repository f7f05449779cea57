from mingus import create_app


def test_health_says_that_the_vault_works(client):
    answer = client.get("/health")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "vault": True})


def test_an_account_needs_a_session(client):
    assert client.put("/account", json={"number": "12345678"}).status_code == 401


def test_an_account_number_is_stored_sealed_and_shown_masked():
    app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False})
    client = app.test_client()
    client.post("/session", json={"user": "ada"})
    assert client.put("/account", json={"number": "12345678"}).status_code == 204
    assert "12345678" not in str(app.extensions["mingus_accounts"])
    assert client.get("/account").json == {"number": "******5678"}


def test_a_session_cookie_cannot_be_forged(client):
    client.set_cookie("session", "eyJ1c2VyIjoiYWRhIn0.forged.signature")
    assert client.put("/account", json={"number": "1"}).status_code == 401


def test_sign_in_is_limited():
    client = create_app({"TESTING": True}).test_client()
    codes = [client.post("/session", json={"user": "ada"}).status_code for _ in range(6)]
    assert codes == [201] * 5 + [429]


def test_cors_lets_only_our_own_origin_in(client):
    ours = client.get("/health", headers={"Origin": "https://app.mingus.example"})
    theirs = client.get("/health", headers={"Origin": "https://evil.example"})
    assert ours.headers["Access-Control-Allow-Origin"] == "https://app.mingus.example"
    assert "Access-Control-Allow-Origin" not in theirs.headers
