import type { Provider } from '../lib/index.js'

/** The options of `ali-oss` without the AccessKey. */
export type Options<All> = Omit<
  All,
  'accessKeyId' | 'accessKeySecret' | 'stsToken' | 'refreshSTSToken' | 'refreshSTSTokenInterval'
>

/**
 * A client of `ali-oss` (6 or later) that signs every request with the AccessKey in the managed RAM secret `name`, and
 * renews it and sends the request once more when OSS rejects it: also an upload from a file or Buffer, whole or in parts,
 * and a download into a file or stream. An upload from a stream of yours is not repeated, but renews the AccessKey for the
 * next call. `signatureUrl` and the like, which do not wait, read the cache, and block if the secret was
 * never fetched.
 *
 * @param OSS what `require('ali-oss')` gives
 */
export function createClient<Client extends object, All>(
  OSS: new (options: All, ...rest: any[]) => Client,
  provider: Provider,
  name: string,
  options: Options<All>,
): Client
