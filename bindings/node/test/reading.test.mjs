// Fetching, caching and waiting.

import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, afterEach, before, test } from 'node:test'
import { Credentials, KmsakError, Provider, Secret } from 'kmsak'
import { APP, Kms, patiently, run } from './fixture.mjs'

const entry = createRequire(import.meta.url).resolve('kmsak')
let kms
before(async () => (kms = await Kms.start()))
after(() => kms.stop())
afterEach(() => kms.noFaults())

test('the first program', async () => {
  const provider = await Provider.fromFile(kms.file)
  const { accessKeyId, accessKeySecret } = await provider.credentials(APP)
  provider.close()
  const current = await kms.current()
  assert.equal(accessKeyId, current.AccessKeyId)
  assert.equal(accessKeySecret, current.AccessKeySecret)
})

test('require and import give the same classes', () => {
  const required = createRequire(import.meta.url)('kmsak')
  assert.equal(required.Provider, Provider)
  assert.equal(required.KmsakError, KmsakError)
})

test('every way to open a provider', async () => {
  const current = await kms.current()
  const url = pathToFileURL(kms.file)
  const providers = [
    await Provider.fromFile(url),
    Provider.fromFileSync(kms.file),
    Provider.fromFileSync(url),
    new Provider({ propertiesFile: kms.file }),
    new Provider(kms.options()),
  ]
  for (const provider of providers) {
    assert.ok(provider instanceof Provider)
    assert.equal((await provider.credentials(APP)).accessKeyId, current.AccessKeyId)
    provider.close()
  }
})

test('older secrets tell of their rotation', async () => {
  const { AccessKeyId, AccessKeySecret } = await kms.current()
  for (const [name, schedule, at] of [
    ['soon', 1_796_083_200, new Date('2026-12-01T00:00:00Z')],
    ['never', 2 ** 52, undefined],
  ]) {
    const user = `older-${name}`
    await kms.admin('POST', '/users', { name: user })
    const { name: secret } = await kms.admin('POST', '/secrets', { user })
    const value = { AccessKeyId, AccessKeySecret, RefreshInterval: 3600, ScheduleRotateTimestamp: schedule }
    await kms.admin('POST', '/secrets/versions', { name: secret, text: JSON.stringify(value) })
    const provider = await Provider.fromFile(kms.file)
    assert.equal(provider.cachedCredentials(secret), undefined)
    const credentials = await provider.credentials(secret)
    assert.equal(provider.cachedCredentials(secret), provider.credentialsSync(secret))
    assert.equal(credentials.refreshInterval, 3_600_000)
    assert.deepEqual(credentials.scheduleRotateTimestamp, at)
    assert.throws(() => provider.cachedCredentials(1), TypeError)
    provider.close()
  }
})

test('NODE_EXTRA_CA_CERTS counts where no CA is configured', async () => {
  const source = `
    const { Provider } = require(process.argv[1])
    const options = JSON.parse(process.argv[2])
    const provider = new Provider(options)
    provider.credentials('${APP}').then(
      ({ accessKeyId }) => console.log(accessKeyId),
      ({ kind, cause }) => console.log(kind, /certificate/.test(cause.message)),
    )`
  const options = kms.options()
  const [{ caFile, ...gateway }] = options.gateways
  const { AccessKeyId } = await kms.current()
  const other = path.join(kms.folder, 'other.pem')
  await writeFile(other, 'nothing')
  for (const [gateways, file, expected] of [
    [[gateway], caFile, `${AccessKeyId}\n`],
    [[gateway], '', 'tls true\n'],
    [[gateway], other, 'tls true\n'],
    [[{ ...gateway, caFile }], other, `${AccessKeyId}\n`],
  ]) {
    const args = [entry, JSON.stringify({ ...options, gateways })]
    const { stdout } = await run(source, { args, env: { NODE_EXTRA_CA_CERTS: file } })
    assert.equal(stdout, expected)
  }
})

