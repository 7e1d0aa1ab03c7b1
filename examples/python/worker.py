"""An asyncio worker that hears of rotations: python worker.py CONFIG SECRET COUNT.

It works until it has seen COUNT rotations.
"""

import asyncio
import sys

import kmsak


async def work(provider: kmsak.Provider, name: str) -> None:
    """Do what the worker is for."""
    while True:
        # From the cache: no task switch, and no thread.
        credentials = await provider.credentials_async(name)
        print(f"working with {credentials.access_key_id}", flush=True)
        await asyncio.sleep(1)


async def main() -> None:
    """Work, and watch."""
    config, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    async with kmsak.Provider.from_file(config) as provider, provider.events() as events:
        working = asyncio.create_task(work(provider, name))
        async for event in events:
            if isinstance(event, kmsak.Rotated):
                print(f"rotated to {event.new_access_key_id}", flush=True)
                count -= 1
                if count == 0:
                    break
            elif isinstance(event, kmsak.RefreshFailed):
                print(event.error, file=sys.stderr)
        working.cancel()


if __name__ == "__main__":
    asyncio.run(main())
