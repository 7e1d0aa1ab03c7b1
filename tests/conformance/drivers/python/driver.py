"""The conformance driver for Python: README.md two folders up describes the protocol."""

from __future__ import annotations

import ast
import base64
import datetime
import json
import logging
import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import kmsak

Request = dict[str, Any]
Answer = dict[str, Any]


class RejectedError(Exception):
    """What a cloud service's SDK raises."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Lines(logging.Handler):
    """Keeps every line."""

    def __init__(self) -> None:
        super().__init__(1)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.lines.append(record.getMessage())


def plain(value: Any) -> Any:
    """Give `value` as JSON has it, lengths of time in seconds."""
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, kmsak.KmsakError):
        return failure(value)["error"]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    return value


def failure(error: kmsak.KmsakError) -> Answer:
    """Give an error's parts."""
    return {
        "error": {
            "kind": error.kind,
            "code": error.code,
            "request_id": error.request_id,
            "retryable": error.retryable,
            "message": str(error),
            "cause": None if error.__cause__ is None else str(error.__cause__),
        }
    }


def declared() -> dict[str, list[str]]:
    """Give the keywords of functions in the stub, which is what people declare by hand."""
    stub = ast.parse((Path(kmsak.__file__).parent / "_kmsak.pyi").read_text())
    return {
        f"{kind.name}.{function.name}": [argument.arg for argument in function.args.args + function.args.kwonlyargs]
        for kind in stub.body
        if isinstance(kind, ast.ClassDef)
        for function in kind.body
        if isinstance(function, ast.FunctionDef)
    }


