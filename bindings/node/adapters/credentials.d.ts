import type { Provider } from '../lib/index.js'

/** What `new Credential(null, credentialsProvider)` of `@alicloud/credentials` takes. */
export interface CredentialsProvider {
  getCredentials(): Promise<{
    readonly accessKeyId: string
    readonly accessKeySecret: string
    readonly securityToken: string
    readonly providerName: string
  }>
  getProviderName(): string
}

/** What the V2.0 SDKs take as `credential` in their configuration. */
export interface Credential {
  getCredential(): Promise<{
    accessKeyId: string
    accessKeySecret: string
    type: string
    providerName: string
  }>
  getAccessKeyId(): Promise<string>
  getAccessKeySecret(): Promise<string>
  getSecurityToken(): Promise<string>
  getBearerToken(): string
  getType(): string
}

/** The AccessKey in the managed RAM secret `name`, as `@alicloud/credentials` wants a provider of it. */
export function credentialsProvider(provider: Provider, name: string): CredentialsProvider

/**
 * The AccessKey in the managed RAM secret `name` as a `credential`: `new Config({ credential: credential(provider, name) })`.
 * Every request is signed with the AccessKey of the hour.
 */
export function credential(provider: Provider, name: string): Credential

/**
 * Makes the calls of a V2.0 client renew the AccessKey and run once more when the service rejects it. The client's
 * credential must come from this module. A request whose body is a stream is not repeated, nor is one that
 * answers with events (`callSSEApi`) once the first has come. Answers the client itself.
 */
export function renewing<Client extends object>(client: Client): Client
