// What listeners hear.

import assert from 'node:assert/strict'
import { on, once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as later } from 'node:timers/promises'
import { forwardLogs, KmsakError, Provider } from 'kmsak'
import { APP, Kms, run } from './fixture.mjs'

const entry = createRequire(import.meta.url).resolve('kmsak')
let kms
before(async () => (kms = await Kms.start()))
after(() => kms.stop())
afterEach(() => kms.noFaults())

test('rotated and fetched', async () => {
  const provider = await Provider.fromFile(kms.file)
  const before = await provider.credentials(APP)
  const { newAccessKeyId } = await kms.rotate()
  const rotated = once(provider, 'rotated')
  const fetched = once(provider, 'fetched')
  await provider.refresh(APP)
  assert.deepEqual(await rotated, [{ secret: APP, oldAccessKeyId: before.accessKeyId, newAccessKeyId }])
  assert.deepEqual(await fetched, [{ secret: APP, versionId: provider.credentialsSync(APP).versionId }])
  provider.close()
})

// Node.js 18 ends iterators by an AbortSignal alone.
const closes = {
  timeout: 60_000,
  skip: process.versions.node.startsWith('18.') && 'on() knows no option close before Node.js 20',
}
test('close ends what iterates over events', closes, async () => {
  const provider = await Provider.fromFile(kms.file)
  let closes = 0
  provider.on('close', () => closes++)
  const seen = []
  void provider.refresh(APP)
  for await (const [{ secret }] of on(provider, 'fetched', { close: ['close'] })) {
    seen.push(secret)
    if (seen.length === 1) void provider.refresh(APP)
    else provider.close()
  }
  provider.close()
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual({ seen, closes }, { seen: [APP, APP], closes: 1 })
})

test('whoever listens as soon as the provider is there misses nothing', async () => {
  for (const open of [() => Provider.fromFile(kms.file), () => new Provider(kms.options({ secretNames: [APP] }))]) {
    const provider = await open()
    const fetched = once(provider, 'fetched')
    if (provider.stats().secrets.length === 0) void provider.credentials(APP)
    assert.equal((await fetched)[0].secret, APP)
    provider.close()
  }
})

test('refreshFailed has the error', async () => {
  const provider = await Provider.fromFile(kms.file)
  const failed = once(provider, 'refreshFailed')
  await assert.rejects(provider.credentials('acs/ram/user/nobody'))
  const [{ secret, error, staleFor, nextTryIn }] = await failed
  assert.equal(secret, 'acs/ram/user/nobody')
  assert.ok(error instanceof KmsakError)
  assert.equal(error.kind, 'not_found')
  assert.equal(staleFor, 0)
  assert.equal(nextTryIn, undefined)
  provider.close()
})

test('clientKeyExpiring, for whoever listens as soon as the provider is there', async () => {
  const notAfter = new Date(Math.floor(Date.now() / 1000 + 5 * 24 * 3600) * 1000)
  const { id, json, password } = await kms.admin('POST', '/client-keys', {
    accessPoint: 'app',
    notAfter: notAfter.toISOString().replace('.000Z', 'Z'),
  })
  const provider = new Provider(
    kms.options({
      clientKeyFile: undefined,
      clientKeyPasswordFile: undefined,
      clientKey: json,
      clientKeyPassword: password,
      secretNames: [APP],
    }),
  )
  const [told] = await once(provider, 'clientKeyExpiring')
  assert.deepEqual(told, { keyId: id, notAfter, daysLeft: 4 })
  provider.close()
})

test('endpointDown and endpointUp', async () => {
  const provider = await Provider.fromFile(kms.file)
  const { host } = new URL(kms.ready.endpoints.instance)
  await kms.fault({ kind: 'drop_connection' })
  const down = once(provider, 'endpointDown')
  let isDown = false
  void down.then(() => (isDown = true))
  const asking = (async () => {
    while (!isDown) await provider.refresh(APP).catch(() => {})
  })()
  const [{ endpoint, error }] = await down
  assert.equal(endpoint, host)
  assert.ok(error instanceof KmsakError)
  assert.equal(error.kind, 'network')
  assert.equal(provider.stats().endpoints[0].down, true)
  const up = once(provider, 'endpointUp')
  await kms.noFaults()
  await asking
  await provider.refresh(APP)
  assert.deepEqual(await up, [{ endpoint: host }])
  provider.close()
})

test('clientKeyReplaced', async () => {
  const provider = await Provider.fromFile(kms.file)
  const replaced = once(provider, 'clientKeyReplaced')
  const { id, json, password } = await kms.admin('POST', '/client-keys', { accessPoint: 'app' })
  await writeFile(`${kms.dir}/clientKey_Password.txt`, password)
  await writeFile(`${kms.dir}/clientKey.json`, json)
  // The first request with it shows whether KMS accepts it.
  const asked = []
  const asking = setInterval(() => asked.push(provider.refresh(APP)), 50)
  assert.deepEqual(await replaced, [{ oldKeyId: kms.ready.clientKeyId, newKeyId: id }])
  clearInterval(asking)
  await Promise.allSettled(asked)
  assert.equal(provider.stats().clientKeys[0].keyId, id)
  provider.close()
})