test('the environment wins over the file', async () => {
  const source = `
    const { Provider } = require(process.argv[1]); const file = process.argv[2]
    ;(async () => {
      for (const open of [() => Provider.fromFile(file), () => Provider.fromFileSync(file)]) {
        try {
          await open()
        } catch (error) {
          console.log(error.message)
        }
      }
      // Options are read alone, unless they say otherwise.
      new Provider({ propertiesFile: file }).close()
    })()`
  const { stdout, stderr } = await run(source, { args: [entry, kms.file], env: { KMSAK_FETCH_DEADLINE: 'soon' } })
  assert.match(stdout, /^(KMSAK_FETCH_DEADLINE in the environment is "soon".*\n){2}$/)
  assert.equal(stderr, '')
})

test('from the usual places', async () => {
  const source = `
    const { Provider } = require(process.argv[1])
    const sync = Provider.fromEnvSync()
    const id = sync.credentialsSync('${APP}').accessKeyId
    sync.close()
    Provider.fromEnv().then(async (provider) => {
      console.log(id === (await provider.credentials('${APP}')).accessKeyId)
      provider.close()
    })`
  await copyFile(kms.file, path.join(kms.dir, 'managed_credentials_providers.properties'))
  assert.deepEqual(await run(source, { cwd: kms.dir, args: [entry] }), {
    stdout: 'true\n',
    stderr: '',
    status: 0,
    signal: null,
  })
  const file = await readFile(kms.file, 'utf8')
  const env = Object.fromEntries(
    file
      .split('\n')
      .filter((line) => /^\w+=/.test(line))
      .map((line) => line.split(/=(.*)/s)),
  )
  assert.deepEqual(await run(`process.chdir('${kms.dir}'); ${source}`, { args: [entry], env }), {
    stdout: 'true\n',
    stderr: '',
    status: 0,
    signal: null,
  })
})

test('a subclass opens as itself', async () => {
  class Own extends Provider {}
  const provider = await Own.fromFile(kms.file)
  assert.ok(provider instanceof Own)
  assert.ok(Own.fromFileSync(kms.file) instanceof Own)
  provider.close()
})

test('all that Credentials holds', async () => {
  const provider = await Provider.fromFile(kms.file)
  const credentials = await provider.credentials(APP)
  const current = await kms.current()
  assert.ok(credentials instanceof Credentials)
  assert.equal(credentials.versionId, current.id)
  assert.equal(credentials.secretName, APP)
  assert.equal(typeof credentials.generateTimestamp, 'string')
  assert.throws(() => {
    'use strict'
    credentials.accessKeyId = 'x'
  }, TypeError)
  provider.close()
})

test('a cached value is answered without KMS, and by the same promise', async () => {
  const provider = await Provider.fromFile(kms.file)
  await provider.credentials(APP)
  await kms.fault({ kind: 'refuse' })
  const credentials = provider.credentialsSync(APP)
  assert.equal(provider.credentialsSync(APP), credentials)
  assert.equal(await provider.credentials(APP), credentials)
  assert.equal(provider.credentials(APP), provider.credentials(APP))
  assert.equal((await provider.secret(APP)).versionId, credentials.versionId)
  assert.equal(provider.secretSync(APP).versionId, credentials.versionId)
  const [{ fetches, failures }] = provider.stats().secrets
  assert.deepEqual({ fetches, failures }, { fetches: 1, failures: 0 })
  provider.close()
})

test('a thousand cold callers cause one fetch', async () => {
  const provider = await Provider.fromFile(kms.file)
  await kms.fault({ kind: 'hang' })
  const asked = Array.from({ length: 1000 }, () => provider.credentials(APP))
  await kms.noFaults()
  const all = await Promise.all(asked)
  assert.equal(new Set(all.map(({ accessKeyId }) => accessKeyId)).size, 1)
  assert.equal(provider.stats().secrets[0].fetches, 1)
  provider.close()
})

