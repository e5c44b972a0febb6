from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.test import EnvironBuilder

from feedloop import http
from feedloop.domain import errors
from tests.support.strategies import any_text

HERE = http.Context("a replica")


def call(body=b"", method="POST", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return http.Event(body, Headers(named), method, MultiDict(), "/")


def form(**parts):
    """A call as a browser sends a form."""
    builder = EnvironBuilder(method="POST", data=parts)
    request = builder.get_request()
    sent = call(request.get_data(), content_type=request.content_type or "")
    builder.close()
    return sent


def json(body):
    return call(body, content_type="application/json; charset=utf-8")


@pytest.mark.parametrize("sent", [form(prediction_id="p1"), json(b'{"prediction_id": "p1"}')], ids=["form", "json"])
def test_a_field_comes_as_form_or_as_json(sent):
    assert http.field(sent, "prediction_id") == "p1"


def test_a_field_may_come_beside_a_file():
    assert http.field(form(prediction_id="p1", file=(BytesIO(b"x"), "x.jpg")), "prediction_id") == "p1"


@pytest.mark.parametrize(
    "sent", [form(other="x"), form(prediction_id=""), json(b'{"prediction_id": null}'), call(b"x")]
)
def test_a_missing_field_is_named(sent):
    with pytest.raises(errors.BadRequest, match="prediction_id"):
        http.field(sent, "prediction_id")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(body):
    with pytest.raises(errors.BadRequest, match="JSON"):
        http.fields(json(body))


@given(st.binary(max_size=200), st.sampled_from(["", "; boundary=x", "; boundary=", "; boundary=é"]))
def test_any_form_is_read_or_refused(body, boundary):
    sent = call(body, content_type=f"multipart/form-data{boundary}")
    try:
        head = isinstance(http.fields(sent), dict)
    except errors.BadRequest as error:
        head = "form" in str(error)
    assert head


def part(head, body=b"picture"):
    """A form of one part, with what its head says."""
    whole = b"--x\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + body + b"\r\n--x--\r\n"
    return call(whole, content_type="multipart/form-data; boundary=x")


@pytest.mark.parametrize("head", [b'filename="' + b"a" * 400_000 + b'"', b"; a=" * 200_000, b"\r\nA: b" * 100_000])
def test_a_forms_heads_have_little_room(head):
    """Looking for their end and their parts takes seconds of a processor when they are as long as a picture."""
    with pytest.raises(errors.BadRequest, match="form"):
        http.upload(part(b'name="file"; ' + head))


@pytest.mark.parametrize(
    "sent",
    [
        json(b'{"prediction_id": "p1", "a": [' + b"1," * 100_000 + b"1]}"),
        call(b"prediction_id=p1" + b"&a=b" * 100_000, content_type="application/x-www-form-urlencoded"),
        part(b'name="prediction_id"', b"p" * 400_000),
    ],
    ids=["json", "urlencoded", "multipart"],
)
def test_fields_have_little_room(sent):
    with pytest.raises(errors.BadRequest):
        http.field(sent, "prediction_id")


@pytest.mark.parametrize("unit", [b"\r", b"\n", b"\r\n", b"\r\n--", b"\r\n--y", b"--x--", b"\0"])
def test_a_picture_of_any_bytes_has_all_its_room(unit):
    picture = b"a" + unit * (5_000_000 // len(unit)) + b"a"
    assert http.upload(part(b'name="file"; filename="a.jpg"', picture)) == http.Upload(picture, "a.jpg")


NAMED = {
    b'filename="caf\xe9.jpg"': "café.jpg",  # Latin-1
    'filename="café.jpg"'.encode(): "café.jpg",
    b"filename*=UTF-8''caf%C3%A9.jpg": "café.jpg",
    b"filename*=ISO-8859-1''caf%E9.jpg": "café.jpg",
    b"filename*=UTF-8''%FF%ZZ": "\ufffd%ZZ",
    b"filename*=KOI8-R''%C1": "%C1",
    b'filename="=?utf-8?B?Y2Fmw6k=?="': "=?utf-8?B?Y2Fmw6k=?=",
    b'filename="\x83e\x83X.jpg"': "\x83e\x83X.jpg",  # Shift JIS: nobody says so
    b'filename="a\\"b.jpg"': 'a"b.jpg',
    b'filename="a%22b.jpg"': 'a"b.jpg',
    b'filename="a%zz%.jpg"': "a%zz%.jpg",
    b'filename="a.jpg': "",
    b"filename=a b.jpg": "a",
    b'filename=""': "",
    b"": "",
    b'filename="a.jpg"\r\nX-More: \xe9': "a.jpg",
}


@pytest.mark.parametrize("head", NAMED)
def test_a_picture_is_taken_however_its_file_is_named(head):
    assert http.upload(part(b'name="file"; ' + head)) == http.Upload(b"picture", NAMED[head])


@pytest.mark.parametrize("boundary", ['"a b:c"', '"(.+)*"', "y" * 200])
def test_a_boundary_may_have_any_signs(boundary):
    line = f"--{boundary.strip(chr(34))}".encode()
    body = (
        b"before\r\n" + line + b'  \r\nContent-Disposition: form-data;\r\n name="file"\r\n\r\n--x--\r\n' + line + b"--"
    )
    sent = call(body, content_type=f"Multipart/Form-Data; charset=utf-8; Boundary={boundary}")
    assert http.upload(sent).body == b"--x--"


@pytest.mark.parametrize("kind", ["", "; boundary=", "; boundary=other", "; boundary=\xe9"])
def test_a_form_without_its_boundary_is_refused(kind):
    body = part(b'name="file"; filename="a.jpg"').body
    with pytest.raises(errors.BadRequest, match="form"):
        http.upload(call(body, content_type=f"multipart/form-data{kind}"))


@pytest.mark.parametrize("cut", range(1, 30, 7))
def test_a_form_that_ends_before_its_last_boundary_is_refused(cut):
    body = part(b'name="file"; filename="a.jpg"').body.rstrip()[:-cut]
    with pytest.raises(errors.BadRequest, match="form"):
        http.upload(call(body, content_type="multipart/form-data; boundary=x"))


@given(st.binary(min_size=1), any_text.filter(lambda name: name.isprintable() and name.isalnum()))
def test_an_upload_keeps_its_bytes_and_its_name(picture, name):
    found = http.upload(form(file=(BytesIO(picture), f"{name}.jpg")))
    assert found == http.Upload(picture, f"{name}.jpg")


@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream", "application/x-www-form-urlencoded", ""])
def test_the_body_itself_may_be_the_picture(kind):
    assert http.upload(call(b"picture", content_type=kind)) == http.Upload(b"picture", "")


@pytest.mark.parametrize("sent", [call(), form(picture=(BytesIO(b"x"), "x.jpg")), form(file=(BytesIO(b""), "x.jpg"))])
def test_a_call_without_a_picture_is_told_how_to_send_one(sent):
    with pytest.raises(errors.BadRequest, match="multipart field `file`"):
        http.upload(sent)


@pytest.mark.parametrize("header", ["Bearer right", "bearer right", "BEARER   right"])
def test_the_token_opens_with_its_scheme_in_any_case(header):
    assert http.has_token(call(authorization=header), "right")


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer é", "right", "Basic right", "Bearerright", "Bearer", ""])
def test_nothing_else_opens(header):
    assert not http.has_token(call(authorization=header), "right")


def test_no_header_is_no_token():
    assert not http.has_token(call(), "right")


@pytest.mark.parametrize("error", http.STATUS, ids=lambda error: error.__name__)
def test_every_refusal_has_the_same_shape(error):
    made = error("Do this.", 10) if error in {errors.TooLarge, errors.TooOften} else error("Do this.")
    answer = http.problem_response(made)
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert answer["body"]["type"].startswith("urn:feedloop:problem:")
    assert (answer["body"]["status"], bool(answer["body"]["detail"])) == (answer["statusCode"], True)


@pytest.mark.parametrize("error", [errors.StoreDown, errors.StoreMisconfigured])
def test_a_stores_own_words_stay_in_the_log(error, capsys):
    assert "10.1.2.3" not in str(http.problem_response(error("no answer from 10.1.2.3")))
    assert "10.1.2.3" in capsys.readouterr().out


def test_a_refusal_for_size_tells_the_limit():
    assert http.problem_response(errors.TooLarge("Too large.", 10))["body"]["limit"] == 10


@pytest.mark.parametrize("error", [errors.StoreDown, errors.DayClosing, errors.NoModel])
def test_what_may_be_repeated_says_when(error):
    assert int(http.problem_response(error("x"))["headers"]["Retry-After"]) > 0


def test_an_error_of_the_inside_tells_nothing():
    answer = http.problem_response(errors.Malformed("the secret key is 42"))
    assert (answer["statusCode"], "42" in str(answer)) == (500, False)


def test_a_handler_that_refuses_answers_with_the_problem():
    @http.endpoint("POST")
    def handle(_event, _context):
        raise errors.UnknownPrediction("There is no such prediction.")

    assert handle(call(), HERE)["statusCode"] == 404


def test_another_method_is_refused_with_those_that_work():
    handle = http.endpoint("GET", "POST")(lambda _event, _context: http.json_response({}))
    answer = handle(call(method="PUT"), HERE)
    assert (answer["statusCode"], answer["body"]["detail"]) == (405, "Use GET or HEAD or POST.")
    assert answer["headers"]["Allow"] == "GET, HEAD, POST"


def test_who_asks_for_the_head_alone_is_answered_as_for_the_whole():
    handle = http.endpoint("GET", "POST")(lambda event, _context: http.json_response({"method": event.method}))
    assert handle(call(method="HEAD"), HERE) == handle(call(method="GET"), HERE)


def test_what_cannot_be_read_has_no_head_either():
    refusal = http.endpoint("POST")(lambda _event, _context: http.json_response({}))(call(method="HEAD"), HERE)
    assert (refusal["statusCode"], refusal["headers"]["Allow"]) == (405, "POST")