test('cacheFileUsed', async () => {
  const cacheFile = `${kms.dir}/cache`
  const first = new Provider(kms.options({ cacheFile }))
  const { accessKeyId } = await first.credentials(APP)
  first.close()
  // It is written beside, and renamed when it is whole.
  while (!existsSync(cacheFile)) await later(10)
  await kms.fault({ kind: 'drop_connection' })
  const provider = new Provider(kms.options({ cacheFile, fetchDeadline: 1000 }))
  const used = once(provider, 'cacheFileUsed')
  assert.equal((await provider.credentials(APP)).accessKeyId, accessKeyId)
  const [{ secret, age, ...rest }] = await used
  assert.equal(secret, APP)
  assert.ok(age >= 0 && age < 600_000)
  assert.deepEqual(rest, {})
  provider.close()
})

test('clientKeyUnusable', async () => {
  const provider = await Provider.fromFile(kms.file)
  const { keyId: current } = provider.stats().clientKeys[0]
  await provider.credentials(APP)
  const unusable = once(provider, 'clientKeyUnusable')
  const key = `${kms.dir}/clientKey.json`
  const good = await readFile(key)
  await writeFile(key, '{}')
  const [{ keyId, error }] = await unusable
  assert.equal(keyId, current)
  assert.equal(error.kind, 'client_key')
  await writeFile(key, good)
  provider.close()
})

test('on, once, off and their kin', async () => {
  const provider = await Provider.fromFile(kms.file)
  const heard = []
  const on = () => heard.push('on')
  const never = () => heard.push('never')
  assert.equal(provider.on('fetched', on), provider)
  provider.prependListener('fetched', () => heard.push('first'))
  provider.once('fetched', () => heard.push('once'))
  provider.addListener('fetched', never)
  assert.equal(provider.removeListener('fetched', never), provider)
  await provider.refresh(APP)
  if (heard.length < 3) await once(provider, 'fetched')
  const second = once(provider, 'fetched')
  await provider.refresh(APP)
  await second
  assert.deepEqual(heard, ['first', 'on', 'once', 'first', 'on'])
  provider.off('fetched', on)
  assert.equal(provider.listenerCount('fetched'), 1)
  provider.removeAllListeners()
  assert.deepEqual(provider.eventNames(), [])
  // Whoever comes back later is heard again.
  const later = once(provider, 'fetched')
  await provider.refresh(APP)
  await later
  assert.equal(heard.length, 5)
  provider.close()
})

test('a listener that throws is an uncaughtException, and the next event comes all the same', async () => {
  const { stdout, status } = await run(
    `const { Provider } = require(process.argv[1])
    const errors = []
    process.on('uncaughtException', (error, origin) => errors.push(origin + ' ' + error.message))
    const provider = Provider.fromFileSync(process.argv[2])
    const timer = setInterval(() => {}, 1000)
    let heard = 0
    provider.on('fetched', () => {
      if (++heard === 2) {
        console.log(errors.join())
        provider.close()
        clearInterval(timer)
      }
      throw new Error('mine ' + heard)
    })
    void provider.refresh('${APP}').then(() => provider.refresh('${APP}'))`,
    { args: [entry, kms.file] },
  )
  assert.deepEqual({ stdout, status }, { stdout: 'uncaughtException mine 1\n', status: 0 })
})

test('a listener that throws ends a program that does not catch it', async () => {
  const { stderr, status } = await run(
    `const provider = require(process.argv[1]).Provider.fromFileSync(process.argv[2])
    provider.on('fetched', () => { throw new Error('mine') })
    provider.refresh('${APP}')
    setTimeout(() => {}, 60_000)`,
    { args: [entry, kms.file] },
  )
  assert.equal(status, 1)
  assert.match(stderr, /Error: mine/)
})

test('a provider with a listener is not collected', async () => {
  const { stdout } = await run(
    `const { Provider } = require(process.argv[1])
    const timer = setInterval(() => {}, 1000)
    ;(() => {
      const provider = Provider.fromFileSync(process.argv[2])
      provider.on('fetched', ({ secret }) => { console.log(secret); clearInterval(timer) })
      setTimeout(() => provider.refresh('${APP}'), 0)
    })()
    setImmediate(() => gc())`,
    { args: [entry, kms.file], flags: ['--expose-gc'] },
  )
  assert.equal(stdout, `${APP}\n`)
})

test('log lines that the event loop does not come to cost no memory', async () => {
  const lines = []
  forwardLogs((level, line) => lines.push([level, line]), 'debug')
  const provider = Provider.fixed({ db: 'value' })
  for (let count = 0; count < 1500; count++) provider.refreshSync('db')
  assert.equal(lines.length, 0, 'the event loop has had no turn')
  const isTold = ([level, line]) => level === 'warn' && /^[0-9]+ log lines were dropped/.test(line)
  const end = Date.now() + 60_000
  while (!lines.some(isTold) && Date.now() < end) await provider.refresh('db')
  assert.ok(lines.some(isTold), 'nothing was dropped')
  assert.ok(lines.findIndex(isTold) <= 1025, 'what waited')
  forwardLogs(null)
  provider.close()
})

test('log lines', async () => {
  const lines = []
  forwardLogs((level, line) => lines.push([level, line]), 'debug')
  const provider = await Provider.fromFile(kms.file)
  const heard = once(provider, 'fetched')
  const { accessKeySecret } = await provider.credentials(APP)
  await heard
  while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(lines.some(([level, line]) => level === 'debug' && line.includes(APP)))
  assert.ok(!JSON.stringify(lines).includes(accessKeySecret))
  forwardLogs(null)
  const before = lines.length
  const again = once(provider, 'fetched')
  await provider.refresh(APP)
  await again
  assert.equal(lines.length, before)
  assert.throws(() => forwardLogs(() => {}, 'loud'), /error, warn, info, debug or trace/)
  assert.throws(() => forwardLogs('x'), TypeError)
  provider.close()
})
