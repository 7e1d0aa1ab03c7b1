/// <reference types="node" />

import { EventEmitter } from 'node:events'

/** What sort of failure a {@link KmsakError} is; the same names in every language. */
export type ErrorKind =
  /** The configuration is wrong, or a call was made with arguments that cannot work. */
  | 'configuration'
  /** The ClientKey file or its password cannot be used. */
  | 'client_key'
  /** KMS could not be reached, or did not answer in time. */
  | 'network'
  /** The peer could not be verified, or TLS failed. */
  | 'tls'
  /** KMS refused: permission, signature, or an unknown ClientKey. */
  | 'denied'
  /** KMS has no such secret, version or key. */
  | 'not_found'
  /** There were too many requests, or too many renewals. */
  | 'throttled'
  /** KMS failed, or answered something that cannot be understood. */
  | 'server'
  /** The provider is closed. */
  | 'closed'

/** A failure of kmsak. Its message says in one sentence what to do. Never holds a secret. */
export class KmsakError extends Error {
  constructor(
    message: string,
    parts?: {
      kind?: ErrorKind
      code?: string
      requestId?: string
      retryable?: boolean
      httpStatus?: number
      cause?: unknown
    },
  )
  readonly name: 'KmsakError'
  /** What sort of failure this is. */
  readonly kind: ErrorKind
  /** KMS's own error code, such as `Forbidden.NoPermission`, where KMS answered. */
  readonly code: string | undefined
  /** The id under which KMS logged the request, where KMS answered. */
  readonly requestId: string | undefined
  /** Whether the same call may succeed later with nothing changed. */
  readonly retryable: boolean
  /** The HTTP status of KMS's answer, where KMS answered. */
  readonly httpStatus: number | undefined
  /**
   * The error below this one: what the system said, with its `code` and `errno` where it has one (`ECONNREFUSED`), or why
   * the native addon cannot be loaded.
   */
  readonly cause?: unknown
  toJSON(): Record<string, unknown>
}

/**
 * The AccessKey inside one version of a managed RAM secret. Immutable. `util.inspect`, `JSON.stringify`, loggers and
 * structured clones see its ids and never `accessKeySecret`; destructuring works.
 */
export class Credentials {
  /** For tests of code that is given credentials; a {@link Provider} makes its own. */
  constructor(parts: {
    accessKeyId: string
    accessKeySecret: string
    versionId: string
    secretName: string
    generateTimestamp?: string
    expireTimestamp?: string
    refreshInterval?: number
    scheduleRotateTimestamp?: number | Date
  })
  /** The AccessKey's id, such as `LTAI...`. Not secret. */
  get accessKeyId(): string
  /** The AccessKey's secret. */
  get accessKeySecret(): string
  /** The id of the secret's version that holds this AccessKey. */
  get versionId(): string
  /** The name of the secret that holds this AccessKey. */
  get secretName(): string
  /** When the AccessKey was made, as KMS wrote it. */
  get generateTimestamp(): string | undefined
  /** When the AccessKey expires, as KMS wrote it. Only in older secrets. */
  get expireTimestamp(): string | undefined
  /** How often the secret asks to be fetched again, in milliseconds. Only in older secrets. */
  get refreshInterval(): number | undefined
  /** When the next rotation is due. Only in older secrets. */
  get scheduleRotateTimestamp(): Date | undefined
  toJSON(): { accessKeyId: string; versionId: string; secretName: string }
}

/** One version of a secret as KMS answered it. Immutable; shown without its value. */
export class Secret {
  private constructor()
  /** The secret's name, such as `acs/ram/user/app`. */
  get name(): string
  /** The type as KMS writes it: `Generic`, `RamCredentials`, `Rds`, `Redis`, `PolarDB` or `ECS`. */
  get secretType(): string
  /** The value as text; undefined for a value that is not UTF-8. */
  get text(): string | undefined
  /** The value as bytes, already decoded from base64 for a binary one: a copy of your own, to `fill(0)` after use. */
  get bytes(): Buffer
  /** Whether the value was stored as binary. */
  get binary(): boolean
  /** The id of this version. */
  get versionId(): string
  /** The stages that point to this version, such as `ACSCurrent`. */
  get versionStages(): string[]
  /** When this version was made, as KMS wrote it. */
  get createTime(): string | undefined
  /** The id under which KMS logged the request that fetched this. */
  get requestId(): string
  /** When KMS last rotated the secret. */
  get lastRotationDate(): Date | undefined
  /** When KMS will next rotate the secret. */
  get nextRotationDate(): Date | undefined
  /** The time between two rotations, in milliseconds. */
  get rotationInterval(): number | undefined
  /** Whether KMS rotates by itself: `Enabled`, `Disabled` or `Invalid`. */
  get automaticRotation(): string | undefined
  /** What KMS knows beside the value, as JSON. */
  get extendedConfig(): string | undefined
  toJSON(): {
    name: string
    secretType: string
    versionId: string
    versionStages: string[]
    requestId: string
  }
}

