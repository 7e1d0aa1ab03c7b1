// Memory after a hundred thousand calls, and silence under Node's strictest flags.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { APP, Kms, run } from './fixture.mjs'

const entry = createRequire(import.meta.url).resolve('kmsak')
const strict = ['--trace-warnings', '--unhandled-rejections=strict', '--expose-gc']
let kms
before(async () => (kms = await Kms.start()))
after(() => kms.stop())

// What is in memory after twice as many calls must not be more than after the first half.
const MEASURE = `
  const { Provider } = require(process.argv[1]); const file = process.argv[2]; const app = '${APP}'
  const { setTimeout: later } = require('node:timers/promises')
  async function settled() {
    for (let i = 0; i < 5; i++) { gc(); await later(5) }
    const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
    // V8 gives itself more room as it likes; what is in it is counted apart.
    return { native: rss - heapTotal, heap: heapUsed + external }
  }
  async function measure(calls, call) {
    const half = async () => { for (let i = 0; i < calls / 2; i++) { const answer = call(); if (answer?.then) await answer } }
    await half()
    const before = await settled()
    await half()
    const after = await settled()
    return { heap: (after.heap - before.heap) / 1048576, native: (after.native - before.native) / 1048576 }
  }`

const loops = {
  'cached credentials': [100_000, `() => provider.credentials(app)`],
  'cached credentials, each from the native half': [100_000, `() => provider.credentials(app, {})`],
  'cached credentialsSync': [100_000, `() => provider.credentialsSync(app)`],
  secrets: [100_000, `() => provider.secretSync(app).bytes`],
  'secrets by promises': [100_000, `() => provider.secret(app)`],
  failures: [100_000, `() => provider.credentials('').catch(() => {})`],
  statistics: [100_000, `() => provider.stats()`],
  listeners: [100_000, `() => provider.on('rotated', listener).off('rotated', listener)`],
  fetches: [8000, `() => provider.refresh(app)`],
  'time-outs and signals': [100_000, `() => provider.secret(app, { timeout: 60_000, signal })`],
  providers: [
    100,
    `() => Provider.fromFile(file).then((provider) => provider.credentials(app).then(() => provider.close()))`,
  ],
}

for (const [name, [calls, call]] of Object.entries(loops)) {
  test(`${calls} times ${name}: memory stays flat`, async () => {
    const result = await run(
      `${MEASURE}
      ;(async () => {
        const provider = await Provider.fromFile(file)
        await provider.credentials(app)
        const listener = () => {}
        const { signal } = new AbortController()
        console.log(JSON.stringify(await measure(${calls}, ${call})))
        provider.close()
      })()`,
      { args: [entry, kms.file], flags: strict },
    )
    assert.deepEqual({ stderr: result.stderr, status: result.status }, { stderr: '', status: 0 })
    const { heap, native } = JSON.parse(result.stdout)
    // Ten bytes a call, and what the system's allocator keeps.
    assert.ok(heap < 0.5, `the heap grew by ${heap} MiB`)
    assert.ok(native < 3, `the rest of the process grew by ${native} MiB`)
  })
}

test('nothing is printed by a program that does everything', async () => {
  const result = await run(
    `const kmsak = require(process.argv[1]); const { Provider } = kmsak; const app = '${APP}'
    require('kmsak/adapters/credentials'); require('kmsak/adapters/pop-core'); require('kmsak/adapters/ali-oss')
    ;(async () => {
      await import('kmsak')
      kmsak.forwardLogs(() => {}, 'trace')
      const provider = await Provider.fromFile(process.argv[2])
      // Twenty listeners on one signal or one provider are no leak.
      const { signal } = new AbortController()
      await Promise.all(Array.from({ length: 20 }, () => provider.refresh(app, { signal })))
      for (const event of ['fetched', 'rotated', 'refreshFailed']) provider.on(event, () => {})
      await provider.refresh(app)
      await provider.call(app, () => {})
      await provider.credentials('nobody').catch(() => {})
      await provider.renew(app, 'LTAIother')
      provider.credentialsSync(app)
      provider.stats()
      const unanswered = provider.refresh(app).catch(() => {})
      provider.close()
      await unanswered
      await provider.credentials(app).catch(() => {})
      kmsak.forwardLogs(null)
    })()`,
    { args: [entry, kms.file], flags: strict },
  )
  assert.deepEqual(result, { stdout: '', stderr: '', status: 0, signal: null })
})
