// What happens when a cloud service rejects an AccessKey.

import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { KmsakError, Provider } from 'kmsak'
import { APP, Kms, patiently } from './fixture.mjs'

let kms, provider
before(async () => {
  kms = await Kms.start()
})
after(() => kms.stop())
afterEach(async () => {
  provider.close()
  await kms.noFaults()
})

function rejected(code = 'InvalidAccessKeyId.NotFound') {
  return Object.assign(new Error('the AccessKey is not known'), { code })
}

test('renew gives another AccessKey, whoever asks', async () => {
  provider = await Provider.fromFile(kms.file)
  const before = await provider.credentials(APP)
  const { newAccessKeyId } = await kms.rotate()
  const renewed = await Promise.all(Array.from({ length: 100 }, () => provider.renew(APP, before.accessKeyId)))
  assert.ok(renewed.every(({ accessKeyId }) => accessKeyId === newAccessKeyId))
  assert.equal(provider.stats().secrets[0].renewals, 1)
  assert.equal(provider.credentialsSync(APP).accessKeyId, newAccessKeyId)
  assert.equal(provider.renewSync(APP, before.accessKeyId).accessKeyId, newAccessKeyId)
  assert.equal(provider.stats().secrets[0].renewals, 1)
})

test('call runs once more with the new AccessKey', async () => {
  provider = await Provider.fromFile(kms.file)
  const before = await provider.credentials(APP)
  const { newAccessKeyId } = await kms.rotate()
  const used = []
  const result = await provider.call(APP, async ({ accessKeyId }) => {
    used.push(accessKeyId)
    if (accessKeyId === before.accessKeyId) throw rejected()
    return 'done'
  })
  assert.equal(result, 'done')
  assert.deepEqual(used, [before.accessKeyId, newAccessKeyId])
})

test('call knows how the SDKs write the code', async () => {
  provider = await Provider.fromFile(kms.file)
  for (const error of [rejected('InvalidAccessKeyIdError'), { data: { Code: 'InvalidAccessKeyId.Inactive' } }]) {
    await provider.credentials(APP)
    await kms.rotate()
    let runs = 0
    await provider.call(APP, () => {
      if (++runs === 1) throw error
    })
    assert.equal(runs, 2)
  }
})

test('call passes every other error on, and runs no third time', async () => {
  provider = await Provider.fromFile(kms.file)
  await provider.credentials(APP)
  let runs = 0
  for (const error of [new Error('no code'), rejected('Throttling'), 'a string', undefined, null]) {
    runs = 0
    await provider
      .call(APP, () => {
        runs++
        throw error
      })
      .then(
        () => assert.fail('it must fail'),
        (reason) => assert.equal(reason, error),
      )
    assert.equal(runs, 1)
  }
  await kms.rotate()
  runs = 0
  const again = rejected()
  await assert.rejects(
    provider.call(APP, () => {
      runs++
      throw again
    }),
    again,
  )
  assert.equal(runs, 2)
  await assert.rejects(provider.call(APP, 'not a function'), TypeError)
})

test('when there is no other AccessKey, call fails with the error of the service', async () => {
  await patiently(async (renewDeadline) => {
    provider?.close()
    provider = new Provider(kms.options({ renewDeadline }))
    const error = rejected()
    let runs = 0
    await assert.rejects(
      provider.call(APP, () => {
        runs++
        throw error
      }),
      error,
    )
    assert.equal(runs, 1)
    // Why there was none.
    assert.ok(error.cause instanceof KmsakError)
    assert.match(error.cause.message, /rejected/)
  })
  const caused = Object.assign(rejected(), { cause: 'its own' })
  await assert.rejects(
    provider.call(APP, () => {
      throw caused
    }),
    { cause: 'its own' },
  )
  await assert.rejects(
    provider.renew(APP, provider.credentialsSync(APP).accessKeyId),
    (reason) => reason.name === 'KmsakError',
  )
})

test('isRejection', async () => {
  provider = await Provider.fromFile(kms.file)
  assert.equal(provider.isRejection('InvalidAccessKeyId'), true)
  assert.equal(provider.isRejection('InvalidAccessKeyId.NotFound'), true)
  assert.equal(provider.isRejection('Forbidden'), false)
  assert.equal(provider.isRejection('Unauthorized', 'AccessKeyId not found: LTAI5t'), true)
  assert.equal(provider.isRejection('Unauthorized', 'denied by sts or ram'), false)
  assert.equal(provider.isRejection('Unauthorized'), false)
  assert.equal(provider.isRejection('InvalidAccessKeyId', 17), true)
  assert.equal(provider.isRejection(undefined), false)
  const own = new Provider(kms.options({ rejectionCodes: ['Gone'] }))
  assert.equal(own.isRejection('Gone'), true)
  assert.equal(own.isRejection('InvalidAccessKeyId'), false)
  own.close()
})