/** A ClientKey and its password; files are read again when they are replaced. */
export interface ClientKeyOptions {
  /** The ClientKey file, `clientKey_****.json`. */
  clientKeyFile?: string | URL
  /** The content of the ClientKey file. */
  clientKey?: string | Uint8Array
  /** The file with the ClientKey's password. */
  clientKeyPasswordFile?: string | URL
  /** The name of the environment variable with the ClientKey's password. */
  clientKeyPasswordEnv?: string
  /** The ClientKey's password. */
  clientKeyPassword?: string | Uint8Array
}

/** Who asks the gateways that have no ClientKey. docs/configuration.md says which of these each type needs. */
export interface IdentityOptions {
  /**
   * `client_key`, or in its place `ak`, `sts`, `ram_role`, `ecs_ram_role`, `oidc_role_arn` or `default`, the chain of the
   * official SDKs.
   */
  credentialsType?: string
  /** The id of the AccessKey that asks (`ak`, `sts`), or that assumes the role (`ram_role`). */
  accessKeyId?: string
  /** The secret of that AccessKey. */
  accessKeySecret?: string | Uint8Array
  /** The security token that belongs to it, for `sts`. */
  securityToken?: string | Uint8Array
  /** The ECS instance's RAM role, for `ecs_ram_role`; the metadata service names it where this does not. */
  roleName?: string
  /** The ARN of the role to assume, for `ram_role` and `oidc_role_arn`. */
  roleArn?: string
  /** What the role's session is called in the audit trail. */
  roleSessionName?: string
  /** How long an assumed role's token lasts, in milliseconds: an hour by default, 15 min to 12 h in whole seconds. */
  roleSessionDuration?: number
  /** A RAM policy, as JSON, that narrows what an assumed role may do. */
  rolePolicy?: string
  /** The external id that the role's trust policy asks for, for `ram_role`. */
  roleExternalId?: string
  /** Who assumes the role, for `ram_role`: `ak` by default, `ecs_ram_role`, `oidc_role_arn` or `default`. */
  roleSourceType?: string
  /** The ARN of the OIDC identity provider, for `oidc_role_arn`; else the environment's. */
  oidcProviderArn?: string
  /** The file with the OIDC token, for `oidc_role_arn`; else the environment's. Read anew each time. */
  oidcTokenFile?: string | URL
  /** Where an ECS instance asks for its role: `http://100.100.100.200` by default. */
  ecsMetadataEndpoint?: string
  /** The region whose STS is asked for a role. */
  stsRegionId?: string
  /** The STS to ask for a role; it wins over the region. */
  stsEndpoint?: string
  /** A file of PEM certificates to trust instead of the public CAs where STS is asked. */
  stsCaFile?: string | URL
}

/** How to reach KMS. */
export interface ConnectionOptions {
  /** Milliseconds for a connection to be made: 3,000 by default. */
  connectTimeout?: number
  /** Milliseconds for the answer once the request is sent: 10,000 by default. */
  readTimeout?: number
  /** Has no effect: KMS does not speak plain HTTP. */
  httpProxy?: string
  /** The proxy to reach KMS through. */
  httpsProxy?: string
  /** Hosts, domains and networks, separated by commas, that are reached without a proxy. */
  noProxy?: string
}

/** One KMS gateway. What is left out is taken from the provider's own options. */
export interface GatewayOptions extends ClientKeyOptions, ConnectionOptions {
  /** The gateway of a KMS instance inside its VPC, or a region's shared gateway. */
  type: 'instance' | 'shared'
  /** The region id, such as `cn-hangzhou`; a shared gateway needs one. */
  regionId?: string
  /** Who asks this gateway, as the provider's option has it for all. */
  credentialsType?: string
  /** `host` or `host:port`; that of an instance is otherwise read off its ClientKey. */
  endpoint?: string
  /** Whether to reach the shared gateway from inside a VPC. */
  vpc?: boolean
  /** A file of PEM certificates to trust instead of the public CAs. */
  caFile?: string | URL
  /** PEM certificates to trust instead of the public CAs. */
  ca?: string | Uint8Array
  /** `true` switches verification of the peer off. Warned about at each start. */
  ignoreSslCerts?: boolean
}

