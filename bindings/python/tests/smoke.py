"""What must work on every CPython that the wheel is for: python smoke.py CONFIG SECRET OTHER_SECRET. Without pytest."""

import asyncio
import datetime
import logging
import os
import queue
import sys

import kmsak


async def in_asyncio(provider: kmsak.Provider, name: str, old: kmsak.Credentials) -> None:
    """Await, and hear of it."""
    events = provider.events()
    assert (await provider.credentials_async(name)) == old
    refreshed = await provider.refresh_async(name)
    async for event in events:
        if isinstance(event, kmsak.Fetched):
            assert event.version_id == refreshed.version_id
            break
    events.close()


def main() -> None:
    """Do it."""
    config, name, other = sys.argv[1:]
    logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
    with kmsak.Provider.from_file(config) as provider:
        heard: queue.SimpleQueue[kmsak.Event] = queue.SimpleQueue()
        provider.subscribe(heard.put)
        credentials = provider.credentials(name)
        assert provider.credentials(name) == credentials
        assert heard.get(timeout=60) == kmsak.Fetched(name, credentials.version_id)
        assert credentials.generate_timestamp is not None
        assert credentials.generate_timestamp.tzinfo == datetime.timezone.utc
        assert provider.call(name, lambda given, word: word + given.access_key_id, "id ").startswith("id ")
        asyncio.run(in_asyncio(provider, name, credentials))
        failure: kmsak.KmsakError | None = None
        try:
            provider.secret("no/such")
        except kmsak.NotFoundError as error:
            failure = error
        assert failure is not None
        assert failure.request_id
        child = os.fork()
        if child == 0:
            status = 1
            try:
                assert provider.credentials(other).access_key_id
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        assert provider.stats().secrets[0].name == name
    # Left open on purpose: the interpreter ends with it.
    kmsak.Provider.from_file(config).credentials(name)
    print("done", credentials.access_key_id)


if __name__ == "__main__":
    main()