test('secrets of every type', async () => {
  await kms.admin('POST', '/secrets', { name: 'words', text: 'grüße ✓' })
  await kms.admin('POST', '/secrets', { name: 'bytes', binary: Buffer.from([0, 255, 128]).toString('base64') })
  const provider = await Provider.fromFile(kms.file)
  const words = await provider.secret('words')
  assert.ok(words instanceof Secret)
  assert.equal(words.name, 'words')
  assert.equal(words.secretType, 'Generic')
  assert.equal(words.text, 'grüße ✓')
  assert.equal(words.bytes.toString(), 'grüße ✓')
  assert.equal(words.binary, false)
  assert.deepEqual(words.versionStages, ['ACSCurrent'])
  assert.match(words.requestId, /./)
  const bytes = provider.secretSync('bytes')
  assert.equal(bytes.text, undefined)
  assert.deepEqual(bytes.bytes, Buffer.from([0, 255, 128]))
  assert.equal(bytes.binary, true)
  // What a caller does to his copy is his own affair.
  bytes.bytes.fill(0)
  bytes.versionStages.pop()
  assert.deepEqual(bytes.bytes, Buffer.from([0, 255, 128]))
  assert.deepEqual(bytes.versionStages, ['ACSCurrent'])
  await assert.rejects(provider.credentials('words'), { kind: 'configuration', message: /holds no AccessKey/ })
  provider.close()
})

test('rotation dates are Dates', async () => {
  await kms.admin('POST', '/secrets/schedule', { name: APP, intervalSeconds: 604800 })
  const provider = await Provider.fromFile(kms.file)
  const secret = await provider.secret(APP)
  assert.equal(secret.rotationInterval, 604_800_000)
  assert.ok(Math.abs(secret.nextRotationDate.getTime() - Date.now() - 604_800_000) < 60_000)
  assert.equal(secret.automaticRotation, 'Enabled')
  await kms.admin('POST', '/secrets/schedule', { name: APP })
  provider.close()
})

test('an earlier version by its stage', async () => {
  const provider = await Provider.fromFile(kms.file)
  const before = await provider.credentials(APP)
  await kms.rotate()
  const previous = await provider.secret(APP, { versionStage: 'ACSPrevious' })
  assert.equal(previous.versionId, before.versionId)
  assert.equal(provider.secretSync(APP, { versionStage: 'ACSPrevious' }).versionId, before.versionId)
  await assert.rejects(provider.secret(APP, { versionStage: 1 }), TypeError)
  assert.throws(() => provider.secretSync(APP, { versionStage: 1 }), TypeError)
  provider.close()
})

test('refresh sees a rotation at once, and so does whoever reads next', async () => {
  const provider = await Provider.fromFile(kms.file)
  for (let round = 0; round < 3; round++) {
    const before = provider.credentialsSync(APP)
    const { newAccessKeyId } = await kms.rotate()
    assert.equal(provider.credentialsSync(APP).accessKeyId, before.accessKeyId)
    if (round % 2 === 0) await provider.refresh(APP)
    else provider.refreshSync(APP)
    assert.equal(provider.credentialsSync(APP).accessKeyId, newAccessKeyId)
    assert.equal((await provider.credentials(APP)).accessKeyId, newAccessKeyId)
  }
  provider.close()
})

test('a refresh of its own accord is seen by a loop that never returns to the event loop', async () => {
  const provider = new Provider(kms.options({ rotationInterval: 100, jitterInterval: 0 }))
  const before = provider.credentialsSync(APP)
  await kms.rotate()
  const until = Date.now() + 60_000
  while (provider.credentialsSync(APP).accessKeyId === before.accessKeyId) assert.ok(Date.now() < until)
  provider.close()
})

test('an error has all its parts, and goes to everybody', async () => {
  const provider = await Provider.fromFile(kms.file)
  const results = await Promise.allSettled([
    provider.credentials('acs/ram/user/nobody'),
    provider.secret('acs/ram/user/nobody'),
  ])
  for (const { reason } of results) {
    assert.ok(reason instanceof KmsakError && reason instanceof Error)
    assert.equal(reason.name, 'KmsakError')
    assert.equal(reason.kind, 'not_found')
    assert.equal(reason.code, 'Forbidden.ResourceNotFound')
    assert.equal(reason.httpStatus, 404)
    assert.equal(reason.retryable, false)
    assert.match(reason.requestId, /./)
    assert.match(reason.stack, /^KmsakError: /)
  }
  assert.throws(() => provider.credentialsSync('acs/ram/user/nobody'), { kind: 'not_found' })
  provider.close()
})