/** The options of {@link Provider}; durations in milliseconds. docs/configuration.md explains each setting. */
export interface ProviderOptions extends ClientKeyOptions, IdentityOptions, ConnectionOptions {
  /** As {@link Provider.fromEnv}. */
  usualPlaces?: boolean
  /** Also read the environment variables that are named like the properties. */
  environment?: boolean
  /** Also read this properties file. */
  propertiesFile?: string | URL
  /** Also read this text as a properties file. */
  propertiesText?: string | Uint8Array
  /** Settings as the text that would stand in a properties file, by their names there. */
  properties?: Record<string, string>
  /** The gateways to ask, in the order of preference. */
  gateways?: GatewayOptions[]
  /** Secrets to fetch at start. */
  secretNames?: string[]
  /** How often a secret without a rotation date in sight is fetched again: 6 h by default. */
  rotationInterval?: number
  /** How long after its rotation date a secret is fetched: 5 min by default. */
  delayInterval?: number
  /** The most that is added to each refresh at random: 30 min by default. */
  jitterInterval?: number
  /** How many processes share the account's quota of KMS; the secret's CustomData may say it instead. */
  fleetSize?: number
  /** How long a call may wait for a fetch with all its retries: 20 s by default. */
  fetchDeadline?: number
  /** How long a renewal goes on asking while KMS still answers with the rejected AccessKey: 15 s by default. */
  renewDeadline?: number
  /** How many renewals in a row a secret is given: 5 by default. */
  renewTokens?: number
  /** After which time a secret is given one renewal more: 10 min by default. */
  renewRefillInterval?: number
  /**
   * The codes by which a service says that it does not know an AccessKey, instead of those of {@link Provider.isRejection};
   * `Code:words` counts only where the message has the words.
   */
  rejectionCodes?: string[]
  /** The age from which a cached value is no longer handed out while KMS cannot be reached. Off by default. */
  maxStale?: number
  /** The encrypted file in which secrets survive a restart. Off by default. */
  cacheFile?: string | URL
}

/** One version of a secret for {@link Provider.fixed}: an AccessKey, or the value of a generic secret. */
export type FixedVersion = { accessKeyId: string; accessKeySecret: string } | string | Uint8Array

/** For whoever does not want to wait as long as it takes. */
export interface WaitOptions {
  /** Milliseconds after which the call fails with kind `network`. The fetch itself goes on. */
  timeout?: number
}

/** For promises. */
export interface AsyncOptions extends WaitOptions {
  /** Rejects the promise with the signal's reason. The fetch itself goes on, for the cache and for others. */
  signal?: AbortSignal
}

/**
 * What listeners are told, from the moment on in which they are attached; one that is attached as soon as there is a
 * provider misses nothing. Durations in milliseconds; no event carries a secret.
 */
export interface ProviderEvents {
  /** A secret was fetched from KMS, whether or not it had changed. */
  fetched: [{ secret: string; versionId: string }]
  /** The cache now holds another AccessKey than before. */
  rotated: [{ secret: string; oldAccessKeyId: string; newAccessKeyId: string }]
  /** A secret could not be refreshed. The cached value, if there is one, stays in use. */
  refreshFailed: [{ secret: string; error: KmsakError; staleFor: number; nextTryIn?: number }]
  /** KMS says that it cannot rotate a secret whose rotation is on. Told once, and again if that was mended meanwhile. */
  rotationBroken: [{ secret: string }]
  /** An endpoint failed repeatedly and is passed over for a while. */
  endpointDown: [{ endpoint: string; error: KmsakError }]
  /** An endpoint that was down answers again. */
  endpointUp: [{ endpoint: string }]
  /** The ClientKey's validity ends soon, or has ended (`daysLeft` is then 0). */
  clientKeyExpiring: [{ keyId: string; notAfter: Date; daysLeft: number }]
  /** The ClientKey file was replaced and KMS accepts the new one. */
  clientKeyReplaced: [{ oldKeyId: string; newKeyId: string }]
  /** The ClientKey, password or CA file changed, but what it holds now cannot be used: the old one stays. */
  clientKeyUnusable: [{ keyId: string; error: KmsakError }]
  /** Who asks KMS has another AccessKey: that of a role was renewed, or a source gave another one. */
  identityRenewed: [{ identity: string; accessKeyId: string; expires?: Date }]
  /** Who asks KMS could not get another AccessKey. The one in use, if there is one, is used to its end. */
  identityUnavailable: [{ identity: string; error: KmsakError; expires?: Date }]
  /** KMS cannot be reached and the secret was taken from the encrypted cache file. */
  cacheFileUsed: [{ secret: string; age: number }]
  /** The provider was closed: nothing follows. */
  close: []
}

