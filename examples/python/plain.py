"""A script that needs an AccessKey: python plain.py CONFIG SECRET."""

import sys

import kmsak


def main() -> int:
    """Fetch the AccessKey and say which it is."""
    config, name = sys.argv[1:]
    try:
        with kmsak.Provider.from_file(config) as provider:
            credentials = provider.credentials(name)
            # Here a program would hand credentials.access_key_secret to what signs its requests.
            print(f"{name} holds the AccessKey {credentials.access_key_id}")
    except kmsak.KmsakError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