test('an error of the network has what the system said, and the stack of whoever asked', async () => {
  await patiently(async (fetchDeadline) => {
    const { gateways, ...rest } = kms.options({ fetchDeadline })
    // Nobody listens there.
    const provider = new Provider({ gateways: [{ ...gateways[0], endpoint: '127.0.0.1:1' }], ...rest })
    async function whoAsked() {
      await provider.credentials(APP)
    }
    async function whoHurried() {
      await provider.secret(APP, { timeout: 1 })
    }
    const failed = once(provider, 'refreshFailed')
    await Promise.all([
      assert.rejects(whoAsked(), (error) => {
        assert.equal(error.kind, 'network')
        assert.match(error.cause.message, /refused/)
        assert.equal(error.cause.code, 'ECONNREFUSED')
        assert.equal(error.cause.errno, -constants.errno.ECONNREFUSED)
        assert.ok(error.stack.startsWith(`KmsakError: ${error.message}\n    at `))
        assert.match(error.stack, /at .*whoAsked/)
        return true
      }),
      assert.rejects(whoHurried(), { name: 'KmsakError', stack: /after 1 ms[^\n]*\n[^]*at .*whoHurried/ }),
    ])
    assert.equal((await failed)[0].error.cause.code, 'ECONNREFUSED')
    provider.close()
  })
})

test('what cannot be a name', async () => {
  const provider = await Provider.fromFile(kms.file)
  for (const name of [undefined, null, 1, {}, Symbol('x')]) {
    await assert.rejects(provider.credentials(name), TypeError)
    await assert.rejects(provider.secret(name), TypeError)
    await assert.rejects(provider.refresh(name), TypeError)
    await assert.rejects(provider.renew(name, 'x'), TypeError)
    assert.throws(() => provider.credentialsSync(name), TypeError)
  }
  await assert.rejects(provider.credentials(''), { kind: 'configuration' })
  await assert.rejects(provider.renew(APP, 1), TypeError)
  provider.close()
})

test('time-outs', async () => {
  const provider = await Provider.fromFile(kms.file)
  await kms.fault({ kind: 'hang' })
  const told = { name: 'KmsakError', kind: 'network', retryable: true, message: /after 20 ms/ }
  await assert.rejects(provider.credentials(APP, { timeout: 20 }), told)
  assert.throws(() => provider.credentialsSync(APP, { timeout: 20 }), told)
  assert.throws(() => provider.secretSync(APP, { timeout: 0 }), { kind: 'network' })
  // The fetch went on for everybody else.
  await kms.noFaults()
  await provider.credentials(APP)
  assert.equal(provider.stats().secrets[0].fetches, 1)
  assert.equal((await provider.credentials(APP, { timeout: 0 })).secretName, APP)
  for (const timeout of [-1, Infinity, NaN, 2 ** 31]) {
    await assert.rejects(provider.credentials(APP, { timeout }), RangeError)
    assert.throws(() => provider.refreshSync(APP, { timeout }), RangeError)
  }
  for (const timeout of ['soon', '5000', '', true, 5n]) {
    await assert.rejects(provider.credentials(APP, { timeout }), TypeError)
    assert.throws(() => provider.refreshSync(APP, { timeout }), TypeError)
  }
  provider.close()
})

test('options that say nothing, and options that do not exist', async () => {
  const provider = await Provider.fromFile(kms.file)
  for (const options of [null, undefined, {}, { timeout: null, signal: undefined }, { signal: null }]) {
    assert.equal((await provider.secret(APP, options)).name, APP)
    assert.equal((await provider.credentials(APP, options)).secretName, APP)
    assert.equal(provider.refreshSync(APP, options).name, APP)
  }
  const told = { name: 'TypeError', message: /there is no option versionStage here, only signal and timeout/ }
  await assert.rejects(provider.refresh(APP, { versionStage: 'ACSPrevious' }), told)
  await assert.rejects(provider.credentials(APP, { timeOut: 1 }), TypeError)
  await assert.rejects(provider.renew(APP, 'x', 5000), TypeError)
  await assert.rejects(
    provider.call(APP, () => {}, { retries: 1 }),
    TypeError,
  )
  assert.throws(() => provider.secretSync(APP, { signal: AbortSignal.timeout(1) }), TypeError)
  assert.throws(() => provider.refreshSync(APP, { versionStage: 'ACSPrevious' }), TypeError)
  provider.close()
})