type Listener<E extends keyof ProviderEvents> = (...told: ProviderEvents[E]) => void

/** A provider's state at one moment. Durations in milliseconds. */
export interface Stats {
  /** The secrets that were asked for. */
  secrets: {
    name: string
    versionId?: string
    accessKeyId?: string
    /** Since the cached value was fetched. */
    age?: number
    /** Since the cached value was fetched if the latest refresh failed; 0 when it succeeded. */
    staleFor: number
    /** Until the next scheduled refresh. */
    nextRefreshIn?: number
    fetches: number
    failures: number
    renewals: number
    lastError?: KmsakError
  }[]
  /** The endpoints as configured. */
  endpoints: {
    endpoint: string
    down: boolean
    latency?: number
    requests: number
    failures: number
    /** How long it throttled this process the last time that somebody waited, or has until now. */
    throttledFor?: number
  }[]
  /** The ClientKeys in use. */
  clientKeys: { keyId: string; instanceId?: string; notBefore: Date; notAfter: Date; daysLeft: number }[]
  /** Who asks KMS: the ClientKeys again, and all others. */
  identities: {
    /** As `credentials_type` calls it. */
    kind: string
    /** A ClientKey's or AccessKey's id, a role's name or ARN. */
    name: string
    /** What signs now, once there is one; not for a ClientKey. */
    accessKeyId?: string
    /** Where that came from, as the official SDKs write it, such as `default/env`. */
    origin?: string
    expires?: Date
    /** Why no newer one could be had. */
    lastError?: KmsakError
  }[]
  /** KMS's clock less this machine's, as learnt from KMS. */
  clockSkew: number
}

/**
 * Hands out managed AccessKeys and other secrets, and keeps them current in the background. Once a value has been
 * fetched, reading it never waits for the network. An open provider does not keep the process alive; a promise that is not
 * settled does. Each worker opens a provider of its own.
 */
export class Provider extends EventEmitter {
  /**
   * Opens a provider from code, and reads the files that the options name before it returns.
   * @throws {KmsakError} of kind `configuration` or `client_key`, with what to mend
   */
  constructor(options: ProviderOptions)

  /**
   * Opens a provider as a `.properties` file says; an environment variable that is named like a property wins over it.
   * Rejects with kind `configuration` or `client_key`. What is opened after its caller gave up waiting is closed again.
   */
  static fromFile<T extends Provider>(
    this: new (options: ProviderOptions) => T,
    path: string | URL,
    options?: AsyncOptions,
  ): Promise<T>
  /** As {@link Provider.fromFile}, reading files before it returns. */
  static fromFileSync<T extends Provider>(this: new (options: ProviderOptions) => T, path: string | URL): T
  /**
   * Opens a provider as environment variables named like the properties say, and the file that `KMSAK_CONFIG` names, or
   * else `managed_credentials_providers.properties` in the working directory. Otherwise as {@link Provider.fromFile}.
   */
  static fromEnv<T extends Provider>(this: new (options: ProviderOptions) => T, options?: AsyncOptions): Promise<T>
  /** As {@link Provider.fromEnv}, reading files before it returns. */
  static fromEnvSync<T extends Provider>(this: new (options: ProviderOptions) => T): T

  /**
   * Opens a provider for tests, which hands out what it is given: no network, no files, no environment. Each secret has one
   * version or several. The first fetch gets the first; each `refresh`, and each `renew` of the AccessKey in use, gets the
   * next, as if KMS had just rotated the secret; the last one stays. Events and all else are a real provider's. A name that is
   * not in `secrets` is not found.
   * @throws {KmsakError} of kind `configuration` for a name that no secret can have, and for an AccessKey that is none
   */
  static fixed<T extends Provider>(
    this: new (options: ProviderOptions) => T,
    secrets: Record<string, FixedVersion | readonly FixedVersion[]>,
  ): T

