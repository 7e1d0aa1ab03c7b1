// Workers, clusters, children, and two copies of everything.

import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, afterEach, before, test } from 'node:test'
import { APP, Kms, run } from './fixture.mjs'

const entry = createRequire(import.meta.url).resolve('kmsak')
const strict = ['--trace-warnings', '--unhandled-rejections=strict']
let kms
before(async () => (kms = await Kms.start()))
after(() => kms.stop())
afterEach(() => kms.noFaults())

async function prints(expected, source) {
  const prologue = `const { Provider } = require(process.argv[1]); const file = process.argv[2]; const app = '${APP}'
    const { Worker } = require('node:worker_threads'); const { once } = require('node:events');`
  const result = await run(prologue + source, { args: [entry, kms.file], flags: strict })
  assert.deepEqual(result, { stdout: expected, stderr: '', status: 0, signal: null })
}

const WORKER = `
  const { Provider } = require(process.argv[2]); const file = process.argv[3]; const app = '${APP}'
  const { parentPort } = require('node:worker_threads');`

test('worker_threads, side by side with the main thread', () =>
  prints(
    'same true\n',
    `;(async () => {
      const work = ${JSON.stringify(`${WORKER} (async () => {
        const provider = await Provider.fromFile(file)
        parentPort.postMessage((await provider.credentials(app)).accessKeyId)
      })()`)}
      const workers = Array.from({ length: 4 }, () => new Worker(work, { eval: true, argv: process.argv.slice(1) }))
      const provider = await Provider.fromFile(file)
      const answers = workers.map((worker) => once(worker, 'message'))
      const ends = workers.map((worker) => once(worker, 'exit'))
      const ids = (await Promise.all(answers)).map(([id]) => id)
      const codes = (await Promise.all(ends)).map(([code]) => code)
      const { accessKeyId } = await provider.credentials(app)
      await provider.refresh(app)
      console.log('same', ids.every((id) => id === accessKeyId) && codes.every((code) => code === 0))
    })()`,
  ))

test('a worker that is terminated in the midst of fetches harms nobody', async () => {
  await kms.fault({ kind: 'latency', milliseconds: 20 })
  await prints(
    'well\n',
    `;(async () => {
      const work = ${JSON.stringify(`${WORKER} (async () => {
        const provider = await Provider.fromFile(file)
        provider.on('fetched', () => {})
        parentPort.postMessage('up')
        for (;;) await Promise.all(Array.from({ length: 50 }, (_, i) => provider.refresh(i % 2 ? app : 'none').catch(() => {})))
      })()`)}
      const provider = await Provider.fromFile(file)
      for (let round = 0; round < 5; round++) {
        const workers = Array.from({ length: 3 }, () => new Worker(work, { eval: true, argv: process.argv.slice(1) }))
        await Promise.all(workers.map((worker) => once(worker, 'message')))
        await provider.refresh(app)
        await Promise.all(workers.map((worker) => worker.terminate()))
      }
      await provider.credentials(app)
      console.log('well')
    })()`,
  )
})

test('cluster', async () => {
  const folder = await mkdtemp(path.join(kms.folder, 'cluster-'))
  const file = path.join(folder, 'cluster.cjs')
  await writeFile(
    file,
    `const cluster = require('node:cluster')
    const { Provider } = require(${JSON.stringify(entry)})
    const provider = Provider.fromFileSync(${JSON.stringify(kms.file)})
    const id = provider.credentialsSync('${APP}').accessKeyId
    if (cluster.isPrimary) {
      let right = 0
      for (let i = 0; i < 3; i++) cluster.fork().on('message', (other) => (right += other === id))
      process.on('exit', () => console.log(right))
    } else {
      process.send(id, () => process.disconnect())
    }`,
  )
  const result = await run(`require(process.argv[1])`, { args: [file], flags: strict })
  // The primary's arguments are the workers': they are run from the file.
  assert.equal(result.stderr, '')
  assert.equal(result.stdout, '3\n')
})

test('child processes', () =>
  prints(
    'true\n',
    `const { execFileSync } = require('node:child_process')
    const provider = Provider.fromFileSync(file)
    const id = provider.credentialsSync(app).accessKeyId
    const child = "console.log(require(process.argv[1]).Provider.fromFileSync(process.argv[2]).credentialsSync('${APP}').accessKeyId)"
    const told = execFileSync(process.execPath, ['-e', child, '--', ...process.argv.slice(1)]).toString().trim()
    console.log(told === provider.credentialsSync(app).accessKeyId)`,
  ))

test('the package loaded twice in one process', () =>
  prints(
    'true false\n',
    `for (const name of Object.keys(require.cache)) if (!name.endsWith('.node')) delete require.cache[name]
    const again = require(process.argv[1])
    const [one, two] = [Provider.fromFileSync(file), again.Provider.fromFileSync(file)]
    Promise.all([one.refresh(app), two.refresh(app)]).then(() => {
      console.log(one.credentialsSync(app).accessKeyId === two.credentialsSync(app).accessKeyId, again.Provider === Provider)
    })`,
  ))

test('two copies of the package, addon and all, in one process', async () => {
  const copy = await mkdtemp(path.join(kms.folder, 'copy-'))
  const from = fileURLToPath(new URL('..', import.meta.url))
  await cp(from, copy, {
    recursive: true,
    filter: (name) => !/node_modules|\/(npm|test|src)(\/|$)/.test(name.slice(from.length - 1)),
  })
  await prints(
    'true\n',
    `const other = require(${JSON.stringify(copy)})
    const [one, two] = [Provider.fromFileSync(file), other.Provider.fromFileSync(file)]
    Promise.all([one.refresh(app), two.refresh(app)]).then(() => {
      console.log(one.credentialsSync(app).accessKeyId === two.credentialsSync(app).accessKeyId)
      one.close()
      two.close()
    })`,
  )
  await rm(copy, { recursive: true })
})
