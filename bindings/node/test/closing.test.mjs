// The end of a provider, and of the process.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, afterEach, before, test } from 'node:test'
import { Provider } from 'kmsak'
import { APP, Kms, run } from './fixture.mjs'

const entry = createRequire(import.meta.url).resolve('kmsak')
let kms
before(async () => (kms = await Kms.start()))
after(() => kms.stop())
afterEach(() => kms.noFaults())

test('closing during a fetch settles every promise', async () => {
  const provider = await Provider.fromFile(kms.file)
  await kms.fault({ kind: 'hang' })
  const waiting = [
    ...Array.from({ length: 100 }, () => provider.credentials(APP)),
    provider.secret(APP),
    provider.refresh('other'),
    provider.renew(APP, 'LTAIx'),
    provider.secret(APP, { versionStage: 'ACSPrevious' }),
    provider.call(APP, () => assert.fail('there is nothing to call with')),
  ]
  const settled = Promise.allSettled(waiting)
  await new Promise((resolve) => setImmediate(resolve))
  provider.close()
  for (const { status, reason } of await settled) {
    assert.equal(status, 'rejected')
    assert.equal(reason.kind, 'closed')
  }
})

test('a closed provider says so', async () => {
  const provider = await Provider.fromFile(kms.file)
  await provider.credentials(APP)
  assert.equal(provider.closed, false)
  provider.close()
  provider.close()
  assert.equal(provider.closed, true)
  await assert.rejects(provider.credentials(APP), { kind: 'closed', retryable: false })
  await assert.rejects(provider.secret(APP), { kind: 'closed' })
  await assert.rejects(provider.renew(APP, 'x'), { kind: 'closed' })
  assert.throws(() => provider.credentialsSync(APP), { kind: 'closed' })
  assert.throws(() => provider.refreshSync(APP), { kind: 'closed' })
  assert.deepEqual(provider.stats().secrets, [])
  assert.equal(provider.isRejection('InvalidAccessKeyId'), true)
  provider.on('rotated', () => {}).off('rotated', () => {})
})

test('dispose and asyncDispose', async () => {
  const dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')
  const asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')
  const [first, second] = [await Provider.fromFile(kms.file), await Provider.fromFile(kms.file)]
  first[dispose]()
  await second[asyncDispose]()
  assert.deepEqual([first.closed, second.closed], [true, true])
})

const START = `
  const { Provider } = require(process.argv[1]); const file = process.argv[2]; const app = '${APP}'
  const { readdirSync, readFileSync } = require('node:fs')
  // How many threads kmsak has, where the system tells.
  function threads() {
    if (process.platform !== 'linux') return 0
    const tasks = readdirSync('/proc/self/task')
    return tasks.filter((task) => {
      try {
        return readFileSync('/proc/self/task/' + task + '/comm', 'utf8') === 'kmsak\\n'
      } catch {
        return false // it has just ended
      }
    }).length
  };`
const cases = {
  'an open provider does not keep the process alive': `
    const provider = Provider.fromFileSync(file)
    provider.on('rotated', () => {})
    provider.credentials(app).then(() => console.log('fetched'))`,
  'neither does one with prefetched secrets': `
    new Provider({ propertiesFile: file, secretNames: [app] })
    console.log('fetched')`,
  'a promise keeps it alive until it is settled': `
    Provider.fromFile(file).then((provider) => provider.credentials(app)).then(() => console.log('fetched'))`,
  'process.exit with everything open': `
    const provider = Provider.fromFileSync(file)
    provider.on('fetched', () => {})
    provider.credentials(app).then(() => {
      for (let i = 0; i < 50; i++) provider.refresh(app).catch(() => {})
      console.log('fetched')
      process.exit()
    })`,
  'closing in an exit handler': `
    const provider = Provider.fromFileSync(file)
    process.on('exit', () => provider.close())
    provider.credentials(app).then(() => console.log('fetched'))`,
  'providers that nobody closes are collected, and end': `
    ;(async () => {
      let left = 0
      const registry = new FinalizationRegistry(() => left--)
      async function use(provider, i) {
        registry.register(provider)
        left++
        await provider.credentials(app)
        if (i === 0) provider.on('fetched', () => {}).removeAllListeners()
      }
      for (let i = 0; i < 10; i++) {
        await Provider.fromFile(file).then((provider) => use(provider, i))
        await use(Provider.fromFileSync(file), i)
      }
      const until = Date.now() + 60_000
      while ((left > 0 || threads() > 0) && Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        gc()
      }
      console.log(left === 0 && threads() === 0 ? 'fetched' : left + ' are left, and ' + threads() + ' threads')
    })()`,
  'closing the last provider does not wait for the thread to end': `
    ;(async () => {
      if (process.platform !== 'linux') return console.log('fetched')
      let ahead = 0
      for (let i = 0; i < 20; i++) {
        const provider = await Provider.fromFile(file)
        await provider.credentials(app)
        provider.close()
        ahead += threads()
      }
      console.log(ahead > 0 ? 'fetched' : 'it was gone each time')
    })()`,
}
for (const [name, source] of Object.entries(cases)) {
  test(name, async () => {
    const result = await run(`${START} ${source}`, {
      args: [entry, kms.file],
      flags: ['--expose-gc', '--trace-warnings', '--unhandled-rejections=strict'],
    })
    assert.deepEqual(result, { stdout: 'fetched\n', stderr: '', status: 0, signal: null })
  })
}
