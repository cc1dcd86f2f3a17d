"""The three routes of the original demo, and its decimal amounts read exactly."""
import pytest


def bid(api, item, user, amount):
    """amount: JSON text, so that no float of this side stands between."""
    return api.post("/bid", raw=f'{{"item_id":{item},"user_id":"{user}","amount":{amount}}}')


@pytest.fixture
def item(api, fresh):
    number = 800000 + int(fresh("")) % 100000
    answer = api.post("/init", raw=f'{{"item_id":{number},"start_price":100.0}}')
    assert answer.status == 200 and answer.json()["redis_init"] is True
    return number


def test_init_once(api, item):
    again = api.post("/init", {"item_id": item, "start_price": 5.0})
    assert again.status == 200
    answer = again.json()
    assert set(answer) == {"msg", "redis_init", "start_price"}
    assert answer["redis_init"] is False and isinstance(answer["msg"], str)
    assert api.get_json(f"/item/{item}") == {"price": "100.00", "user_id": "system"}


def test_the_first_bid_must_exceed_the_start_price(api, item):
    equal = bid(api, item, "Alice", "100.0")
    assert equal.status == 200
    answer = equal.json()
    assert answer["status"] == "rejected" and isinstance(answer["msg"], str) and set(answer) == {"status", "msg"}
    assert api.get_json(f"/item/{item}")["user_id"] == "system"
    assert bid(api, item, "Alice", "100.01").json() == {"status": "accepted", "new_price": 100.01}
    assert api.get_json(f"/item/{item}") == {"price": "100.01", "user_id": "Alice"}


def test_bids(api, item):
    assert bid(api, item, "Alice", "105.5").json() == {"status": "accepted", "new_price": 105.5}
    assert bid(api, item, "Bob", "105.5").json()["status"] == "rejected"
    assert bid(api, item, "Bob", "105").json()["status"] == "rejected"
    assert bid(api, item, "Bob", "105.51").json() == {"status": "accepted", "new_price": 105.51}
    assert bid(api, item, "Bob", "106").json() == {"status": "accepted", "new_price": 106}
    assert api.get_json(f"/item/{item}") == {"price": "106.00", "user_id": "Bob"}


@pytest.mark.parametrize("amount, price", [("100.29", "100.29"), ("1001.1", "1001.10"), ("4503599627370.49", None),
                                           ("90071992547409.91", None), ("123456789.10", "123456789.10")])
def test_decimals_are_exact(api, item, amount, price):
    assert bid(api, item, "Alice", amount).json()["status"] == "accepted"
    assert api.get_json(f"/item/{item}")["price"] == (price or amount)


@pytest.mark.parametrize("amount", ["105.505", "-1", "9007199254740993", "90071992547409.92", '"105.5"', "null", "true",
                                    "[]", "1e400"])
def test_amounts_that_are_none(api, item, amount):
    response = bid(api, item, "Alice", amount)
    assert response.status == 400, response
    assert api.get_json(f"/item/{item}") == {"price": "100.00", "user_id": "system"}


def test_unknown_items(api):
    api.problem("GET", "/item/999999999", 404)
    assert bid(api, 999999999, "Alice", "5").status == 404


@pytest.mark.parametrize("body", [{}, {"item_id": 1}, {"start_price": 1.0}, {"item_id": "1", "start_price": 1.0},
                                  {"item_id": 0, "start_price": 1.0}, {"item_id": -1, "start_price": 1.0},
                                  {"item_id": 1.5, "start_price": 1.0}, {"item_id": 899999, "start_price": -1.0},
                                  {"item_id": 899999, "start_price": "x"}, {"item_id": 899999, "start_price": None}],
                         ids=str)
def test_inits_that_make_no_sense(api, body):
    api.problem("POST", "/init", 400, body=body)


def test_the_item_is_an_auction_open_for_a_day(api, item):
    """It is an auction as any other, so its history is there too."""
    bid(api, item, "Alice", "105.5")
    found = api.auction(item)
    assert (found["currency"], found["increment"], found["price"], found["leader"]) == ("CNY", 1, 10550, "Alice")
    assert [each["amount"] for each in api.history(item)] == [10550]
