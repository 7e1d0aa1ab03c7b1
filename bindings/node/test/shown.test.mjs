// Nothing that prints an object prints a secret.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { format, inspect } from 'node:util'
import { serialize } from 'node:v8'
import { Credentials, KmsakError, Provider } from 'kmsak'
import { APP, Kms } from './fixture.mjs'

let kms, provider
before(async () => {
  kms = await Kms.start()
  provider = await Provider.fromFile(kms.file)
})
after(() => {
  provider.close()
  return kms.stop()
})

const ways = {
  inspect: (value) => inspect(value),
  'inspect, all of it': (value) =>
    inspect(value, { showHidden: true, getters: true, depth: Infinity, showProxy: true }),
  'inspect, without custom': (value) => inspect(value, { customInspect: false, showHidden: true }),
  nested: (value) => inspect({ deep: { deeper: [value] } }, { depth: Infinity }),
  format: (value) => format('%s %o %O %j', value, value, value, value),
  'JSON.stringify': (value) => JSON.stringify({ value }),
  String: (value) => String(value),
  spread: (value) => JSON.stringify({ ...value }),
  entries: (value) => inspect(Object.entries(value)),
  'structured clone': (value) => {
    try {
      return inspect(structuredClone(value), { showHidden: true })
    } catch (error) {
      return String(error)
    }
  },
  serialize: (value) => {
    try {
      return serialize(value).toString('latin1')
    } catch (error) {
      return String(error)
    }
  },
  'an error about it': (value) => {
    try {
      assert.deepEqual(value, {})
      return ''
    } catch (error) {
      return inspect(error)
    }
  },
}

for (const [way, show] of Object.entries(ways)) {
  test(`${way} shows no secret`, async () => {
    const credentials = await provider.credentials(APP)
    const secret = await provider.secret(APP)
    const error = await provider.credentials('acs/ram/user/nobody').catch((error) => error)
    const { accessKeySecret } = credentials
    const base64 = secret.bytes.toString('base64')
    for (const value of [credentials, secret, provider, error, provider.stats()]) {
      const shown = show(value)
      assert.ok(!shown.includes(accessKeySecret), `${way} of ${value.constructor.name}`)
      assert.ok(!shown.includes(base64))
    }
  })
}

test('what is shown is of use', async () => {
  const credentials = await provider.credentials(APP)
  assert.equal(
    inspect(credentials, { breakLength: Infinity }),
    `Credentials { accessKeyId: '${credentials.accessKeyId}', versionId: '${credentials.versionId}', secretName: '${APP}' }`,
  )
  assert.equal(String(credentials), `Credentials(${credentials.accessKeyId})`)
  assert.match(inspect(await provider.secret(APP)), /Secret \{ ?\s*name: 'acs\/ram\/user\/app'/)
  assert.equal(inspect(provider), 'Provider { closed: false }')
  const error = await provider.credentials('acs/ram/user/nobody').catch((error) => error)
  assert.match(inspect(error), /^KmsakError: [\s\S]*kind: 'not_found'/)
  assert.equal(JSON.parse(JSON.stringify(error)).message, error.message)
})

test('destructuring gets the secret, and nothing else does', async () => {
  const credentials = await provider.credentials(APP)
  const { accessKeyId, accessKeySecret } = credentials
  assert.deepEqual([typeof accessKeyId, typeof accessKeySecret], ['string', 'string'])
  assert.deepEqual(Object.keys(credentials), [])
  assert.equal(Object.getOwnPropertyDescriptor(Credentials.prototype, 'accessKeySecret').enumerable, false)
})

test('what inherits from an object of kmsak can be shown', async () => {
  const objects = [await provider.credentials(APP), await provider.secret(APP), provider]
  for (const object of objects) {
    const { name } = object.constructor
    const value = Object.create(object)
    assert.equal(inspect(value), `${name} {}`)
    assert.equal(JSON.stringify(value), '{}')
    assert.equal(String(value), name === 'Provider' ? '[object Object]' : name)
  }
})

test('credentials and errors can be made for tests', () => {
  const credentials = new Credentials({ accessKeyId: 'a', accessKeySecret: 'b', versionId: 'c', secretName: 'd' })
  assert.equal(credentials.accessKeySecret, 'b')
  const cause = new Error('below')
  const error = new KmsakError('x', { kind: 'network', retryable: true, cause })
  assert.equal(error.cause, cause)
  assert.equal(error.retryable, true)
  assert.equal('cause' in new KmsakError('x', { kind: 'network' }), false)
})
