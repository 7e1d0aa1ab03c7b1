// Provider.fixed: a provider for tests, without network, files or an emulator.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { Provider } from 'kmsak'

const APP = 'acs/ram/user/app'
const ONE = { accessKeyId: 'LTAI1', accessKeySecret: 'one' }
const TWO = { accessKeyId: 'LTAI2', accessKeySecret: 'two' }

// An event is nothing that Node waits for.
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

test('hands out what it was given', async () => {
  class Own extends Provider {}
  const provider = Own.fixed({ [APP]: ONE, db: ['first', new Uint8Array([255, 0])], text: 'x' })
  assert.ok(provider instanceof Own)
  assert.equal(provider.cachedCredentials(APP), undefined)
  const { accessKeyId, accessKeySecret } = await provider.credentials(APP)
  assert.deepEqual({ accessKeyId, accessKeySecret }, ONE)
  assert.equal(provider.cachedCredentials(APP), provider.credentialsSync(APP))
  assert.equal((await provider.secret('db')).text, 'first')
  assert.deepEqual([...(await provider.refresh('db')).bytes], [255, 0])
  assert.equal(provider.secretSync('db', { versionStage: 'ACSPrevious' }).text, 'first')
  assert.equal(provider.secretSync('text').text, 'x')
  assert.deepEqual(provider.stats().endpoints, [])
  provider.close()
  assert.equal(provider.cachedCredentials(APP), undefined)
})

test('a scripted rotation', async () => {
  const provider = Provider.fixed({ [APP]: [ONE, TWO] })
  const rotated = once(provider, 'rotated')
  const used = await provider.call(APP, ({ accessKeyId }) => {
    if (accessKeyId !== 'LTAI2') throw Object.assign(new Error('gone'), { code: 'InvalidAccessKeyId.NotFound' })
    return accessKeyId
  })
  assert.equal(used, 'LTAI2')
  assert.deepEqual(await rotated, [{ secret: APP, oldAccessKeyId: 'LTAI1', newAccessKeyId: 'LTAI2' }])
  await assert.rejects(provider.renew(APP, 'LTAI2'), { kind: 'server' })
  assert.equal((await provider.refresh(APP)).versionId, 'v2')
  provider.close()
})

test('what makes no sense is told', async () => {
  for (const secrets of [
    undefined,
    null,
    'x',
    [],
    { [APP]: 1 },
    { [APP]: null },
    { [APP]: { accessKeyId: 'LTAI1' } },
    { [APP]: [ONE, [TWO]] },
  ]) {
    assert.throws(() => Provider.fixed(secrets), { name: 'TypeError', message: /^Provider\.fixed takes/ })
  }
  for (const secrets of [{ [APP]: { ...ONE, accessKeyId: 'LTAI 1' } }, { 'a b': 'x' }]) {
    assert.throws(() => Provider.fixed(secrets), { name: 'KmsakError', kind: 'configuration' })
  }
  const provider = Provider.fixed({ [APP]: ONE, empty: [] })
  await assert.rejects(provider.secret('nobody'), { kind: 'not_found', code: 'Forbidden.ResourceNotFound' })
  await assert.rejects(provider.secret('empty'), { kind: 'not_found' })
  provider.close()
})
