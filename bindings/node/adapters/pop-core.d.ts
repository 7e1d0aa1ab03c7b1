import type { Provider } from '../lib/index.js'

/** The configuration of an `RPCClient` or `ROAClient` of `@alicloud/pop-core`, without the AccessKey. */
export interface Config {
  endpoint: string
  apiVersion: string
  codes?: (string | number)[]
  opts?: object
}

/**
 * A client of `@alicloud/pop-core` (1.8 or later) that signs every request with the AccessKey in the managed RAM secret `name`,
 * and renews it and sends the request once more when the service rejects it. Not so with the option `rawBody`, for which
 * an error is an answer like any other.
 *
 * @param Client `RPCClient` or `ROAClient`
 */
export function createClient<Client extends object>(
  Client: new (config: any, ...rest: any[]) => Client,
  provider: Provider,
  name: string,
  config: Config,
): Client