class Driver:
    """Does what the requests say, through the public API."""

    def __init__(self) -> None:
        self.provider: kmsak.Provider | None = None
        self.subscription: kmsak.Subscription | None = None
        self.events: queue.Queue[kmsak.Event] = queue.Queue()
        self.unread: list[kmsak.Event] = []
        self.latest: dict[str, Any] = {}
        self.lines = Lines()
        logger = logging.getLogger("kmsak")
        logger.addHandler(self.lines)
        logger.setLevel(1)

    def answer(self, request: Request) -> Answer:
        """Do one request."""
        operation: Callable[[Request], Any] = getattr(self, request["op"])
        try:
            return {"ok": operation(request)}
        except kmsak.KmsakError as error:
            self.latest["error"] = error
            return failure(error)
        except TimeoutError as error:
            return {
                "error": {
                    "kind": "timeout",
                    "code": None,
                    "request_id": None,
                    "retryable": False,
                    "message": str(error),
                    "cause": None,
                }
            }

    def opened(self) -> kmsak.Provider:
        """Give the provider, which the runner opened before."""
        assert self.provider is not None, "open comes first"
        return self.provider

    def open(self, request: Request) -> Answer:
        """Open a provider in place of the one before."""
        return self.begin(lambda: kmsak.Provider.from_file(request["file"]))

    def open_code(self, request: Request) -> Answer:
        """Open a provider from code."""
        gateway = kmsak.Gateway.shared(**request["gateway"])
        return self.begin(lambda: kmsak.Provider(gateways=[gateway], **request["options"]))

    def describe(self, request: Request) -> Answer:
        """Tell what Python has, as `dir` and the stub see it."""
        del request
        keywords = declared()
        documented = kmsak.Provider.__doc__ or ""
        rows = {
            "stats": kmsak.Stats,
            "secret_stats": kmsak.SecretStats,
            "endpoint_stats": kmsak.EndpointStats,
            "client_key_stats": kmsak.ClientKeyStats,
            "identity_info": kmsak.IdentityInfo,
        }
        errors = [one for one in vars(kmsak).values() if isinstance(one, type) and issubclass(one, kmsak.KmsakError)]
        return {
            "language": "python",
            "options": [
                name
                for name in keywords["Provider.__new__"]
                if name != "cls" and (name.startswith("_") or f"        {name}: " in documented)
            ],
            "gateway_options": sorted({*keywords["Gateway.shared"], *keywords["Gateway.instance"]}),
            "events": {one.name: [field.name for field in fields(one)] for one in kmsak.Event.__subclasses__()},
            "stats": {name: [field.name for field in fields(one)] for name, one in rows.items()},
            "error_kinds": sorted({one.kind for one in errors}),
            "error": [*dir(kmsak.KmsakError), *kmsak.KmsakError.__annotations__],
            "secret": dir(kmsak.Secret),
            "credentials": dir(kmsak.Credentials),
            "provider": dir(kmsak.Provider),
        }

    def begin(self, opened: Callable[[], kmsak.Provider]) -> Answer:
        """Open a provider in place of the one before."""
        if self.provider is not None:
            self.provider.close()
        self.events = queue.Queue()
        self.unread = []
        self.provider = opened()
        self.latest["provider"] = self.provider
        self.subscription = self.provider.subscribe(self.events.put)
        return {}

    def shown_credentials(self, credentials: kmsak.Credentials) -> Answer:
        """Give what the runner looks at."""
        self.latest["credentials"] = credentials
        return {
            "access_key_id": credentials.access_key_id,
            "access_key_secret": credentials.access_key_secret,
            "version_id": credentials.version_id,
        }

    def shown_secret(self, secret: kmsak.Secret) -> Answer:
        """Give what the runner looks at."""
        self.latest["secret"] = secret
        return {
            "name": secret.name,
            "secret_type": secret.secret_type,
            "text": secret.text,
            "base64": base64.b64encode(secret.bytes).decode(),
            "binary": secret.is_binary,
            "version_id": secret.version_id,
            "version_stages": secret.version_stages,
        }

    def credentials(self, request: Request) -> Answer:
        """Fetch or read an AccessKey."""
        return self.shown_credentials(self.opened().credentials(request["name"]))

    def secret(self, request: Request) -> Answer:
        """Fetch or read a secret."""
        return self.shown_secret(self.opened().secret(request["name"]))

    def refresh(self, request: Request) -> Answer:
        """Fetch a secret anew."""
        return self.shown_secret(self.opened().refresh(request["name"]))

    def renew(self, request: Request) -> Answer:
        """Ask for another AccessKey."""
        return self.shown_credentials(self.opened().renew(request["name"], request["rejected_id"]))

    def call(self, request: Request) -> Answer:
        """Run a call to a service that rejects some AccessKeys."""
        runs = 0

        def service(credentials: kmsak.Credentials) -> str:
            nonlocal runs
            runs += 1
            if credentials.access_key_id in request["rejects"]:
                raise RejectedError(request["code"], request.get("message", ""))
            return credentials.access_key_id

        try:
            return {"access_key_id": self.opened().call(request["name"], service), "runs": runs}
        except RejectedError as error:
            return {"service_error": error.code, "runs": runs}

    def concurrently(self, request: Request) -> Answer:
        """Do one request in many threads at once."""
        count = request["threads"]
        barrier = threading.Barrier(count)
        answers: list[Answer] = [{}] * count

        def run(index: int) -> None:
            barrier.wait()
            answers[index] = self.answer(request["do"])

        threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"answers": answers}

    def wait_event(self, request: Request) -> Answer:
        """Wait for the next event of a name."""
        until = datetime.datetime.now() + datetime.timedelta(seconds=60)
        while True:
            for event in self.unread:
                if event.name == request["name"]:
                    self.unread.remove(event)
                    self.latest["event"] = event
                    shown = plain(event)
                    assert isinstance(shown, dict)
                    return shown
            left = (until - datetime.datetime.now()).total_seconds()
            try:
                self.unread.append(self.events.get(timeout=max(left, 0.001)))
            except queue.Empty:
                raise TimeoutError(f"no event {request['name']} within 60 s") from None

    def stats(self, request: Request) -> Any:
        """Give the statistics."""
        del request
        return plain(self.opened().stats())

    def is_rejection(self, request: Request) -> Answer:
        """Say whether an error is a rejection."""
        return {"is_rejection": self.opened().is_rejection(request["code"], request.get("message"))}

    def shown(self, request: Request) -> Answer:
        """Give all that Python prints for the latest of everything."""
        del request
        texts = [show(one) for one in self.latest.values() for show in (repr, str, "{}".format)]
        return {"texts": texts}

    def logs(self, request: Request) -> Answer:
        """Give every line logged so far."""
        del request
        return {"lines": list(self.lines.lines)}

    def close(self, request: Request) -> Answer:
        """Close the provider."""
        del request
        self.opened().close()
        return {}


def main() -> None:
    """Answer each line of standard input."""
    driver = Driver()
    for line in sys.stdin:
        print(json.dumps(driver.answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