test('opening can be given up, and what is opened then is closed', { skip: process.platform !== 'linux' }, async () => {
  const source = `
    const { Provider } = require(process.argv[1]); const file = process.argv[2]
    const { readdirSync, readFileSync } = require('node:fs')
    const { setTimeout: later } = require('node:timers/promises')
    const threads = () =>
      readdirSync('/proc/self/task').map((task) => {
        try { return readFileSync('/proc/self/task/' + task + '/comm', 'utf8').trim() } catch { return 'ended' }
      })
    const told = (error) => console.log(error.name, error.kind, /not open after 1 ms/.test(error.message))
    ;(async () => {
      const late = Provider.fromFile(file, { timeout: 1 })
      // A timer that is due goes before what other threads have to tell.
      const until = Date.now() + 50
      while (Date.now() < until);
      await late.catch(told)
      const controller = new AbortController()
      const aborted = Provider.fromFile(file, { signal: controller.signal })
      controller.abort(new Error('enough'))
      await aborted.catch((error) => console.log(error.message))
      await Provider.fromFile(file, { signal: controller.signal }).catch((error) => console.log(error.message))
      const end = Date.now() + 60_000
      const works = () => ['kmsak', 'kmsak-open'].some((name) => threads().includes(name))
      while (works() && Date.now() < end) await later(5)
      console.log(works())
    })()`
  assert.deepEqual(await run(source, { args: [entry, kms.file] }), {
    stdout: 'KmsakError network true\nenough\nenough\nfalse\n',
    stderr: '',
    status: 0,
    signal: null,
  })
})

test('AbortSignal', async () => {
  const provider = await Provider.fromFile(kms.file)
  await kms.fault({ kind: 'hang' })
  const controller = new AbortController()
  const reason = new Error('enough')
  const aborted = provider.credentials(APP, { signal: controller.signal })
  const patient = provider.credentials(APP)
  controller.abort(reason)
  await assert.rejects(aborted, reason)
  await assert.rejects(provider.credentials(APP, { signal: controller.signal }), reason)
  await assert.rejects(provider.credentials('x', { signal: AbortSignal.timeout(10) }), { name: 'TimeoutError' })
  await assert.rejects(provider.credentials(APP, { signal: {} }), TypeError)
  // However many wait, one listener does, and none stays behind on a signal that lives long.
  const long = new AbortController()
  const many = Array.from({ length: 20 }, () => provider.refresh(APP, { signal: long.signal }))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(getEventListeners(long.signal, 'abort').length, 1)
  await kms.noFaults()
  assert.equal((await patient).secretName, APP)
  await Promise.all(many)
  assert.equal(getEventListeners(long.signal, 'abort').length, 0)
  await kms.fault({ kind: 'hang' })
  const given = Array.from({ length: 20 }, () => provider.refresh(APP, { signal: long.signal }))
  long.abort(reason)
  assert.ok((await Promise.allSettled(given)).every((result) => result.reason === reason))
  assert.equal(getEventListeners(long.signal, 'abort').length, 0)
  provider.close()
})

test('AsyncLocalStorage holds across a fetch', async () => {
  const { AsyncLocalStorage } = await import('node:async_hooks')
  const storage = new AsyncLocalStorage()
  const provider = await Provider.fromFile(kms.file)
  const [first, second] = await Promise.all(
    [1, 2].map((which) =>
      storage.run(which, async () => {
        await provider.refresh(APP)
        return storage.getStore()
      }),
    ),
  )
  assert.deepEqual([first, second], [1, 2])
  provider.close()
})

test('statistics', async () => {
  const provider = await Provider.fromFile(kms.file)
  await provider.credentials(APP)
  await assert.rejects(provider.credentials('acs/ram/user/nobody'))
  const { secrets, endpoints, clientKeys, clockSkew } = provider.stats()
  const app = secrets.find(({ name }) => name === APP)
  assert.equal(app.fetches, 1)
  assert.equal(app.accessKeyId, provider.credentialsSync(APP).accessKeyId)
  assert.ok(app.age >= 0 && app.nextRefreshIn > 0)
  assert.equal(endpoints.length, 1)
  assert.equal(endpoints[0].requests >= 2, true)
  assert.equal(clientKeys[0].keyId, kms.ready.clientKeyId)
  assert.ok(clientKeys[0].notAfter instanceof Date && clientKeys[0].daysLeft > 1000)
  assert.equal(clockSkew, 0)
  provider.close()
})
