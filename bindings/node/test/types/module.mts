// What a TypeScript user may write, and what the compiler must refuse him.

import kmsak, { Credentials, forwardLogs, KmsakError, Provider, Secret } from 'kmsak'
import type { ErrorKind, ProviderOptions, Stats } from 'kmsak'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>): void => {}

const provider = await Provider.fromFile('managed_credentials_providers.properties')
same<typeof provider, Provider>(true)

const { accessKeyId, accessKeySecret } = await provider.credentials('acs/ram/user/app')
same<typeof accessKeyId, string>(true)
same<typeof accessKeySecret, string>(true)

const secret: Secret = await provider.secret('a', { signal: AbortSignal.timeout(1000), versionStage: 'ACSPrevious' })
same<typeof secret.text, string | undefined>(true)
same<typeof secret.bytes, Buffer>(true)
same<typeof secret.nextRotationDate, Date | undefined>(true)

const previous = provider.secretSync('a', { versionStage: 'ACSPrevious', timeout: 1000 })
same<typeof previous, Secret>(true)

const hurried = await Provider.fromFile('x', { signal: AbortSignal.timeout(1000), timeout: 500 })
same<typeof hurried, Provider>(true)
void Provider.fromEnv({ timeout: 500 })

const result = await provider.call('a', async (credentials: Credentials) => credentials.accessKeyId.length)
same<typeof result, number>(true)
const sync = await provider.call('a', () => 'x' as const)
same<typeof sync, 'x'>(true)

const cached = provider.cachedCredentials('a')
same<typeof cached, Credentials | undefined>(true)
same<Credentials['refreshInterval'], number | undefined>(true)
same<Credentials['scheduleRotateTimestamp'], Date | undefined>(true)

const key = { accessKeyId: 'LTAI1', accessKeySecret: 'one' }
const fixed = Provider.fixed({ 'acs/ram/user/app': [key, key], db: 'text', binary: new Uint8Array(1) })
same<typeof fixed, Provider>(true)
// @ts-expect-error half an AccessKey
Provider.fixed({ 'acs/ram/user/app': { accessKeyId: 'LTAI1' } })

provider
  .on('close', () => {})
  .on('rotated', ({ secret, oldAccessKeyId, newAccessKeyId }) => {
    same<typeof secret, string>(true)
    same<typeof newAccessKeyId, string>(true)
    return oldAccessKeyId
  })
  .once('refreshFailed', ({ error, nextTryIn }) => {
    same<typeof error, KmsakError>(true)
    same<typeof nextTryIn, number | undefined>(true)
  })
  .off('clientKeyExpiring', ({ notAfter, daysLeft }) => {
    same<typeof notAfter, Date>(true)
    same<typeof daysLeft, number>(true)
  })

class Own extends Provider {
  readonly mine = 1
}
const own = await Own.fromFile(new URL('file:///etc/kmsak.properties'))
same<typeof own, Own>(true)
same<typeof own.mine, 1>(true)

try {
  provider.credentialsSync('a', { timeout: 1000 })
} catch (error) {
  if (error instanceof KmsakError) {
    same<typeof error.kind, ErrorKind>(true)
    same<typeof error.code, string | undefined>(true)
    same<typeof error.retryable, boolean>(true)
  }
}

const options: ProviderOptions = {
  gateways: [{ type: 'shared', regionId: 'cn-hangzhou', ca: Buffer.from('') }],
  clientKeyFile: 'clientKey.json',
  clientKeyPasswordEnv: 'client_key_password',
  rotationInterval: 3_600_000,
}
const byRole: ProviderOptions = {
  gateways: [{ type: 'instance', endpoint: 'kst-x.cryptoservice.kms.aliyuncs.com', credentialsType: 'default' }],
  credentialsType: 'oidc_role_arn',
  oidcTokenFile: new URL('file:///var/run/secrets/token'),
  roleSessionDuration: 3_600_000,
}
same<(typeof byRole)['accessKeySecret'], string | Uint8Array | undefined>(true)
const stats: Stats = new Provider(options).stats()
same<(typeof stats.identities)[0]['expires'], Date | undefined>(true)
same<(typeof stats.clientKeys)[0]['notAfter'], Date>(true)
forwardLogs((level, line) => `${level satisfies string} ${line satisfies string}`, 'warn')
forwardLogs(null)
same<typeof kmsak.Provider, typeof Provider>(true)

{
  using one = provider
  await using two = provider
  same<typeof one, typeof two>(true)
}

// @ts-expect-error the name is a string
await provider.credentials(1)
// @ts-expect-error there is no such event
provider.on('rotation', () => {})
// @ts-expect-error a gateway says of which type it is
new Provider({ gateways: [{ regionId: 'cn-hangzhou' }] })
// @ts-expect-error there is no such option
new Provider({ clientKeyfile: 'x' })
// @ts-expect-error there are options
new Provider()
// @ts-expect-error an AbortSignal cannot end what blocks
provider.credentialsSync('a', { signal: AbortSignal.timeout(1) })
// @ts-expect-error what refreshes fetches the current version
await provider.refresh('a', { versionStage: 'ACSPrevious' })
// @ts-expect-error credentials do not change
;(await provider.credentials('a')).accessKeyId = 'x'
// @ts-expect-error only kmsak makes secrets
new Secret()
// @ts-expect-error there is no such level
forwardLogs(() => {}, 'loud')