  /**
   * The AccessKey in the managed RAM secret `name`, from the cache if it was fetched before. Rejects with a
   * {@link KmsakError} only as long as the secret was never fetched (or with `maxStale` set).
   */
  credentials(name: string, options?: AsyncOptions): Promise<Credentials>
  /** As {@link Provider.credentials}. Blocks the event loop if the secret is not cached: for start-up code. */
  credentialsSync(name: string, options?: WaitOptions): Credentials
  /** The AccessKey in `name` if it is cached, else undefined: never waits, never fetches. */
  cachedCredentials(name: string): Credentials | undefined

  /**
   * A secret of any type, from the cache if it was fetched before. With `versionStage`, such as `ACSPrevious`, that
   * version: asked of KMS each time, never cached.
   */
  secret(name: string, options?: AsyncOptions & { versionStage?: string }): Promise<Secret>
  /** As {@link Provider.secret}. Blocks the event loop if the secret is not cached: for start-up code. */
  secretSync(name: string, options?: WaitOptions & { versionStage?: string }): Secret

  /** Fetches the secret from KMS now, whatever the cache holds, and caches it. */
  refresh(name: string, options?: AsyncOptions): Promise<Secret>
  /** As {@link Provider.refresh}. Blocks the event loop. */
  refreshSync(name: string, options?: WaitOptions): Secret

  /**
   * An AccessKey other than `rejectedId`, which a cloud service has just refused. KMS is asked once however many
   * callers there are.
   */
  renew(name: string, rejectedId: string, options?: AsyncOptions): Promise<Credentials>
  /** As {@link Provider.renew}. Blocks the event loop. */
  renewSync(name: string, rejectedId: string, options?: WaitOptions): Credentials

  /**
   * Runs `f` with the AccessKey in `name`. When what `f` throws has a `code` and `message` that mean that the service rejects the
   * AccessKey, renews it and runs `f` once more. Rejects with what `f` threw last; if that is an `Error` without a `cause`
   * and there was no other AccessKey, `cause` becomes the reason.
   */
  call<T>(name: string, f: (credentials: Credentials) => T | PromiseLike<T>, options?: AsyncOptions): Promise<T>

  /**
   * Whether a service's error means that it does not know an AccessKey, by its `code` and, where it has one, its `message`:
   * what `rejectionCodes` names, or else `InvalidAccessKeyId`, `InvalidAccessKeyId.NotFound`, `InvalidAccessKeyId.Inactive`,
   * `Forbidden.AccessKey`, `Forbidden.AccessKeyDisabled` and `ODPS-0410051`, and where the message speaks of an AccessKeyId
   * `Unauthorized` and `OTSAuthFailed`. Upper and lower case are the same.
   */
  isRejection(code: string, message?: string): boolean

  /** What goes on inside. Without secrets. */
  stats(): Stats

  /** Whether {@link Provider.close} was called. */
  get closed(): boolean
  /**
   * Ends all refreshing, forgets every value, and settles every promise with kind `closed`, as every later call. Closing
   * again does nothing.
   */
  close(): void
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>

  on<E extends keyof ProviderEvents>(event: E, listener: Listener<E>): this
  once<E extends keyof ProviderEvents>(event: E, listener: Listener<E>): this
  off<E extends keyof ProviderEvents>(event: E, listener: Listener<E>): this
  addListener<E extends keyof ProviderEvents>(event: E, listener: Listener<E>): this
  removeListener<E extends keyof ProviderEvents>(event: E, listener: Listener<E>): this
  prependListener<E extends keyof ProviderEvents>(event: E, listener: Listener<E>): this
  prependOnceListener<E extends keyof ProviderEvents>(event: E, listener: Listener<E>): this
  removeAllListeners(event?: keyof ProviderEvents): this

  toJSON(): { closed: boolean }
}

/** How much a log line matters, the most first. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace'

/**
 * Calls `receiver` with every log line of kmsak that matters at least as much as `level` (`info` by default), until the
 * next call; `null` ends it. One receiver for each worker. No line holds a secret.
 */
export function forwardLogs(receiver: ((level: LogLevel, line: string) => void) | null, level?: LogLevel): void
